//! Content parts of a request's items.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::chat::{Content, Media, MediaSource};
use crate::wire::field::Text;
use crate::wire::openai::media::{from_data, from_url};

/// A part of an item, in one of the two forms that it is read in.
pub(super) trait PartForm<'a>: Deserialize<'a> {
    /// The part; none where it is not as it should be, or where this form cannot tell.
    fn content(self) -> Option<Content<'a>>;
}

impl<'a> PartForm<'a> for Part<'a> {
    fn content(self) -> Option<Content<'a>> {
        self.read(None)
    }
}

impl<'a> PartForm<'a> for &'a RawValue {
    fn content(self) -> Option<Content<'a>> {
        let json = self.get();
        if let Ok(part) = serde_json::from_str::<Part<'a>>(json) {
            return part.read(Some(json));
        }
        // A part of a kind that nobody here knows may use the others' field names as it likes.
        let tag: Tag<'_> = serde_json::from_str(json).ok()?;
        (!KNOWN.contains(&&*tag.kind.0)).then_some(Content::Other(Cow::Borrowed(json)))
    }
}

const KNOWN: [&str; 8] = [
    "input_text",
    "output_text",
    "summary_text",
    "reasoning_text",
    "refusal",
    "input_image",
    "input_file",
    "input_audio",
];

/// What names the kind of a part or an item.
#[derive(Deserialize)]
pub(super) struct Tag<'a> {
    #[serde(rename = "type", borrow)]
    pub(super) kind: Text<'a>,
}

/// A part, parsed. What only few parts have is boxed: the others are moved about without it.
#[derive(Deserialize)]
pub(super) struct Part<'a> {
    #[serde(rename = "type", borrow)]
    kind: Text<'a>,
    #[serde(borrow)]
    text: Option<Text<'a>>,
    #[serde(borrow)]
    refusal: Option<Text<'a>>,
    #[serde(borrow)]
    image_url: Option<Text<'a>>,
    #[serde(borrow)]
    file_id: Option<Text<'a>>,
    #[serde(borrow)]
    file_url: Option<Box<Text<'a>>>,
    #[serde(borrow)]
    file_data: Option<Box<Text<'a>>>,
    #[expect(dead_code, reason = "only checked")]
    #[serde(borrow)]
    filename: Option<Box<Text<'a>>>,
    #[serde(borrow)]
    input_audio: Option<Box<InputAudio<'a>>>,
}

#[derive(Deserialize)]
struct InputAudio<'a> {
    #[serde(borrow)]
    data: Text<'a>,
    #[serde(borrow)]
    format: Text<'a>,
}

impl<'a> Part<'a> {
    /// What the part is; only some kinds need its text.
    fn read(self, json: Option<&'a str>) -> Option<Content<'a>> {
        let stored = |id: Text<'a>| Media { media_type: None, source: MediaSource::FileId(id.0) };
        let fetched = |url: Text<'a>| from_url(url.0);
        Some(match self.kind.0.as_ref() {
            "input_text" | "output_text" | "summary_text" | "reasoning_text" => Content::Text(self.text?.0),
            "refusal" => Content::Refusal(self.refusal?.0),
            "input_image" => match self.file_id.map(stored).or_else(|| self.image_url.map(fetched)) {
                Some(media) => Content::Image(media),
                None => Content::Other(Cow::Borrowed(json?)),
            },
            "input_file" => {
                let media = self.file_id.map(stored).or_else(|| self.file_url.map(|url| fetched(*url)));
                match media.or_else(|| self.file_data.map(|data| from_data(data.0))) {
                    Some(media) => Content::File(media),
                    None => Content::Other(Cow::Borrowed(json?)),
                }
            }
            "input_audio" => {
                let audio = self.input_audio?;
                let media_type = match audio.format.0.as_ref() {
                    "mp3" => Cow::Borrowed("audio/mpeg"),
                    format => Cow::Owned(format!("audio/{format}")),
                };
                Content::Audio(Media { media_type: Some(media_type), source: MediaSource::Data(audio.data.0) })
            }
            _ => Content::Other(Cow::Borrowed(json?)),
        })
    }
}
