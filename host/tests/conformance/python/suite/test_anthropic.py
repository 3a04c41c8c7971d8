"""Anthropic messages and models, as seen by the official client."""

import asyncio

import anthropic
import pytest

from samples import CALL_BOTH, CALLS, CLAUDE, PNG, SCHEMAS, TEXTS, failure, user
from wire import URL

TOOLS = [{"name": name, "description": name, "input_schema": schema} for name, schema in SCHEMAS.items()]
FIXED = {"model": CLAUDE, "max_tokens": 16000}


def say(client, content, **more):
    return client.messages.create(**FIXED, messages=user(content), **more)


def text_of(message) -> str:
    [block] = message.content
    assert block.type == "text"
    return block.text


def streamed_text(client, content) -> str:
    with say(client, content, stream=True) as stream:
        return "".join(event.delta.text for event in stream if event.type == "content_block_delta")


@pytest.mark.parametrize("name", TEXTS)
def test_a_text_comes_back_as_it_was(claude, name):
    text = TEXTS[name]
    assert text_of(say(claude, text)) == text
    assert streamed_text(claude, text) == text


def test_unary(claude):
    message = say(claude, "Hello")
    assert text_of(message) == "Hello"
    assert (message.type, message.role, message.model) == ("message", "assistant", CLAUDE)
    assert (message.stop_reason, message.stop_sequence) == ("end_turn", None)
    assert message.usage.input_tokens > 0 and message.usage.output_tokens > 0
    assert message._request_id


def test_the_stream_helper(claude):
    with claude.messages.stream(**FIXED, messages=user("Hello there")) as stream:
        events = list(stream)
        message = stream.get_final_message()
        assert stream.get_final_text() == "Hello there"
        assert stream.request_id
    assert "".join(event.text for event in events if event.type == "text") == "Hello there"
    assert [event.content_block.text for event in events if event.type == "content_block_stop"] == ["Hello there"]
    assert message.stop_reason == "end_turn"
    unary = say(claude, "Hello there")
    assert message.usage.to_dict() == unary.usage.to_dict()
    assert [block.to_dict() for block in message.content] == [block.to_dict() for block in unary.content]

    with claude.messages.stream(**FIXED, messages=user("Hello there")) as stream:
        assert "".join(stream.text_stream) == "Hello there"


def test_a_system_prompt_and_the_last_user_message(claude):
    messages = [*user("First"), {"role": "assistant", "content": "Yes?"}, *user("Second")]
    without = claude.messages.create(**FIXED, messages=messages)
    for system in ("Be brief.", [{"type": "text", "text": "Be brief.", "cache_control": {"type": "ephemeral"}}]):
        message = claude.messages.create(
            **FIXED, messages=messages, system=system, metadata={"user_id": "someone"}, stop_sequences=["STOP"]
        )
        assert text_of(message) == "Second"
        assert message.usage.input_tokens > without.usage.input_tokens


def test_blocks_and_an_image(claude):
    sources = (
        {"type": "base64", "media_type": "image/png", "data": PNG},
        {"type": "url", "url": "https://example.com/cat.png"},
    )
    for source in sources:
        content = [
            {"type": "text", "text": "What is"},
            {"type": "image", "source": source},
            {"type": "text", "text": "this?"},
        ]
        assert text_of(say(claude, content)) == "What is\nthis?"
        assert streamed_text(claude, content) == "What is\nthis?"


def test_request_ids(claude):
    response = claude.messages.with_raw_response.create(**FIXED, messages=user("Hello"))
    assert response.headers["request-id"]
    assert response.parse()._request_id == response.headers["request-id"]
    with pytest.raises(anthropic.BadRequestError) as caught:
        say(claude, failure(400))
    assert caught.value.request_id


def test_tools_that_are_not_offered_are_not_called(claude):
    message = say(claude, CALL_BOTH)
    assert message.stop_reason == "end_turn"
    assert text_of(message) == CALL_BOTH


def results(message, content) -> dict:
    blocks = [
        {"type": "tool_result", "tool_use_id": block.id, "content": content(i)}
        for i, block in enumerate(block for block in message.content if block.type == "tool_use")
    ]
    return {"role": "user", "content": blocks}


