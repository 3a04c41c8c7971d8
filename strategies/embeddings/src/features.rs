//! What of a text goes into its vector, and how much each counts.
//!
//! - each word by its stem, less where the thesaurus knows it, since then its meaning says it again;
//! - its meaning: the group of words that mean about the same, its topic, and the field of that. Of several meanings, those
//!   count that fit the other words of the text. A word that is not known may have a known one at its front or back;
//! - its spelling: runs of three to five letters, and its consonants in alphabetical order, which survive most slips
//!   of the pen and many borders of languages;
//! - each pair of words that follow one another.
//!
//! A feature that occurs n times counts as √n, a topic somewhat more. The weights were found by trial on everyday texts.

use crate::sketch::Sketch;
use crate::sound::sound;
use crate::table::Meaning;
use crate::thesaurus::{Import, import, knows, meanings};
use crate::words::{LONGEST, Word, Words, hash, is_unparted, join};

/// Kinds of features: those of one never meet those of another.
const STEM: u64 = 0x1d;
const GROUP: u64 = 0x2b;
const TOPIC: u64 = 0x35;
const FIELD: u64 = 0x83;
const PAIR: u64 = 0x47;
const RUN: u64 = 0x59;
const SOUND: u64 = 0x63;
const SILENCE: u64 = 0x7133_9f0c_55d6_2ab7;

/// How much words of each import count.
const COMMON: f32 = 0.1;
const LIGHT: f32 = 0.3;
const EVERYDAY: f32 = 0.7;
const SOMETIMES_EVERYDAY: f32 = 0.85;
const SHORT: f32 = 0.5;
/// Of a word, how much its features count.
const UNKNOWN_STEM: f32 = 0.9;
const KNOWN_STEM: f32 = 0.55;
const MEANING: f32 = 1.2;
const ABOUT: f32 = 1.1;
const ABOUT_ANYTHING: f32 = 0.55;
const WITHIN: f32 = 0.5;
const PART: f32 = 0.8;
const FOLLOWING: f32 = 0.3;
/// A character of a script without spaces says less than a pair of them.
const CHARACTER: f32 = 0.5;
const HIRAGANA: f32 = 0.2;
const CHARACTERS: f32 = 2.0;
/// Runs of letters: where the word is known, where it is not, and where its script is not Latin.
const KNOWN_RUN: f32 = 0.14;
const UNKNOWN_RUN: f32 = 0.16;
const FOREIGN_RUN: f32 = 0.28;
const CONSONANTS: f32 = 0.7;
const FEW_CONSONANTS: f32 = 0.42;
/// How likely a meaning is that nothing else in the text supports.
const UNSUPPORTED: f32 = 0.2;

/// A feature of a text.
#[derive(Debug, Clone, Copy)]
struct Feature {
    hash: u64,
    weight: f32,
    kind: Kind,
}

#[derive(Debug, Clone, Copy)]
enum Kind {
    /// The word at this place.
    Word(u32),
    /// A topic, or a field.
    Subject,
    Other,
}

/// Finds the features of texts.
#[derive(Debug)]
pub(crate) struct Reader {
    words: Words,
    features: Vec<Feature>,
    /// What of the text has meanings, and how much each counts.
    meant: Vec<(u64, f32)>,
    topics: [f32; 256],
    fields: [f32; 256],
}

impl Reader {
    pub(crate) fn new() -> Self {
        Self { words: Words::new(), features: Vec::new(), meant: Vec::new(), topics: [0.0; 256], fields: [0.0; 256] }
    }

    /// Adds all features of a text to a sketch.
    pub(crate) fn read(&mut self, text: &str, sketch: &mut Sketch) {
        self.words.read(text);
        self.features.clear();
        self.meant.clear();
        self.find();
        self.understand();
        if self.features.is_empty() {
            sketch.add(SILENCE, 1.0);
        }
        self.features.sort_unstable_by_key(|feature| feature.hash);
        for same in self.features.chunk_by(|one, two| one.hash == two.hash) {
            let total = same.iter().map(|feature| feature.weight * feature.weight).sum::<f32>().sqrt();
            match same[0].kind {
                Kind::Other => sketch.add(same[0].hash, total),
                Kind::Subject => {
                    let sum: f32 = same.iter().map(|feature| feature.weight).sum();
                    sketch.add(same[0].hash, (sum * total).sqrt().min(1.5 * total));
                }
                Kind::Word(at) => {
                    let word = self.words.list()[at as usize];
                    let known = knows(word.stem);
                    sketch.add(same[0].hash, total * if known { KNOWN_STEM } else { UNKNOWN_STEM });
                    if same[0].weight > COMMON {
                        spell(self.words.letters(word), known, total, sketch);
                    }
                }
            }
        }
    }

