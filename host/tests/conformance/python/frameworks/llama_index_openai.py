"""LlamaIndex: `OpenAI` (Chat Completions) and `OpenAIResponses`, with its function agent."""

import openai
from llama_index.core.agent.workflow import FunctionAgent
from llama_index.llms.openai import OpenAI, OpenAIResponses

from standin import KEY, TIMEOUT, base, model


class Client:
    ERRORS = {401: openai.AuthenticationError, 429: openai.RateLimitError, 500: openai.InternalServerError}

    def __init__(self, api):
        kind = {"chat": OpenAI, "responses": OpenAIResponses}[api]
        self.llm = kind(model=model(api), api_base=base(api), api_key=KEY, max_retries=0, timeout=TIMEOUT)

    def chat(self, text):
        return self.llm.complete(text).text

    def stream(self, text):
        return [piece.delta for piece in self.llm.stream_complete(text)]

    async def tool_loop(self, text, weather, stream):
        agent = FunctionAgent(llm=self.llm, tools=[weather.function], streaming=stream)
        return str(await agent.run(text))

    def structured(self, text, kind):
        return self.llm.as_structured_llm(kind).complete(text).raw
