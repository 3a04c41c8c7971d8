"""Instructor: structured answers above the official SDKs, with tools; without a type to answer with it is the SDK."""

import json

import anthropic
import instructor
import openai
from pydantic import create_model

from standin import KEY, TIMEOUT, base, model


class Client:
    def __init__(self, api):
        sdk, kind, wrap = {
            "chat": (openai, openai.OpenAI, instructor.from_openai),
            "messages": (anthropic, anthropic.Anthropic, instructor.from_anthropic),
        }[api]
        self.api = api
        self.ERRORS = {401: sdk.AuthenticationError, 429: sdk.RateLimitError, 500: sdk.InternalServerError}
        self.client = wrap(kind(base_url=base(api), api_key=KEY, max_retries=0, timeout=TIMEOUT))
        self.fixed = {"model": model(api), "max_tokens": 1000, "max_retries": 0}

    def chat(self, text):
        return self.text(self.client.create(response_model=None, messages=user(text), **self.fixed))

    def stream(self, text):
        with self.client.create(response_model=None, messages=user(text), stream=True, **self.fixed) as stream:
            if self.api == "messages":
                return [event.delta.text for event in stream if event.type == "content_block_delta"]
            return [chunk.choices[0].delta.content or "" for chunk in stream]

    def tool_loop(self, text, weather, stream):
        kind = create_model(weather.name, city=(str, ...), days=(int, ...))
        ask = self.client.create_partial if stream else self.client.create
        answer = ask(response_model=kind, messages=user(text), **self.fixed)
        arguments = (list(answer)[-1] if stream else answer).model_dump()
        messages = [*user(text), *self.turn(weather.name, arguments, weather.function(**arguments))]
        return self.text(self.client.create(response_model=None, messages=messages, **self.fixed))

    def structured(self, text, kind):
        *_, streamed = self.client.create_partial(response_model=kind, messages=user(text), **self.fixed)
        kind.model_validate(streamed.model_dump())
        return self.client.create(response_model=kind, messages=user(text), **self.fixed)

    def text(self, answer):
        return answer.content[0].text if self.api == "messages" else answer.choices[0].message.content

    def turn(self, name, arguments, result):
        """A call and its result: Instructor hands over the arguments only, so the application tells what it did."""
        if self.api == "messages":
            call = {"type": "tool_use", "id": "toolu_1", "name": name, "input": arguments}
            done = {"type": "tool_result", "tool_use_id": "toolu_1", "content": result}
            return [{"role": "assistant", "content": [call]}, {"role": "user", "content": [done]}]
        call = {"id": "call_1", "type": "function", "function": {"name": name, "arguments": json.dumps(arguments)}}
        return [
            {"role": "assistant", "content": None, "tool_calls": [call]},
            {"role": "tool", "tool_call_id": "call_1", "content": result},
        ]


def user(text):
    return [{"role": "user", "content": text}]
