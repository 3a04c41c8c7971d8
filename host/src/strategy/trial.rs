//! The proof at load that a plugin really works: one call with a canned request. What it answers does not matter; that it
//! comes back does. A variant case that this host does not know, for instance, links well and fails only in a call.

use std::sync::Arc;

use axum::http::Uri;
use bytestring::ByteString;

use super::asked::{Asked, Decoded};
use super::guest::Guest;
use super::instance::Failure;
use super::plugin::Plugin;
use super::state::Session;
use crate::chat::{Message, Operation, Reply, Request, Role};
use crate::config::TokenCount;

/// Tries a configured instance. Its state goes to a session that no client sees.
pub(super) async fn run(plugin: &Plugin, guest: &mut Guest) -> Result<(), (&'static str, Failure)> {
    let asked = Arc::new(canned(chat()));
    match guest.respond(plugin, &asked, 0, None).await {
        Ok(_) | Err(Failure::Own(_)) => {}
        Err(failure) => return Err(("respond", failure)),
    }
    match guest.amend(plugin, &asked, 0, Reply::text("Hello")).await {
        Ok(_) | Err(Failure::Own(_)) => {}
        Err(failure) => return Err(("amend", failure)),
    }
    let asked = Arc::new(Asked { uri: Uri::from_static("/v1/embeddings"), ..canned(embeddings()) });
    match guest.embed(plugin, &asked, 0..1, None).await {
        Ok(_) | Err(Failure::Own(_)) => Ok(()),
        Err(failure) => Err(("embed", failure)),
    }
}

fn chat() -> Decoded {
    let mut request = Request::new(Operation::Chat, "standin-trial");
    request.messages.push(Message::text_of(Role::User, "Hello"));
    let body = r#"{"model":"standin-trial","messages":[{"role":"user","content":"Hello"}]}"#;
    Decoded::from_request(ByteString::from_static(body), request)
}

fn embeddings() -> Decoded {
    let mut request = Request::new(Operation::Embeddings, "standin-trial");
    request.embedding_inputs.push("Hello".into());
    Decoded::from_request(ByteString::from_static(r#"{"model":"standin-trial","input":"Hello"}"#), request)
}

fn canned(decoded: Decoded) -> Asked {
    Asked {
        decoded,
        provider: "openai",
        uri: Uri::from_static("/v1/chat/completions"),
        headers: axum::http::HeaderMap::new(),
        id: "req_trial".into(),
        session: Arc::new(Session::named("standin-trial")),
        turn: 0,
        now_ms: 0,
        seed: 0,
        tokens: TokenCount::default(),
        forced: None,
        strict: false,
    }
}
