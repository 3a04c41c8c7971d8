// The AI SDK of Vercel: `openai(model)` (Responses), `openai.chat(model)` and `anthropic(model)`.
import { createAnthropic } from '@ai-sdk/anthropic';
import { createOpenAI } from '@ai-sdk/openai';
import { APICallError, Output, generateText, stepCountIs, streamText, tool } from 'ai';
import { base, key, model } from '../standin.mjs';

export class Client {
  errors = { 401: APICallError, 429: APICallError, 500: APICallError };

  constructor(api) {
    const openai = createOpenAI({ baseURL: base(api), apiKey: key });
    const anthropic = createAnthropic({ baseURL: `${base(api)}/v1`, apiKey: key });
    const of = { chat: openai.chat, responses: openai, messages: anthropic };
    this.fixed = { model: of[api](model(api)), maxRetries: 0 };
  }

  async chat(text) {
    return (await generateText({ ...this.fixed, prompt: text })).text;
  }

  async stream(text) {
    const pieces = [];
    let failure;
    const { textStream } = streamText({ ...this.fixed, prompt: text, onError: ({ error }) => (failure = error) });
    for await (const piece of textStream) pieces.push(piece);
    if (failure) throw failure;
    return pieces;
  }

  async toolLoop(text, weather, stream) {
    const { description, input, call } = weather;
    const tools = { [weather.name]: tool({ description, inputSchema: input, execute: async (args) => call(args) }) };
    const request = { ...this.fixed, prompt: text, tools, stopWhen: stepCountIs(5) };
    return stream ? await streamText(request).text : (await generateText(request)).text;
  }

  async structured(text, kind) {
    return (await generateText({ ...this.fixed, prompt: text, output: Output.object({ schema: kind }) })).output;
  }
}
