"""LiteLLM: its own HTTP client for Anthropic, the OpenAI SDK of an older generation for OpenAI."""

import json
import os

# Nothing is fetched from elsewhere.
os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
os.environ["LITELLM_LOCAL_ANTHROPIC_BETA_HEADERS"] = "True"

import litellm

from standin import KEY, TIMEOUT, URL, base, model


class Client:
    ERRORS = {
        401: litellm.AuthenticationError,
        429: litellm.RateLimitError,
        500: litellm.InternalServerError,
    }

    def __init__(self, api):
        litellm.suppress_debug_info = True
        litellm.enable_json_schema_validation = True
        provider = {"chat": "openai", "messages": "anthropic"}[api]
        self.fixed = {
            "model": f"{provider}/{model(api)}",
            "api_base": URL if api == "messages" else base(api),
            "api_key": KEY,
            "timeout": TIMEOUT,
            "num_retries": 0,
            "max_retries": 0,
        }

    def ask(self, messages, **more):
        return litellm.completion(**self.fixed, messages=messages, **more)

    def chat(self, text):
        return self.ask(user(text)).choices[0].message.content

    def stream(self, text):
        return [chunk.choices[0].delta.content or "" for chunk in self.ask(user(text), stream=True)]

    def tool_loop(self, text, weather, stream):
        tool = {"name": weather.name, "description": "The weather in a city.", "parameters": weather.schema}
        tools, messages = [{"type": "function", "function": tool}], user(text)
        for _ in range(5):
            answer = self.ask(messages, tools=tools, stream=stream)
            if stream:
                answer = litellm.stream_chunk_builder(list(answer), messages=messages)
            message = answer.choices[0].message
            if not message.tool_calls:
                return message.content
            messages.append(message)
            for call in message.tool_calls:
                assert call.function.name == weather.name
                result = weather.function(**json.loads(call.function.arguments))
                messages.append({"role": "tool", "tool_call_id": call.id, "content": result})

    def structured(self, text, kind):
        return kind.model_validate_json(self.ask(user(text), response_format=kind).choices[0].message.content)


def user(text):
    return [{"role": "user", "content": text}]
