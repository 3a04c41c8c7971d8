"""The official client of OpenAI, Chat Completions."""

import json

import openai

from standin import KEY, TIMEOUT, base, model


class Client:
    ERRORS = {401: openai.AuthenticationError, 429: openai.RateLimitError, 500: openai.InternalServerError}

    def __init__(self, api):
        self.sdk = openai.OpenAI(base_url=base(api), api_key=KEY, max_retries=0, timeout=TIMEOUT)
        self.model = model(api)

    def chat(self, text):
        completion = self.sdk.chat.completions.create(model=self.model, messages=user(text))
        return completion.choices[0].message.content

    def stream(self, text):
        with self.sdk.chat.completions.stream(model=self.model, messages=user(text)) as stream:
            pieces = [event.delta for event in stream if event.type == "content.delta"]
            assert stream.get_final_completion().choices[0].finish_reason == "stop"
        return pieces

    def tool_loop(self, text, weather, stream):
        function = {"name": weather.name, "parameters": weather.schema, "strict": True}
        request = {
            "model": self.model,
            "messages": user(text),
            "tools": [{"type": "function", "function": function}],
        }
        for _ in range(5):
            if stream:
                with self.sdk.chat.completions.stream(**request) as events:
                    message = events.get_final_completion().choices[0].message
            else:
                message = self.sdk.chat.completions.create(**request).choices[0].message
            if not message.tool_calls:
                return message.content
            calls = [call.to_dict() for call in message.tool_calls]
            request["messages"].append({"role": "assistant", "tool_calls": calls})
            for call in message.tool_calls:
                assert call.function.name == weather.name
                result = weather.function(**json.loads(call.function.arguments))
                request["messages"].append({"role": "tool", "tool_call_id": call.id, "content": result})

    def structured(self, text, kind):
        completion = self.sdk.chat.completions.parse(model=self.model, messages=user(text), response_format=kind)
        return completion.choices[0].message.parsed


def user(text):
    return [{"role": "user", "content": text}]
