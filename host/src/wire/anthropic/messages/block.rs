//! Content blocks of a request.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::decode::has_shape;
use super::shape;
use crate::chat::request::join;
use crate::chat::{Content, Media, MediaSource};
use crate::wire::field::{Text, TextOr};

/// A block of a message, a system prompt or a tool's result, in one of the two forms that it is read in.
pub(super) trait BlockForm<'a>: Deserialize<'a> {
    /// Adds the block to others; none where it is not as it should be, or where this form cannot tell. A result inside a
    /// result has no meaning, and following it down would let a body decide how deep the stack grows.
    fn read(self, blocks: &mut Blocks<'a>, in_result: bool) -> Option<()>;
}

impl<'a, C: BlockForm<'a>> BlockForm<'a> for Block<'a, C> {
    fn read(self, blocks: &mut Blocks<'a>, in_result: bool) -> Option<()> {
        if self.is_known(in_result) { self.read_known(blocks, None) } else { None }
    }
}

impl<'a> BlockForm<'a> for &'a RawValue {
    fn read(self, blocks: &mut Blocks<'a>, in_result: bool) -> Option<()> {
        let json = self.get();
        match serde_json::from_str::<Block<'a, &'a RawValue>>(json) {
            Ok(block) if block.is_known(in_result) => return block.read_known(blocks, Some(json)),
            Ok(_) => {}
            // A block of another kind may use the others' field names as it likes.
            Err(_) => {
                let tag: Tag<'_> = serde_json::from_str(json).ok()?;
                if KINDS.contains(&tag.kind.0.as_ref()) {
                    return None;
                }
            }
        }
        blocks.rest.push(other(json)?);
        Some(())
    }
}

/// A block that has no neutral name; the table knows what it needs.
fn other(json: &str) -> Option<Content<'_>> {
    has_shape(json, &shape::BLOCK).then_some(Content::Other(Cow::Borrowed(json)))
}

/// A block, parsed. What a tool's result holds is read as `C`. What few blocks have is boxed: the others are moved about
/// without it.
#[derive(Deserialize)]
pub(super) struct Block<'a, C> {
    #[serde(rename = "type", borrow)]
    kind: Text<'a>,
    #[serde(borrow)]
    text: Option<Text<'a>>,
    #[serde(borrow)]
    source: Option<Box<Source<'a>>>,
    #[serde(borrow)]
    id: Option<Text<'a>>,
    #[serde(borrow)]
    name: Option<Text<'a>>,
    #[serde(borrow)]
    input: Option<&'a RawValue>,
    #[serde(borrow)]
    tool_use_id: Option<Text<'a>>,
    #[serde(borrow)]
    content: Option<TextOr<'a, C>>,
    is_error: Option<bool>,
    #[serde(borrow)]
    thinking: Option<Text<'a>>,
    #[serde(borrow)]
    signature: Option<Text<'a>>,
    #[serde(borrow)]
    data: Option<Text<'a>>,
    #[serde(borrow)]
    #[expect(dead_code, reason = "only checked")]
    cache_control: Option<Box<CacheControl<'a>>>,
}

/// A place up to which a prompt is to be cached.
#[derive(Deserialize)]
#[expect(dead_code, reason = "only checked")]
pub(super) struct CacheControl<'a> {
    #[serde(rename = "type")]
    kind: CacheKind,
    #[serde(borrow)]
    ttl: Option<Text<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum CacheKind {
    Ephemeral,
}

#[derive(Deserialize)]
struct Source<'a> {
    #[serde(rename = "type", borrow)]
    kind: Text<'a>,
    #[serde(borrow)]
    media_type: Option<Text<'a>>,
    #[serde(borrow)]
    data: Option<Text<'a>>,
    #[serde(borrow)]
    url: Option<Text<'a>>,
    #[serde(borrow)]
    file_id: Option<Text<'a>>,
}

#[derive(Deserialize)]
struct Tag<'a> {
    #[serde(rename = "type", borrow)]
    kind: Text<'a>,
}

const KINDS: [&str; 7] = ["text", "image", "document", "tool_use", "tool_result", "thinking", "redacted_thinking"];

/// The blocks of one message.
#[derive(Default)]
pub(super) struct Blocks<'a> {
    /// The results of tools, each followed by what it holds beside text.
    pub(super) results: Vec<Content<'a>>,
    /// Everything else.
    pub(super) rest: Vec<Content<'a>>,
}

impl<'a, C: BlockForm<'a>> Block<'a, C> {
    fn is_known(&self, in_result: bool) -> bool {
        KINDS.contains(&self.kind.0.as_ref()) && !(in_result && self.kind.0 == "tool_result")
    }

    /// Reads a block of a known kind; only some kinds need its text.
    fn read_known(self, blocks: &mut Blocks<'a>, json: Option<&'a str>) -> Option<()> {
        let content = match self.kind.0.as_ref() {
            "tool_result" => return self.read_result(blocks),
            "text" => Content::Text(self.text?.0),
            "image" => match media(*self.source?)? {
                Some(media) => Content::Image(media),
                None => other(json?)?,
            },
            "document" => match media(*self.source?)? {
                Some(media) => Content::File(media),
                None => other(json?)?,
            },
            "tool_use" => Content::ToolCall {
                id: self.id?.0,
                kind: Cow::Borrowed("function"),
                name: self.name?.0,
                arguments: object(self.input?)?,
            },
            "thinking" => {
                Content::Reasoning { text: self.thinking?.0, signature: Some(self.signature?.0), redacted: false }
            }
            _ => Content::Reasoning { text: self.data?.0, signature: None, redacted: true },
        };
        blocks.rest.push(content);
        Some(())
    }

    fn read_result(self, blocks: &mut Blocks<'a>) -> Option<()> {
        let (content, others) = match self.content {
            None => (Cow::Borrowed(""), Vec::new()),
            Some(TextOr::Text(text)) => (text, Vec::new()),
            Some(TextOr::List(list)) => {
                let mut inner = Blocks::default();
                for block in list {
                    block.read(&mut inner, true)?;
                }
                let (mut texts, mut others) = (Vec::new(), Vec::new());
                for part in inner.rest {
                    match part {
                        Content::Text(text) => texts.push(text),
                        other => others.push(other),
                    }
                }
                (join(texts.into_iter()).unwrap_or_default(), others)
            }
        };
        let (call_id, is_error) = (self.tool_use_id?.0, self.is_error.unwrap_or_default());
        blocks.results.push(Content::ToolResult { call_id, content, is_error });
        blocks.results.extend(others);
        Some(())
    }
}

/// Where the bytes are; the outer none where a source lacks something, the inner one for a kind without a neutral name.
fn media(source: Source<'_>) -> Option<Option<Media<'_>>> {
    let (media_type, source) = match source.kind.0.as_ref() {
        "base64" => (Some(source.media_type?.0), MediaSource::Data(source.data?.0)),
        "url" => (None, MediaSource::Url(source.url?.0)),
        "file" => (None, MediaSource::FileId(source.file_id?.0)),
        _ => return Some(None),
    };
    Some(Some(Media { media_type, source }))
}

/// The text of a value that has to be an object.
pub(super) fn object(raw: &RawValue) -> Option<Cow<'_, str>> {
    raw.get().starts_with('{').then_some(Cow::Borrowed(raw.get()))
}
