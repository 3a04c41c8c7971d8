// A stream and an error against standin with the official Anthropic client: `npm install @anthropic-ai/sdk`, start standin,
// run this.
import assert from "node:assert";
import Anthropic from "@anthropic-ai/sdk";

const client = new Anthropic({
  baseURL: process.env.ANTHROPIC_BASE_URL ?? "http://127.0.0.1:8000",
  apiKey: "any",
  maxRetries: 0,
});
const ask = (content) => ({ model: "claude-standin", max_tokens: 1000, messages: [{ role: "user", content }] });

const message = await client.messages.stream(ask("Hello, standin!")).finalMessage();
console.log(message.content[0].text);
assert.equal(message.content[0].text, "Hello, standin!");

const failure = ask('raise error {"code": 529, "message": "Come back later", "type": "overloaded_error", "retry_after": 2}');
await assert.rejects(client.messages.create(failure), (error) => {
  console.log(error.status, error.headers.get("retry-after"), error.message);
  return error.status === 529 && error.headers.get("retry-after") === "2";
});
