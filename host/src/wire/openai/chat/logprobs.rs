//! Logarithmic probabilities of the tokens that are said. No model computed them: they are a function of the token and of its
//! place in the text, so that the same text always has the same ones. They look like a model's: the token that was said is the
//! likeliest at its place, mostly by far, and the probabilities of a place never add up to more than 1.
//!
//! Tokens are those of the whole text, in a stream too. There a chunk's text ends where its last whole token ends, and the rest of
//! the token goes out with the chunk that completes it: so a chunk's tokens are its text, and a stream collected is the unary body.

use crate::tokens;
use crate::wire::Ids;
use crate::wire::json::{write_escaped, write_number, write_string};

/// Probabilities are written with eight decimals.
const ONE: u64 = 100_000_000;
const LN_2: u64 = 69_314_718;

/// How certain the model was, 0.9999 to 0.42: the logarithm of that, and of what it leaves to all others, without their signs.
const CERTAINTY: [(u64, u64); 16] = [
    (10_001, 921_034_037),
    (50_013, 760_090_246),
    (100_050, 690_775_528),
    (200_200, 621_460_810),
    (501_254, 529_831_737),
    (1_005_034, 460_517_019),
    (2_020_271, 391_202_301),
    (3_045_921, 350_655_790),
    (5_129_329, 299_573_227),
    (8_338_161, 252_572_864),
    (12_783_337, 212_026_354),
    (18_632_958, 177_195_684),
    (27_443_685, 142_711_636),
    (40_047_757, 110_866_262),
    (59_783_700, 79_850_770),
    (86_750_057, 54_472_718),
];

/// What might have been said instead: more than anybody may ask for.
const OTHERS: [&str; 24] = [
    " the", " a", ",", ".", " and", " to", " of", " in", "The", "I", " is", " that", "!", " you", "\n", " for", " it",
    "It", " on", " with", "You", " as", "?", "In",
];

/// The tokens of a text that is said bit by bit.
#[derive(Debug, Default)]
pub(in crate::wire::openai) struct Tokens {
    text: String,
    /// Where each token ends.
    ends: Vec<usize>,
    /// How many of them are out.
    out: usize,
    /// How much of the text is said, in bytes.
    said: usize,
}

/// Some tokens of a text.
#[derive(Debug, Clone, Copy)]
pub(in crate::wire::openai) struct Run<'t> {
    whole: &'t str,
    start: usize,
    ends: &'t [usize],
    /// The place of the first one.
    place: usize,
}

impl Tokens {
    /// Those of a text, none of which is said.
    pub(in crate::wire::openai) fn of(text: String) -> Self {
        Self { ends: tokens::ends(&text), text, out: 0, said: 0 }
    }

    /// Says a piece of the text: the tokens that are whole now. A piece that was not known is a text of its own.
    pub(in crate::wire::openai) fn say(&mut self, piece: &str) -> Run<'_> {
        self.said += piece.len();
        if self.said > self.text.len() {
            let base = self.text.len();
            self.text.push_str(piece);
            self.said = self.text.len();
            self.ends.extend(tokens::ends(piece).into_iter().map(|end| base + end));
        }
        let (from, mut to) = (self.out, self.out);
        for (index, end) in self.ends.iter().enumerate().skip(from).take_while(|(_, end)| **end <= self.said) {
            // Half a character is not said.
            if self.text.is_char_boundary(*end) {
                to = index + 1;
            }
        }
        self.out = to;
        let start = from.checked_sub(1).and_then(|last| self.ends.get(last)).copied().unwrap_or_default();
        Run { whole: &self.text, start, ends: self.ends.get(from..to).unwrap_or_default(), place: from }
    }

    /// All tokens.
    pub(in crate::wire::openai) fn all(&self) -> Run<'_> {
        Run { whole: &self.text, start: 0, ends: &self.ends, place: 0 }
    }
}

impl<'t> Run<'t> {
    /// None.
    pub(in crate::wire::openai) const EMPTY: Self = Self { whole: "", start: 0, ends: &[], place: 0 };

    /// There is none.
    pub(in crate::wire::openai) const fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Their text.
    pub(in crate::wire::openai) fn text(&self) -> &'t str {
        let end = self.ends.last().copied().unwrap_or(self.start);
        self.whole.get(self.start..end).unwrap_or_default()
    }

    /// Each one with its place.
    pub(in crate::wire::openai) fn tokens(self) -> impl Iterator<Item = (usize, &'t [u8])> {
        let mut start = self.start;
        self.ends.iter().enumerate().map(move |(index, &end)| {
            let token = self.whole.as_bytes().get(start..end).unwrap_or_default();
            start = end;
            (self.place + index, token)
        })
    }
}

