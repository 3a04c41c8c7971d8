"""OpenAI embeddings: as floats, and as base64, which the client asks for unless told otherwise."""

import base64
import math
import struct

import openai
import pytest
from openai.types import CreateEmbeddingResponse

from strict import check
from wire import ask

MODEL = "text-embedding-3-small"
INPUTS = {
    "a text": "Hello there",
    "texts": ["Hello there", "Good day", "Hello there"],
    "tokens": [9906, 1070],
    "lists of tokens": [[9906, 1070], [15340]],
}


def post(input_, **more) -> dict:
    answer = ask("POST", "/v1/embeddings", {"model": MODEL, "input": input_, **more})
    assert answer.status == 200, answer
    return answer.json()


def vectors(body) -> list[list[float]]:
    assert [each["index"] for each in body["data"]] == list(range(len(body["data"])))
    return [each["embedding"] for each in body["data"]]


@pytest.mark.parametrize("name", INPUTS)
@pytest.mark.parametrize("asked", [{}, {"encoding_format": "float"}])
def test_floats(name, asked):
    body = post(INPUTS[name], **asked)
    check(CreateEmbeddingResponse, body)
    assert body["model"] == MODEL and body["object"] == "list"
    assert len(body["data"]) == {"texts": 3, "lists of tokens": 2}.get(name, 1)
    assert all(len(vector) == 1536 for vector in vectors(body))
    assert all(abs(math.hypot(*vector) - 1) < 1e-3 for vector in vectors(body)), "vectors are of length one"
    assert body["usage"]["prompt_tokens"] == body["usage"]["total_tokens"] > 0
    if "tokens" in name:
        assert body["usage"]["prompt_tokens"] == {"tokens": 2, "lists of tokens": 3}[name]


@pytest.mark.parametrize("name", INPUTS)
def test_base64_is_the_same_vector(name):
    body = post(INPUTS[name], encoding_format="base64")
    packed = [base64.b64decode(vector, validate=True) for vector in vectors(body)]
    unpacked = [list(struct.unpack(f"<{len(each) // 4}f", each)) for each in packed]
    as_floats = post(INPUTS[name], encoding_format="float")
    for one, other in zip(unpacked, vectors(as_floats), strict=True):
        assert one == [struct.unpack("<f", struct.pack("<f", each))[0] for each in other]
    check(CreateEmbeddingResponse, {**body, "data": as_floats["data"]})
    assert body["usage"] == as_floats["usage"]


def test_equal_inputs_have_equal_vectors():
    one, other, again = vectors(post(INPUTS["texts"]))
    assert one == again == vectors(post("Hello there"))[0]
    assert one != other


@pytest.mark.parametrize("dimensions", [1, 7, 256, 1536])
def test_dimensions(gpt, dimensions):
    for asked in ({}, {"encoding_format": "float"}):
        found = gpt.embeddings.create(model=MODEL, input="Hello there", dimensions=dimensions, **asked)
        [each] = found.data
        assert len(each.embedding) == dimensions and type(each.embedding[0]) is float
        assert abs(math.hypot(*each.embedding) - 1) < 1e-3


def test_a_larger_model(gpt):
    [each] = gpt.embeddings.create(model="text-embedding-3-large", input="Hello there").data
    assert len(each.embedding) == 3072


def test_what_the_client_asks_for_and_floats_are_the_same(gpt):
    packed = gpt.embeddings.create(model=MODEL, input="Hello there").data[0].embedding
    floats = gpt.embeddings.create(model=MODEL, input="Hello there", encoding_format="float").data[0].embedding
    assert packed == pytest.approx(floats, abs=1e-6)


@pytest.mark.parametrize(
    "wrong",
    [
        {"input": "Hello"},
        {"model": MODEL},
        {"model": MODEL, "input": ""},
        {"model": MODEL, "input": []},
        {"model": MODEL, "input": 5},
        {"model": MODEL, "input": "Hello", "dimensions": 0},
        {"model": MODEL, "input": "Hello", "encoding_format": "roman"},
    ],
)
def test_a_bad_request(wrong):
    answer = ask("POST", "/v1/embeddings", wrong)
    assert answer.status == 400, answer
    error = answer.json()["error"]
    assert set(error) == {"message", "type", "param", "code"} and error["type"] == "invalid_request_error"


def test_an_unknown_model(gpt):
    with pytest.raises(openai.NotFoundError) as caught:
        gpt.embeddings.create(model="no-such-model", input="Hello")
    assert caught.value.code == "model_not_found"


def test_paths_without_the_version():
    assert ask("POST", "/embeddings", {"model": MODEL, "input": "Hello"}).json() == post("Hello")
