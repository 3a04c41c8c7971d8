//! A request's body, bounded.

use axum::body::{Body, Bytes};

/// The body's bytes; none where they are more than the limit. A body that is too large is still read, up to a bound: a client
/// that is cut off in the middle of sending would see a broken connection, and not the answer.
pub(super) async fn collect(mut body: Body, limit: usize) -> Result<Option<Bytes>, axum::Error> {
    use axum::body::HttpBody;
    let drain = limit.saturating_mul(4).max(64 << 20);
    let mut first: Option<Bytes> = None;
    let mut whole: Vec<u8> = Vec::new();
    let mut length: usize = 0;
    loop {
        let frame = std::future::poll_fn(|cx| std::pin::Pin::new(&mut body).poll_frame(cx)).await;
        let Some(frame) = frame else { break };
        let Ok(data) = frame?.into_data() else { continue };
        length = length.saturating_add(data.len());
        if length > drain {
            break;
        }
        if length > limit {
            first = None;
            whole = Vec::new();
        } else if first.is_none() && whole.is_empty() {
            first = Some(data);
        } else {
            if let Some(first) = first.take() {
                whole.reserve(first.len() + data.len());
                whole.extend_from_slice(&first);
            }
            whole.extend_from_slice(&data);
        }
    }
    if length > limit {
        return Ok(None);
    }
    // Most bodies come in one piece, and are never copied.
    Ok(Some(first.unwrap_or_else(|| whole.into())))
}
