"""Pydantic AI: an agent above `OpenAIChatModel`, `OpenAIResponsesModel` and `AnthropicModel`."""

import anthropic
import openai
from pydantic_ai import Agent, exceptions
from pydantic_ai.models.anthropic import AnthropicModel
from pydantic_ai.models.openai import OpenAIChatModel, OpenAIResponsesModel
from pydantic_ai.providers.anthropic import AnthropicProvider
from pydantic_ai.providers.openai import OpenAIProvider

from standin import KEY, TIMEOUT, base, model


class Client:
    ERRORS = {
        401: exceptions.ModelAuthenticationError,
        429: exceptions.ModelRateLimitError,
        500: exceptions.ModelServerError,
    }

    def __init__(self, api):
        fixed = {"base_url": base(api), "api_key": KEY, "max_retries": 0, "timeout": TIMEOUT}
        if api == "messages":
            provider = AnthropicProvider(anthropic_client=anthropic.AsyncAnthropic(**fixed))
            self.model = AnthropicModel(model(api), provider=provider)
        else:
            kind = {"chat": OpenAIChatModel, "responses": OpenAIResponsesModel}[api]
            self.model = kind(model(api), provider=OpenAIProvider(openai_client=openai.AsyncOpenAI(**fixed)))

    async def chat(self, text):
        return (await Agent(self.model).run(text)).output

    async def stream(self, text):
        async with Agent(self.model).run_stream(text) as run:
            return [piece async for piece in run.stream_text(delta=True, debounce_by=None)]

    async def tool_loop(self, text, weather, stream):
        agent = Agent(self.model, tools=[weather.function])
        if not stream:
            return (await agent.run(text)).output
        async with agent.run_stream(text) as run:
            return await run.get_output()

    async def structured(self, text, kind):
        return (await Agent(self.model, output_type=kind).run(text)).output
