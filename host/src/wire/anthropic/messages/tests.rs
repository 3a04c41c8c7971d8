//! Requests, answers, how the two modes agree, and threads: a file each.

use proptest::prelude::*;
use serde_json::{Value, json};

mod agreement;
mod answer;
mod request;
mod thread;

/// Any JSON, with the words of this format in it more often than chance would have it.
fn any_json() -> impl Strategy<Value = Value> {
    let word = prop::sample::select(vec![
        "type",
        "text",
        "role",
        "user",
        "assistant",
        "content",
        "source",
        "base64",
        "data",
        "tool_use",
        "tool_result",
        "thinking",
        "input",
        "id",
        "name",
        "citations",
        "signature",
        "thread",
        "continue",
        "create",
        "messages",
        "previous_message_id",
        "search_result",
        "server_tool_use",
        "cache_control",
        "ephemeral",
        "stop_reason",
        "usage",
    ]);
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "\\PC{0,8}".prop_map(Value::from),
        word.clone().prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 48, 6, move |inner| {
        let key = prop_oneof![4 => word.clone().prop_map(str::to_owned), 1 => "\\PC{0,6}"];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::vec((key, inner), 0..6)
                .prop_map(|fields| json!(fields.into_iter().collect::<serde_json::Map<_, _>>())),
        ]
    })
}
