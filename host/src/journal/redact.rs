//! What is left out of the journal: credentials, in headers and in queries.
//!
//! A name is one of a credential where it is `authorization` or `cookie`, alone or behind a prefix, where it ends in `key`, or
//! where it has `token`, `secret`, `password` or `credential` in it. Keys that are none: `idempotency-key` and
//! `sec-websocket-key`.

use std::borrow::Cow;

/// What stands in place of a credential.
const HIDDEN: &[u8] = b"***";
const ENDS: [&str; 4] = ["key", "authorization", "cookie", "auth"];
const PARTS: [&str; 4] = ["token", "secret", "password", "credential"];

/// Whether what is called so, in lower case, is a credential.
pub(super) fn is_credential(name: &str) -> bool {
    // What nearly every client sends, which is none.
    if matches!(
        name,
        "host"
            | "accept"
            | "accept-encoding"
            | "accept-language"
            | "connection"
            | "content-type"
            | "content-length"
            | "user-agent"
            | "anthropic-version"
            | "x-standin-session"
    ) || name.starts_with("x-stainless-")
    {
        return false;
    }
    let named = ENDS.iter().any(|end| name.ends_with(end)) || has_part(name);
    named && !matches!(name, "idempotency-key" | "sec-websocket-key")
}

/// The parts of [`PARTS`] begin with four letters, none of which is frequent: one look at each letter is enough.
fn has_part(name: &str) -> bool {
    let bytes = name.as_bytes();
    bytes.iter().enumerate().any(|(at, byte)| {
        matches!(byte, b't' | b's' | b'p' | b'c') && PARTS.iter().any(|part| bytes[at..].starts_with(part.as_bytes()))
    })
}

/// What is shown of a credential's value: how it is used, and that there is one.
pub(super) fn hide(value: &[u8]) -> [&[u8]; 2] {
    let is = |scheme: &&&str| value.get(..scheme.len()).is_some_and(|it| it.eq_ignore_ascii_case(scheme.as_bytes()));
    let scheme = ["Bearer ", "Basic "].iter().find(is).map_or(0, |scheme| scheme.len());
    [&value[..scheme], HIDDEN]
}

/// A query without credentials.
pub(super) fn query(query: &str) -> Cow<'_, str> {
    let secret = |pair: &str| {
        let (name, _) = pair.split_once('=').unwrap_or((pair, ""));
        let name = percent_encoding::percent_decode_str(name).decode_utf8_lossy().to_ascii_lowercase();
        is_credential(&name)
    };
    if !query.split('&').any(secret) {
        return Cow::Borrowed(query);
    }
    let pairs = query.split('&').map(|pair| match pair.split_once('=') {
        Some((name, _)) if secret(pair) => Cow::Owned(format!("{name}=***")),
        _ => Cow::Borrowed(pair),
    });
    Cow::Owned(pairs.collect::<Vec<_>>().join("&"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_known_by_their_names() {
        for name in [
            "authorization",
            "proxy-authorization",
            "x-api-key",
            "api-key",
            "api_key",
            "apikey",
            "key",
            "cookie",
            "set-cookie",
            "x-goog-api-key",
            "ocp-apim-subscription-key",
            "x-amz-security-token",
            "access_token",
            "x-auth",
            "client_secret",
            "x-vault-token",
        ] {
            assert!(is_credential(name), "{name}");
        }
        for name in [
            "host",
            "idempotency-key",
            "openai-organization",
            "openai-beta",
            "x-stainless-retry-count",
            "keep-alive",
            "x-request-id",
            "author",
            "api-version",
        ] {
            assert!(!is_credential(name), "{name}");
        }
    }

    #[test]
    fn a_value_shows_its_scheme_at_the_most() {
        let hidden = |value: &str| String::from_utf8(hide(value.as_bytes()).concat()).unwrap();
        assert_eq!(hidden("Bearer sk-1 2"), "Bearer ***");
        assert_eq!(hidden("basic dXNlcg=="), "basic ***");
        for value in ["sk-1", "", "Bearersk-1", "Token sk", "session=1; x=2"] {
            assert_eq!(hidden(value), "***", "{value}");
        }
    }

    #[test]
    fn a_query_shows_what_is_no_credential() {
        for (text, wanted) in [
            ("api-version=2024-10-21", "api-version=2024-10-21"),
            ("key=AIza&alt=sse", "key=***&alt=sse"),
            ("a=1&API_KEY=x=y&b", "a=1&API_KEY=***&b"),
            ("%6bey=1", "%6bey=***"),
            ("", ""),
        ] {
            assert_eq!(query(text), wanted);
        }
    }
}
