//! `POST /v1/moderations`: judges texts and pictures, without a model.
//!
//! A category is flagged where a text names it: `violence`, `self-harm/intent` and so on, as a word of its own, in any case.
//! So a test gets the judgement that it asks for. Naming `hate/threatening` names `hate` as well. A picture is judged by its
//! address, unless that is the picture itself. Scores are a function of category and text: next to 1 where it is flagged,
//! next to 0 where it is not.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::Value;

use super::chat::limits::at_most;
use super::error::OpenAiWording;
use crate::chat::ApiError;
use crate::wire::check::{Shape, Tagged, Wording, first_violation, optional, required};
use crate::wire::field::{Text, TextOr};
use crate::wire::json::write_string;
use crate::wire::{Ids, ids};

#[cfg(test)]
mod tests;

/// A category, and whether a picture can be of it.
type Category = (&'static str, bool);

const CATEGORIES: [Category; 13] = [
    ("harassment", false),
    ("harassment/threatening", false),
    ("sexual", true),
    ("hate", false),
    ("hate/threatening", false),
    ("illicit", false),
    ("illicit/violent", false),
    ("self-harm/intent", true),
    ("self-harm/instructions", true),
    ("self-harm", true),
    ("sexual/minors", false),
    ("violence", true),
    ("violence/graphic", true),
];

/// The model where the client names none.
const MODEL: &str = "omni-moderation-latest";

/// The most texts of one request.
const MOST: usize = 2048;

/// The body of an answer.
///
/// # Errors
/// What the provider says of a body that is not as it should be.
pub fn answer(body: &str, ids: &mut Ids) -> Result<Vec<u8>, ApiError> {
    let wire = match read(body) {
        Some(wire) => wire,
        None => {
            let value: Value =
                serde_json::from_str(body).map_err(|error| OpenAiWording.malformed(&error.to_string()))?;
            if let Some(violation) = first_violation(body_shape(&value), &value) {
                return Err(OpenAiWording.violation(&violation));
            }
            // A key that occurs twice: the parsed body has the last one.
            return answer_again(&value.to_string(), ids);
        }
    };
    write(&wire, ids)
}

fn answer_again(body: &str, ids: &mut Ids) -> Result<Vec<u8>, ApiError> {
    let unread = || ApiError::new(400, "A field of the body has a type that its place does not allow.");
    write(&read(body).ok_or_else(unread)?, ids)
}

#[derive(Deserialize)]
struct Wire<'a> {
    #[serde(borrow)]
    input: TextOr<'a, Item<'a>>,
    #[serde(borrow)]
    model: Option<Text<'a>>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Item<'a> {
    Text(#[serde(borrow)] Text<'a>),
    Part(#[serde(borrow)] Part<'a>),
}

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Part<'a> {
    Text {
        #[serde(borrow)]
        text: Text<'a>,
    },
    ImageUrl {
        #[serde(borrow)]
        image_url: ImageUrl<'a>,
    },
}

#[derive(Deserialize)]
struct ImageUrl<'a> {
    #[serde(borrow)]
    url: Text<'a>,
}

/// Reads a body that is as it should be: texts alone, or parts alone.
fn read(body: &str) -> Option<Wire<'_>> {
    let wire: Wire<'_> = serde_json::from_str(body).ok()?;
    if let TextOr::List(items) = &wire.input {
        let texts = items.iter().filter(|item| matches!(item, Item::Text(_))).count();
        if items.is_empty() || (texts > 0 && texts < items.len()) {
            return None;
        }
    }
    Some(wire)
}

/// What the body has to be: the first item of its list tells what the others have to be.
fn body_shape(body: &Value) -> &'static Shape {
    static TEXTS: Shape = Shape::Object(&[
        required("input", Shape::Either(&[Shape::Text, Shape::List(&Shape::Text, 1)])),
        optional("model", Shape::Text),
    ]);
    static PARTS: Shape = Shape::Object(&[
        required("input", Shape::Either(&[Shape::Text, Shape::List(&Shape::Tagged(&PART), 1)])),
        optional("model", Shape::Text),
    ]);
    static PART: Tagged = Tagged {
        tag: "type",
        cases: &[
            ("text", &[required("text", Shape::Text)]),
            ("image_url", &[required("image_url", Shape::Object(&[required("url", Shape::Text)]))]),
        ],
        default: None,
        others: None,
    };
    match body.pointer("/input/0") {
        Some(Value::Object(_)) => &PARTS,
        _ => &TEXTS,
    }
}

/// What is judged at once.
#[derive(Default)]
struct Subject<'a> {
    texts: Vec<Cow<'a, str>>,
    images: Vec<Cow<'a, str>>,
}

