//! Fills in what strategies leave to the host, and refuses what cannot be sent.

use axum::http::{HeaderMap, HeaderName, HeaderValue};

use crate::chat::{Event, Reply, Usage};
use crate::pace::stream::Schedule;
use crate::snapshot::Snapshot;
use crate::strategy::asked::Asked;
use crate::usage::Counter;
use crate::wire::{Envelope, Ids, WireFormat, ids, json};

/// Replies with everything decided that the wire shows.
pub(super) struct Dressed {
    pub(super) envelope: Envelope,
    pub(super) replies: Vec<Reply>,
    pub(super) schedules: Vec<Schedule>,
    pub(super) headers: HeaderMap,
    pub(super) dice: Ids,
}

/// Fills in what strategies leave to the host: ids, model, usage, pacing. Tokens are counted whether the wire shows them or
/// not: budgets, journal and metrics know them too. Fails where a plugin said what cannot be said.
pub(super) fn dress(
    snapshot: &Snapshot,
    format: &dyn WireFormat,
    asked: &Asked,
    mut replies: Vec<Reply>,
) -> Result<Dressed, String> {
    let request = asked.request();
    let keyed = |role| Ids::new(ids::key(asked.seed, asked.session.name(), asked.turn, role));
    let mut call_ids = keyed("call");
    for reply in &mut replies {
        for event in &mut reply.events {
            if let Event::ToolCall(call) = event
                && call.id.is_none()
            {
                call.id = Some(format.tool_call_id(&mut call_ids));
            }
        }
    }
    let usage = Counter::new(asked.tokens).usage(request, replies.iter());
    let (model, patch, headers) = match replies.first_mut() {
        Some(first) => (first.model.take(), first.patch.take(), std::mem::take(&mut first.headers)),
        None => (None, None, Vec::new()),
    };
    if let Some(patch) = &patch
        && !json::is_object(patch)
    {
        return Err("answered with a `patch` that is no JSON object".into());
    }
    let envelope = Envelope {
        ids: keyed("answer"),
        created: asked.now_ms / 1_000,
        model: model.unwrap_or_else(|| request.model.to_string()),
        usage,
        stream_usage: request.stream_usage,
        patch,
        form: request.form.clone(),
    };
    Ok(Dressed {
        envelope,
        schedules: replies.iter().map(|reply| snapshot.schedule.of(reply.pacing)).collect(),
        replies,
        headers: plugin_headers(&headers)?,
        dice: keyed("pace"),
    })
}

/// What stands beside vectors.
pub(super) fn embedding_envelope(asked: &Asked) -> Envelope {
    let request = asked.request();
    Envelope {
        ids: Ids::new(ids::key(asked.seed, asked.session.name(), asked.turn, "answer")),
        created: asked.now_ms / 1_000,
        model: request.model.to_string(),
        usage: Usage { input_tokens: Counter::new(asked.tokens).input(request), ..Usage::default() },
        stream_usage: false,
        patch: None,
        form: request.form.clone(),
    }
}

/// The headers that a plugin adds. Those that frame the message are the server's.
pub(super) fn plugin_headers(headers: &[(String, String)]) -> Result<HeaderMap, String> {
    const FRAMING: [&str; 5] = ["connection", "content-length", "transfer-encoding", "upgrade", "date"];
    let mut map = HeaderMap::with_capacity(headers.len());
    for (name, value) in headers {
        let parsed = HeaderName::try_from(name.as_str()).ok().zip(HeaderValue::try_from(value.as_str()).ok());
        let Some((header, value)) = parsed.filter(|(name, _)| !FRAMING.contains(&name.as_str())) else {
            return Err(format!("answered with the header {name:?}: {value:?}, which cannot be sent"));
        };
        map.append(header, value);
    }
    Ok(map)
}
