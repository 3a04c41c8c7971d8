"""OpenAI Responses, as seen by the official client."""

import asyncio
import json

import openai
import pydantic
import pytest

from samples import CALL_BOTH, CALLS, GPT, TEXTS, failure, user
from test_responses_wire import TOOLS
from wire import URL, ask


def say(client, text, **more):
    return client.responses.create(model=GPT, input=text, **more)


def streamed_text(client, text) -> str:
    with say(client, text, stream=True) as stream:
        return "".join(event.delta for event in stream if event.type == "response.output_text.delta")


@pytest.mark.parametrize("name", TEXTS)
def test_a_text_comes_back_as_it_was(gpt, name):
    text = TEXTS[name]
    assert say(gpt, text).output_text == text
    assert streamed_text(gpt, text) == text


def test_unary(gpt):
    response = say(gpt, "Hello")
    [message] = response.output
    assert (message.type, message.role, message.status) == ("message", "assistant", "completed")
    assert response.status == "completed" and response.model == GPT
    assert response._request_id


def test_the_stream_helper(gpt):
    with gpt.responses.stream(model=GPT, input="Hello there") as stream:
        seen = list(stream)
        final = stream.get_final_response()
    assert "".join(event.delta for event in seen if event.type == "response.output_text.delta") == "Hello there"
    assert [event.text for event in seen if event.type == "response.output_text.done"] == ["Hello there"]
    assert final.output_text == "Hello there" and final.status == "completed"
    assert final.usage.to_dict() == say(gpt, "Hello there").usage.to_dict()


def test_request_ids(gpt):
    response = gpt.responses.with_raw_response.create(model=GPT, input="Hello")
    assert response.headers["x-request-id"] and response.parse()._request_id == response.headers["x-request-id"]
    with gpt.responses.with_streaming_response.create(model=GPT, input="Hello", stream=True) as stream:
        assert stream.headers["x-request-id"]


def test_tools_that_are_not_offered_are_not_called(gpt):
    assert say(gpt, CALL_BOTH).output_text == CALL_BOTH


def test_a_tool_loop(gpt):
    first = say(gpt, user(CALL_BOTH), tools=TOOLS)
    assert first.output_text == ""
    assert [(call.name, json.loads(call.arguments)) for call in first.output] == CALLS
    items = [*user(CALL_BOTH), *first.output]
    items += [
        {"type": "function_call_output", "call_id": call.call_id, "output": f"result {i}"}
        for i, call in enumerate(first.output)
    ]
    assert say(gpt, items, tools=TOOLS).output_text == "last tool call result is result 1"


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
    tools = [{"type": "function", **tool["function"]} for tool in tools]
    with gpt.responses.stream(model=GPT, input=CALL_BOTH, tools=tools) as stream:
        done = [event for event in stream if event.type == "response.function_call_arguments.done"]
        calls = stream.get_final_response().output
    assert [json.loads(event.arguments) for event in done] == [arguments for _, arguments in CALLS]
    assert [event.item_id for event in done] == [call.id for call in calls]
    assert [(call.name, json.loads(call.arguments)) for call in calls] == CALLS
    results = [{"type": "function_call_output", "call_id": call.call_id, "output": "12°"} for call in calls]
    sent = [{key: value for key, value in call.to_dict().items() if key != "parsed_arguments"} for call in calls]
    assert streamed_text(gpt, [*user(CALL_BOTH), *sent, *results]) == "last tool call result is 12°"


def test_a_tool_without_arguments(gpt):
    [call] = say(gpt, "call tool 'get_time' with ''", tools=TOOLS).output
    assert json.loads(call.arguments) == {}


def test_a_structured_answer(gpt):
    class Step(pydantic.BaseModel):
        number: int
        done: bool

    class Plan(pydantic.BaseModel):
        title: str
        steps: list[Step]

    response = gpt.responses.parse(model=GPT, input="Make a plan.", text_format=Plan)
    assert isinstance(response.output_parsed, Plan)
    with gpt.responses.stream(model=GPT, input="Make a plan.", text_format=Plan) as stream:
        assert isinstance(stream.get_final_response().output_parsed, Plan)


