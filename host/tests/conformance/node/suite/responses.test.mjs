// OpenAI Responses, and the small endpoints, as seen by the official client for Node.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CALLS, CALL_BOTH, GPT, PNG, SCHEMAS, TEXTS, classes, failure, openai, rejection, url, user } from './helper.mjs';

const client = openai();
const say = (input, more, on = client) => on.responses.create({ model: GPT, input, ...more });
const streamedText = async (input, more, on = client) => {
  let text = '';
  for await (const event of await say(input, { stream: true, ...more }, on))
    if (event.type === 'response.output_text.delta') text += event.delta;
  return text;
};
const tools = Object.entries(SCHEMAS).map(([name, parameters]) => ({
  type: 'function', name, description: name, parameters, strict: true,
}));
const parsed = (calls) => calls.map((call) => [call.name, JSON.parse(call.arguments)]);
const results = (calls, say) =>
  calls.map(({ call_id }, i) => ({ type: 'function_call_output', call_id, output: say(i) }));

for (const [name, text] of Object.entries(TEXTS))
  test(`responses: a text comes back as it was: ${name}`, async () => {
    assert.equal((await say(text)).output_text, text);
    assert.equal(await streamedText(text), text);
  });

test('responses: a raw stream', async () => {
  const events = [];
  for await (const event of await say('Hello there', { stream: true })) events.push(event);
  assert.deepEqual(
    events.map((event) => event.sequence_number),
    events.map((_, i) => i),
  );
  const shown = events.filter((event) => event.response).map((event) => event.response);
  assert.equal(new Set(shown.map((response) => response.id)).size, 1);
  assert.equal(new Set(events.map((event) => event.item_id).filter(Boolean)).size, 1);
  assert.deepEqual(shown.at(-1).usage, (await say('Hello there')).usage);
});

test('responses: the stream helper', async () => {
  let text = '';
  const stream = client.responses
    .stream({ model: GPT, input: 'Hello there' })
    .on('response.output_text.delta', (event) => (text = event.snapshot));
  const final = await stream.finalResponse();
  assert.equal(text, 'Hello there');
  assert.equal(final.output_text, 'Hello there');
  assert.equal(final.status, 'completed');
});

test('responses: instructions, parts and an image', async () => {
  const content = [
    { type: 'input_text', text: 'What is' },
    { type: 'input_image', detail: 'auto', image_url: `data:image/png;base64,${PNG}` },
    { type: 'input_text', text: 'this?' },
  ];
  const response = await say([...user('First'), ...user(content)], { instructions: 'Be brief.' });
  assert.equal(response.output_text, 'What is\nthis?');
  assert.equal(response.instructions, 'Be brief.');
});

for (const stream of [false, true])
  test(`responses: a tool loop, ${stream ? 'streaming' : 'unary'}`, async () => {
    const ask = (request) =>
      stream ? client.responses.stream(request).finalResponse() : client.responses.create(request);
    const first = await ask({ model: GPT, input: CALL_BOTH, tools });
    assert.deepEqual(parsed(first.output), CALLS);
    const input = results(first.output, (i) => `result ${i}`);
    const more = { model: GPT, tools };
    const whole = await ask({ ...more, input: [...user(CALL_BOTH), ...first.output, ...input] });
    assert.equal(whole.output_text, 'last tool call result is result 1');
    const next = await ask({ ...more, input, previous_response_id: first.id });
    assert.equal(next.output_text, 'last tool call result is result 1');
    assert.equal(next.previous_response_id, first.id);
  });

test('responses: stored', async () => {
  const { id } = await say(user('Hello'));
  assert.equal((await client.responses.retrieve(id)).output_text, 'Hello');
  const items = [];
  for await (const item of client.responses.inputItems.list(id)) items.push(item);
  assert.deepEqual(items.map((item) => item.content), [[{ type: 'input_text', text: 'Hello' }]]);
  await client.responses.delete(id);
  assert.equal((await rejection(client.responses.retrieve(id))).constructor.name, 'NotFoundError');
});

for (const [status, kind] of classes('openai'))
  test(`responses: ${status} is a ${kind.name}`, async () => {
    for (const stream of [false, true]) {
      const error = await rejection(say(failure(status, { type: 'some_error', error_code: 'some_code' }), { stream }));
      assert.equal(error.constructor, kind);
      assert.equal(error.status, status);
      assert.deepEqual(error.error, {
        message: `Failure ${status} 💥`, type: 'some_error', param: null, code: 'some_code',
      });
    }
  });

test('responses: paths without the version', async () => {
  const bare = openai({ baseURL: url });
  assert.equal((await say('Hello', {}, bare)).output_text, 'Hello');
  assert.equal(await streamedText('Hello', {}, bare), 'Hello');
});

test('completions', async () => {
  const request = { model: 'gpt-3.5-turbo-instruct', prompt: 'Hello there' };
  assert.equal((await client.completions.create(request)).choices[0].text, 'Hello there');
  let text = '';
  for await (const chunk of await client.completions.create({ ...request, stream: true })) text += chunk.choices[0].text;
  assert.equal(text, 'Hello there');
});

test('embeddings: what the client asks for, and floats, are the same', async () => {
  const request = { model: 'text-embedding-3-small', input: ['Hello there', 'Good day'], dimensions: 8 };
  const asked = await client.embeddings.create(request);
  const floats = await client.embeddings.create({ ...request, encoding_format: 'float' });
  assert.equal(asked.data.length, 2);
  asked.data.forEach(({ embedding }, i) =>
    assert.deepEqual([...embedding].map(Math.fround), floats.data[i].embedding.map(Math.fround)),
  );
});

test('moderations', async () => {
  const { results } = await client.moderations.create({ model: 'omni-moderation-latest', input: ['Hello', 'there'] });
  assert.deepEqual(results.map((result) => result.flagged), [false, false]);
  assert.equal(results[0].categories['self-harm/intent'], false);
});
