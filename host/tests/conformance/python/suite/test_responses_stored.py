"""Responses that are remembered: fetched, listed, continued, deleted."""

import json

import openai
import pytest
from openai.types.responses import Response, ResponseItemList, ResponseStreamEvent

from samples import CALL_BOTH, GPT, user
from strict import check
from test_responses_wire import TOOLS, post, without_ids
from wire import ask, events

UNKNOWN = "resp_00000000000000000000000000000000"


def create(**request) -> dict:
    return post(request).json()


def test_a_response_is_fetched_as_it_was():
    body = create(input="Hello", metadata={"a": "b"}, instructions="Be brief.")
    answer = ask("GET", f"/v1/responses/{body['id']}")
    assert answer.status == 200, answer
    assert answer.json() == body
    assert ask("GET", f"/responses/{body['id']}").json() == body


def test_a_streamed_response_is_fetched_as_it_ended():
    last = events(post({"input": "Hello there"}, stream=True).body)[-1].json()["response"]
    assert ask("GET", f"/v1/responses/{last['id']}").json() == last


def test_a_response_that_is_not_stored_is_unknown(gpt):
    body = create(input="Hello", store=False)
    with pytest.raises(openai.NotFoundError) as caught:
        gpt.responses.retrieve(body["id"])
    assert caught.value.type == "invalid_request_error" and body["id"] in caught.value.body["message"]


def test_a_response_is_deleted_once(gpt):
    body = create(input="Hello")
    answer = ask("DELETE", f"/v1/responses/{body['id']}")
    assert answer.status == 200, answer
    assert answer.json() == {"id": body["id"], "object": "response", "deleted": True}
    for request in (gpt.responses.retrieve, gpt.responses.delete, gpt.responses.input_items.list):
        with pytest.raises(openai.NotFoundError):
            request(body["id"])


def test_what_is_unknown_is_a_404(gpt):
    for request in (gpt.responses.retrieve, gpt.responses.delete, gpt.responses.cancel, gpt.responses.input_items.list):
        with pytest.raises(openai.NotFoundError) as caught:
            request(UNKNOWN)
        assert caught.value.type == "invalid_request_error" and UNKNOWN in caught.value.body["message"]


def test_only_background_responses_are_cancelled(gpt):
    with pytest.raises(openai.BadRequestError) as caught:
        gpt.responses.cancel(create(input="Hello")["id"])
    assert caught.value.type == "invalid_request_error"


def test_a_background_response():
    body = create(input="Hello", background=True)
    check(Response, body)
    assert body["background"] is True and body["status"] in ("queued", "in_progress", "completed")
    cancelled = ask("POST", f"/v1/responses/{body['id']}/cancel", {})
    assert cancelled.status == 200, cancelled
    check(Response, cancelled.json())
    assert cancelled.json()["status"] in ("cancelled", "completed")


# --- input items -------------------------------------------------------------------------------------------------


def listed(body, **query) -> dict:
    path = f"/v1/responses/{body['id']}/input_items?" + "&".join(f"{key}={value}" for key, value in query.items())
    answer = ask("GET", path)
    assert answer.status == 200, answer
    return answer.json()


def test_the_input_items_of_a_text():
    page = listed(create(input="Hello"))
    check(ResponseItemList, page)
    [item] = page["data"]
    assert (item["type"], item["role"]) == ("message", "user")
    assert item["content"] == [{"type": "input_text", "text": "Hello"}]
    assert (page["first_id"], page["last_id"], page["has_more"]) == (item["id"], item["id"], False)


def test_the_input_items_of_a_tool_loop():
    first = create(input=user(CALL_BOTH), tools=TOOLS)
    results = [
        {"type": "function_call_output", "call_id": call["call_id"], "output": f"result {i}"}
        for i, call in enumerate(first["output"])
    ]
    second = create(input=[*user(CALL_BOTH), *first["output"], *results], tools=TOOLS)
    page = listed(second, order="asc")
    check(ResponseItemList, page)
    assert [item["type"] for item in page["data"]] == ["message", *["function_call"] * 2, *["function_call_output"] * 2]
    assert without_ids(page["data"][1:3]) == without_ids(first["output"])
    assert [item["output"] for item in page["data"][3:]] == ["result 0", "result 1"]
    assert len({item["id"] for item in page["data"]}) == 5


