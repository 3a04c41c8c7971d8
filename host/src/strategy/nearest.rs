//! What somebody may have meant: the texts of a chain's conditions that are nearest to one that none of them knows.

use std::collections::BinaryHeap;
use std::fmt;

use serde_json::Value;

use super::activation::Condition;
use super::chain::Chain;

/// So many are told.
const MOST: usize = 3;
/// A longer text is compared by its beginning.
const COMPARED: usize = 2_000;

/// A text that a strategy waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Near<'c> {
    /// The strategy.
    pub strategy: &'c str,
    /// Whether it is enough that the prompt contains the text.
    pub contains: bool,
    /// The text.
    pub text: &'c str,
}

impl fmt::Display for Near<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const SHOWN: usize = 80;
        let shown: String = self.text.chars().take(SHOWN).collect();
        let dots = if shown.len() < self.text.len() { "…" } else { "" };
        let is = if self.contains { "contains" } else { "is" };
        write!(f, "`{}` answers where the last user text {is} {shown:?}{dots}", self.strategy)
    }
}

/// The nearest texts that conditions of the chain wait for, the nearest first.
pub fn nearest<'c>(chain: &'c Chain, text: &str) -> Vec<Near<'c>> {
    let like = Likeness::to(text);
    // The least alike on top. Of two that are as alike the earlier one stays.
    let mut best: BinaryHeap<(std::cmp::Reverse<u32>, usize)> = BinaryHeap::with_capacity(MOST + 1);
    let mut known: Vec<(usize, Near<'c>)> = Vec::new();
    for (place, near) in texts(chain).enumerate() {
        let likeness = if near.contains { like.of(near.text).max(like.holds(near.text)) } else { like.of(near.text) };
        best.push((std::cmp::Reverse((likeness * 1e6) as u32), place));
        let left = if best.len() > MOST { best.pop().map(|(_, place)| place) } else { None };
        if left != Some(place) {
            known.retain(|(place, _)| Some(*place) != left);
            known.push((place, near));
        }
    }
    let ordered = best.into_sorted_vec();
    ordered.iter().filter_map(|(_, place)| known.iter().find(|(it, _)| it == place)).map(|(_, near)| *near).collect()
}

/// Every text that a condition of the chain compares with.
fn texts(chain: &Chain) -> impl Iterator<Item = Near<'_>> {
    chain.stages().iter().flat_map(|plugin| {
        let near = |contains, text| Near { strategy: &plugin.name, contains, text };
        plugin.activation.conditions().iter().flat_map(move |condition| {
            let (one, table) = match condition {
                Condition::UserTextContains(text) => (Some(near(true, text.as_str())), None),
                Condition::UserTextEquals(text) => (Some(near(false, text.as_str())), None),
                Condition::UserTextKeyOf(at) => (None, plugin.settings.pointer(at).and_then(Value::as_object)),
                _ => (None, None),
            };
            one.into_iter().chain(table.into_iter().flat_map(|it| it.keys()).map(move |key| near(false, key)))
        })
    })
}

/// How alike texts are to one text: by the pairs of letters that both have, without regard to case.
#[derive(Debug, Clone)]
pub struct Likeness {
    /// The pairs, by a hash of 12 bits.
    pairs: Box<[u64; 64]>,
    count: usize,
}

impl Likeness {
    /// To this text.
    pub fn to(text: &str) -> Self {
        let mut likeness = Self { pairs: Box::new([0; 64]), count: 0 };
        for pair in pairs(text) {
            let (word, bit) = place(pair);
            likeness.count += usize::from(likeness.pairs[word] & bit == 0);
            likeness.pairs[word] |= bit;
        }
        likeness
    }

    /// The pairs of another text, and how many of them this one has as well.
    fn shared(&self, text: &str) -> (usize, usize) {
        let mut seen = [0_u64; 64];
        let (mut count, mut shared) = (0, 0);
        for pair in pairs(text) {
            let (word, bit) = place(pair);
            if seen[word] & bit == 0 {
                seen[word] |= bit;
                count += 1;
                shared += usize::from(self.pairs[word] & bit != 0);
            }
        }
        (count, shared)
    }

    /// How alike the two are, from 0 to 1.
    pub fn of(&self, text: &str) -> f32 {
        let (count, shared) = self.shared(text);
        if count + self.count == 0 { 1.0 } else { 2.0 * shared as f32 / (count + self.count) as f32 }
    }

    /// How much of the other text is in this one.
    pub fn holds(&self, text: &str) -> f32 {
        let (count, shared) = self.shared(text);
        if count == 0 { 1.0 } else { shared as f32 / count as f32 }
    }

    /// How much of this text is in the other one.
    pub fn within(&self, text: &str) -> f32 {
        let (_, shared) = self.shared(text);
        if self.count == 0 { 1.0 } else { shared as f32 / self.count as f32 }
    }
}

fn pairs(text: &str) -> impl Iterator<Item = [u8; 2]> {
    let text = text.trim().as_bytes();
    let text = &text[..text.len().min(COMPARED)];
    // The first and the last letter count too, and so does a single one.
    let edges = text.first().map(|first| [0, *first]).into_iter().chain(text.last().map(|last| [*last, 0]));
    text.windows(2).map(|pair| [pair[0], pair[1]]).chain(edges).map(|pair| pair.map(|byte| byte.to_ascii_lowercase()))
}

fn place([first, second]: [u8; 2]) -> (usize, u64) {
    let hash = (u32::from(first) << 8 | u32::from(second)).wrapping_mul(0x9e37_79b1) >> 20;
    ((hash >> 6) as usize, 1 << (hash & 63))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_nearer_than_another_text() {
        let like = Likeness::to("What is the capital of France?");
        let order = ["what is the capital of france", "What is the capital of Spain?", "How are you?", "zzz"];
        let found = order.map(|text| like.of(text));
        assert!(found.is_sorted_by(|a, b| a > b), "{found:?}");
        assert!(like.of("WHAT IS THE CAPITAL OF FRANCE?") > 0.999);
        assert!(Likeness::to("raise error {}").holds("raise error") > 0.9);
        assert!(Likeness::to("capital").within("the capital of France") > 0.7);
    }

    #[test]
    fn short_and_empty_texts_compare() {
        assert!(Likeness::to("").of("") > 0.999);
        assert!(Likeness::to("a").of("A") > 0.999);
        assert!(Likeness::to("a").of("b") < 0.001);
        assert!(Likeness::to("").of("abc") < 0.001);
    }
}
