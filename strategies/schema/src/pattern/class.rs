//! Sets of characters: what `[…]`, `.`, `\d` and `\p{…}` stand for.

use standin_sdk::context::below;

/// A set of characters, as ranges in order that do not touch.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Class(Vec<(u32, u32)>);

const LAST: u32 = char::MAX as u32;

/// Unicode's properties by their names, as far as texts of our own and the usual scripts go: the whole tables would be a
/// good part of the component.
const PROPERTIES: &[(&str, &[(u32, u32)])] = &[
    (
        "L Letter Alphabetic Alpha",
        &[
            (0x41, 0x5a),
            (0x61, 0x7a),
            (0xaa, 0xaa),
            (0xb5, 0xb5),
            (0xba, 0xba),
            (0xc0, 0xd6),
            (0xd8, 0xf6),
            (0xf8, 0x2c1),
            (0x370, 0x373),
            (0x386, 0x386),
            (0x388, 0x3ff),
            (0x400, 0x481),
            (0x48a, 0x52f),
            (0x531, 0x556),
            (0x561, 0x587),
            (0x5d0, 0x5ea),
            (0x620, 0x64a),
            (0x904, 0x939),
            (0xe01, 0xe30),
            (0x10a0, 0x10fa),
            (0x1e00, 0x1fbc),
            (0x3041, 0x3096),
            (0x30a1, 0x30fa),
            (0x4e00, 0x9fff),
            (0xac00, 0xd7a3),
        ],
    ),
    ("Lu Uppercase_Letter Uppercase", &[(0x41, 0x5a), (0xc0, 0xd6), (0xd8, 0xde), (0x391, 0x3a9), (0x400, 0x42f)]),
    ("Ll Lowercase_Letter Lowercase", &[(0x61, 0x7a), (0xdf, 0xf6), (0xf8, 0xff), (0x3b1, 0x3c9), (0x430, 0x45f)]),
    (
        "N Number",
        &[(0x30, 0x39), (0xb2, 0xb3), (0xb9, 0xb9), (0xbc, 0xbe), (0x660, 0x669), (0x966, 0x96f), (0x2160, 0x2188)],
    ),
    ("Nd Decimal_Number", &[(0x30, 0x39), (0x660, 0x669), (0x966, 0x96f)]),
    (
        "P Punctuation punct",
        &[
            (0x21, 0x23),
            (0x25, 0x2a),
            (0x2c, 0x2f),
            (0x3a, 0x3b),
            (0x3f, 0x40),
            (0x5b, 0x5d),
            (0x5f, 0x5f),
            (0x7b, 0x7b),
            (0x7d, 0x7d),
            (0xa1, 0xa1),
            (0xa7, 0xa7),
            (0xbf, 0xbf),
            (0x2010, 0x2027),
        ],
    ),
    (
        "S Symbol",
        &[
            (0x24, 0x24),
            (0x2b, 0x2b),
            (0x3c, 0x3e),
            (0x5e, 0x5e),
            (0x60, 0x60),
            (0x7c, 0x7c),
            (0x7e, 0x7e),
            (0xa2, 0xa6),
            (0x20a0, 0x20bf),
            (0x2190, 0x22ff),
        ],
    ),
    ("Z Separator Zs Space_Separator", &[(0x20, 0x20), (0xa0, 0xa0), (0x2000, 0x200a), (0x3000, 0x3000)]),
    ("M Mark Mn Nonspacing_Mark", &[(0x300, 0x36f)]),
    ("Cc Control", &[(0, 0x1f), (0x7f, 0x9f)]),
    ("Emoji_Presentation Extended_Pictographic Emoji", &[(0x1f600, 0x1f64f)]),
    ("ASCII", &[(0, 0x7f)]),
    ("Any", &[(0, LAST)]),
    ("Latin Latn", &[(0x41, 0x5a), (0x61, 0x7a), (0xc0, 0xd6), (0xd8, 0xf6), (0xf8, 0x24f)]),
    ("Greek Grek", &[(0x391, 0x3a1), (0x3a3, 0x3a9), (0x3b1, 0x3c9)]),
    ("Cyrillic Cyrl", &[(0x400, 0x4ff)]),
    ("Han Hani", &[(0x4e00, 0x9fff)]),
    ("Hiragana Hira", &[(0x3041, 0x3096)]),
    ("Katakana Kana", &[(0x30a1, 0x30fa)]),
];

