//! What a part of a message carries beside its text: an address, or the bytes themselves.

use std::borrow::Cow;

use crate::chat::{Media, MediaSource};

/// An address; a `data:` URL in base64 is the bytes themselves.
pub(super) fn from_url(url: Cow<'_, str>) -> Media<'_> {
    const MARK: &str = ";base64,";
    let Some((kind, _)) = url.strip_prefix("data:").and_then(|rest| rest.split_once(MARK)) else {
        return Media { media_type: None, source: MediaSource::Url(url) };
    };
    let kind = "data:".len().."data:".len() + kind.len();
    let data = kind.end + MARK.len()..url.len();
    let slice = |range: std::ops::Range<usize>| match &url {
        Cow::Borrowed(text) => Cow::Borrowed(text.get(range).unwrap_or_default()),
        Cow::Owned(text) => Cow::Owned(text.get(range).unwrap_or_default().to_owned()),
    };
    let media_type = Some(slice(kind)).filter(|kind| !kind.is_empty());
    Media { media_type, source: MediaSource::Data(slice(data)) }
}

/// The bytes of a file, in base64, with a `data:` before them or without.
pub(super) fn from_data(data: Cow<'_, str>) -> Media<'_> {
    match from_url(data) {
        Media { source: MediaSource::Url(data), .. } => Media { media_type: None, source: MediaSource::Data(data) },
        media => media,
    }
}
