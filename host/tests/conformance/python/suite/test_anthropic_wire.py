"""The bytes of Anthropic messages, against the client's own types."""

import json

import pytest
from anthropic.types import Message, ModelInfo, RawMessageStreamEvent

from samples import CALL_BOTH, CALLS, CLAUDE, SCHEMAS, user
from strict import check
from wire import ANTHROPIC, ask, events

TOOLS = [{"name": name, "input_schema": schema} for name, schema in SCHEMAS.items()]
REQUESTS = {
    "text": {"messages": user("Hello there, how are you?")},
    "tools": {"messages": user(CALL_BOTH), "tools": TOOLS},
    "tool result": {
        "messages": [
            *user("What time is it?"),
            {"role": "assistant", "content": [{"type": "tool_use", "id": "toolu_1", "name": "get_time", "input": {}}]},
            {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "toolu_1", "content": "noon"}]},
        ],
        "tools": TOOLS,
    },
}


def post(request, path="/v1/messages", **more):
    answer = ask("POST", path, {"model": CLAUDE, "max_tokens": 1000, **request, **more}, ANTHROPIC)
    assert answer.status == 200, answer
    return answer


@pytest.mark.parametrize("name", REQUESTS)
@pytest.mark.parametrize("path", ["/v1/messages", "/messages"])
def test_a_unary_body(name, path):
    body = post(REQUESTS[name], path).json()
    check(Message, body)
    assert body["id"].startswith("msg_")
    assert body["stop_reason"] == ("tool_use" if name == "tools" else "end_turn")
    if name == "tools":
        assert [(block["name"], block["input"]) for block in body["content"]] == CALLS
        assert all(block["type"] == "tool_use" and block["id"].startswith("toolu_") for block in body["content"])
        assert all(block["caller"] == {"type": "direct"} for block in body["content"])


@pytest.mark.parametrize("name", REQUESTS)
@pytest.mark.parametrize("path", ["/v1/messages", "/messages"])
def test_a_stream(name, path):
    answer = post(REQUESTS[name], path, stream=True)
    assert answer.headers["content-type"].split(";")[0] == "text/event-stream"
    found = events(answer.body)
    bodies = [event.json() for event in found]
    assert [event.name for event in found] == [body["type"] for body in bodies], "`event:` says the type of `data:`"
    for body in bodies:
        if body["type"] == "ping":
            assert body == {"type": "ping"}
        else:
            check(RawMessageStreamEvent, body)

    assert [body["type"] for body in bodies[:3]] == ["message_start", "content_block_start", "ping"]
    assert [body["type"] for body in bodies[-3:]] == ["content_block_stop", "message_delta", "message_stop"]
    assert [body["type"] for body in bodies].count("message_delta") == 1

    start = bodies[0]["message"]
    assert start["content"] == [] and start["stop_reason"] is None and start["id"].startswith("msg_")
    unary = post(REQUESTS[name]).json()
    assert start["model"] == unary["model"]
    assert start["usage"]["input_tokens"] == unary["usage"]["input_tokens"]
    assert bodies[-2]["delta"] == {
        key: unary[key] for key in ("container", "stop_details", "stop_reason", "stop_sequence")
    }
    assert bodies[-2]["usage"]["output_tokens"] == unary["usage"]["output_tokens"]
    assert blocks(bodies[1:-2]) == [{key: block[key] for key in block if key != "id"} for block in unary["content"]]


def blocks(bodies) -> list[dict]:
    """The content blocks that the deltas add up to: one after the other, numbered, each started and stopped."""
    found, open_block, arguments = [], None, ""
    for body in bodies:
        if body["type"] == "ping":
            continue
        if body["type"] == "content_block_start":
            assert open_block is None, "a block starts before the one before it has stopped"
            assert body["index"] == len(found)
            open_block, arguments = dict(body["content_block"]), ""
            if open_block["type"] == "tool_use":
                assert open_block["input"] == {}, "the arguments come in deltas"
                assert open_block.pop("id").startswith("toolu_")
            else:
                assert open_block["text"] == "", "the text comes in deltas"
            continue
        assert open_block is not None and body["index"] == len(found)
        if body["type"] == "content_block_stop":
            if open_block["type"] == "tool_use":
                open_block["input"] = json.loads(arguments or "{}")
            found.append(open_block)
            open_block = None
        elif body["delta"]["type"] == "text_delta":
            open_block["text"] += body["delta"]["text"]
        else:
            assert body["delta"]["type"] == "input_json_delta"
            arguments += body["delta"]["partial_json"]
    assert open_block is None
    return found


def test_what_older_clients_send():
    older = {"x-api-key": "key", "anthropic-version": "2023-06-01", "anthropic-beta": "a-2024-01-01,b-2025-01-01"}
    body = {"model": CLAUDE, "max_tokens": 1000, **REQUESTS["text"], "temperature": 0.5, "top_p": 0.9, "top_k": 5}
    answer = ask("POST", "/v1/messages?beta=true", body, older)
    assert answer.status == 200, answer
    check(Message, answer.json())
    check(ModelInfo, ask("GET", f"/v1/models/{CLAUDE}", headers={"x-api-key": "key"}).json())


@pytest.mark.parametrize("prefix", ["", "/v1"])
def test_models(prefix):
    page = ask("GET", f"{prefix}/models", headers=ANTHROPIC).json()
    assert set(page) == {"data", "has_more", "first_id", "last_id"}
    ids = [model["id"] for model in page["data"]]
    assert CLAUDE in ids
    assert (page["first_id"], page["last_id"], page["has_more"]) == (ids[0], ids[-1], False)
    for model in page["data"]:
        check(ModelInfo, model)
        assert ask("GET", f"{prefix}/models/{model['id']}", headers=ANTHROPIC).json() == model