    /// Words and pairs of them.
    fn find(&mut self) {
        let mut previous: Option<Word> = None;
        let mut before: Option<(Word, f32)> = None;
        for at in 0..self.words.list().len() {
            let word = self.words.list()[at];
            let weight = self.weight(word);
            self.features.push(Feature { hash: join(STEM, word.stem), weight, kind: Kind::Word(at as u32) });
            if knows(word.stem) {
                self.meant.push((word.stem, weight));
            } else if weight == 1.0 {
                self.take_apart(word);
            }
            let phrase = previous.map(|previous| join(previous.stem, word.stem));
            if let Some(phrase) = phrase.filter(|phrase| knows(*phrase)) {
                self.meant.push((phrase, 1.0));
            }
            previous = Some(word);
            if weight > COMMON {
                if let Some((first, its)) = before {
                    let unparted = is_unparted(self.words.letters(word)[0]);
                    let weight = (its * weight).sqrt() * if unparted { CHARACTERS } else { FOLLOWING };
                    let hash = join(join(PAIR, first.stem), word.stem);
                    self.features.push(Feature { hash, weight, kind: Kind::Other });
                }
                before = Some((word, weight));
            }
        }
    }

    fn weight(&self, word: Word) -> f32 {
        match import(word.stem) {
            Import::Common => return COMMON,
            Import::Light => return LIGHT,
            Import::Full => {}
        }
        let meanings = meanings(word.stem);
        let everyday = meanings.clone().filter(|meaning| meaning.is_everyday()).count();
        if everyday > 0 {
            return if everyday == meanings.count() { EVERYDAY } else { SOMETIMES_EVERYDAY };
        }
        match self.words.letters(word) {
            ['\u{3040}'..='\u{309f}'] => HIRAGANA,
            [letter] if is_unparted(*letter) => CHARACTER,
            [_] | [_, _] => SHORT,
            _ => 1.0,
        }
    }

    /// The longest words that an unknown one begins and ends with, as a compound does.
    fn take_apart(&mut self, word: Word) {
        let letters = self.words.letters(word);
        let length = letters.len();
        if length < 6 {
            return;
        }
        let known = |hash: &u64| knows(*hash);
        let shortest = (length / 3).max(4);
        let front = (shortest..length).rev().map(|end| hash(&letters[..end])).find(known);
        let back = (1..length - 4).map(|start| hash(&letters[start..])).find(known);
        let weight = if front.is_some() && back.is_some() { PART * std::f32::consts::FRAC_1_SQRT_2 } else { PART };
        self.meant.extend([front, back].into_iter().flatten().map(|part| (part, weight)));
    }

    /// Settles which meanings count, by what the rest of the text is about.
    fn understand(&mut self) {
        self.topics.fill(0.0);
        self.fields.fill(0.0);
        for (hash, weight) in &self.meant {
            let meanings = meanings(*hash);
            let share = weight / meanings.clone().count() as f32;
            for meaning in meanings.filter(|meaning| !meaning.is_everyday()) {
                self.topics[usize::from(meaning.topic)] += share;
                self.fields[usize::from(meaning.field)] += share;
            }
        }
        for (hash, weight) in &self.meant {
            let meanings = meanings(*hash);
            let own = weight / meanings.clone().count() as f32;
            let support = |meaning: &Meaning| {
                if meaning.is_everyday() {
                    return UNSUPPORTED;
                }
                let topic = (self.topics[usize::from(meaning.topic)] - own).max(0.0);
                let field = (self.fields[usize::from(meaning.field)] - own).max(0.0);
                UNSUPPORTED + topic + 0.5 * field
            };
            let total: f32 = meanings.clone().map(|meaning| support(&meaning)).sum();
            for meaning in meanings {
                let weight = weight * (support(&meaning) / total).sqrt();
                let about = if meaning.is_everyday() { ABOUT_ANYTHING } else { ABOUT };
                let mut add = |kind, hash, value: u64, share| {
                    self.features.push(Feature { hash: join(hash, value), weight: weight * share, kind });
                };
                add(Kind::Other, GROUP, meaning.group.into(), MEANING);
                add(Kind::Subject, TOPIC, meaning.topic.into(), about);
                if !meaning.is_everyday() {
                    add(Kind::Subject, FIELD, meaning.field.into(), WITHIN);
                }
            }
        }
    }
}

/// Adds how a word is spelt.
fn spell(letters: &[char], known: bool, weight: f32, sketch: &mut Sketch) {
    if letters.len() < 2 || letters[0].is_ascii_digit() {
        return;
    }
    let mut framed = ['\0'; LONGEST + 2];
    framed[0] = '^';
    framed[1..=letters.len()].copy_from_slice(letters);
    framed[letters.len() + 1] = '$';
    let share = if known {
        KNOWN_RUN
    } else if letters.iter().all(char::is_ascii) {
        UNKNOWN_RUN
    } else {
        FOREIGN_RUN
    };
    // A syllable of Hangul is two or three letters.
    let is_hangul = letters.iter().any(|letter| matches!(letter, '\u{ac00}'..='\u{d7af}'));
    for length in if is_hangul { 2..4 } else { 3..6 } {
        for run in framed[..letters.len() + 2].windows(length) {
            sketch.add(join(RUN, hash(run)), weight * share);
        }
    }
    if let Some((sound, consonants)) = sound(letters) {
        let share = if consonants > 3 { CONSONANTS } else { FEW_CONSONANTS };
        sketch.add(join(SOUND, sound), weight * share);
    }
}
