//! Texts of a request, in the four forms that the provider takes: one text, a list of them, or the same in tokens.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Error, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use crate::tokens;
use crate::wire::check::Shape;
use crate::wire::field::{Int, Text};
use crate::wire::json;

/// The most texts of one request.
pub(in crate::wire::openai) const MOST: usize = 2048;

/// The texts, of tokens too. Tokens are those of o200k_base for every model.
#[derive(Debug, PartialEq)]
pub(in crate::wire::openai) struct Texts<'a>(pub(in crate::wire::openai) Vec<Cow<'a, str>>);

/// The highest number of a token.
const LAST: i64 = tokens::IDS as i64 - 1;

static TOKEN: Shape = Shape::Int(0, LAST);
static TOKENS: Shape = Shape::List(&TOKEN, 1);
static ANY_ITEM: Shape = Shape::Either(&[Shape::Text, Shape::Int(0, LAST), Shape::List(&TOKEN, 1)]);

/// What such a field has to be, where the first item of its list is a text, a token, a list of tokens, or none of them.
pub(in crate::wire::openai) static SHAPES: [&[Shape]; 4] = [
    &[Shape::Text, Shape::List(&Shape::Text, 1)],
    &[Shape::Text, Shape::List(&TOKEN, 1)],
    &[Shape::Text, Shape::List(&TOKENS, 1)],
    &[Shape::Text, Shape::List(&ANY_ITEM, 1)],
];

/// Which of [`SHAPES`] the field at a pointer is to be held against.
pub(in crate::wire::openai) fn shape_of(body: &str, pointer: &str) -> usize {
    let first = json::at(body, &format!("{pointer}/0"));
    match first.and_then(|first| first.bytes().next()) {
        Some(b'"') => 0,
        Some(b'-' | b'0'..=b'9') => 1,
        Some(b'[') => 2,
        _ => 3,
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Texts<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TextsVisitor)
    }
}

struct TextsVisitor;

impl<'de> Visitor<'de> for TextsVisitor {
    type Value = Texts<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text, or a list of texts or of tokens")
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Texts(vec![Cow::Borrowed(text)]))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Texts(vec![Cow::Owned(text.to_owned())]))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        match seq.next_element()? {
            None => Err(A::Error::custom("an empty list")),
            Some(Item::Text(first)) => {
                let mut texts = vec![first];
                while let Some(Text(text)) = seq.next_element()? {
                    texts.push(text);
                }
                Ok(Texts(texts))
            }
            Some(Item::Token(first)) => {
                let mut ids = vec![first];
                while let Some(id) = seq.next_element::<Int<0, LAST>>()? {
                    ids.push(id.to_u32());
                }
                Ok(Texts(vec![decoded(&ids)?]))
            }
            Some(Item::Tokens(first)) => {
                let mut texts = vec![decoded(&first)?];
                while let Some(Ids(ids)) = seq.next_element()? {
                    texts.push(decoded(&ids)?);
                }
                Ok(Texts(texts))
            }
        }
    }
}

fn decoded<'a, E: Error>(ids: &[u32]) -> Result<Cow<'a, str>, E> {
    tokens::decode(ids).map(Cow::Owned).ok_or_else(|| E::custom("no token"))
}

/// A list of tokens, at least one.
struct Ids(Vec<u32>);

impl<'de> Deserialize<'de> for Ids {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let ids: Vec<Int<0, LAST>> = Vec::deserialize(deserializer)?;
        if ids.is_empty() { Err(D::Error::custom("an empty list")) } else { Ok(Self::of(ids)) }
    }
}

impl Ids {
    fn of(ids: Vec<Int<0, LAST>>) -> Self {
        Self(ids.into_iter().map(Int::to_u32).collect())
    }
}

/// The first item of a list, which tells what the others have to be.
enum Item<'a> {
    Text(Cow<'a, str>),
    Token(u32),
    Tokens(Vec<u32>),
}

impl<'de: 'a, 'a> Deserialize<'de> for Item<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ItemVisitor)
    }
}

struct ItemVisitor;

impl<'de> Visitor<'de> for ItemVisitor {
    type Value = Item<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text, a token, or a list of tokens")
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Item::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Item::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Self::Value, E> {
        let id = u32::try_from(number).ok().filter(|id| *id < tokens::IDS);
        id.map(Item::Token).ok_or_else(|| E::custom("no token"))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Self::Value, E> {
        // `1.0` is a whole number too, as everywhere.
        if number.fract() == 0.0 && (0.0..f64::from(tokens::IDS)).contains(&number) {
            return Ok(Item::Token(number as u32));
        }
        Err(E::custom("no token"))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let mut ids = Vec::with_capacity(seq.size_hint().unwrap_or_default());
        while let Some(id) = seq.next_element::<Int<0, LAST>>()? {
            ids.push(id.to_u32());
        }
        if ids.is_empty() { Err(A::Error::custom("an empty list")) } else { Ok(Item::Tokens(ids)) }
    }
}
