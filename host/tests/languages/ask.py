"""Asks a server on which a new project's strategy runs, with the OpenAI SDK: whole and as a stream."""

import sys

from openai import OpenAI

client = OpenAI(base_url=f"{sys.argv[1]}/v1", api_key="any", max_retries=0)


def said(text: str) -> str:
    answer = client.chat.completions.create(model="gpt-4o", messages=[{"role": "user", "content": text}])
    return answer.choices[0].message.content


def streamed(text: str) -> str:
    chunks = client.chat.completions.create(
        model="gpt-4o", messages=[{"role": "user", "content": text}], stream=True
    )
    return "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)


for ask in (said, streamed):
    # What the strategy passes on is answered by the next one, which says it again.
    for text, expected in (("my name is Ada", "Hello, Ada!"), ("Hi! My name is Ada.", "Hello, Ada!"), ("hello", "hello")):
        found = ask(text)
        assert found == expected, f"{ask.__name__}: {text!r} is answered {found!r}, and not {expected!r}"
