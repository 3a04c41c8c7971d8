"""OpenAI moderations."""

import pytest
from openai.types import ModerationCreateResponse

from samples import PNG
from strict import check
from wire import ask

MODEL = "omni-moderation-latest"
PICTURE = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PNG}"}}
INPUTS = {
    "a text": ("Hello there", 1),
    "texts": (["Hello there", "Good day"], 2),
    "parts": ([{"type": "text", "text": "Hello there"}, PICTURE], 1),
}


def post(request) -> dict:
    answer = ask("POST", "/v1/moderations", request)
    assert answer.status == 200, answer
    return answer.json()


@pytest.mark.parametrize("name", INPUTS)
@pytest.mark.parametrize("named", [True, False])
def test_a_body(name, named):
    given, count = INPUTS[name]
    body = post({"input": given, **({"model": MODEL} if named else {})})
    check(ModerationCreateResponse, body)
    assert body["id"].startswith("modr-") and body["model"]
    assert len(body["results"]) == count
    for result in body["results"]:
        assert result["flagged"] is False and not any(result["categories"].values())
        assert all(0 <= score < 0.5 for score in result["category_scores"].values())
        kinds = {kind for kinds in result["category_applied_input_types"].values() for kind in kinds}
        assert kinds == ({"text", "image"} if name == "parts" else {"text"})


def test_the_client(gpt):
    [result] = gpt.moderations.create(model=MODEL, input="Hello there").results
    assert result.flagged is False and result.categories.self_harm_intent is False


@pytest.mark.parametrize("wrong", [{}, {"input": 5}, {"input": [{"type": "smell"}]}])
def test_a_bad_request(wrong):
    answer = ask("POST", "/v1/moderations", wrong)
    assert answer.status == 400, answer
    assert answer.json()["error"]["type"] == "invalid_request_error"
