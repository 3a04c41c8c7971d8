"""OpenAI chat completions and models, as seen by the official client."""

import asyncio
import json

import openai
import pydantic
import pytest

from samples import CALL_BOTH, CALLS, GPT, PNG, SCHEMAS, TEXTS, failure, user
from wire import URL

TOOLS = [
    {"type": "function", "function": {"name": name, "description": name, "parameters": schema, "strict": True}}
    for name, schema in SCHEMAS.items()
]


def say(client, text, **more):
    return client.chat.completions.create(model=GPT, messages=user(text), **more)


def streamed_text(client, text) -> str:
    with say(client, text, stream=True) as stream:
        return "".join(chunk.choices[0].delta.content or "" for chunk in stream)


@pytest.mark.parametrize("name", TEXTS)
def test_a_text_comes_back_as_it_was(gpt, name):
    text = TEXTS[name]
    assert say(gpt, text).choices[0].message.content == text
    assert streamed_text(gpt, text) == text


def test_unary(gpt):
    completion = say(gpt, "Hello")
    [choice] = completion.choices
    assert choice.finish_reason == "stop"
    assert choice.message.role == "assistant"
    assert choice.message.tool_calls is None
    assert completion.model == GPT
    assert completion.usage.total_tokens == completion.usage.prompt_tokens + completion.usage.completion_tokens
    assert completion.usage.prompt_tokens > 0 and completion.usage.completion_tokens > 0
    assert completion._request_id


def test_stream_left_out_or_false_is_unary(gpt):
    for more in ({}, {"stream": False}):
        response = gpt.chat.completions.with_raw_response.create(model=GPT, messages=user("Hello"), **more)
        assert response.headers["content-type"].split(";")[0] == "application/json"


def test_several_choices(gpt):
    completion = say(gpt, "Hello", n=3)
    assert [(choice.index, choice.message.content) for choice in completion.choices] == [
        (0, "Hello"),
        (1, "Hello"),
        (2, "Hello"),
    ]


def test_the_stream_helper(gpt):
    with gpt.chat.completions.stream(
        model=GPT, messages=user("Hello there"), stream_options={"include_usage": True}
    ) as stream:
        events = list(stream)
        final = stream.get_final_completion()
    assert "".join(event.delta for event in events if event.type == "content.delta") == "Hello there"
    assert [event.content for event in events if event.type == "content.done"] == ["Hello there"]
    assert final.choices[0].message.content == "Hello there"
    assert final.choices[0].finish_reason == "stop"
    assert final.usage.to_dict() == say(gpt, "Hello there").usage.to_dict()


def test_the_newest_roles_and_the_last_user_message(gpt):
    completion = gpt.chat.completions.create(
        model=GPT,
        messages=[
            {"role": "developer", "content": "Be brief."},
            {"role": "system", "content": [{"type": "text", "text": "Be nice."}]},
            {"role": "user", "content": "First"},
            {"role": "assistant", "content": "Yes?"},
            {"role": "user", "content": "Second"},
        ],
        max_completion_tokens=1000,
        temperature=0.5,
        seed=7,
        user="someone",
        reasoning_effort="low",
        metadata={"a": "b"},
    )
    assert completion.choices[0].message.content == "Second"
    assert completion.usage.prompt_tokens > say(gpt, "Second").usage.prompt_tokens


def test_parts_and_an_image(gpt):
    for image in (f"data:image/png;base64,{PNG}", "https://example.com/cat.png"):
        parts = [
            {"type": "text", "text": "What is"},
            {"type": "image_url", "image_url": {"url": image, "detail": "low"}},
            {"type": "text", "text": "this?"},
        ]
        assert say(gpt, parts).choices[0].message.content == "What is\nthis?"
        assert streamed_text(gpt, parts) == "What is\nthis?"


def test_request_ids(gpt):
    response = gpt.chat.completions.with_raw_response.create(model=GPT, messages=user("Hello"))
    assert response.headers["x-request-id"] and response.request_id == response.headers["x-request-id"]
    assert response.parse()._request_id == response.request_id
    with gpt.chat.completions.with_streaming_response.create(model=GPT, messages=user("Hello"), stream=True) as stream:
        assert stream.headers["x-request-id"]
    with pytest.raises(openai.BadRequestError) as caught:
        say(gpt, failure(400))
    assert caught.value.request_id


def test_tools_that_are_not_offered_are_not_called(gpt):
    completion = say(gpt, CALL_BOTH)
    assert completion.choices[0].finish_reason == "stop"
    assert completion.choices[0].message.content == CALL_BOTH