def test_a_tool_loop(claude):
    messages = user(CALL_BOTH)
    message = claude.messages.create(**FIXED, messages=messages, tools=TOOLS)
    assert message.stop_reason == "tool_use"
    assert [(block.name, block.input) for block in message.content if block.type == "tool_use"] == CALLS
    assert len({block.id for block in message.content}) == 2

    messages += [{"role": "assistant", "content": message.content}, results(message, lambda i: f"result {i}")]
    answer = claude.messages.create(**FIXED, messages=messages, tools=TOOLS)
    assert answer.stop_reason == "end_turn"
    assert text_of(answer) == "last tool call result is result 1"


def test_a_tool_without_arguments(claude):
    [block] = say(claude, "call tool 'get_time' with ''", tools=TOOLS).content
    assert block.input == {}
    with claude.messages.stream(**FIXED, messages=user("call tool 'get_time' with ''"), tools=TOOLS) as stream:
        [block] = stream.get_final_message().content
    assert block.input == {}


def test_a_tool_loop_in_streams(claude):
    messages = user(CALL_BOTH)
    with claude.messages.stream(**FIXED, messages=messages, tools=TOOLS) as stream:
        stops = [event.content_block for event in stream if event.type == "content_block_stop"]
        message = stream.get_final_message()
    assert message.stop_reason == "tool_use"
    assert [(block.name, block.input) for block in stops] == CALLS
    assert [(block.name, block.input) for block in message.content] == CALLS

    messages += [
        {"role": "assistant", "content": message.content},
        results(message, lambda i: [{"type": "text", "text": f"{i}°"}]),
    ]
    with claude.messages.stream(**FIXED, messages=messages, tools=TOOLS) as stream:
        assert stream.get_final_text() == "last tool call result is 1°"


@pytest.mark.parametrize("stream", [False, True])
def test_the_tool_runner(claude, stream):
    seen = []

    @anthropic.beta_tool
    def get_weather(city: str, days: int) -> str:
        """The weather in a city."""
        seen.append(("get_weather", {"city": city, "days": days}))
        return "sunny"

    @anthropic.beta_tool
    def get_time(zone: str) -> str:
        """The time in a zone."""
        seen.append(("get_time", {"zone": zone}))
        return "noon"

    runner = claude.beta.messages.tool_runner(
        **FIXED, messages=user(CALL_BOTH), tools=[get_weather, get_time], max_iterations=5, stream=stream
    )
    assert text_of(runner.until_done()) == "last tool call result is noon"
    assert seen == CALLS


def test_the_async_client():
    async def talk():
        async with anthropic.AsyncAnthropic(base_url=URL, api_key="key", max_retries=0, timeout=30) as client:
            unary = await client.messages.create(**FIXED, messages=user("Hello"))
            stream = await client.messages.create(**FIXED, messages=user("Hello"), stream=True)
            text = "".join([event.delta.text async for event in stream if event.type == "content_block_delta"])
            async with client.messages.stream(**FIXED, messages=user(CALL_BOTH), tools=TOOLS) as helper:
                final = await helper.get_final_message()
            models = [model.id async for model in client.models.list()]
            return text_of(unary), text, final.content, models

    unary, streamed, blocks, models = asyncio.run(talk())
    assert unary == streamed == "Hello"
    assert [(block.name, block.input) for block in blocks] == CALLS
    assert CLAUDE in models


def test_many_at_once():
    async def talk():
        async with anthropic.AsyncAnthropic(base_url=URL, api_key="key", max_retries=0, timeout=30) as client:

            async def one(i):
                async with client.messages.stream(**FIXED, messages=user(f"Number {i}")) as stream:
                    return await stream.get_final_text()

            return await asyncio.gather(*(one(i) for i in range(64)))

    assert asyncio.run(talk()) == [f"Number {i}" for i in range(64)]


def test_models(claude):
    everything = [model.id for model in claude.models.list()]
    assert CLAUDE in everything
    assert [model.id for model in claude.models.list(limit=1)] == everything, "page by page it is the same list"
    model = claude.models.retrieve(CLAUDE)
    assert (model.id, model.type) == (CLAUDE, "model")
    assert model.display_name and model.created_at.year > 2020
    with pytest.raises(anthropic.NotFoundError) as caught:
        claude.models.retrieve("no-such-model")
    assert caught.value.type == "not_found_error"
