//! A request over HTTP.

use wasip2::http::outgoing_handler::handle;
use wasip2::http::types::{ErrorCode, Fields, OutgoingRequest, Scheme};
use wasip2::io::streams::StreamError;

/// `<status> <body>`, or why not.
pub(crate) fn get(url: &str) -> Result<String, String> {
    let (scheme, rest) = url.split_once("://").ok_or("no scheme")?;
    let (authority, path) = rest.find('/').map_or((rest, "/"), |at| rest.split_at(at));
    let request = OutgoingRequest::new(Fields::new());
    let scheme = if scheme == "https" { Scheme::Https } else { Scheme::Http };
    request.set_scheme(Some(&scheme)).map_err(|()| "the scheme is refused")?;
    request.set_authority(Some(authority)).map_err(|()| "the authority is refused")?;
    request.set_path_with_query(Some(path)).map_err(|()| "the path is refused")?;
    let coming = handle(request, None).map_err(told)?;
    coming.subscribe().block();
    let came = coming.get().ok_or("nothing came")?.map_err(|()| "it came before")?;
    let response = came.map_err(told)?;
    let status = response.status();
    let body = response.consume().map_err(|()| "no body")?;
    let stream = body.stream().map_err(|()| "no stream")?;
    let mut bytes = Vec::new();
    loop {
        match stream.blocking_read(1 << 16) {
            Ok(more) => bytes.extend(more),
            Err(StreamError::Closed) => break,
            Err(StreamError::LastOperationFailed(error)) => return Err(error.to_debug_string()),
        }
    }
    Ok(format!("{status} {}", String::from_utf8_lossy(&bytes)))
}

fn told(error: ErrorCode) -> String {
    match error {
        ErrorCode::InternalError(Some(text)) => text,
        other => format!("{other:?}"),
    }
}
