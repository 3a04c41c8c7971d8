"""mockllm's responses.yml, as seen by the official clients."""

import anthropic
import openai
import pytest

from samples import user

SKY = "what colour is the sky?"
BLUE = "The sky is blue during a clear day due to a phenomenon called Rayleigh scattering."
UNKNOWN = "I don't know the answer to that. This is a mock response."
ANSWERS = {SKY: BLUE, "what is 1+1?": "2", "café?": "naïve 😀", "What colour is the sky?": UNKNOWN}


@pytest.mark.parametrize("question", ANSWERS)
def test_openai(gpt, question):
    completion = gpt.chat.completions.create(model="mock-llm", messages=user(question))
    assert completion.choices[0].message.content == ANSWERS[question]
    assert (completion.model, completion.choices[0].finish_reason) == ("mock-llm", "stop")
    assert completion.usage.total_tokens == completion.usage.prompt_tokens + completion.usage.completion_tokens
    with gpt.chat.completions.create(model="mock-llm", messages=user(question), stream=True) as stream:
        pieces = [chunk.choices[0].delta.content for chunk in stream]
    assert [piece for piece in pieces if piece] == list(ANSWERS[question]), "a character at a time"


@pytest.mark.parametrize("question", ANSWERS)
def test_anthropic(claude, question):
    asked = {"model": "claude-3-sonnet-20240229", "messages": user(question), "max_tokens": 1024}
    message = claude.messages.create(**asked)
    assert [block.text for block in message.content] == [ANSWERS[question]]
    assert (message.model, message.stop_reason) == ("claude-3-sonnet-20240229", "end_turn")
    with claude.messages.stream(**asked) as stream:
        assert list(stream.text_stream) == list(ANSWERS[question]), "a character at a time"
        assert stream.get_final_message().content[0].text == ANSWERS[question]


def test_parts(gpt):
    parts = [{"type": "text", "text": SKY}]
    assert gpt.chat.completions.create(model="m", messages=user(parts)).choices[0].message.content == BLUE


def test_models(gpt):
    found = [model.id for model in gpt.with_options(base_url=str(gpt.base_url).replace("/v1", "")).models.list()]
    assert found[:3] == ["gpt-3.5-turbo", "gpt-4", "gpt-4-turbo"] and "claude-3-opus-20240229" in found


def test_no_user_message(gpt, claude):
    messages = [{"role": "assistant", "content": "Hello"}]
    with pytest.raises(openai.BadRequestError, match="No user message found in request"):
        gpt.chat.completions.create(model="m", messages=messages)
    with pytest.raises(anthropic.BadRequestError, match="No user message found in request"):
        claude.messages.create(model="claude-3-opus-20240229", messages=messages, max_tokens=9)
