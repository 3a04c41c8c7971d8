//! Fills in what strategies leave to the host, and refuses what cannot be sent.

use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};

use crate::chat::{ApiError, Event, RawResponse, Reply, Usage};
use crate::pace::stream::Schedule;
use crate::snapshot::Snapshot;
use crate::strategy::asked::Asked;
use crate::usage::Counter;
use crate::wire::{Envelope, Ids, WireFormat, ids, json};

/// Replies with everything decided that the wire shows.
pub(crate) struct Dressed {
    pub(crate) envelope: Envelope,
    pub(crate) replies: Vec<Reply>,
    pub(crate) schedules: Vec<Schedule>,
    pub(crate) headers: HeaderMap,
    pub(crate) dice: Ids,
}

/// Fills in what strategies leave to the host: ids, model, usage, pacing. Tokens are counted whether the wire shows them or
/// not: budgets, journal and metrics know them too. Fails where a plugin said what cannot be said.
pub(crate) fn dress(
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
pub(crate) fn embedding_envelope(asked: &Asked) -> Envelope {
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

/// Whether vectors can be sent.
pub(crate) fn check_vectors(vectors: &[Vec<f32>]) -> Result<(), String> {
    if vectors.iter().any(Vec::is_empty) {
        return Err("answered with an empty vector; expected numbers".into());
    }
    if vectors.iter().flatten().any(|number| !number.is_finite()) {
        return Err("answered with a vector that holds no finite number; expected finite numbers".into());
    }
    Ok(())
}

/// Whether an error can be sent.
pub(crate) fn check_error(error: &ApiError) -> Result<(), String> {
    match error.status {
        400..600 => Ok(()),
        status => Err(format!("answered with an error of status {status}; expected 400 to 599")),
    }
}

/// The status of a whole response, where it can be sent.
pub(crate) fn status_of(raw: &RawResponse) -> Result<StatusCode, String> {
    match StatusCode::from_u16(raw.status) {
        Ok(status) if raw.status >= 200 && raw.status < 600 => Ok(status),
        _ => Err(format!("answered with the status {}; expected 200 to 599", raw.status)),
    }
}

/// The reply that a whole response is, for one who wants a stream.
pub(crate) fn reply_of(format: &dyn WireFormat, raw: RawResponse) -> Result<Reply, String> {
    match format.decode_reply(&raw.body) {
        Ok(reply) => Ok(Reply { headers: raw.headers, ..reply }),
        Err(reason) => Err(format!("answered with a body that cannot be streamed: {reason}")),
    }
}

/// The headers that a plugin adds. Those that frame the message are the server's.
pub(crate) fn plugin_headers(headers: &[(String, String)]) -> Result<HeaderMap, String> {
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
