"""The bytes of OpenAI Responses, against the client's own types."""

import json

import pytest
from openai.types.responses import Response, ResponseStreamEvent

from samples import CALL_BOTH, CALLS, GPT, PNG, SCHEMAS, user
from strict import check
from wire import ask, events

TOOLS = [
    {"type": "function", "name": name, "description": name, "parameters": schema, "strict": True}
    for name, schema in SCHEMAS.items()
]
FORECAST = {
    "type": "object",
    "properties": {
        "sky": {"type": "string", "enum": ["clear", "rain"]},
        "degrees": {"type": "array", "items": {"type": "integer"}},
    },
    "required": ["sky", "degrees"],
    "additionalProperties": False,
}
FUNCTION_CALL = {"type": "function_call", "call_id": "call_1", "name": "get_time", "arguments": "{}"}
OUTPUT = {"type": "function_call_output", "call_id": "call_1"}
OF_THE_MODEL = {
    "id": "msg_1",
    "type": "message",
    "role": "assistant",
    "status": "completed",
    "content": [{"type": "output_text", "text": "Yes?", "annotations": []}],
}
REASONING = {"id": "rs_1", "type": "reasoning", "summary": [{"type": "summary_text", "text": "Let me see."}]}


def part_of(text):
    return {"type": "input_text", "text": text}


PICTURE = {"type": "input_image", "detail": "low", "image_url": f"data:image/png;base64,{PNG}"}

# name: the request, the text of the answer, or None where it calls the tools or makes something up
REQUESTS = {
    "text": ({"input": "Hello there, how are you?"}, "Hello there, how are you?"),
    "instructions": ({"input": "Hello there", "instructions": "Be brief."}, "Hello there"),
    "easy messages": (
        {
            "input": [
                {"role": "developer", "content": "Be brief."},
                {"role": "system", "content": [{"type": "input_text", "text": "Be nice."}]},
                {"role": "user", "content": "First"},
                {"role": "assistant", "content": "Yes?"},
                {"role": "user", "content": "Second one"},
            ]
        },
        "Second one",
    ),
    "items": (
        {
            "input": [
                {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "First"}]},
                REASONING,
                OF_THE_MODEL,
                {
                    "type": "message",
                    "role": "user",
                    "content": [part_of("What is"), PICTURE, part_of("it?")],
                },
            ]
        },
        "What is\nit?",
    ),
    "tools": ({"input": user(CALL_BOTH), "tools": TOOLS}, None),
    "tool result": (
        {
            "input": [
                *user("What time is it?"),
                REASONING,
                {"id": "fc_1", "status": "completed", **FUNCTION_CALL},
                {**OUTPUT, "output": "half past noon"},
            ],
            "tools": TOOLS,
        },
        "last tool call result is half past noon",
    ),
    "tool result in parts": (
        {
            "input": [
                *user("What time is it?"),
                FUNCTION_CALL,
                {**OUTPUT, "output": [{"type": "input_text", "text": "noon"}]},
            ],
            "tools": TOOLS,
        },
        "last tool call result is noon",
    ),
    "schema": (
        {
            "input": "What is the weather?",
            "text": {"format": {"type": "json_schema", "name": "forecast", "schema": FORECAST, "strict": True}},
        },
        None,
    ),
    "everything": (
        {
            "input": "Hello there",
            "metadata": {"a": "b"},
            "max_output_tokens": 1000,
            "max_tool_calls": 3,
            "parallel_tool_calls": False,
            "prompt_cache_key": "mine",
            "reasoning": {"effort": "low", "summary": "auto"},
            "safety_identifier": "someone",
            "service_tier": "default",
            "store": False,
            "temperature": 0.5,
            "text": {"format": {"type": "text"}, "verbosity": "low"},
            "tool_choice": "none",
            "tools": TOOLS,
            "top_logprobs": 0,
            "top_p": 0.9,
            "truncation": "auto",
            "user": "someone else",
            "include": ["reasoning.encrypted_content"],
        },
        "Hello there",
    ),
    "too long": ({"input": "one two three four " * 20, "max_output_tokens": 16}, None),
}
ECHOED = [
    "instructions", "max_output_tokens", "max_tool_calls", "metadata", "model", "parallel_tool_calls", "prompt_cache_key",
    "safety_identifier", "temperature", "tool_choice", "top_logprobs", "top_p", "truncation", "user",
]  # fmt: skip


