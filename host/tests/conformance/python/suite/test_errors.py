"""Errors: every status is the class that the SDK has for it, in its provider's shape; `retry-after` is honoured."""

import time

import anthropic
import openai
import pytest
from anthropic.types.shared.error_response import ErrorResponse

from samples import CLAUDE, GPT, failure, user
from strict import check
from wire import ANTHROPIC, URL, ask

# status: OpenAI's class, Anthropic's class, Anthropic's type
STATUSES = {
    400: (openai.BadRequestError, anthropic.BadRequestError, "invalid_request_error"),
    401: (openai.AuthenticationError, anthropic.AuthenticationError, "authentication_error"),
    403: (openai.PermissionDeniedError, anthropic.PermissionDeniedError, "permission_error"),
    404: (openai.NotFoundError, anthropic.NotFoundError, "not_found_error"),
    409: (openai.ConflictError, anthropic.ConflictError, "invalid_request_error"),
    413: (openai.APIStatusError, anthropic.ContentTooLargeError, "invalid_request_error"),
    422: (openai.UnprocessableEntityError, anthropic.UnprocessableEntityError, "invalid_request_error"),
    429: (openai.RateLimitError, anthropic.RateLimitError, "rate_limit_error"),
    500: (openai.InternalServerError, anthropic.InternalServerError, "api_error"),
    503: (openai.InternalServerError, anthropic.ServiceUnavailableError, "api_error"),
    529: (openai.InternalServerError, anthropic.OverloadedError, "overloaded_error"),
}


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("status", STATUSES)
def test_openai_raises_the_class_of_the_status(gpt, status, stream):
    text = failure(status, type="some_error", error_code="some_code")
    with pytest.raises(openai.APIStatusError) as caught:
        gpt.chat.completions.create(model=GPT, messages=user(text), stream=stream)
    error = caught.value
    assert type(error) is STATUSES[status][0]
    assert error.status_code == status
    assert error.body == {
        "message": f"Failure {status} 💥",
        "type": "some_error",
        "param": None,
        "code": "some_code",
    }
    assert (error.code, error.type, error.param) == ("some_code", "some_error", None)
    assert error.request_id and "retry-after" not in error.response.headers


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("status", STATUSES)
def test_anthropic_raises_the_class_of_the_status(claude, status, stream):
    _, kind, name = STATUSES[status]
    text = failure(status, type=name)
    with pytest.raises(anthropic.APIStatusError) as caught:
        claude.messages.create(model=CLAUDE, max_tokens=1000, messages=user(text), stream=stream)
    error = caught.value
    assert type(error) is kind
    assert error.status_code == status
    assert (error.type, error.api_message) == (name, f"Failure {status} 💥")
    check(ErrorResponse, error.body)
    assert error.request_id == error.body["request_id"] == error.response.headers["request-id"]
    assert "retry-after" not in error.response.headers


@pytest.mark.parametrize("status", STATUSES)
def test_an_error_without_a_type_keeps_the_shape(status):
    answer = ask("POST", "/v1/chat/completions", {"model": GPT, "messages": user(failure(status))})
    assert answer.status == status
    openai_shape(answer)
    body = {"model": CLAUDE, "max_tokens": 1000, "messages": user(failure(status))}
    answer = ask("POST", "/v1/messages", body, ANTHROPIC)
    assert answer.status == status
    anthropic_shape(answer)


def openai_shape(answer) -> dict:
    body = answer.json()
    assert set(body) == {"error"}
    assert set(body["error"]) == {"message", "type", "param", "code"}
    assert body["error"]["message"] and body["error"]["type"]
    assert answer.headers["x-request-id"]
    return body["error"]


def anthropic_shape(answer) -> dict:
    body = answer.json()
    if (answer.status, body["error"]["type"]) == (413, "request_too_large"):
        body["error"]["type"] = "invalid_request_error"  # what the API says and documents, but not the SDK's types
    check(ErrorResponse, body)
    assert body["error"]["message"]
    assert body["request_id"] == answer.headers["request-id"]
    return body["error"]


SLOW_DOWN = failure(429, type="rate_limit_error", error_code="rate_limit_exceeded", retry_after=1)


def test_openai_waits_as_long_as_it_is_told(attempts):
    http = openai.DefaultHttpxClient(event_hooks={"request": [lambda _: attempts.append(time.monotonic())]})
    with openai.OpenAI(base_url=f"{URL}/v1", api_key="key", max_retries=1, timeout=30, http_client=http) as client:
        with pytest.raises(openai.RateLimitError) as caught:
            client.chat.completions.create(model=GPT, messages=user(SLOW_DOWN))
    assert caught.value.response.headers["retry-after"] == "1"
    assert caught.value.code == "rate_limit_exceeded"
    assert len(attempts) == 2
    assert attempts.gap() >= 0.99, "left alone, the SDK waits half a second"


def test_anthropic_waits_as_long_as_it_is_told(attempts):
    http = anthropic.DefaultHttpxClient(event_hooks={"request": [lambda _: attempts.append(time.monotonic())]})
    with anthropic.Anthropic(base_url=URL, api_key="key", max_retries=1, timeout=30, http_client=http) as client:
        with pytest.raises(anthropic.RateLimitError) as caught:
            client.messages.create(model=CLAUDE, max_tokens=1000, messages=user(SLOW_DOWN))
    assert caught.value.response.headers["retry-after"] == "1"
    assert len(attempts) == 2
    assert attempts.gap() >= 0.99, "left alone, the SDK waits half a second"


