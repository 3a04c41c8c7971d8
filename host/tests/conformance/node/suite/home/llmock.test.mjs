// llmock's config.yaml, as seen by the official client for Node. Its base URL has no /v1.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { failure, openai, rejection, url, user } from '../helper.mjs';

const client = openai({ baseURL: url, apiKey: 'your-secret-api-key' });
const ask = (content, more) => client.chat.completions.create({ model: 'gpt-4o', messages: user(content), ...more });
const line = 'call tool \'calculate\' with \'{"expression": "6*7"}\'';
const parameters = { type: 'object', properties: { expression: { type: 'string' } } };

test('llmock: the mirror, a custom reply, and streams', async () => {
  assert.equal((await ask('Hello!')).choices[0].message.content, 'Hello!');
  assert.equal((await ask(' What is 1+1? ')).choices[0].message.content, '2');
  const pieces = [];
  for await (const chunk of await ask('Hello there', { stream: true })) pieces.push(chunk.choices[0].delta.content);
  assert.deepEqual(pieces, ['', 'Hello', ' there', undefined]);
  const stream = client.responses.stream({ model: 'gpt-4o', input: 'Hello there' });
  assert.equal((await stream.finalResponse()).output_text, 'Hello there');
});

test('llmock: a tool loop of each API', async () => {
  const calculate = { name: 'calculate', parameters, function: () => '42', parse: JSON.parse };
  const tool = { type: 'function', function: calculate };
  const runner = client.chat.completions.runTools({ model: 'gpt-4o', messages: user(line), tools: [tool] });
  assert.equal(await runner.finalContent(), 'last tool call result is 42');
  const asked = { model: 'gpt-4o', tools: [{ type: 'function', name: 'calculate', parameters, strict: false }] };
  const { output } = await client.responses.create({ ...asked, input: line });
  const result = { type: 'function_call_output', call_id: output[0].call_id, output: '42' };
  const second = await client.responses.create({ ...asked, input: [...user(line), ...output, result] });
  assert.equal(second.output_text, 'last tool call result is 42');
});

test('llmock: errors, models, and the key', async () => {
  const raised = await rejection(ask(failure(429, { type: 'rate_limit_error', error_code: 'rate_limit_exceeded' })));
  assert.deepEqual([raised.status, raised.type, raised.code], [429, 'rate_limit_error', 'rate_limit_exceeded']);
  assert.equal((await rejection(client.models.retrieve('nope'))).code, 'model_not_found');
  assert.equal((await client.models.list()).data.length, 3);
  const refused = await rejection(openai({ baseURL: url, apiKey: 'other' }).models.list());
  assert.deepEqual([refused.status, refused.type], [401, 'auth_error']);
  assert.match(refused.message, /Invalid API key/);
});
