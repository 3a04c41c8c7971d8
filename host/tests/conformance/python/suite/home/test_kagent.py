"""The mocks.json of kagent's mockllm, as seen by the official clients."""

import json

import anthropic
import openai
import pytest

from samples import user

NODES = "List all nodes in the cluster"
CLAUDE = "claude-sonnet-4-5"


@pytest.mark.parametrize("stream", [False, True])
def test_a_tool_loop(gpt, stream):
    messages = user(NODES)
    for content in (None, "There is one node: kagent-control-plane."):
        if stream:
            with gpt.chat.completions.stream(model="gpt-4.1-mini", messages=messages) as events:
                completion = events.get_final_completion()
        else:
            completion = gpt.chat.completions.create(model="gpt-4.1-mini", messages=messages)
        message = completion.choices[0].message
        if content:
            assert (message.content, completion.id) == (content, "chatcmpl-2")
        else:
            [call] = message.tool_calls
            assert (call.id, call.function.name, completion.id) == ("call_1", "k8s_get_resources", "chatcmpl-1")
            assert json.loads(call.function.arguments) == {"resource_type": "nodes"}
            called = message.model_dump(exclude_none=True, include={"role", "content", "tool_calls"})
            result = {"role": "tool", "tool_call_id": call.id, "content": "NAME kagent-control-plane Ready"}
            messages = [*messages, called, result]


def test_headers(gpt):
    def said(**headers):
        answer = gpt.chat.completions.create(model="m", messages=user("Hello"), extra_headers=headers)
        return answer.choices[0].message.content

    assert said(**{"X-Tenant-ID": "tenant-a"}) == "Hello, tenant a!"
    assert said(**{"X-Tenant-ID": "tenant-b"}) == "Hello, whoever you are!"


def test_a_response(gpt):
    response = gpt.responses.create(model="gpt-4.1-mini", input="Write a haiku")
    assert (response.id, response.output_text) == ("resp_1", "Old pond, a frog leaps in.")
    assert response.usage.total_tokens == 13
    with gpt.responses.stream(model="gpt-4.1-mini", input="Write a haiku") as stream:
        pieces = [event.delta for event in stream if event.type == "response.output_text.delta"]
        final = stream.get_final_response()
    assert "".join(pieces) == final.output_text == response.output_text and final.id == "resp_1"
    [call] = gpt.responses.create(model="gpt-4.1-mini", input="What is the weather in Paris?").output
    assert (call.type, call.call_id, json.loads(call.arguments)) == ("function_call", "call_2", {"city": "Paris"})


def test_embeddings(gpt):
    # The client asks for base64 by itself.
    for more in ({}, {"encoding_format": "float"}, {"encoding_format": "base64"}):
        answer = gpt.embeddings.create(model="embeddinggemma", input="Hello world", **more)
        wanted = "AAAAPwAAgL4AAAA+" if more.get("encoding_format") == "base64" else [0.5, -0.25, 0.125]
        assert answer.data[0].embedding == wanted
    answer = gpt.embeddings.create(model="embeddinggemma", input=["one", "two"])
    assert [item.embedding for item in answer.data] == [[1, 0, 0], [0, 1, 0]]


def test_a_message(claude):
    asked = {"model": CLAUDE, "messages": user("Hello there"), "max_tokens": 64}
    message = claude.messages.create(**asked)
    assert (message.id, message.content[0].text, message.stop_reason) == ("msg_123", "Hi", "end_turn")
    with claude.messages.stream(**asked) as stream:
        assert "".join(stream.text_stream) == "Hi"
        assert stream.get_final_message().id == "msg_123"
    asked["messages"] = user("How is the weather?")
    with claude.messages.stream(**asked) as stream:
        text, call = stream.get_final_message().content
    assert (text.text, call.id, call.name, call.input) == ("I look it up.", "toolu_1", "get_weather", {"city": "Paris"})


def test_what_nothing_matches(gpt, claude):
    with pytest.raises(openai.NotFoundError, match="No matching mock found") as caught:
        gpt.chat.completions.create(model="m", messages=user("something else"))
    assert "something else" in caught.value.body["message"]
    with pytest.raises(anthropic.NotFoundError, match="No matching mock found"):
        claude.messages.create(model=CLAUDE, messages=user("something else"), max_tokens=9)
    with pytest.raises(openai.NotFoundError, match="No matching mock found"):
        gpt.responses.create(model="m", input="something else", stream=True)
    with pytest.raises(openai.NotFoundError, match="No matching mock found"):
        gpt.embeddings.create(model="m", input="something else")


def test_no_key(gpt, claude):
    with pytest.raises(openai.AuthenticationError, match="Missing Authorization header"):
        gpt.chat.completions.create(model="m", messages=user("Hello"), extra_headers={"Authorization": openai.Omit()})
    headers = {"X-Api-Key": anthropic.Omit(), "Authorization": anthropic.Omit()}
    with pytest.raises(anthropic.AuthenticationError, match="Missing x-api-key header"):
        claude.messages.create(model=CLAUDE, messages=user("Hello"), max_tokens=9, extra_headers=headers)