# --- errors that nobody asked for --------------------------------------------------------------------------------

GOOD = {"model": GPT, "max_tokens": 10, "messages": user("Hello")}
BAD_REQUESTS = {
    "no JSON": b'{"model": "gpt-4o", "messages": [',
    "no body": b"",
    "no UTF-8": b'{"model": "\xff\xfe"}',
    "more than one value": b"{} {}",
    "not an object": b"[]",
    "no model": {key: GOOD[key] for key in GOOD if key != "model"},
    "no messages": {key: GOOD[key] for key in GOOD if key != "messages"},
    "model is a number": {**GOOD, "model": 4},
    "messages are a text": {**GOOD, "messages": "Hello"},
    "a message is a text": {**GOOD, "messages": ["Hello"]},
    "a message without a role": {**GOOD, "messages": [{"content": "Hello"}]},
    "an unknown role": {**GOOD, "messages": [{"role": "narrator", "content": "Hello"}]},
    "content is a number": {**GOOD, "messages": user(5)},
    "a part without a type": {**GOOD, "messages": user([{"text": "Hello"}])},
    "stream is a text": {**GOOD, "stream": "yes"},
    "tools are an object": {**GOOD, "tools": {}},
}


@pytest.mark.parametrize("name", BAD_REQUESTS)
def test_a_bad_request_to_openai(name):
    answer = ask("POST", "/v1/chat/completions", BAD_REQUESTS[name])
    assert answer.status == 400, answer
    assert openai_shape(answer)["type"] == "invalid_request_error"


@pytest.mark.parametrize("name", [*BAD_REQUESTS, "no max_tokens"])
def test_a_bad_request_to_anthropic(name):
    body = BAD_REQUESTS.get(name, {"model": CLAUDE, "messages": user("Hello")})
    if isinstance(body, dict) and body.get("model") == GPT:
        body = {**body, "model": CLAUDE}
    answer = ask("POST", "/v1/messages", body, ANTHROPIC)
    assert answer.status == 400, answer
    assert anthropic_shape(answer)["type"] == "invalid_request_error"


def test_half_a_surrogate_pair_is_no_failure_of_the_server():
    body = b'{"model": "%s", "max_tokens": 10, "messages": [{"role": "user", "content": "a\\ud83dz"}]}'
    assert ask("POST", "/v1/chat/completions", body % GPT.encode()).status in (200, 400)
    assert ask("POST", "/v1/messages", body % CLAUDE.encode(), ANTHROPIC).status in (200, 400)


@pytest.mark.parametrize("stream", [False, True])
def test_an_unknown_model(gpt, claude, stream):
    with pytest.raises(openai.NotFoundError) as caught:
        gpt.chat.completions.create(model="no-such-model", messages=user("Hello"), stream=stream)
    assert caught.value.code == "model_not_found"
    assert caught.value.type == "invalid_request_error"
    with pytest.raises(anthropic.NotFoundError) as caught:
        claude.messages.create(model="no-such-model", max_tokens=10, messages=user("Hello"), stream=stream)
    assert caught.value.type == "not_found_error"
    check(ErrorResponse, caught.value.body)


@pytest.mark.parametrize("prefix", ["", "/v1"])
def test_a_wrong_method(prefix):
    for method, path in (("GET", "chat/completions"), ("DELETE", "chat/completions"), ("POST", "models")):
        answer = ask(method, f"{prefix}/{path}")
        assert answer.status == 405, (method, path, answer)
        openai_shape(answer)
    for method, path in (("GET", "messages"), ("PUT", "messages"), ("DELETE", "models")):
        answer = ask(method, f"{prefix}/{path}", headers=ANTHROPIC)
        assert answer.status == 405, (method, path, answer)
        anthropic_shape(answer)


def test_an_unknown_path():
    for path in ("/v1/nothing", "/nothing", "/v1/chat/completionsx", "/v1/chat/completions/x/y"):
        answer = ask("GET", path)
        assert answer.status == 404, (path, answer)
        openai_shape(answer)
        answer = ask("POST", path, GOOD, ANTHROPIC)
        assert answer.status == 404, (path, answer)
        anthropic_shape(answer)


def history(size: int) -> list[dict]:
    """A long conversation whose last message is short."""
    return [*user("x" * size), {"role": "assistant", "content": "Oh."}, *user("Hello")]


def test_a_body_that_is_large_but_allowed(gpt, claude):
    messages = history(15 << 20)
    assert gpt.chat.completions.create(model=GPT, messages=messages).choices[0].message.content == "Hello"
    assert claude.messages.create(model=CLAUDE, max_tokens=10, messages=messages).content[0].text == "Hello"


def test_a_body_that_is_too_large(gpt, claude):
    messages = history((16 << 20) + 1)
    with pytest.raises(openai.APIStatusError) as caught:
        gpt.chat.completions.create(model=GPT, messages=messages)
    assert caught.value.status_code == 413
    assert caught.value.type == "invalid_request_error"
    with pytest.raises(anthropic.ContentTooLargeError) as caught:
        claude.messages.create(model=CLAUDE, max_tokens=10, messages=messages)
    openai_shape(ask("POST", "/v1/chat/completions", {"model": GPT, "messages": messages}))
    anthropic_shape(ask("POST", "/v1/messages", {"model": CLAUDE, "max_tokens": 10, "messages": messages}, ANTHROPIC))
