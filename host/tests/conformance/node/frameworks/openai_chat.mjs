// The official client of OpenAI, Chat Completions.
import OpenAI from 'openai';
import { zodResponseFormat } from 'openai/helpers/zod';
import { base, key, model, timeout } from '../standin.mjs';

const user = (text) => [{ role: 'user', content: text }];

export class Client {
  errors = { 401: OpenAI.AuthenticationError, 429: OpenAI.RateLimitError, 500: OpenAI.InternalServerError };

  constructor(api) {
    this.model = model(api);
    this.completions = new OpenAI({ baseURL: base(api), apiKey: key, maxRetries: 0, timeout }).chat.completions;
  }

  async chat(text) {
    const completion = await this.completions.create({ model: this.model, messages: user(text) });
    return completion.choices[0].message.content;
  }

  async stream(text) {
    const pieces = [];
    const stream = await this.completions.create({ model: this.model, messages: user(text), stream: true });
    for await (const chunk of stream) pieces.push(chunk.choices[0].delta.content ?? '');
    return pieces;
  }

  async toolLoop(text, weather, stream) {
    const { name, description, schema } = weather;
    const definition = { name, description, parameters: schema, parse: JSON.parse, function: weather.call };
    const tools = [{ type: 'function', function: definition }];
    return this.completions.runTools({ model: this.model, messages: user(text), tools, stream }).finalContent();
  }

  async structured(text, kind) {
    const response_format = zodResponseFormat(kind, 'forecast');
    const completion = await this.completions.parse({ model: this.model, messages: user(text), response_format });
    return completion.choices[0].message.parsed;
  }
}
