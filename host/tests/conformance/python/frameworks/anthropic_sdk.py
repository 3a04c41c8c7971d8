"""The official client of Anthropic."""

import anthropic

from standin import KEY, TIMEOUT, base, model


class Client:
    ERRORS = {
        401: anthropic.AuthenticationError,
        429: anthropic.RateLimitError,
        500: anthropic.InternalServerError,
    }

    def __init__(self, api):
        self.sdk = anthropic.Anthropic(base_url=base(api), api_key=KEY, max_retries=0, timeout=TIMEOUT)
        self.fixed = {"model": model(api), "max_tokens": 1000}

    def chat(self, text):
        return text_of(self.sdk.messages.create(**self.fixed, messages=user(text)))

    def stream(self, text):
        with self.sdk.messages.stream(**self.fixed, messages=user(text)) as stream:
            pieces = list(stream.text_stream)
            assert stream.get_final_message().stop_reason == "end_turn"
        return pieces

    def tool_loop(self, text, weather, stream):
        tools = [anthropic.beta_tool(weather.function)]
        runner = self.sdk.beta.messages.tool_runner(
            **self.fixed, messages=user(text), tools=tools, max_iterations=5, stream=stream
        )
        return text_of(runner.until_done())

    def structured(self, text, kind):
        return self.sdk.messages.parse(**self.fixed, messages=user(text), output_format=kind).parsed_output


def user(text):
    return [{"role": "user", "content": text}]


def text_of(message):
    [block] = message.content
    return block.text
