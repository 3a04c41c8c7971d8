"""The script of a mock client of ModelMesh, as seen by the official clients. Each test is a session of its own."""

import json

import anthropic
import openai
import pytest

from samples import user
from wire import URL, ask


@pytest.fixture
def gpt(request):
    # Where only a base URL can be set, the session is a part of it.
    with openai.OpenAI(base_url=f"{URL}/@{request.node.name}/v1", api_key="key", max_retries=0, timeout=30) as client:
        yield client


@pytest.fixture
def claude(request):
    headers = {"X-Standin-Session": request.node.name}
    with anthropic.Anthropic(base_url=URL, api_key="key", max_retries=0, timeout=30, default_headers=headers) as client:
        yield client


def chat(client, **more):
    return client.chat.completions.create(model="text-generation", messages=user("Hi"), **more)


def test_openai(gpt):
    for content, model, total in (("Hello!", "gpt-4o", 10), ("Goodbye!", "claude-3", 15)):
        completion = chat(gpt)
        assert (completion.choices[0].message.content, completion.model) == (content, model)
        usage, prompt = completion.usage, total // 3
        assert (usage.prompt_tokens, usage.completion_tokens, usage.total_tokens) == (prompt, total - prompt, total)
    texts = [chat(gpt).choices[0].message.content for _ in range(4)]
    assert texts == ["Just text", "Mock response", "Counted", "Camel"]
    weather, time = chat(gpt).choices[0].message.tool_calls
    assert (weather.id, json.loads(weather.function.arguments)) == ("call_1", {"city": "Paris"})
    assert time.function.name == "get_time"
    with pytest.raises(openai.RateLimitError) as caught:
        chat(gpt)
    assert caught.value.response.headers["retry-after"] == "2"
    for kind in (openai.AuthenticationError, openai.InternalServerError):
        with pytest.raises(kind):
            chat(gpt)
    assert [chat(gpt).choices[0].message.content for _ in range(3)] == ["The last one repeats"] * 3


def test_openai_streams(gpt):
    with chat(gpt, stream=True) as stream:
        assert "".join(chunk.choices[0].delta.content or "" for chunk in stream) == "Hello!"
    with gpt.responses.stream(model="m", input="Hi") as stream:
        assert stream.get_final_response().output_text == "Goodbye!"


def test_anthropic(claude):
    asked = {"model": "claude-sonnet-4-5", "messages": user("Hi"), "max_tokens": 64}
    message = claude.messages.create(**asked)
    assert (message.content[0].text, message.model) == ("Hello!", "gpt-4o")
    assert (message.usage.input_tokens, message.usage.output_tokens) == (3, 7)
    with claude.messages.stream(**asked) as stream:
        assert "".join(stream.text_stream) == "Goodbye!"
    for _ in range(4):
        claude.messages.create(**asked)
    weather, _ = claude.messages.create(**asked).content
    assert (weather.name, weather.input) == ("get_weather", {"city": "Paris"})
    with pytest.raises(anthropic.RateLimitError):
        claude.messages.create(**asked)


def test_a_queued_tool_loop(gpt, request):
    call = {"id": "call_9", "name": "get_weather", "arguments": {"city": "Paris"}}
    queued = {"replies": [{"tool_calls": [call]}, "It rains."], "session": request.node.name}
    assert ask("POST", "/_standin/script", queued).status == 200
    message = chat(gpt).choices[0].message
    assert message.tool_calls[0].function.name == "get_weather"
    called = message.model_dump(exclude_none=True, include={"role", "tool_calls"})
    result = {"role": "tool", "tool_call_id": message.tool_calls[0].id, "content": "rain"}
    talk = gpt.chat.completions.create(model="m", messages=[*user("Hi"), called, result])
    assert talk.choices[0].message.content == "It rains."
    # What its client remembers as `calls`.
    calls = ask("GET", f"/_standin/requests?session={request.node.name}").json()["requests"]
    assert [each["body"]["messages"][0] for each in calls] == user("Hi") * 2


def test_the_calls_of_its_document(gpt):
    completion = gpt.chat.completions.create(model="test", messages=[])
    assert completion.choices[0].message.content == "Hello!"
    assert list(gpt.models.list()) == []