/// What a model would say of one token.
pub(in crate::wire::openai) struct Odds {
    /// The logarithm of its probability, in parts of [`ONE`], without the sign.
    said: u64,
    left: u64,
    dice: Ids,
}

impl Odds {
    /// Those of a token at a place.
    pub(in crate::wire::openai) fn of(token: &[u8], place: usize) -> Self {
        let hash = token.iter().fold(place as u64 ^ 0xcbf2_9ce4_8422_2325, |hash, byte| {
            (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
        });
        let mut dice = Ids::new(hash);
        let (said, left) = CERTAINTY[(dice.next_u64() % CERTAINTY.len() as u64) as usize];
        let said = said + dice.next_u64() % (said / 8);
        Self { said, left, dice }
    }

    /// Appends the logarithm of the token's own probability.
    pub(in crate::wire::openai) fn write(&self, out: &mut Vec<u8>) {
        write_logarithm(out, self.said);
    }

    /// Calls back with so many other tokens, the likeliest first, and what to write of each. Each gets half of what the ones
    /// before it left, or less.
    pub(in crate::wire::openai) fn others(
        mut self,
        token: &[u8],
        count: usize,
        mut each: impl FnMut(&'static str, &dyn Fn(&mut Vec<u8>)),
    ) {
        // No divisor of the number of others: every one comes up, and once.
        let step = [5, 7, 11, 13][(self.dice.next_u64() % 4) as usize];
        let first = (self.dice.next_u64() % OTHERS.len() as u64) as usize;
        let others = (0..OTHERS.len()).map(|index| OTHERS[(first + step * index) % OTHERS.len()]);
        let others = others.filter(|other| other.as_bytes() != token);
        for other in others.take(count) {
            self.left += LN_2;
            let logarithm = self.left + self.dice.next_u64() % LN_2;
            each(other, &|out| write_logarithm(out, logarithm));
        }
    }
}

fn write_logarithm(out: &mut Vec<u8>, parts: u64) {
    out.push(b'-');
    write_number(out, parts / ONE);
    out.push(b'.');
    let mut rest = parts % ONE;
    let mut digits = [b'0'; 8];
    for digit in digits.iter_mut().rev() {
        *digit = b'0' + (rest % 10) as u8;
        rest /= 10;
    }
    let used = digits.iter().rposition(|digit| *digit != b'0').map_or(1, |last| last + 1);
    out.extend_from_slice(&digits[..used]);
}

/// Appends a token's text as it stands inside a JSON string. Bytes that are no whole character are written as `\xf0`, as the
/// provider does.
pub(in crate::wire::openai) fn write_token(out: &mut Vec<u8>, token: &[u8]) {
    for chunk in token.utf8_chunks() {
        write_escaped(out, chunk.valid());
        for byte in chunk.invalid() {
            write_escaped(out, &format!("\\x{byte:02x}"));
        }
    }
}

/// Appends the `logprobs` of a choice or of a chunk, with so many entries in every `top_logprobs`.
pub(super) fn write(out: &mut Vec<u8>, content: Run<'_>, refusal: Run<'_>, top: u32) {
    if content.is_empty() && refusal.is_empty() {
        out.extend_from_slice(b"null");
        return;
    }
    for (before, run) in [(br#"{"content":"#.as_slice(), content), (br#","refusal":"#, refusal)] {
        out.extend_from_slice(before);
        if run.is_empty() {
            out.extend_from_slice(b"null");
            continue;
        }
        for (index, (place, token)) in run.tokens().enumerate() {
            out.push(if index == 0 { b'[' } else { b',' });
            write_entry(out, place, token, top);
        }
        out.push(b']');
    }
    out.push(b'}');
}

fn write_entry(out: &mut Vec<u8>, place: usize, token: &[u8], top: u32) {
    let odds = Odds::of(token, place);
    let begin = |out: &mut Vec<u8>| {
        out.extend_from_slice(br#"{"token":""#);
        write_token(out, token);
        out.extend_from_slice(br#"","logprob":"#);
        odds.write(out);
        out.extend_from_slice(br#","bytes":"#);
        write_bytes(out, token);
    };
    begin(out);
    out.extend_from_slice(br#","top_logprobs":["#);
    if top > 0 {
        begin(out);
        out.push(b'}');
        odds.others(token, top as usize - 1, |other, logarithm| {
            out.extend_from_slice(br#",{"token":"#);
            write_string(out, other);
            out.extend_from_slice(br#","logprob":"#);
            logarithm(out);
            out.extend_from_slice(br#","bytes":"#);
            write_bytes(out, other.as_bytes());
            out.push(b'}');
        });
    }
    out.extend_from_slice(b"]}");
}

fn write_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    for (index, byte) in bytes.iter().enumerate() {
        out.push(if index == 0 { b'[' } else { b',' });
        write_number(out, (*byte).into());
    }
    out.push(b']');
}
