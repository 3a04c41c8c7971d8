// LangChain.js: `ChatOpenAI` (Chat Completions and Responses) and `ChatAnthropic`.
import { HumanMessage } from '@langchain/core/messages';
import { tool } from '@langchain/core/tools';
import { ChatAnthropic } from '@langchain/anthropic';
import { ChatOpenAI } from '@langchain/openai';
import { base, key, model, timeout } from '../standin.mjs';

export class Client {
  // By name: they are the classes of the SDKs that LangChain brings along, out of an application's reach.
  errors = { 401: 'AuthenticationError', 429: 'RateLimitError', 500: 'InternalServerError' };

  constructor(api) {
    const fixed = { model: model(api), apiKey: key, maxRetries: 0 };
    this.llm =
      api === 'messages'
        ? new ChatAnthropic({ ...fixed, anthropicApiUrl: base(api), clientOptions: { timeout } })
        : new ChatOpenAI({
            ...fixed,
            timeout,
            useResponsesApi: api === 'responses',
            configuration: { baseURL: base(api) },
          });
  }

  async chat(text) {
    return (await this.llm.invoke(text)).text;
  }

  async stream(text) {
    const pieces = [];
    for await (const chunk of await this.llm.stream(text)) pieces.push(chunk.text);
    return pieces;
  }

  async toolLoop(text, weather, stream) {
    const { name, description, input } = weather;
    const getWeather = tool(weather.call, { name, description, schema: input });
    const llm = this.llm.bindTools([getWeather]);
    const messages = [new HumanMessage(text)];
    for (let turn = 0; turn < 5; turn++) {
      let answer;
      if (stream) for await (const chunk of await llm.stream(messages)) answer = answer?.concat(chunk) ?? chunk;
      else answer = await llm.invoke(messages);
      if (!answer.tool_calls.length) return answer.text;
      messages.push(answer);
      for (const call of answer.tool_calls) messages.push(await getWeather.invoke(call));
    }
  }

  async structured(text, kind) {
    return this.llm.withStructuredOutput(kind).invoke(text);
  }
}
