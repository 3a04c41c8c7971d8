"""llmock's config.yaml, as seen by the official client. Its base URL has no /v1."""

import json

import openai
import pytest

from samples import failure, user
from wire import URL, ask

KEY = "your-secret-api-key"
LINE = "call tool 'calculate' with '{\"expression\": \"6*7\"}'"
SCHEMA = {"type": "object", "properties": {"expression": {"type": "string"}}, "required": ["expression"]}
CHAT_TOOL = {"type": "function", "function": {"name": "calculate", "parameters": SCHEMA}}
RESPONSES_TOOL = {"type": "function", "name": "calculate", "parameters": SCHEMA, "strict": False}


@pytest.fixture(scope="module", params=["", "/v1"])
def client(request):
    with openai.OpenAI(base_url=f"{URL}{request.param}", api_key=KEY, max_retries=0, timeout=30) as client:
        yield client


def chat(client, content, **more):
    return client.chat.completions.create(model="gpt-4o", messages=user(content), **more)


def test_the_mirror(client):
    assert chat(client, "Hello!").choices[0].message.content == "Hello!"
    with chat(client, "Hello there you", stream=True, stream_options={"include_usage": True}) as stream:
        *chunks, last = list(stream)
    assert [chunk.choices[0].delta.content for chunk in chunks] == ["", "Hello", " there", " you", None]
    assert last.choices == [] and last.usage.total_tokens > 0
    response = client.responses.create(model="gpt-4o", input="Hello!")
    assert response.output[0].content[0].text == "Hello!"
    with client.responses.stream(model="gpt-4o", input="Hello there") as stream:
        assert stream.get_final_response().output_text == "Hello there"


def test_custom_replies(client):
    assert chat(client, " How are you today? ").choices[0].message.content == "I'm fine. how are you?"
    assert client.responses.create(model="gpt-4o", input="What is 1+1?").output_text == "2"


@pytest.mark.parametrize("stream", [False, True])
def test_a_tool_loop(client, stream):
    messages = user(LINE)
    if stream:
        with client.chat.completions.stream(model="gpt-4o", messages=messages, tools=[CHAT_TOOL]) as events:
            message = events.get_final_completion().choices[0].message
    else:
        message = chat(client, LINE, tools=[CHAT_TOOL]).choices[0].message
    [call] = message.tool_calls
    assert (call.function.name, call.function.arguments) == ("calculate", '{"expression": "6*7"}')
    called = message.model_dump(exclude_none=True, include={"role", "tool_calls"})
    messages = [*messages, called, {"role": "tool", "tool_call_id": call.id, "content": "42"}]
    answer = client.chat.completions.create(model="gpt-4o", messages=messages, tools=[CHAT_TOOL])
    assert answer.choices[0].message.content == "last tool call result is 42"


@pytest.mark.parametrize("stream", [False, True])
def test_a_tool_loop_of_responses(client, stream):
    asked = {"model": "gpt-4o", "tools": [RESPONSES_TOOL]}
    if stream:
        with client.responses.stream(input=LINE, **asked) as events:
            [call] = events.get_final_response().output
    else:
        [call] = client.responses.create(input=LINE, **asked).output
    assert (call.name, json.loads(call.arguments)) == ("calculate", {"expression": "6*7"})
    # The second turn of OpenAI's own agents: what was answered goes back as it came.
    called = {key: value for key, value in call.to_dict().items() if key != "parsed_arguments"}
    result = {"type": "function_call_output", "call_id": call.call_id, "output": "42"}
    answer = client.responses.create(input=[*user(LINE), called, result], **asked)
    assert answer.output_text == "last tool call result is 42"


def test_parallel_calls(client):
    lines = "call tool 'a' with '{}'\ncall tool 'b' with '{}'"
    [choice] = chat(client, lines, tools=[CHAT_TOOL]).choices
    assert [call.function.name for call in choice.message.tool_calls] == ["a", "b"]


def test_errors(client):
    told = failure(429, type="rate_limit_error", error_code="rate_limit_exceeded")
    for stream in (False, True):
        with pytest.raises(openai.RateLimitError) as caught:
            chat(client, told, stream=stream)
        assert (caught.value.type, caught.value.code) == ("rate_limit_error", "rate_limit_exceeded")
        with pytest.raises(openai.RateLimitError):
            client.responses.create(model="gpt-4o", input=told, stream=stream)
    with pytest.raises(openai.NotFoundError, match="The model 'nope' does not exist") as caught:
        client.chat.completions.create(model="nope", messages=user("Hello"))
    assert caught.value.code == "model_not_found"


def test_models(client):
    assert [model.id for model in client.models.list()] == ["gpt-4o", "gpt-4o-mini", "gpt-3.5-turbo"]
    assert client.models.retrieve("gpt-4o").created == 1715367049
    with pytest.raises(openai.NotFoundError):
        client.models.retrieve("nope")


def test_the_key(client):
    with pytest.raises(openai.AuthenticationError, match="Invalid API key") as caught:
        client.with_options(api_key="other").models.list()
    assert caught.value.type == "auth_error"


def test_history(client):
    chat(client, "Remember me")
    found = ask("GET", "/history").json()["requests"][-1]
    assert (found["method"], found["path"]) == ("POST", f"{client.base_url.path.rstrip('/')}/chat/completions")
    assert found["body"]["messages"] == user("Remember me")
