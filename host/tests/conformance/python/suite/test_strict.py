"""The checkers themselves: a body that is wrong in one place only has to be caught."""

import copy

import pytest
from anthropic.types import Message, ModelInfo, RawMessageStreamEvent
from openai.types.chat import ChatCompletion, ChatCompletionChunk
from openai.types.responses import Response, ResponseStreamEvent

from strict import complaints
from wire import events

COMPLETION = {
    "id": "chatcmpl-1",
    "object": "chat.completion",
    "created": 1,
    "model": "gpt-4o",
    "service_tier": "default",
    "system_fingerprint": "fp_1",
    "choices": [
        {
            "index": 0,
            "message": {
                "role": "assistant",
                "content": None,
                "refusal": None,
                "annotations": [],
                "tool_calls": [{"id": "call_1", "type": "function", "function": {"name": "f", "arguments": "{}"}}],
            },
            "logprobs": None,
            "finish_reason": "tool_calls",
        }
    ],
    "usage": {
        "prompt_tokens": 1,
        "completion_tokens": 1,
        "total_tokens": 2,
        "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
        "completion_tokens_details": {
            "reasoning_tokens": 0,
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
    },
}
MESSAGE = {
    "id": "msg_1",
    "type": "message",
    "role": "assistant",
    "model": "claude-sonnet-4-5",
    "content": [
        {"type": "text", "text": "hi", "citations": []},
        {"type": "tool_use", "id": "toolu_1", "name": "f", "input": {"a": [1]}, "caller": {"type": "direct"}},
    ],
    "stop_reason": "tool_use",
    "stop_sequence": None,
    "stop_details": None,
    "container": None,
    "diagnostics": None,
    "usage": {
        "input_tokens": 1,
        "output_tokens": 1,
        "cache_creation": {"ephemeral_5m_input_tokens": 0, "ephemeral_1h_input_tokens": 0},
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": 0,
        "inference_geo": None,
        "output_tokens_details": None,
        "server_tool_use": None,
        "service_tier": "standard",
        "speed": None,
    },
}
MODEL = {
    "id": "claude-sonnet-4-5",
    "type": "model",
    "display_name": "Claude Sonnet 4.5",
    "created_at": "2025-09-29T00:00:00Z",
    "lifecycle": "active",
    "capabilities": None,
    "deprecated_at": None,
    "line": "sonnet",
    "max_input_tokens": 200000,
    "max_tokens": 64000,
    "retires_at": None,
}
CHUNK = {
    "id": "chatcmpl-1",
    "object": "chat.completion.chunk",
    "created": 1,
    "model": "gpt-4o",
    "service_tier": "default",
    "system_fingerprint": "fp_1",
    "choices": [{"index": 0, "delta": {"content": "hi"}, "logprobs": None, "finish_reason": None}],
}
START = {"type": "message_start", "message": {**MESSAGE, "content": [], "stop_reason": None}}
DELTA = {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "hi"}}
RESPONSE = {
    "id": "resp_1",
    "object": "response",
    "created_at": 1,
    "status": "completed",
    "background": False,
    "access_programs": None,
    "error": None,
    "incomplete_details": None,
    "instructions": None,
    "max_output_tokens": None,
    "max_tool_calls": None,
    "metadata": {"a": "b"},
    "model": "gpt-4o",
    "output": [
        {
            "id": "msg_1",
            "type": "message",
            "role": "assistant",
            "status": "completed",
            "content": [{"type": "output_text", "text": "hi", "annotations": [], "logprobs": []}],
        },
        {
            "id": "fc_1",
            "type": "function_call",
            "status": "completed",
            "call_id": "call_1",
            "name": "f",
            "arguments": "{}",
        },
    ],
    "parallel_tool_calls": True,
    "previous_response_id": None,
    "reasoning": {"effort": None, "summary": None},
    "service_tier": "default",
    "temperature": 1.0,
    "text": {"format": {"type": "text"}, "verbosity": "medium"},
    "tool_choice": "auto",
    "tools": [{"type": "function", "name": "f", "parameters": {"a": [1]}, "strict": True}],
    "top_logprobs": 0,
    "top_p": 1.0,
    "truncation": "disabled",
    "usage": {
        "input_tokens": 1,
        "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
        "output_tokens": 1,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": 2,
    },
}
TEXT_DELTA = {
    "type": "response.output_text.delta",
    "sequence_number": 4,
    "item_id": "msg_1",
    "output_index": 0,
    "content_index": 0,
    "delta": "hi",
    "logprobs": [],
}
RIGHT = [
    (ChatCompletion, COMPLETION),
    (ChatCompletionChunk, CHUNK),
    (Message, MESSAGE),
    (ModelInfo, MODEL),
    (RawMessageStreamEvent, START),
    (RawMessageStreamEvent, DELTA),
    (Response, RESPONSE),
    (ResponseStreamEvent, {"type": "response.completed", "sequence_number": 5, "response": RESPONSE}),
    (ResponseStreamEvent, TEXT_DELTA),
]
FREE = {"input", "metadata", "parameters"}  # whatever they are


def places(value, path=()):
    if isinstance(value, dict):
        for key, inner in value.items():
            yield (*path, key)
            if key not in FREE:
                yield from places(inner, (*path, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from places(inner, (*path, index))


def changed(value, path, change):
    value = copy.deepcopy(value)
    at = value
    for step in path[:-1]:
        at = at[step]
    change(at, path[-1])
    return value


@pytest.mark.parametrize("kind, right", RIGHT)
def test_every_single_defect_is_caught(kind, right):
    assert complaints(kind, right, "body") == []
    for path in places(right):
        defects = {
            "key renamed": changed(right, path, lambda at, key: at.update({f"{key}_": at.pop(key)})),
            "key added": changed(right, path, lambda at, key: at.update(surprise=None)),
            "wrong type": changed(right, path, lambda at, key: at.update({key: [None]})),
        }
        if path[-1] not in ("background", "parallel_tool_calls", "strict"):  # all others are no booleans
            defects["a boolean"] = changed(right, path, lambda at, key: at.update({key: True}))
        if path[-1] not in ("tool_calls", "citations") and path[-2:] != ("delta", "content"):  # these may be missing
            defects["key missing"] = changed(right, path, lambda at, key: at.pop(key))
        for name, wrong in defects.items():
            assert complaints(kind, wrong, "body"), f"{name} at {path} was not noticed"


@pytest.mark.parametrize(
    "path, value",
    [
        (("choices", 0, "finish_reason"), "tool_call"),
        (("choices", 0, "message", "tool_calls"), None),
        (("choices", 0, "message", "tool_calls", 0, "type"), "fn"),
        (("system_fingerprint",), None),
        (("usage", "prompt_tokens"), 1.5),
        (("service_tier",), "cheap"),
    ],
)
def test_wrong_values_are_caught(path, value):
    assert complaints(ChatCompletion, changed(COMPLETION, path, lambda at, key: at.update({key: value})), "body")


@pytest.mark.parametrize(
    "stream",
    [b'data: {"a":1}\n', b'data: {"a":1}\r\n\r\n', b"oops\n\n", b"data: \xff\n\n", b"id: 7\ndata: x\n\n", b"data: x"],
)
def test_broken_streams_are_caught(stream):
    with pytest.raises((AssertionError, UnicodeDecodeError)):
        events(stream)
