"""Asks a server on which one of the example strategies runs, with the OpenAI SDK: whole and as a stream."""

import re
import sys

from openai import OpenAI

# What each example is asked, and what its answer has to look like.
ASKED = {
    "caesar": ("caesar: Hello", "Khoor"),
    "calculator": ("calculate 6 * 7", "42"),
    "dice": ("roll 2d1", r"1 \+ 1 = 2"),
    "fault-storm": ("a calm request passes on", "a calm request passes on"),
    "markov": ("write 12 words", r"(\S+ ){11}\S+"),
    "redactor": ("redact: ada@example.com", r"\[email\]"),
    "support-desk": ("hello", r"This is the support desk. What is your order number\?"),
    "token-counter": ("count: Hello there", "2 tokens, 11 characters"),
    "weather-agent": ("What is the weather in Paris?", None),
}

base_url, name = sys.argv[1:]
client = OpenAI(base_url=f"{base_url}/v1", api_key="any", max_retries=0)
prompt, expected = ASKED[name]
tool = {"type": "function", "function": {"name": "get_weather", "parameters": {"type": "object", "properties": {}}}}


def ask(messages, session, **more):
    tools = {"tools": [tool]} if name == "weather-agent" else {}
    headers = {"X-Standin-Session": session}
    return client.chat.completions.create(model="gpt-4o", messages=messages, extra_headers=headers, **tools, **more)


first = [{"role": "user", "content": prompt}]
whole = ask(first, "whole").choices[0].message
chunks = [chunk.choices[0].delta for chunk in ask(first, "stream", stream=True) if chunk.choices]
if expected is not None:
    for said in (whole.content, "".join(delta.content or "" for delta in chunks)):
        assert re.fullmatch(expected, said), f"{name} said {said!r} to {prompt!r}, expected {expected!r}"
else:
    call = whole.tool_calls[0]
    assert (call.function.name, call.function.arguments) == ("get_weather", '{"city":"Paris"}'), call
    assert any(delta.tool_calls for delta in chunks)
    result = {"role": "tool", "tool_call_id": call.id, "content": '{"city": "Paris", "degrees": 18, "sky": "sun"}'}
    last = ask([*first, whole.model_dump(exclude_none=True), result], "whole").choices[0].message
    assert last.content == "In Paris: sun, 18 degrees.", last
