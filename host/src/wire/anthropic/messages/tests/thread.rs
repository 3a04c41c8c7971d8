//! What a server remembers between two turns.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::super::*;
use super::any_json;
use crate::chat::{Message, Role};
use crate::wire::tests::envelope;
use crate::wire::{Kept, NoHistory};

/// What the host does with what is kept.
#[derive(Default)]
struct Remembered(RefCell<HashMap<String, Kept>>);

impl History for Remembered {
    fn conversation(&self, id: &str) -> Option<Vec<Arc<str>>> {
        let kept = self.0.borrow().get(id)?.clone();
        let mut items = match &kept.previous {
            Some(previous) => self.conversation(previous)?,
            None => Vec::new(),
        };
        items.extend(kept.input.iter().chain(&kept.output).map(|(_, item)| Arc::clone(item)));
        Some(items)
    }

    fn item(&self, _id: &str) -> Option<Arc<str>> {
        None
    }
}

impl Remembered {
    /// Answers a request as the host would, and returns it with the answer's id.
    fn turn(&self, body: &Value, said: &str, seed: u64) -> (Request<'static>, String) {
        let text = body.to_string();
        let request = Messages.decode(&text, self).unwrap().into_owned();
        let envelope = Envelope { ids: Ids::new(seed), ..envelope() };
        let answer = Messages.unary(&envelope, &[Reply::text(said)]);
        if !request.form.keep {
            return (request, String::new());
        }
        let kept = Messages.keep(&text, &answer).unwrap();
        assert_eq!(kept.answer.as_bytes(), answer);
        let id = kept.id.clone();
        self.0.borrow_mut().insert(id.clone(), kept);
        (request, id)
    }
}

fn next(previous: &str, messages: &Value) -> Value {
    let thread = json!({"type": "continue", "previous_message_id": previous});
    json!({"model": "m", "max_tokens": 9, "thread": thread, "messages": messages})
}

#[test]
fn a_thread_goes_on_from_what_was_said() {
    let server = Remembered::default();
    let first = json!({
        "model": "m", "max_tokens": 9, "thread": {"type": "create"}, "system": "s",
        "tools": [{"name": "f", "input_schema": {}}], "messages": [{"role": "user", "content": "one"}],
    });
    let (request, id) = server.turn(&first, "eins", 1);
    assert_eq!(request.messages.len(), 2);
    let (request, id) = server.turn(&next(&id, &json!([{"role": "user", "content": "two"}])), "zwei", 2);
    assert_eq!((request.tools.len(), request.messages.len()), (1, 4));
    let (request, _) = server.turn(&next(&id, &json!([{"role": "user", "content": "three"}])), "drei", 3);
    let said: Vec<(Role, String)> =
        request.messages.iter().map(|message| (message.role, message.text().unwrap().into_owned())).collect();
    let wanted = [
        (Role::System, "s"),
        (Role::User, "one"),
        (Role::Assistant, "eins"),
        (Role::User, "two"),
        (Role::Assistant, "zwei"),
        (Role::User, "three"),
    ];
    assert_eq!(said, wanted.map(|(role, text)| (role, text.to_owned())));
    assert_eq!((request.tools[0].name.as_ref(), request.max_output_tokens), ("f", Some(9)));
}

#[test]
fn a_turn_without_a_message_resumes() {
    let server = Remembered::default();
    let first = json!({
        "model": "m", "max_tokens": 9, "thread": {"type": "create"}, "messages": [{"role": "user", "content": "one"}],
    });
    let (_, id) = server.turn(&first, "half", 1);
    let (request, _) = server.turn(&next(&id, &json!([])), "rest", 2);
    assert_eq!(
        request.messages.last(),
        Some(&Message {
            body: crate::chat::Body::Parts(vec![crate::chat::Content::Text("half".into())]),
            ..Message::text_of(Role::Assistant, "")
        })
    );
}

#[test]
fn what_is_kept_is_named_after_the_answer() {
    let request = r#"{"model":"m","max_tokens":1,"thread":{"type":"continue","previous_message_id":"msg_0"},
        "system":"s","messages":[{"role":"user", "content":"a"}]}"#;
    let answer = br#"{"id":"msg_1","content":[{"type":"text","text":"b"}]}"#;
    let kept = Messages.keep(request, answer).unwrap();
    assert_eq!((kept.id.as_str(), kept.previous.as_deref(), kept.background), ("msg_1", Some("msg_0"), false));
    let item = |id: &str, json: &str| (id.to_owned(), Arc::<str>::from(json));
    let wanted = [item("msg_1/0", r#"{"system":"s"}"#), item("msg_1/1", r#"{"role":"user", "content":"a"}"#)];
    assert_eq!(kept.input, wanted);
    let wanted = [item("msg_1/answer", r#"{"role":"assistant","content":[{"type":"text","text":"b"}]}"#)];
    assert_eq!(kept.output, wanted);
}

#[test]
fn a_thread_that_is_gone_is_not_found() {
    let body = next("msg_0", &json!([{"role": "user", "content": "a"}])).to_string();
    let error = Messages.decode(&body, &NoHistory).unwrap_err();
    assert_eq!((error.status, error.code.as_deref()), (404, Some("thread_not_found")));
    let wanted = concat!(
        r#"{"type":"error","error":{"type":"not_found_error","message":"#,
        r#""thread.previous_message_id: no thread is known that has come to `msg_0`","#,
        r#""details":{"error_code":"thread_not_found"}},"request_id":"req_1"}"#,
    );
    assert_eq!(String::from_utf8(Anthropic.error_body(&error, "req_1")).unwrap(), wanted);
}

#[test]
fn what_is_wrong_with_a_thread_is_said() {
    let with = |thread: &str| {
        let body =
            format!(r#"{{"model":"m","max_tokens":1,"messages":[{{"role":"user","content":"a"}}],"thread":{thread}}}"#);
        Messages.decode(&body, &NoHistory).map(|request| request.form.keep).map_err(|error| error.message)
    };
    assert_eq!(with("null"), Ok(false));
    assert_eq!(with(r#"{"type":"create"}"#), Ok(true));
    assert_eq!(with(r#"{"type":"fork"}"#), Err("thread.type: Input should be 'create' or 'continue'".into()));
    assert_eq!(with(r#"{"type":"continue"}"#), Err("thread.continue.previous_message_id: Field required".into()));
    assert_eq!(with("[]"), Err("thread: Input should be a valid dictionary".into()));
}

proptest! {
    #[test]
    fn nothing_remembered_makes_the_decoder_panic(item in any_json(), body in any_json(), answer in any_json()) {
        struct Odd(Arc<str>);
        impl History for Odd {
            fn conversation(&self, _id: &str) -> Option<Vec<Arc<str>>> {
                Some(vec![Arc::clone(&self.0)])
            }
            fn item(&self, _id: &str) -> Option<Arc<str>> {
                None
            }
        }
        let odd = Odd(item.to_string().into());
        let _ = Messages.decode(&next("x", &body).to_string(), &odd);
        let _ = Messages.keep(&body.to_string(), answer.to_string().as_bytes());
        let mut asked = next("x", &json!([]));
        asked["thread"] = body;
        let _ = Messages.decode(&asked.to_string(), &odd);
    }
}
