//! What is kept of an answer, and what the further routes say of it.

use super::*;
use crate::chat::Event;
use crate::kept::{KeptAnswers, Progress};
use crate::wire::tests::{call, envelope, reply};

fn answer() -> String {
    let answer = reply(vec![Event::Text("hi".into()), call(Some("call_1"), "function", "f", "{}")]);
    String::from_utf8(Responses.unary(&envelope(), &[answer])).unwrap()
}

fn kept(request: &Value) -> Kept {
    Responses.keep(&request.to_string(), answer().as_bytes()).unwrap()
}

fn parsed(json: &[u8]) -> Value {
    serde_json::from_slice(json).unwrap()
}

#[test]
fn an_answer_is_kept_with_its_items() {
    let kept =
        kept(&json!({"model": "m", "input": "hi \"you\"", "previous_response_id": "resp_0", "background": true}));
    let answer = parsed(answer().as_bytes());
    assert_eq!((&*kept.id, kept.previous.as_deref()), (answer["id"].as_str().unwrap(), Some("resp_0")));
    assert!(kept.background);
    assert_eq!(parsed(kept.answer.as_bytes()), answer);
    let [(id, item)] = kept.input.as_slice() else { panic!() };
    assert!(id.starts_with("msg_") && id.len() == 52);
    let wanted = json!({"id": id, "type": "message", "status": "completed", "role": "user",
        "content": [{"type": "input_text", "text": "hi \"you\""}]});
    assert_eq!(parsed(item.as_bytes()), wanted);
    for ((id, item), wanted) in kept.output.iter().zip(answer["output"].as_array().unwrap()) {
        assert_eq!((&json!(id), &parsed(item.as_bytes())), (&wanted["id"], wanted));
    }
    assert_eq!(kept.output.len(), 2);
    assert_eq!(
        kept,
        Responses
            .keep(
                r#"{"model":"m","input":"hi \"you\"","previous_response_id":"resp_0","background":true}"#,
                kept.answer.as_bytes()
            )
            .unwrap()
    );
}

#[test]
fn items_are_kept_in_the_form_in_which_they_are_listed() {
    let kept = kept(&json!({"input": [
        {"role": "user", "content": "a"},
        {"role": "assistant", "content": "b", "id": "msg_1", "status": "incomplete"},
        {"role": "user", "content": [{"type": "input_image", "file_id": "f"}, {"type": "input_text", "text": "c"}]},
        {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "d"}]},
        {"type": "function_call", "id": null, "call_id": "c", "name": "f", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "c", "output": "e", "status": null},
        {"type": "reasoning", "id": "rs_1", "summary": []},
        {"type": "web_search_call", "id": "ws_1"},
        {"type": "item_reference", "id": "msg_9"},
    ]}));
    let items: Vec<Value> = kept.input.iter().map(|(_, item)| parsed(item.as_bytes())).collect();
    let id = |index: usize| json!(kept.input[index].0);
    let part = |text: &str| json!({"type": "output_text", "text": text, "annotations": [], "logprobs": []});
    let wanted = json!([
        {"role": "user", "content": [{"type": "input_text", "text": "a"}], "id": id(0), "type": "message", "status": "completed"},
        {"role": "assistant", "content": [part("b")], "id": "msg_1", "status": "incomplete", "type": "message"},
        {"role": "user", "content": [{"type": "input_image", "file_id": "f", "detail": "auto"}, {"type": "input_text", "text": "c"}],
            "id": id(2), "type": "message", "status": "completed"},
        {"type": "message", "role": "assistant", "content": [part("d")], "id": id(3), "status": "completed"},
        {"type": "function_call", "id": id(4), "call_id": "c", "name": "f", "arguments": "{}", "status": "completed"},
        {"type": "function_call_output", "call_id": "c", "output": "e", "status": "completed", "id": id(5)},
        {"type": "reasoning", "id": "rs_1", "summary": []},
        {"type": "web_search_call", "id": "ws_1"},
        {"type": "item_reference", "id": "msg_9"},
    ]);
    assert_eq!(json!(items), wanted);
    let ids: std::collections::HashSet<_> = kept.input.iter().map(|(id, _)| id).collect();
    assert_eq!(ids.len(), 9, "each has its own");
    assert!(kept.input[4].0.starts_with("fc_") && kept.input[8].0 != "msg_9");
}