def test_input_items_come_in_pages_the_newest_first(gpt):
    body = create(input=[{"role": "user", "content": f"Number {i}"} for i in range(5)])
    numbers = lambda page: [item["content"][0]["text"][-1] for item in page["data"]]  # noqa: E731
    assert numbers(listed(body)) == ["4", "3", "2", "1", "0"]
    page = listed(body, order="asc", limit=2)
    check(ResponseItemList, page)
    assert numbers(page) == ["0", "1"] and page["has_more"] is True
    assert numbers(listed(body, order="asc", limit=2, after=page["last_id"])) == ["2", "3"]
    pages = gpt.responses.input_items.list(body["id"], limit=2, order="asc")
    assert [item.content[0].text[-1] for item in pages] == ["0", "1", "2", "3", "4"], "page by page it is the same list"


# --- going on ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("stream", [False, True])
def test_a_tool_loop_by_previous_response_id(gpt, stream):
    first = gpt.responses.create(model=GPT, input=CALL_BOTH, tools=TOOLS)
    results = [
        {"type": "function_call_output", "call_id": call.call_id, "output": f"result {i}"}
        for i, call in enumerate(first.output)
    ]
    request = {"model": GPT, "input": results, "tools": TOOLS, "previous_response_id": first.id}
    if stream:
        with gpt.responses.stream(**request) as events_:
            second = events_.get_final_response()
    else:
        second = gpt.responses.create(**request)
    assert second.output_text == "last tool call result is result 1"
    assert second.previous_response_id == first.id
    alone = gpt.responses.create(model=GPT, input=results[-1:], tools=TOOLS, previous_response_id=first.id)
    assert alone.usage.input_tokens > first.usage.input_tokens, "what was said before is part of the prompt"


def test_instructions_are_not_carried_over():
    first = create(input="Hello", instructions="Be very brief and very nice and very helpful.")
    second = create(input="Hello again", previous_response_id=first["id"])
    assert second["instructions"] is None and second["previous_response_id"] == first["id"]


def test_a_chain_of_responses():
    body = create(input="Number 0")
    tokens = [body["usage"]["input_tokens"]]
    for i in range(1, 5):
        body = create(input=f"Number {i}", previous_response_id=body["id"])
        assert body["output"][0]["content"][0]["text"] == f"Number {i}"
        tokens.append(body["usage"]["input_tokens"])
    assert tokens == sorted(set(tokens)), "each holds all that was said before"


def test_a_previous_response_that_is_unknown(gpt):
    for gone in (UNKNOWN, create(input="Hello", store=False)["id"]):
        with pytest.raises(openai.BadRequestError) as caught:
            gpt.responses.create(model=GPT, input="Hello", previous_response_id=gone)
        assert caught.value.code == "previous_response_not_found"
        assert caught.value.param == "previous_response_id"


def test_item_references(gpt):
    first = create(input=user("call tool 'get_time' with '{\"zone\": \"UTC\"}'"), tools=TOOLS)
    [call] = first["output"]
    result = {"type": "function_call_output", "call_id": call["call_id"], "output": "noon"}
    second = create(input=[*user("Hello"), {"type": "item_reference", "id": call["id"]}, result], tools=TOOLS)
    assert second["output"][0]["content"][0]["text"] == "last tool call result is noon"
    [referred] = [item for item in listed(second)["data"] if item["type"] == "function_call"]
    assert referred["name"] == "get_time" and json.loads(referred["arguments"]) == {"zone": "UTC"}
    with pytest.raises(openai.APIStatusError) as caught:
        gpt.responses.create(model=GPT, input=[{"type": "item_reference", "id": "msg_nowhere"}, *user("Hello")])
    assert caught.value.status_code in (400, 404) and "msg_nowhere" in caught.value.body["message"]
