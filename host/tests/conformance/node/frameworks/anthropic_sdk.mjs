// The official client of Anthropic.
import Anthropic from '@anthropic-ai/sdk';
import { betaTool } from '@anthropic-ai/sdk/helpers/beta/json-schema';
import { zodOutputFormat } from '@anthropic-ai/sdk/helpers/zod';
import { base, key, model, timeout } from '../standin.mjs';

const user = (text) => [{ role: 'user', content: text }];
const textOf = (message) => message.content.map((block) => block.text).join('');

export class Client {
  errors = {
    401: Anthropic.AuthenticationError,
    429: Anthropic.RateLimitError,
    500: Anthropic.InternalServerError,
  };

  constructor(api) {
    this.fixed = { model: model(api), max_tokens: 1000 };
    this.sdk = new Anthropic({ baseURL: base(api), apiKey: key, maxRetries: 0, timeout });
  }

  async chat(text) {
    return textOf(await this.sdk.messages.create({ ...this.fixed, messages: user(text) }));
  }

  async stream(text) {
    const pieces = [];
    const stream = this.sdk.messages.stream({ ...this.fixed, messages: user(text) });
    stream.on('text', (delta) => pieces.push(delta));
    await stream.finalMessage();
    return pieces;
  }

  async toolLoop(text, weather, stream) {
    const { name, description, schema } = weather;
    const tools = [betaTool({ name, description, inputSchema: schema, run: weather.call })];
    const request = { ...this.fixed, messages: user(text), tools, stream, max_iterations: 5 };
    return textOf(await this.sdk.beta.messages.toolRunner(request).runUntilDone());
  }

  async structured(text, kind) {
    const output_config = { format: zodOutputFormat(kind) };
    return (await this.sdk.messages.parse({ ...this.fixed, messages: user(text), output_config })).parsed_output;
  }
}