#[test]
fn what_is_no_response_is_not_kept() {
    for answer in ["", "{}", r#"{"id":7,"output":[]}"#, r#"{"id":"a","output":[7]}"#] {
        assert_eq!(Responses.keep(r#"{"input":"a"}"#, answer.as_bytes()), None);
    }
    assert_eq!(Responses.keep(r#"{"input":"a"}"#, &[0xff]), None);
    let kept = Responses.keep(r#"{"input":null}"#, br#"{"id":"a","output":[{}]}"#).unwrap();
    assert!(kept.input.is_empty() && kept.output[0].0.starts_with("item_"));
}

#[test]
fn what_was_kept_goes_on() {
    let answers = KeptAnswers::default();
    let first = kept(&json!({"model": "m", "input": "one"}));
    let id = first.id.clone();
    answers.keep(first);
    let body = json!({"model": "m", "input": "two", "previous_response_id": id}).to_string();
    let request = Responses.decode(&body, &answers).unwrap();
    assert_eq!(request.messages.iter().filter_map(|m| m.text()).collect::<Vec<_>>(), ["one", "hi", "two"]);
    // What the model said and called is one message.
    assert_eq!(request.messages.len(), 3);

    let said = answers.get(&id).unwrap().0.output[0].0.clone();
    let body = json!({"model": "m", "input": [{"type": "item_reference", "id": said}]}).to_string();
    let request = Responses.decode(&body, &answers).unwrap();
    assert_eq!(request.messages[0].text().as_deref(), Some("hi"));
    let listed = stored::input_items(&Responses.keep(&body, answer().as_bytes()).unwrap(), "", &answers).unwrap();
    assert_eq!(parsed(&listed)["data"][0]["content"][0]["text"], "hi");
}

#[test]
fn an_answer_is_told_as_far_as_it_is() {
    let kept = kept(&json!({"input": "a", "background": true}));
    let whole = parsed(kept.answer.as_bytes());
    assert_eq!(parsed(&stored::retrieve(&kept, Progress::Completed)), whole);
    for (body, status) in [
        (Responses.queued(&kept), "queued"),
        (stored::retrieve(&kept, Progress::Cancelled), "cancelled"),
        (stored::cancel(&kept, Progress::Cancelled).unwrap(), "cancelled"),
    ] {
        let mut wanted = whole.clone();
        for key in ["usage", "completed_at"] {
            wanted[key] = Value::Null;
        }
        (wanted["status"], wanted["output"]) = (json!(status), json!([]));
        assert_eq!(parsed(&body), wanted);
    }
    assert_eq!(parsed(&stored::cancel(&kept, Progress::Completed).unwrap()), whole);
    let waited = Kept { background: false, ..kept };
    let error = stored::cancel(&waited, Progress::Completed).unwrap_err();
    assert_eq!((error.status, &*error.message), (400, "Cannot cancel a synchronous response."));
    assert_eq!(stored::deleted("a\"b"), br#"{"id":"a\"b","object":"response","deleted":true}"#);
    let error = stored::not_found("resp_x");
    assert_eq!((error.status, &*error.message), (404, "Response with id 'resp_x' not found."));
}

#[test]
fn items_are_listed_by_pages() {
    let input: Vec<Value> =
        (0..25).map(|n| json!({"role": "user", "content": n.to_string(), "id": format!("m {n}")})).collect();
    let kept = kept(&json!({"input": input}));
    let page = |query: &str| parsed(&stored::input_items(&kept, query, &NoHistory).unwrap());
    let ids = |page: &Value| -> Vec<String> {
        page["data"].as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap().to_owned()).collect()
    };
    let newest = page("");
    assert_eq!((ids(&newest).len(), &newest["first_id"], &newest["last_id"]), (20, &json!("m 24"), &json!("m 5")));
    assert_eq!((&newest["object"], &newest["has_more"]), (&json!("list"), &json!(true)));
    let rest = page("after=m%205&include[]=x&limit=5&unknown");
    assert_eq!(
        (ids(&rest), &rest["has_more"]),
        (["m 4", "m 3", "m 2", "m 1", "m 0"].map(str::to_owned).to_vec(), &json!(false))
    );
    assert_eq!(ids(&page("order=asc&limit=2&after=m+0")), ["m 1", "m 2"]);
    let none = page("order=asc&after=m%2024");
    assert_eq!((&none["data"], &none["first_id"], &none["has_more"]), (&json!([]), &Value::Null, &json!(false)));

    let refused = |query: &str| {
        let error = stored::input_items(&kept, query, &NoHistory).unwrap_err();
        (error.status, error.param.unwrap(), error.code.unwrap_or_default())
    };
    assert_eq!(refused("limit=0"), (400, "limit".into(), "integer_below_min_value".into()));
    assert_eq!(refused("limit=101"), (400, "limit".into(), "integer_above_max_value".into()));
    assert_eq!(refused("limit=x%"), (400, "limit".into(), "invalid_type".into()));
    assert_eq!(refused("order=up"), (400, "order".into(), "invalid_value".into()));
    assert_eq!(refused("after=m%2"), (400, "after".into(), String::new()));
}
