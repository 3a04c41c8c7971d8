"""The OpenAI Agents SDK: with the Responses API, its default, and with Chat Completions."""

import agents
import openai

from standin import KEY, TIMEOUT, base, model


class Client:
    ERRORS = {401: openai.AuthenticationError, 429: openai.RateLimitError, 500: openai.InternalServerError}

    def __init__(self, api):
        agents.set_tracing_disabled(True)
        sdk = openai.AsyncOpenAI(base_url=base(api), api_key=KEY, max_retries=0, timeout=TIMEOUT)
        kind = {"chat": agents.OpenAIChatCompletionsModel, "responses": agents.OpenAIResponsesModel}[api]
        self.model = kind(model=model(api), openai_client=sdk)

    def agent(self, **more):
        return agents.Agent(name="Tester", instructions="Be brief.", model=self.model, **more)

    async def chat(self, text):
        return (await agents.Runner.run(self.agent(), text)).final_output

    async def stream(self, text):
        run = agents.Runner.run_streamed(self.agent(), text)
        events = [event.data async for event in run.stream_events() if event.type == "raw_response_event"]
        assert run.final_output == text
        return [event.delta for event in events if event.type == "response.output_text.delta"]

    async def tool_loop(self, text, weather, stream):
        agent = self.agent(tools=[agents.function_tool(weather.function)])
        if not stream:
            return (await agents.Runner.run(agent, text, max_turns=5)).final_output
        run = agents.Runner.run_streamed(agent, text, max_turns=5)
        async for _ in run.stream_events():
            pass
        return run.final_output

    async def structured(self, text, kind):
        return (await agents.Runner.run(self.agent(output_type=kind), text)).final_output