def test_a_required_tool(gpt):
    for choice in ("required", {"type": "function", "name": "get_weather"}):
        [call] = say(gpt, "How is the weather?", tools=TOOLS[:1], tool_choice=choice).output
        arguments = json.loads(call.arguments)
        assert call.name == "get_weather" and set(arguments) == {"city", "days"}
        assert type(arguments["city"]) is str and type(arguments["days"]) is int


def test_the_async_client():
    async def talk():
        async with openai.AsyncOpenAI(base_url=f"{URL}/v1", api_key="key", max_retries=0, timeout=30) as client:
            unary = await client.responses.create(model=GPT, input="Hello")
            stream = await client.responses.create(model=GPT, input="Hello", stream=True)
            text = "".join([event.delta async for event in stream if event.type == "response.output_text.delta"])
            async with client.responses.stream(model=GPT, input=CALL_BOTH, tools=TOOLS) as helper:
                final = await helper.get_final_response()
            fetched = await client.responses.retrieve(unary.id)
            return unary.output_text, text, final.output, fetched.output_text

    unary, streamed, calls, fetched = asyncio.run(talk())
    assert unary == streamed == fetched == "Hello"
    assert [call.name for call in calls] == [name for name, _ in CALLS]


def test_many_at_once():
    async def talk():
        async with openai.AsyncOpenAI(base_url=f"{URL}/v1", api_key="key", max_retries=0, timeout=30) as client:

            async def one(i):
                async with client.responses.stream(model=GPT, input=f"Number {i}") as stream:
                    return (await stream.get_final_response()).output_text

            return await asyncio.gather(*(one(i) for i in range(64)))

    assert asyncio.run(talk()) == [f"Number {i}" for i in range(64)]


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    "status, kind",
    [
        (400, openai.BadRequestError),
        (401, openai.AuthenticationError),
        (429, openai.RateLimitError),
        (500, openai.InternalServerError),
    ],
)
def test_an_error_is_the_class_of_its_status(gpt, status, kind, stream):
    with pytest.raises(kind) as caught:
        say(gpt, failure(status, type="some_error", error_code="some_code"), stream=stream)
    assert caught.value.status_code == status
    assert caught.value.body == {
        "message": f"Failure {status} 💥",
        "type": "some_error",
        "param": None,
        "code": "some_code",
    }
    assert caught.value.request_id


BAD_REQUESTS = {
    "no JSON": b'{"model": "gpt-4o", "input": [',
    "no body": b"",
    "not an object": b"[]",
    "no model": {"input": "Hello"},
    "model is a number": {"model": 4, "input": "Hello"},
    "input is a number": {"model": GPT, "input": 5},
    "an item is a text": {"model": GPT, "input": ["Hello"]},
    "an unknown role": {"model": GPT, "input": [{"role": "narrator", "content": "Hello"}]},
    "a message without content": {"model": GPT, "input": [{"role": "user"}]},
    "a result without its call": {"model": GPT, "input": [{"type": "function_call_output", "output": "x"}]},
    "tools are an object": {"model": GPT, "input": "Hello", "tools": {}},
    "stream is a text": {"model": GPT, "input": "Hello", "stream": "yes"},
}


@pytest.mark.parametrize("name", BAD_REQUESTS)
def test_a_bad_request(name):
    answer = ask("POST", "/v1/responses", BAD_REQUESTS[name])
    assert answer.status == 400, answer
    error = answer.json()["error"]
    assert set(error) == {"message", "type", "param", "code"}
    assert error["message"] and error["type"] == "invalid_request_error"
    assert answer.headers["x-request-id"]


def test_an_unknown_model(gpt):
    with pytest.raises((openai.BadRequestError, openai.NotFoundError)) as caught:
        gpt.responses.create(model="no-such-model", input="Hello")
    assert caught.value.code == "model_not_found"


def test_paths_without_the_version():
    with openai.OpenAI(base_url=URL, api_key="key", max_retries=0, timeout=30) as client:
        assert say(client, "Hello").output_text == "Hello"
        assert streamed_text(client, "Hello") == "Hello"
