// Anthropic messages and models, as seen by the official client for Node.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  CALLS, CALL_BOTH, CLAUDE, PNG, SCHEMAS, TEXTS, anthropic, betaTool, classes, failure, noting, rejection, user,
} from './helper.mjs';

const client = anthropic();
const fixed = { model: CLAUDE, max_tokens: 16000 };
const say = (content, more, on = client) => on.messages.create({ ...fixed, messages: user(content), ...more });
const textOf = ({ content }) => {
  assert.deepEqual(content.map((block) => block.type), ['text']);
  return content[0].text;
};
const streamedText = async (content) => {
  let text = '';
  for await (const event of await say(content, { stream: true }))
    if (event.type === 'content_block_delta') text += event.delta.text;
  return text;
};
const tools = Object.entries(SCHEMAS).map(([name, input_schema]) => ({ name, description: name, input_schema }));
const parsed = (blocks) => blocks.map((block) => [block.name, block.input]);

for (const [name, text] of Object.entries(TEXTS))
  test(`anthropic: a text comes back as it was: ${name}`, async () => {
    assert.equal(textOf(await say(text)), text);
    assert.equal(await streamedText(text), text);
  });

test('anthropic: unary, with its request id', async () => {
  const { data, response, request_id } = await say('Hello').withResponse();
  assert.equal(response.headers.get('content-type').split(';')[0], 'application/json');
  assert.ok(request_id);
  assert.equal(request_id, response.headers.get('request-id'));
  assert.equal(data._request_id, request_id);
  assert.equal(data.stop_reason, 'end_turn');
  assert.ok(data.usage.input_tokens > 0 && data.usage.output_tokens > 0);
});

test('anthropic: a raw stream', async () => {
  const types = [];
  for await (const event of await say('Hello there', { stream: true })) types.push(event.type);
  assert.deepEqual(types.filter((type) => type !== 'content_block_delta'), [
    'message_start', 'content_block_start', 'content_block_stop', 'message_delta', 'message_stop',
  ]);
});

test('anthropic: the stream helper', async () => {
  let text = '';
  const stream = client.messages
    .stream({ ...fixed, messages: user('Hello there') })
    .on('text', (delta) => (text += delta));
  const final = await stream.finalMessage();
  assert.equal(text, 'Hello there');
  assert.equal(await stream.finalText(), 'Hello there');
  assert.ok(stream.request_id);
  const unary = await say('Hello there');
  assert.deepEqual(final.usage, unary.usage);
  assert.deepEqual(final.content, unary.content);
  assert.equal(final.stop_reason, 'end_turn');
});

test('anthropic: system, blocks and an image', async () => {
  const content = [
    { type: 'text', text: 'What is' },
    { type: 'image', source: { type: 'base64', media_type: 'image/png', data: PNG } },
    { type: 'text', text: 'this?' },
  ];
  for (const system of ['Be brief.', [{ type: 'text', text: 'Be brief.' }]])
    assert.equal(textOf(await say(content, { system })), 'What is\nthis?');
});

test('anthropic: a tool loop', async () => {
  const message = await say(CALL_BOTH, { tools });
  assert.equal(message.stop_reason, 'tool_use');
  assert.deepEqual(parsed(message.content), CALLS);
  const results = message.content.map((block, i) => ({
    type: 'tool_result', tool_use_id: block.id, content: `result ${i}`,
  }));
  const messages = [...user(CALL_BOTH), { role: 'assistant', content: message.content }, ...user(results)];
  const answer = await client.messages.create({ ...fixed, messages, tools });
  assert.equal(textOf(answer), 'last tool call result is result 1');
});

test('anthropic: a tool loop in streams', async () => {
  const blocks = [];
  const stream = client.messages
    .stream({ ...fixed, messages: user(CALL_BOTH), tools })
    .on('contentBlock', (block) => blocks.push(block));
  const message = await stream.finalMessage();
  assert.equal(message.stop_reason, 'tool_use');
  assert.deepEqual(parsed(blocks), CALLS);
  assert.deepEqual(parsed(message.content), CALLS);
});

for (const stream of [false, true])
  test(`anthropic: toolRunner, ${stream ? 'streaming' : 'unary'}`, async () => {
    const seen = [];
    const runnable = Object.entries(SCHEMAS).map(([name, inputSchema]) =>
      betaTool({
        name,
        description: name,
        inputSchema,
        run: (args) => {
          seen.push([name, args]);
          return `${name} is done`;
        },
      }),
    );
    const runner = client.beta.messages.toolRunner({
      ...fixed, messages: user(CALL_BOTH), tools: runnable, stream, max_iterations: 5,
    });
    assert.equal(textOf(await runner.runUntilDone()), 'last tool call result is get_time is done');
    assert.deepEqual(seen, CALLS);
  });

for (const [status, kind] of classes('anthropic'))
  test(`anthropic: ${status} is a ${kind.name}`, async () => {
    for (const stream of [false, true]) {
      const error = await rejection(say(failure(status, { type: 'api_error' }), { stream }));
      assert.equal(error.constructor, kind);
      assert.equal(error.status, status);
      assert.equal(error.type, 'api_error');
      assert.equal(error.apiMessage, `Failure ${status} 💥`);
      assert.ok(error.requestID);
      assert.equal(error.error.request_id, error.requestID);
    }
  });

test('anthropic: retry-after is honoured', async () => {
  const times = [];
  const patient = anthropic({ maxRetries: 1, fetch: noting(times) });
  const error = await rejection(say(failure(429, { type: 'rate_limit_error', retry_after: 1 }), {}, patient));
  assert.equal(error.constructor.name, 'RateLimitError');
  assert.equal(error.headers.get('retry-after'), '1');
  assert.equal(times.length, 2);
  assert.ok(times[1] - times[0] >= 990, 'left alone, the SDK waits half a second');
});

test('anthropic: models', async () => {
  const ids = [];
  for await (const model of client.models.list({ limit: 1 })) ids.push(model.id);
  assert.ok(ids.includes(CLAUDE));
  assert.equal(new Set(ids).size, ids.length);
  const model = await client.models.retrieve(CLAUDE);
  assert.equal(model.type, 'model');
  assert.equal(model.lifecycle, 'active');
  const unknown = 'no-such-model';
  for (const request of [() => client.models.retrieve(unknown), () => say('Hello', { model: unknown })]) {
    const error = await rejection(request());
    assert.equal(error.constructor.name, 'NotFoundError');
    assert.equal(error.type, 'not_found_error');
  }
});

test('anthropic: the count of tokens is what the message costs', async () => {
  const { max_tokens: _, ...request } = { ...fixed, messages: user('Hello there'), tools };
  const { input_tokens } = await client.messages.countTokens(request);
  assert.equal(input_tokens, (await say('Hello there', { tools })).usage.input_tokens);
});