impl Class {
    pub(super) fn new(ranges: &[(u32, u32)]) -> Self {
        let mut merged: Vec<(u32, u32)> = Vec::new();
        for &(mut start, mut end) in ranges {
            // All before `from` end before this one, all from `to` on start after it; what is between is one with it.
            let from = merged.partition_point(|other| other.1.saturating_add(1) < start);
            let to = merged.partition_point(|other| other.0 <= end.saturating_add(1));
            if from < to {
                (start, end) = (start.min(merged[from].0), end.max(merged[to - 1].1));
            }
            merged.splice(from..to, [(start, end)]);
        }
        Self(merged)
    }

    pub(super) fn one(char: char) -> Self {
        Self(vec![(char as u32, char as u32)])
    }

    pub(super) fn ranges(&self) -> &[(u32, u32)] {
        &self.0
    }

    /// Every other character.
    pub(super) fn inverse(&self) -> Self {
        let mut next = 0;
        let mut ranges = Vec::with_capacity(self.0.len() + 1);
        for &(start, end) in &self.0 {
            if start > next {
                ranges.push((next, start - 1));
            }
            next = end + 1;
        }
        if next <= LAST {
            ranges.push((next, LAST));
        }
        Self(ranges)
    }

    pub(super) fn contains(&self, char: char) -> bool {
        let char = char as u32;
        let after = self.0.partition_point(|&(start, _)| start <= char);
        after > 0 && self.0[after - 1].1 >= char
    }

    /// `\d`.
    pub(super) fn digit() -> Self {
        Self::new(&[range('0', '9')])
    }

    /// `\w`.
    pub(super) fn word() -> Self {
        Self::new(&[range('0', '9'), range('A', 'Z'), range('_', '_'), range('a', 'z')])
    }

    /// `\s`.
    pub(super) fn space() -> Self {
        let others = [0x20, 0xa0, 0x1680, 0x2028, 0x2029, 0x202f, 0x205f, 0x3000, 0xfeff];
        let mut ranges = vec![(9, 13), (0x2000, 0x200a)];
        ranges.extend(others.map(|char| (char, char)));
        Self::new(&ranges)
    }

    /// `.`.
    pub(super) fn dot() -> Self {
        Self::new(&[(10, 10), (13, 13), (0x2028, 0x2029)]).inverse()
    }

    /// What stands between the braces of `\p{…}`.
    pub(super) fn property(name: &str) -> Option<Self> {
        let name = name.split_once('=').map_or(name, |(_, name)| name);
        let known = PROPERTIES.iter().find(|(names, _)| names.split(' ').any(|known| known == name));
        known.map(|(_, ranges)| Self::new(ranges))
    }

    /// One of its characters: a letter or digit where the class has most of ASCII, unless the choice is bold.
    pub(super) fn pick(&self, bold: bool) -> Option<char> {
        let printable = self.within(0x20, 0x7e);
        let size: u32 = printable.0.iter().map(|(start, end)| end - start + 1).sum();
        let mut ranges = printable;
        if size > 62 && !(bold && below(3) == 0) {
            let plain = self.within('a' as u32, 'z' as u32);
            ranges = if plain.0.is_empty() { ranges } else { plain };
        }
        let ranges = if ranges.0.is_empty() { self } else { &ranges };
        let &(start, end) = standin_sdk::context::pick(&ranges.0)?;
        let code = start + below(u64::from(end - start) + 1) as u32;
        // Only a range across the surrogates has codes that are no characters.
        char::from_u32(code).or_else(|| char::from_u32(start))
    }

    fn within(&self, first: u32, last: u32) -> Self {
        let cut = self.0.iter().map(|&(start, end)| (start.max(first), end.min(last)));
        Self(cut.filter(|(start, end)| start <= end).collect())
    }
}

fn range(first: char, last: char) -> (u32, u32) {
    (first as u32, last as u32)
}
