"""The official client of OpenAI, Responses."""

import json

import openai

from standin import KEY, TIMEOUT, base, model


class Client:
    ERRORS = {401: openai.AuthenticationError, 429: openai.RateLimitError, 500: openai.InternalServerError}

    def __init__(self, api):
        self.sdk = openai.OpenAI(base_url=base(api), api_key=KEY, max_retries=0, timeout=TIMEOUT)
        self.model = model(api)

    def chat(self, text):
        return self.sdk.responses.create(model=self.model, input=text).output_text

    def stream(self, text):
        with self.sdk.responses.stream(model=self.model, input=text) as stream:
            pieces = [event.delta for event in stream if event.type == "response.output_text.delta"]
            assert stream.get_final_response().output_text == "".join(pieces)
        return pieces

    def tool_loop(self, text, weather, stream):
        tools = [{"type": "function", "name": weather.name, "parameters": weather.schema, "strict": True}]
        items = [{"role": "user", "content": text}]
        for _ in range(5):
            if stream:
                with self.sdk.responses.stream(model=self.model, input=items, tools=tools) as events:
                    response = events.get_final_response()
            else:
                response = self.sdk.responses.create(model=self.model, input=items, tools=tools)
            calls = [item for item in response.output if item.type == "function_call"]
            if not calls:
                return response.output_text
            items += response.output
            for call in calls:
                assert call.name == weather.name
                result = weather.function(**json.loads(call.arguments))
                items.append({"type": "function_call_output", "call_id": call.call_id, "output": result})

    def structured(self, text, kind):
        return self.sdk.responses.parse(model=self.model, input=text, text_format=kind).output_parsed
