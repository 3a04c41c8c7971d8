"""The older OpenAI completions: a prompt, no messages."""

import openai
import pytest
from openai.types import Completion

from samples import TEXTS, failure
from strict import check
from wire import ask, events

MODEL = "gpt-3.5-turbo-instruct"
REQUESTS = {
    "a text": ({"prompt": "Hello there, you"}, ["Hello there, you"]),
    "texts": ({"prompt": ["Hello there", "Good day"]}, ["Hello there", "Good day"]),
    "several choices": ({"prompt": "Hello there", "n": 2}, ["Hello there", "Hello there"]),
    "everything": (
        {
            "prompt": "Hello there",
            "max_tokens": 100,
            "temperature": 0.5,
            "top_p": 0.9,
            "stop": ["STOP"],
            "presence_penalty": 0.1,
            "frequency_penalty": 0.1,
            "logit_bias": {"50256": -100},
            "best_of": 1,
            "seed": 7,
            "user": "someone",
        },
        ["Hello there"],
    ),
}


def post(request, **more):
    answer = ask("POST", "/v1/completions", {"model": MODEL, **request, **more})
    assert answer.status == 200, answer
    return answer


@pytest.mark.parametrize("name", REQUESTS)
def test_a_unary_body(name):
    request, texts = REQUESTS[name]
    body = post(request).json()
    check(Completion, body)
    assert body["id"].startswith("cmpl-") and body["object"] == "text_completion" and body["model"] == MODEL
    assert [choice["text"] for choice in body["choices"]] == texts
    assert [choice["index"] for choice in body["choices"]] == list(range(len(texts)))
    assert all(choice["finish_reason"] == "stop" and choice["logprobs"] is None for choice in body["choices"])
    usage = body["usage"]
    assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"]
    assert usage["prompt_tokens"] > 0 and usage["completion_tokens"] > 0


@pytest.mark.parametrize("name", REQUESTS)
@pytest.mark.parametrize("counted", [False, True])
def test_a_stream(name, counted):
    request, texts = REQUESTS[name]
    found = events(post(request, stream=True, **({"stream_options": {"include_usage": True}} if counted else {})).body)
    assert all(event.name is None for event in found)
    assert found[-1].data == "[DONE]" and [event.data for event in found].count("[DONE]") == 1
    chunks = [event.json() for event in found[:-1]]
    for chunk in chunks:
        check(Completion, ended(chunk))
    for constant in ("id", "created", "model", "object", "system_fingerprint"):
        assert len({chunk[constant] for chunk in chunks}) == 1, f"{constant} changes within the stream"
    if counted:
        *chunks, last = chunks
        assert last["choices"] == [] and last["usage"] == post(request).json()["usage"]
        assert all(chunk["usage"] is None for chunk in chunks)
    else:
        assert all("usage" not in chunk for chunk in chunks)
    for index, text in enumerate(texts):
        choices = [choice for chunk in chunks for choice in chunk["choices"] if choice["index"] == index]
        assert "".join(choice["text"] for choice in choices) == text
        assert [choice["finish_reason"] for choice in choices] == [None] * (len(choices) - 1) + ["stop"]


def ended(chunk) -> dict:
    """The SDK has one type for both: in it every choice has a reason to end, and the usage is left out or there."""
    choices = [{**choice, "finish_reason": choice["finish_reason"] or "stop"} for choice in chunk["choices"]]
    usage = chunk.get("usage") or post({"prompt": "Hello"}).json()["usage"]
    return {**chunk, "choices": choices, "usage": usage}


@pytest.mark.parametrize("name", ["plain", "lines", "emoji", "sse", "json", "long"])
def test_a_text_comes_back_as_it_was(gpt, name):
    text = TEXTS[name]
    assert gpt.completions.create(model=MODEL, prompt=text).choices[0].text == text
    with gpt.completions.create(model=MODEL, prompt=text, stream=True) as stream:
        assert "".join(chunk.choices[0].text for chunk in stream) == text


@pytest.mark.parametrize("prompt", [[9906, 1917], [[9906, 1917], [9906]]])
def test_a_prompt_of_tokens(gpt, prompt):
    completion = gpt.completions.create(model=MODEL, prompt=prompt)
    assert len(completion.choices) == (2 if isinstance(prompt[0], list) else 1)
    assert completion.usage.prompt_tokens == (3 if isinstance(prompt[0], list) else 2)


@pytest.mark.parametrize("stream", [False, True])
def test_an_error(gpt, stream):
    with pytest.raises(openai.RateLimitError) as caught:
        gpt.completions.create(model=MODEL, prompt=failure(429, type="rate_limit_error"), stream=stream)
    assert caught.value.type == "rate_limit_error" and caught.value.body["message"] == "Failure 429 💥"


@pytest.mark.parametrize(
    "request_", [{"prompt": "Hello"}, {"model": MODEL, "prompt": 5}, {"model": MODEL, "prompt": {}}]
)
def test_a_bad_request(request_):
    answer = ask("POST", "/v1/completions", request_)
    assert answer.status == 400, answer
    assert answer.json()["error"]["type"] == "invalid_request_error"


def test_an_unknown_model(gpt):
    with pytest.raises(openai.NotFoundError) as caught:
        gpt.completions.create(model="no-such-model", prompt="Hello")
    assert caught.value.code == "model_not_found"
