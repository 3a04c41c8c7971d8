// OpenAI chat completions and models, as seen by the official client for Node.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  CALLS, CALL_BOTH, GPT, PNG, SCHEMAS, TEXTS, classes, failure, noting, openai, rejection, url, user,
} from './helper.mjs';

const client = openai();
const say = (content, more, on = client) =>
  on.chat.completions.create({ model: GPT, messages: user(content), ...more });
const streamedText = async (content, more, on = client) => {
  let text = '';
  for await (const chunk of await say(content, { stream: true, ...more }, on))
    text += chunk.choices[0]?.delta.content ?? '';
  return text;
};
const tools = Object.entries(SCHEMAS).map(([name, parameters]) => ({
  type: 'function',
  function: { name, description: name, parameters, strict: true },
}));
const parsed = (calls) => calls.map((call) => [call.function.name, JSON.parse(call.function.arguments)]);

for (const [name, text] of Object.entries(TEXTS))
  test(`openai: a text comes back as it was: ${name}`, async () => {
    assert.equal((await say(text)).choices[0].message.content, text);
    assert.equal(await streamedText(text), text);
  });

test('openai: unary, with its request id', async () => {
  const { data, response, request_id } = await say('Hello').withResponse();
  assert.equal(response.headers.get('content-type').split(';')[0], 'application/json');
  assert.ok(request_id);
  assert.equal(request_id, response.headers.get('x-request-id'));
  assert.equal(data._request_id, request_id);
  assert.equal(data.choices.length, 1);
  assert.equal(data.choices[0].finish_reason, 'stop');
  assert.equal(data.usage.total_tokens, data.usage.prompt_tokens + data.usage.completion_tokens);
});

test('openai: a raw stream', async () => {
  const chunks = [];
  const stream = await say('Hello there', { stream: true, stream_options: { include_usage: true } });
  for await (const chunk of stream) chunks.push(chunk);
  const last = chunks.pop();
  assert.deepEqual(last.choices, []);
  assert.deepEqual(last.usage, (await say('Hello there')).usage);
  assert.ok(chunks.every((chunk) => chunk.usage === null));
  for (const key of ['id', 'created', 'model', 'object'])
    assert.equal(new Set([...chunks, last].map((chunk) => chunk[key])).size, 1, `${key} changes within the stream`);
  assert.deepEqual(
    chunks.map((chunk) => chunk.choices[0].finish_reason),
    [...Array(chunks.length - 1).fill(null), 'stop'],
  );
});

test('openai: the stream helper', async () => {
  let text = '';
  const stream = client.chat.completions
    .stream({ model: GPT, messages: user('Hello there'), stream_options: { include_usage: true } })
    .on('content', (delta) => (text += delta));
  const final = await stream.finalChatCompletion();
  assert.equal(text, 'Hello there');
  assert.equal(await stream.finalContent(), 'Hello there');
  assert.equal(final.choices[0].finish_reason, 'stop');
  assert.deepEqual(await stream.totalUsage(), final.usage);
});

test('openai: system, parts and an image', async () => {
  const content = [
    { type: 'text', text: 'What is' },
    { type: 'image_url', image_url: { url: `data:image/png;base64,${PNG}` } },
    { type: 'text', text: 'this?' },
  ];
  const messages = [{ role: 'system', content: 'Be brief.' }, ...user('First'), ...user(content)];
  const completion = await client.chat.completions.create({ model: GPT, messages });
  assert.equal(completion.choices[0].message.content, 'What is\nthis?');
});

test('openai: a tool loop', async () => {
  const { choices } = await say(CALL_BOTH, { tools });
  assert.equal(choices.length, 1);
  assert.equal(choices[0].finish_reason, 'tool_calls');
  const calls = choices[0].message.tool_calls;
  assert.deepEqual(parsed(calls), CALLS);
  const messages = [...user(CALL_BOTH), choices[0].message].concat(
    calls.map((call, i) => ({ role: 'tool', tool_call_id: call.id, content: `result ${i}` })),
  );
  const answer = await client.chat.completions.create({ model: GPT, messages, tools });
  assert.equal(answer.choices[0].message.content, 'last tool call result is result 1');
});

test('openai: a tool loop in streams', async () => {
  const done = [];
  const stream = client.chat.completions
    .stream({ model: GPT, messages: user(CALL_BOTH), tools })
    .on('tool_calls.function.arguments.done', (call) => done.push([call.name, JSON.parse(call.arguments)]));
  const { message, finish_reason } = (await stream.finalChatCompletion()).choices[0];
  assert.equal(finish_reason, 'tool_calls');
  assert.deepEqual(done, CALLS);
  assert.deepEqual(parsed(message.tool_calls), CALLS);
  assert.equal(new Set(message.tool_calls.map((call) => call.id)).size, 2);
});

for (const stream of [false, true])
  test(`openai: runTools, ${stream ? 'streaming' : 'unary'}`, async () => {
    const seen = [];
    const runnable = Object.entries(SCHEMAS).map(([name, parameters]) => ({
      type: 'function',
      function: {
        name,
        description: name,
        parameters,
        parse: JSON.parse,
        function: (args) => {
          seen.push([name, args]);
          return `${name} is done`;
        },
      },
    }));
    const runner = client.chat.completions.runTools({ model: GPT, messages: user(CALL_BOTH), tools: runnable, stream });
    assert.equal(await runner.finalContent(), 'last tool call result is get_time is done');
    assert.deepEqual(seen, CALLS);
  });

for (const [status, kind] of classes('openai'))
  test(`openai: ${status} is a ${kind.name}`, async () => {
    for (const stream of [false, true]) {
      const error = await rejection(say(failure(status, { type: 'some_error', error_code: 'some_code' }), { stream }));
      assert.equal(error.constructor, kind);
      assert.equal(error.status, status);
      assert.deepEqual(error.error, {
        message: `Failure ${status} 💥`, type: 'some_error', param: null, code: 'some_code',
      });
      assert.ok(error.requestID);
    }
  });

test('openai: retry-after is honoured', async () => {
  const times = [];
  const patient = openai({ maxRetries: 1, fetch: noting(times) });
  const error = await rejection(say(failure(429, { type: 'rate_limit_error', retry_after: 1 }), {}, patient));
  assert.equal(error.constructor.name, 'RateLimitError');
  assert.equal(error.headers.get('retry-after'), '1');
  assert.equal(times.length, 2);
  assert.ok(times[1] - times[0] >= 990, 'left alone, the SDK waits half a second');
});

test('openai: models', async () => {
  const ids = [];
  for await (const model of client.models.list()) ids.push(model.id);
  assert.ok(ids.includes(GPT));
  assert.equal((await client.models.retrieve(GPT)).object, 'model');
  const model = 'no-such-model';
  for (const request of [() => client.models.retrieve(model), () => say('Hello', { model })]) {
    const error = await rejection(request());
    assert.equal(error.constructor.name, 'NotFoundError');
    assert.equal(error.code, 'model_not_found');
  }
});

test('openai: paths without the version', async () => {
  const bare = openai({ baseURL: url });
  assert.equal((await say('Hello', {}, bare)).choices[0].message.content, 'Hello');
  assert.equal(await streamedText('Hello', {}, bare), 'Hello');
  assert.equal((await bare.models.retrieve(GPT)).id, GPT);
});