def post(request, **more):
    answer = ask("POST", "/v1/responses", {"model": GPT, **request, **more})
    assert answer.status == 200, answer
    return answer


def without_ids(value):
    """What two answers to the same request have in common."""
    if isinstance(value, dict):
        moving = ("id", "call_id", "created_at", "completed_at")
        return {key: without_ids(inner) for key, inner in value.items() if key not in moving}
    return [without_ids(inner) for inner in value] if isinstance(value, list) else value


@pytest.mark.parametrize("name", REQUESTS)
def test_a_unary_body(name):
    request, text = REQUESTS[name]
    body = post(request).json()
    check(Response, body)
    assert body["object"] == "response" and body["id"].startswith("resp_")
    incomplete = name == "too long"
    assert body["status"] == ("incomplete" if incomplete else "completed")
    assert body["incomplete_details"] == ({"reason": "max_output_tokens"} if incomplete else None)
    assert body["error"] is None
    assert incomplete or body["completed_at"] >= body["created_at"]
    usage = body["usage"]
    assert usage["total_tokens"] == usage["input_tokens"] + usage["output_tokens"]
    assert usage["input_tokens"] > 0 and usage["output_tokens"] > 0
    assert len({item["id"] for item in body["output"]}) == len(body["output"])

    if name == "tools":
        calls = body["output"]
        assert [(call["name"], json.loads(call["arguments"])) for call in calls] == CALLS
        assert all(call["type"] == "function_call" and call["status"] == "completed" for call in calls)
        assert all(call["id"].startswith("fc_") and call["call_id"].startswith("call_") for call in calls)
        assert len({call["call_id"] for call in calls}) == len(calls)
        return
    [message] = body["output"]
    assert message["id"].startswith("msg_") and message["status"] == body["status"]
    [part] = message["content"]
    assert part["type"] == "output_text" and part["annotations"] == []
    if text is not None:
        assert part["text"] == text
    if name == "schema":
        found = json.loads(part["text"])
        assert set(found) == {"sky", "degrees"} and found["sky"] in ("clear", "rain")
        assert all(type(each) is int for each in found["degrees"])
    if incomplete:
        assert request["input"].startswith(part["text"]) and part["text"] != request["input"]
        assert usage["output_tokens"] <= request["max_output_tokens"]


@pytest.mark.parametrize("name", REQUESTS)
def test_what_the_answer_says_of_the_request(name):
    request, _ = REQUESTS[name]
    body = post(request).json()
    for key in ECHOED:
        if key in request:
            assert body[key] == request[key], key
    wanted = request.get("text", {}).get("format", {"type": "text"})
    assert {key: body["text"]["format"].get(key) for key in wanted} == wanted
    assert body["text"]["verbosity"] == request.get("text", {}).get("verbosity", "medium")
    assert [tool["name"] for tool in body["tools"]] == [tool["name"] for tool in request.get("tools", [])]
    for said, asked in zip(body["tools"], request.get("tools", [])):
        assert {key: said[key] for key in asked} == asked
    for key, value in request.get("reasoning", {"effort": None, "summary": None}).items():
        assert body["reasoning"][key] == value


def test_what_the_answer_says_where_the_request_is_silent():
    body = post({"input": "Hello"}).json()
    defaults = {
        "background": False,
        "instructions": None,
        "max_output_tokens": None,
        "max_tool_calls": None,
        "metadata": {},
        "parallel_tool_calls": True,
        "previous_response_id": None,
        "temperature": 1.0,
        "tool_choice": "auto",
        "tools": [],
        "top_logprobs": 0,
        "top_p": 1.0,
        "truncation": "disabled",
    }
    assert {key: body[key] for key in defaults} == defaults
    assert body["service_tier"] == "default"


