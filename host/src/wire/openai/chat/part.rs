//! Content parts of a request.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::chat::{Content, Media, MediaSource};
use crate::wire::field::Text;
use crate::wire::openai::media::{from_data, from_url};

/// A part of a message, in one of the two forms that it is read in.
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
        let known = matches!(tag.kind.0.as_ref(), "text" | "refusal" | "image_url" | "input_audio" | "file");
        (!known).then_some(Content::Other(Cow::Borrowed(json)))
    }
}

#[derive(Deserialize)]
struct Tag<'a> {
    #[serde(rename = "type", borrow)]
    kind: Text<'a>,
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
    image_url: Option<Box<ImageUrl<'a>>>,
    #[serde(borrow)]
    input_audio: Option<Box<InputAudio<'a>>>,
    #[serde(borrow)]
    file: Option<Box<InputFile<'a>>>,
}

#[derive(Deserialize)]
struct ImageUrl<'a> {
    #[serde(borrow)]
    url: Text<'a>,
}

#[derive(Deserialize)]
struct InputAudio<'a> {
    #[serde(borrow)]
    data: Text<'a>,
    #[serde(borrow)]
    format: Text<'a>,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "some fields are only checked")]
struct InputFile<'a> {
    #[serde(borrow)]
    file_data: Option<Text<'a>>,
    #[serde(borrow)]
    file_id: Option<Text<'a>>,
    #[serde(borrow)]
    filename: Option<Text<'a>>,
}

impl<'a> Part<'a> {
    /// What the part is; only some kinds need its text.
    fn read(self, json: Option<&'a str>) -> Option<Content<'a>> {
        Some(match self.kind.0.as_ref() {
            "text" => Content::Text(self.text?.0),
            "refusal" => Content::Refusal(self.refusal?.0),
            "image_url" => Content::Image(from_url(self.image_url?.url.0)),
            "input_audio" => {
                let audio = self.input_audio?;
                let media_type = match audio.format.0.as_ref() {
                    "mp3" => Cow::Borrowed("audio/mpeg"),
                    format => Cow::Owned(format!("audio/{format}")),
                };
                Content::Audio(Media { media_type: Some(media_type), source: MediaSource::Data(audio.data.0) })
            }
            "file" => match *self.file? {
                InputFile { file_id: Some(id), .. } => {
                    Content::File(Media { media_type: None, source: MediaSource::FileId(id.0) })
                }
                InputFile { file_data: Some(data), .. } => Content::File(from_data(data.0)),
                InputFile { .. } => Content::Other(Cow::Borrowed(json?)),
            },
            _ => Content::Other(Cow::Borrowed(json?)),
        })
    }
}
