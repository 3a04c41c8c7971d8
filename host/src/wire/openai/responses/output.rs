//! The items of an answer, as the unary body and the stream write them.

use super::tool_call_id;
use crate::chat::{Reasoning, ToolCall};
use crate::wire::json::write_string;
use crate::wire::{Envelope, Ids, ids};

/// Where the ids of an answer come from: each item has its own, whatever the items before it are.
#[derive(Debug, Clone)]
pub(super) struct Keys(u64);

impl Keys {
    /// The id of an answer, and the keys of its items.
    pub(super) fn new(envelope: &Envelope) -> (String, Self) {
        let mut ids = envelope.ids.clone();
        let id = ids.hex("resp_", 48);
        (id, Self(ids.next_u64()))
    }

    /// What an item mints its ids from.
    pub(super) fn item(&self, index: u64) -> Ids {
        Ids::new(ids::key(self.0, "", index, "item"))
    }

    /// What a stream is padded with.
    pub(super) fn noise(&self) -> Ids {
        Ids::new(ids::key(self.0, "", 0, "noise"))
    }
}

/// An item, without what it grows by.
#[derive(Debug)]
pub(super) struct Item {
    pub(super) id: String,
    pub(super) kind: Kind,
}

/// What an item is.
#[derive(Debug)]
pub(super) enum Kind {
    /// Grows by texts and refusals.
    Message,
    /// Grows by its summary.
    Thought { encrypted: Option<String> },
    /// Grows by its arguments.
    Call { call_id: String, name: String, custom: bool },
}

impl Item {
    pub(super) fn message(mut ids: Ids) -> Self {
        Self { id: ids.hex("msg_", 48), kind: Kind::Message }
    }

    /// A thought. Its opaque form is the signature, or what is hidden; or it is minted, where the client wants one.
    pub(super) fn thought(mut ids: Ids, reasoning: &Reasoning, wants_encrypted: bool) -> Self {
        let id = ids.hex("rs_", 48);
        let encrypted = match &reasoning.signature {
            _ if reasoning.redacted => Some(reasoning.text.clone()),
            Some(signature) => Some(signature.clone()),
            None if wants_encrypted => Some(ids.alphanumeric("gAAAAAB", 136) + "=="),
            None => None,
        };
        Self { id, kind: Kind::Thought { encrypted } }
    }

    /// A call. A kind that the provider does not have is a function to it.
    pub(super) fn call(mut ids: Ids, call: &ToolCall) -> Self {
        let custom = call.kind == "custom";
        let id = ids.hex(if custom { "ctc_" } else { "fc_" }, 48);
        let call_id = call.id.clone().unwrap_or_else(|| tool_call_id(&mut ids));
        Self { id, kind: Kind::Call { call_id, name: call.name.clone(), custom } }
    }

    /// Appends the item with what it has grown by: the parts of a message or a summary, or arguments as they stand
    /// inside a JSON string.
    pub(super) fn write(&self, out: &mut Vec<u8>, status: &str, grown: &[u8]) {
        let id = |out: &mut Vec<u8>| {
            out.extend_from_slice(br#"{"id":"#);
            write_string(out, &self.id);
        };
        let status = |out: &mut Vec<u8>, kind: &str| {
            id(out);
            for text in [r#","type":""#, kind, r#"","status":""#, status, r#"","#] {
                out.extend_from_slice(text.as_bytes());
            }
        };
        match &self.kind {
            Kind::Message => {
                status(out, "message");
                out.extend_from_slice(br#""role":"assistant","content":["#);
                out.extend_from_slice(grown);
                out.extend_from_slice(b"]}");
            }
            Kind::Thought { encrypted } => {
                id(out);
                out.extend_from_slice(br#","type":"reasoning","summary":["#);
                out.extend_from_slice(grown);
                out.push(b']');
                if let Some(encrypted) = encrypted {
                    out.extend_from_slice(br#","encrypted_content":"#);
                    write_string(out, encrypted);
                }
                out.push(b'}');
            }
            Kind::Call { call_id, name, custom } => {
                status(out, if *custom { "custom_tool_call" } else { "function_call" });
                out.extend_from_slice(if *custom { br#""input":""#.as_slice() } else { br#""arguments":""# });
                out.extend_from_slice(grown);
                out.extend_from_slice(br#"","call_id":"#);
                write_string(out, call_id);
                out.extend_from_slice(br#","name":"#);
                write_string(out, name);
                out.push(b'}');
            }
        }
    }
}

/// What a message or a summary grows by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Text,
    Refusal,
    Summary,
}

impl Part {
    /// What stands before and behind its text.
    pub(super) const fn around(self) -> (&'static [u8], &'static [u8]) {
        match self {
            Self::Text => (br#"{"type":"output_text","annotations":[],"logprobs":[],"text":""#, br#""}"#),
            Self::Refusal => (br#"{"type":"refusal","refusal":""#, br#""}"#),
            Self::Summary => (br#"{"type":"summary_text","text":""#, br#""}"#),
        }
    }
}