@pytest.mark.parametrize("name", REQUESTS)
def test_a_stream(name):
    request, _ = REQUESTS[name]
    answer = post(request, stream=True)
    assert answer.headers["content-type"].split(";")[0] == "text/event-stream"
    found = events(answer.body)
    assert "[DONE]" not in [event.data for event in found], "the last event is the end"
    bodies = [event.json() for event in found]
    assert [event.name for event in found] == [body["type"] for body in bodies], "`event:` says the type of `data:`"
    for body in bodies:
        check(ResponseStreamEvent, body)
    assert [body["sequence_number"] for body in bodies] == list(range(len(bodies)))

    created, in_progress, *between, last = bodies
    unary = post(request).json()
    assert [created["type"], in_progress["type"]] == ["response.created", "response.in_progress"]
    assert last["type"] == f"response.{unary['status']}"
    assert created["response"] == in_progress["response"]
    shown = [body["response"]["id"] for body in (created, in_progress, last)]
    assert len(set(shown)) == 1, "the id changes within the stream"
    if name != "schema":  # which is made up anew for every request
        assert without_ids(last["response"]) == without_ids(unary), "the stream ends with the unary body"
    start = created["response"]
    assert (start["status"], start["output"], start["usage"]) == ("in_progress", [], None)
    assert start.get("completed_at") is None and start["incomplete_details"] is None
    changing = {"status", "output", "usage", "completed_at", "incomplete_details"}
    assert {key: start[key] for key in start if key not in changing} == {
        key: value for key, value in last["response"].items() if key not in changing
    }, "what does not depend on the answer is known from the start"
    assert items(between) == last["response"]["output"]


def items(bodies) -> list[dict]:
    """The output items that the events add up to: one after the other, numbered, each added and done."""
    found, bodies = [], iter(bodies)
    for body in bodies:
        assert body["type"] == "response.output_item.added" and body["output_index"] == len(found)
        item, at = body["item"], {"item_id": body["item"]["id"], "output_index": len(found)}
        assert item["status"] == "in_progress"
        if item["type"] == "function_call":
            assert item["arguments"] == "", "the arguments come in deltas"
            arguments = gathered(bodies, "response.function_call_arguments", at, "arguments")
            item = {**item, "arguments": arguments}
        else:
            assert item["type"] == "message" and item["content"] == [], "the parts come later"
            item = {**item, "content": [part(bodies, at)]}
        done = next(bodies)
        assert done["type"] == "response.output_item.done" and done["output_index"] == len(found)
        assert done["item"] == {**item, "status": done["item"]["status"]}
        assert done["item"]["status"] in ("completed", "incomplete")
        found.append(done["item"])
    return found


def part(bodies, at) -> dict:
    at = {**at, "content_index": 0}
    added = next(bodies)
    assert added["type"] == "response.content_part.added" and at.items() <= added.items()
    assert added["part"]["type"] == "output_text" and added["part"]["text"] == "", "the text comes in deltas"
    text = gathered(bodies, "response.output_text", at, "text")
    done = next(bodies)
    assert done["type"] == "response.content_part.done" and at.items() <= done.items()
    assert done["part"] == {**added["part"], "text": text}
    return done["part"]


def gathered(bodies, kind, at, key) -> str:
    """Deltas up to their `done`, which repeats them."""
    text = ""
    for body in bodies:
        assert at.items() <= body.items(), f"expected {at} in {body}"
        if body["type"] == f"{kind}.done":
            assert body[key] == text
            return text
        assert body["type"] == f"{kind}.delta" and body["delta"] != ""
        text += body["delta"]
    raise AssertionError(f"{kind} without done")


def test_the_arguments_of_a_call_say_its_name_when_they_are_done():
    bodies = [event.json() for event in events(post(REQUESTS["tools"][0], stream=True).body)]
    done = [body for body in bodies if body["type"] == "response.function_call_arguments.done"]
    assert [body.get("name") for body in done] == [name for name, _ in CALLS], "openai-python up to 3.3 requires it"


def test_paths_without_the_version():
    answer = ask("POST", "/responses", {"model": GPT, "input": "Hello"})
    assert answer.status == 200, answer
    check(Response, answer.json())