fn write(wire: &Wire<'_>, ids: &mut Ids) -> Result<Vec<u8>, ApiError> {
    let text = |text: &Cow<'_, str>| Subject { texts: vec![Cow::Owned(text.to_string())], ..Subject::default() };
    // Texts are judged one by one, the parts of a message together.
    let mut subjects = Vec::new();
    match &wire.input {
        TextOr::Text(only) => subjects.push(text(only)),
        TextOr::List(items) => {
            at_most("input", MOST, items.len())?;
            let mut whole = Subject::default();
            for item in items {
                match item {
                    Item::Text(Text(one)) => subjects.push(text(one)),
                    Item::Part(Part::Text { text: Text(part) }) => whole.texts.push(Cow::Borrowed(part)),
                    Item::Part(Part::ImageUrl { image_url }) => whole.images.push(Cow::Borrowed(&image_url.url.0)),
                }
            }
            if subjects.is_empty() {
                subjects.push(whole);
            }
        }
    }

    let mut out = Vec::with_capacity(256 + subjects.len() * 1536);
    out.extend_from_slice(br#"{"id":"#);
    write_string(&mut out, &ids.hex("modr-", 32));
    out.extend_from_slice(br#","model":"#);
    write_string(&mut out, wire.model.as_ref().map_or(MODEL, |model| &model.0));
    out.extend_from_slice(br#","results":["#);
    for (index, subject) in subjects.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        subject.write(&mut out);
    }
    out.extend_from_slice(b"]}");
    Ok(out)
}

impl Subject<'_> {
    fn write(&self, out: &mut Vec<u8>) {
        let judged = CATEGORIES.map(|category| (category, self.is(category)));
        let word = |is: bool| if is { b"true".as_slice() } else { b"false" };
        out.extend_from_slice(br#"{"flagged":"#);
        out.extend_from_slice(word(judged.iter().any(|(_, flagged)| *flagged)));
        write_each(out, "categories", &judged, |out, _, flagged| out.extend_from_slice(word(flagged)));
        write_each(out, "category_scores", &judged, |out, (name, _), flagged| self.write_score(out, name, flagged));
        write_each(out, "category_applied_input_types", &judged, |out, (_, pictures), _| {
            self.write_types(out, pictures)
        });
        out.push(b'}');
    }

    /// Whether something names a category that it can be of.
    fn is(&self, (name, pictures): Category) -> bool {
        let images = self.images.iter().filter(|url| pictures && !url.starts_with("data:"));
        self.texts.iter().chain(images).any(|text| names(text, name))
    }

    /// 0.9 to 1, or up to 0.01, with seven decimals.
    fn write_score(&self, out: &mut Vec<u8>, category: &str, flagged: bool) {
        let key = self.texts.iter().chain(&self.images).fold(0, |key, text| ids::key(key, text, 0, category));
        let draw = Ids::new(key).next_u64();
        let parts = if flagged { 9_000_001 + draw % 999_998 } else { 1 + draw % 99_999 };
        out.extend_from_slice(b"0.");
        let digits = format!("{parts:07}");
        out.extend_from_slice(digits.trim_end_matches('0').as_bytes());
    }

    /// The kinds of input that a score is about.
    fn write_types(&self, out: &mut Vec<u8>, pictures: bool) {
        out.extend_from_slice(match (!self.texts.is_empty(), pictures && !self.images.is_empty()) {
            (true, true) => br#"["text","image"]"#.as_slice(),
            (true, false) => br#"["text"]"#,
            (false, true) => br#"["image"]"#,
            (false, false) => b"[]",
        });
    }
}

/// An object with something for each category.
fn write_each(out: &mut Vec<u8>, key: &str, judged: &[(Category, bool)], value: impl Fn(&mut Vec<u8>, Category, bool)) {
    out.push(b',');
    write_string(out, key);
    for (index, (category, flagged)) in judged.iter().enumerate() {
        out.extend_from_slice(if index == 0 { b":{" } else { b"," });
        write_string(out, category.0);
        out.push(b':');
        value(out, *category, *flagged);
    }
    out.push(b'}');
}

/// Whether a text has this word, in any case, with no letter or digit next to it.
fn names(text: &str, word: &str) -> bool {
    let apart = |next: Option<char>| next.is_none_or(|next| !next.is_alphanumeric());
    text.as_bytes().windows(word.len()).enumerate().any(|(at, window)| {
        // Only ASCII matches, so both ends stand between characters.
        window.eq_ignore_ascii_case(word.as_bytes())
            && apart(text.get(..at).and_then(|before| before.chars().next_back()))
            && apart(text.get(at + word.len()..).and_then(|behind| behind.chars().next()))
    })
}
