// The official client of OpenAI, Responses.
import OpenAI from 'openai';
import { zodTextFormat } from 'openai/helpers/zod';
import { base, key, model, timeout } from '../standin.mjs';

export class Client {
  errors = { 401: OpenAI.AuthenticationError, 429: OpenAI.RateLimitError, 500: OpenAI.InternalServerError };

  constructor(api) {
    this.model = model(api);
    this.responses = new OpenAI({ baseURL: base(api), apiKey: key, maxRetries: 0, timeout }).responses;
  }

  async chat(text) {
    return (await this.responses.create({ model: this.model, input: text })).output_text;
  }

  async stream(text) {
    const pieces = [];
    for await (const event of await this.responses.create({ model: this.model, input: text, stream: true }))
      if (event.type === 'response.output_text.delta') pieces.push(event.delta);
    return pieces;
  }

  async toolLoop(text, weather, stream) {
    const { name, description, schema } = weather;
    const tools = [{ type: 'function', name, description, parameters: schema, strict: true }];
    const input = [{ role: 'user', content: text }];
    for (let turn = 0; turn < 5; turn++) {
      const request = { model: this.model, input, tools };
      const response = await (stream
        ? this.responses.stream(request).finalResponse()
        : this.responses.create(request));
      const calls = response.output.filter((item) => item.type === 'function_call');
      if (!calls.length) return response.output_text;
      input.push(...response.output);
      for (const { call_id, arguments: args } of calls)
        input.push({ type: 'function_call_output', call_id, output: weather.call(JSON.parse(args)) });
    }
  }

  async structured(text, kind) {
    const format = zodTextFormat(kind, 'forecast');
    return (await this.responses.parse({ model: this.model, input: text, text: { format } })).output_parsed;
  }
}