def test_a_tool_loop(gpt):
    messages = user(CALL_BOTH)
    completion = gpt.chat.completions.create(model=GPT, messages=messages, tools=TOOLS)
    [choice] = completion.choices
    assert choice.finish_reason == "tool_calls"
    assert choice.message.content is None
    calls = choice.message.tool_calls
    assert [(call.function.name, json.loads(call.function.arguments)) for call in calls] == CALLS
    assert len({call.id for call in calls}) == 2

    messages = [*messages, choice.message]
    messages += [{"role": "tool", "tool_call_id": call.id, "content": f"result {i}"} for i, call in enumerate(calls)]
    answer = gpt.chat.completions.create(model=GPT, messages=messages, tools=TOOLS).choices[0]
    assert answer.finish_reason == "stop"
    assert answer.message.content == "last tool call result is result 1"


def test_a_tool_without_arguments(gpt):
    [call] = say(gpt, "call tool 'get_time' with ''", tools=TOOLS).choices[0].message.tool_calls
    assert json.loads(call.function.arguments) == {}


def test_a_tool_loop_in_streams(gpt):
    class GetWeather(pydantic.BaseModel):
        city: str
        days: int

    class GetTime(pydantic.BaseModel):
        zone: str

    tools = [
        openai.pydantic_function_tool(GetWeather, name="get_weather"),
        openai.pydantic_function_tool(GetTime, name="get_time"),
    ]
    messages = user(CALL_BOTH)
    with gpt.chat.completions.stream(model=GPT, messages=messages, tools=tools) as stream:
        done = [event for event in stream if event.type == "tool_calls.function.arguments.done"]
        choice = stream.get_final_completion().choices[0]
    assert [(event.name, event.index, json.loads(event.arguments)) for event in done] == [
        (name, index, arguments) for index, (name, arguments) in enumerate(CALLS)
    ]
    assert choice.finish_reason == "tool_calls"
    calls = choice.message.tool_calls
    arguments = [GetWeather(city="Zürich", days=3), GetTime(zone="UTC")]
    assert [call.function.parsed_arguments for call in calls] == arguments

    messages.append(
        {
            "role": "assistant",
            "tool_calls": [call.to_dict(exclude_unset=True) for call in calls],
        }
    )
    for call in messages[-1]["tool_calls"]:
        call["function"].pop("parsed_arguments", None)
        call.pop("index", None)
    messages += [
        {"role": "tool", "tool_call_id": call.id, "content": [{"type": "text", "text": "12°"}]} for call in calls
    ]
    with gpt.chat.completions.create(model=GPT, messages=messages, tools=tools, stream=True) as stream:
        text = "".join(chunk.choices[0].delta.content or "" for chunk in stream)
    assert text == "last tool call result is 12°"


def test_the_async_client():
    async def talk():
        async with openai.AsyncOpenAI(base_url=f"{URL}/v1", api_key="key", max_retries=0, timeout=30) as client:
            unary = await client.chat.completions.create(model=GPT, messages=user("Hello"))
            stream = await client.chat.completions.create(model=GPT, messages=user("Hello"), stream=True)
            text = "".join([chunk.choices[0].delta.content or "" async for chunk in stream])
            async with client.chat.completions.stream(model=GPT, messages=user(CALL_BOTH), tools=TOOLS) as helper:
                final = await helper.get_final_completion()
            models = [model.id async for model in client.models.list()]
            return unary.choices[0].message.content, text, final.choices[0].message.tool_calls, models

    unary, streamed, calls, models = asyncio.run(talk())
    assert unary == streamed == "Hello"
    assert [call.function.name for call in calls] == [name for name, _ in CALLS]
    assert GPT in models


def test_many_at_once():
    async def talk():
        async with openai.AsyncOpenAI(base_url=f"{URL}/v1", api_key="key", max_retries=0, timeout=30) as client:

            async def one(i):
                stream = await client.chat.completions.create(model=GPT, messages=user(f"Number {i}"), stream=True)
                return "".join([chunk.choices[0].delta.content or "" async for chunk in stream])

            return await asyncio.gather(*(one(i) for i in range(64)))

    assert asyncio.run(talk()) == [f"Number {i}" for i in range(64)]


def test_models(gpt):
    page = gpt.models.list()
    assert page.object == "list"
    assert GPT in [model.id for model in page]
    model = gpt.models.retrieve(GPT)
    assert (model.id, model.object) == (GPT, "model")
    assert model.owned_by and model.created
    with pytest.raises(openai.NotFoundError) as caught:
        gpt.models.retrieve("no-such-model")
    assert caught.value.code == "model_not_found"


def test_paths_without_the_version():
    with openai.OpenAI(base_url=URL, api_key="key", max_retries=0, timeout=30) as client:
        assert say(client, "Hello").choices[0].message.content == "Hello"
        assert streamed_text(client, "Hello") == "Hello"
        assert client.models.retrieve(GPT).id == GPT
        assert GPT in [model.id for model in client.models.list()]
