"""Anthropic's count of tokens: what a message would cost, before it is sent."""

import anthropic
import pytest
from anthropic.types import MessageTokensCount

from samples import CLAUDE, PNG, SCHEMAS, failure, user
from strict import check
from wire import ANTHROPIC, ask

TOOLS = [{"name": name, "description": name, "input_schema": schema} for name, schema in SCHEMAS.items()]
PICTURE = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PNG}}
REQUESTS = {
    "text": {"messages": user("Hello there, how are you?")},
    "system": {"messages": user("Hello there"), "system": [{"type": "text", "text": "Be brief."}]},
    "tools": {"messages": user("Hello there"), "tools": TOOLS, "tool_choice": {"type": "auto"}},
    "picture": {"messages": user([PICTURE, {"type": "text", "text": "What is it?"}])},
    "tool result": {
        "messages": [
            *user("What time is it?"),
            {"role": "assistant", "content": [{"type": "tool_use", "id": "toolu_1", "name": "get_time", "input": {}}]},
            {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "toolu_1", "content": "noon"}]},
        ],
        "tools": TOOLS,
    },
}


def count(request, path="/v1/messages/count_tokens") -> int:
    answer = ask("POST", path, {"model": CLAUDE, **request}, ANTHROPIC)
    assert answer.status == 200, answer
    check(MessageTokensCount, answer.json())
    return answer.json()["input_tokens"]


@pytest.mark.parametrize("name", REQUESTS)
@pytest.mark.parametrize(
    "path", ["/v1/messages/count_tokens", "/messages/count_tokens", "/v1/messages/count_tokens?beta=true"]
)
def test_the_count_is_what_the_message_costs(name, path):
    message = ask("POST", "/v1/messages", {"model": CLAUDE, "max_tokens": 100, **REQUESTS[name]}, ANTHROPIC).json()
    assert count(REQUESTS[name], path) == message["usage"]["input_tokens"] > 0


def test_more_costs_more():
    assert count(REQUESTS["tools"]) > count({"messages": user("Hello there")}) < count(REQUESTS["system"])


def test_no_strategy_is_asked():
    assert count({"messages": user(failure(429))}) > 0


def test_the_client(claude):
    found = claude.messages.count_tokens(model=CLAUDE, messages=user("Hello there"))
    assert found.input_tokens == count({"messages": user("Hello there")})
    assert claude.beta.messages.count_tokens(model=CLAUDE, messages=user("Hello there")).input_tokens > 0


@pytest.mark.parametrize(
    "wrong", [{"messages": user("Hello")}, {"model": CLAUDE}, {"model": CLAUDE, "messages": "Hello"}]
)
def test_a_bad_request(wrong):
    answer = ask("POST", "/v1/messages/count_tokens", wrong, ANTHROPIC)
    assert answer.status == 400, answer
    assert answer.json()["error"]["type"] == "invalid_request_error"


def test_an_unknown_model(claude):
    with pytest.raises(anthropic.NotFoundError):
        claude.messages.count_tokens(model="no-such-model", messages=user("Hello"))
