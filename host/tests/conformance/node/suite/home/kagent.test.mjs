// The mocks.json of kagent's mockllm, as seen by the official clients for Node.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { anthropic, CLAUDE, openai, rejection, user } from '../helper.mjs';

const gpt = openai();
const claude = anthropic();
const ask = (content, more) => gpt.chat.completions.create({ model: 'm', messages: user(content), ...more });

test('kagent: a chat and its stream', async () => {
  assert.equal((await ask('Hello')).choices[0].message.content, 'Hello, whoever you are!');
  let text = '';
  for await (const chunk of await ask('Hello', { stream: true })) text += chunk.choices[0]?.delta.content ?? '';
  assert.equal(text, 'Hello, whoever you are!');
  const headers = { 'x-tenant-id': 'tenant-a' };
  const tenant = await gpt.chat.completions.create({ model: 'm', messages: user('Hello') }, { headers });
  assert.equal(tenant.id, 'chatcmpl-3');
});

test('kagent: a tool loop in a stream', async () => {
  const first = user('List all nodes in the cluster');
  const called = await gpt.chat.completions.stream({ model: 'm', messages: first }).finalMessage();
  assert.deepEqual(called.tool_calls.map((call) => [call.id, call.function.name]), [['call_1', 'k8s_get_resources']]);
  const result = { role: 'tool', tool_call_id: 'call_1', content: 'kagent-control-plane' };
  const second = await gpt.chat.completions.create({ model: 'm', messages: [...first, called, result] });
  assert.equal(second.choices[0].message.content, 'There is one node: kagent-control-plane.');
});

test('kagent: vectors, which this client asks for in base64', async () => {
  const { data } = await gpt.embeddings.create({ model: 'embeddinggemma', input: 'Hello world' });
  assert.deepEqual(Array.from(data[0].embedding), [0.5, -0.25, 0.125]);
});

test('kagent: a response and a message', async () => {
  const stream = gpt.responses.stream({ model: 'm', input: 'a haiku' });
  assert.equal((await stream.finalResponse()).output_text, 'Old pond, a frog leaps in.');
  const asked = { model: CLAUDE, messages: user('How is the weather?'), max_tokens: 64 };
  for (const message of [await claude.messages.create(asked), await claude.messages.stream(asked).finalMessage()]) {
    const [text, call] = message.content;
    assert.deepEqual([text.text, call.name, call.input], ['I look it up.', 'get_weather', { city: 'Paris' }]);
  }
});

test('kagent: what nothing matches', async () => {
  for (const error of [
    await rejection(ask('something else')),
    await rejection(ask('something else', { stream: true })),
    await rejection(claude.messages.create({ model: CLAUDE, messages: user('something else'), max_tokens: 9 })),
  ]) {
    assert.equal(error.status, 404);
    assert.match(error.message, /No matching mock found[^]*something else/);
  }
});
