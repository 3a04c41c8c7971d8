"""The bytes of OpenAI chat completions, against the client's own types."""

import json

import pytest
from openai.types import Model
from openai.types.chat import ChatCompletion, ChatCompletionChunk

from samples import CALL_BOTH, CALLS, GPT, SCHEMAS, user
from strict import check
from wire import ask, events

TOOLS = [{"type": "function", "function": {"name": name, "parameters": schema}} for name, schema in SCHEMAS.items()]
REQUESTS = {
    "text": {"messages": user("Hello there, how are you?")},
    "tools": {"messages": user(CALL_BOTH), "tools": TOOLS},
    "tool result": {
        "messages": [
            *user("What time is it?"),
            {
                "role": "assistant",
                "content": None,
                "tool_calls": [
                    {"id": "call_1", "type": "function", "function": {"name": "get_time", "arguments": "{}"}}
                ],
            },
            {"role": "tool", "tool_call_id": "call_1", "content": "noon"},
        ],
        "tools": TOOLS,
    },
}


def unary(request):
    answer = ask("POST", "/v1/chat/completions", {"model": GPT, **request})
    assert answer.status == 200, answer
    return answer.json()


def stream(request, **more) -> list[dict]:
    answer = ask("POST", "/v1/chat/completions", {"model": GPT, **request, "stream": True, **more})
    assert answer.status == 200, answer
    assert answer.headers["content-type"].split(";")[0] == "text/event-stream"
    found = events(answer.body)
    assert all(event.name is None for event in found), "chat completions have no event names"
    assert [event.data for event in found].count("[DONE]") == 1
    assert found[-1].data == "[DONE]"
    chunks = [event.json() for event in found[:-1]]
    for chunk in chunks:
        check(ChatCompletionChunk, chunk)
    return chunks


@pytest.mark.parametrize("name", REQUESTS)
def test_a_unary_body(name):
    body = unary(REQUESTS[name])
    check(ChatCompletion, body)
    assert {"id", "object", "created", "model", "choices", "usage", "service_tier", "system_fingerprint"} <= set(body)
    [choice] = body["choices"]
    assert set(choice) == {"index", "message", "logprobs", "finish_reason"}
    assert choice["logprobs"] is None
    assert {"role", "content", "refusal", "annotations"} <= set(choice["message"])
    assert choice["message"]["refusal"] is None
    assert choice["message"]["annotations"] == []
    usage = body["usage"]
    assert {"cached_tokens", "audio_tokens"} <= set(usage["prompt_tokens_details"])
    assert {"reasoning_tokens", "audio_tokens", "accepted_prediction_tokens", "rejected_prediction_tokens"} <= set(
        usage["completion_tokens_details"]
    )
    assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"]
    assert body["id"].startswith("chatcmpl-")
    if name == "tools":
        assert all(call["id"].startswith("call_") for call in choice["message"]["tool_calls"])
    else:
        assert "tool_calls" not in choice["message"]


@pytest.mark.parametrize("name", REQUESTS)
@pytest.mark.parametrize("counted", [False, True])
def test_a_stream(name, counted):
    chunks = stream(REQUESTS[name], **({"stream_options": {"include_usage": True}} if counted else {}))

    for constant in ("id", "created", "model", "service_tier", "system_fingerprint"):
        assert len({chunk[constant] for chunk in chunks}) == 1, f"{constant} changes within the stream"
    assert chunks[0]["model"] == GPT
    assert chunks[0]["id"].startswith("chatcmpl-")

    if counted:
        *chunks, last = chunks
        assert last["choices"] == []
        assert last["usage"] == unary(REQUESTS[name])["usage"]
        assert all("usage" in chunk and chunk["usage"] is None for chunk in chunks)
    else:
        assert all("usage" not in chunk for chunk in chunks)

    choices = [choice for chunk in chunks for choice in chunk["choices"]]
    assert len(choices) == len(chunks)
    assert all(set(choice) == {"index", "delta", "logprobs", "finish_reason"} for choice in choices)
    assert all(choice["logprobs"] is None and choice["index"] == 0 for choice in choices)
    assert choices[0]["delta"]["role"] == "assistant"
    assert all("role" not in choice["delta"] for choice in choices[1:])

    reasons = [choice["finish_reason"] for choice in choices]
    assert reasons == [None] * (len(choices) - 1) + ["tool_calls" if name == "tools" else "stop"]
    assert choices[-1]["delta"] == {}

    message = unary(REQUESTS[name])["choices"][0]["message"]
    assert joined(choices) == {
        "content": message["content"] or "",
        "calls": [
            (call["function"]["name"], call["function"]["arguments"]) for call in message.get("tool_calls") or []
        ],
    }


def joined(choices) -> dict:
    """What the deltas add up to, by the rules of every accumulator: a name and an id once, the arguments in parts."""
    calls = {}
    for choice in choices:
        for delta in choice["delta"].get("tool_calls", []):
            function = delta["function"]
            if delta["index"] not in calls:
                assert delta["index"] == len(calls), "the calls of a message are numbered from 0"
                assert delta["id"].startswith("call_") and delta["type"] == "function"
                calls[delta["index"]] = [function["name"], ""]
            else:
                assert not {"id", "type"} & set(delta) and "name" not in function, "said in the first delta only"
            calls[delta["index"]][1] += function["arguments"]
    text = "".join(choice["delta"].get("content") or "" for choice in choices)
    return {"content": text, "calls": [tuple(call) for call in calls.values()]}


def test_parallel_calls_are_one_choice_with_parsable_arguments():
    [choice] = unary(REQUESTS["tools"])["choices"]
    functions = [call["function"] for call in choice["message"]["tool_calls"]]
    assert [(function["name"], json.loads(function["arguments"])) for function in functions] == CALLS
    assert choice["message"]["content"] is None


@pytest.mark.parametrize("prefix", ["", "/v1"])
def test_models(prefix):
    body = ask("GET", f"{prefix}/models").json()
    assert set(body) == {"object", "data"} and body["object"] == "list"
    for model in body["data"]:
        check(Model, model)
        one = ask("GET", f"{prefix}/models/{model['id']}").json()
        assert one == model
    assert GPT in [model["id"] for model in body["data"]]
