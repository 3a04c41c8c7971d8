//! What words mean, as far as a small thesaurus knows, and how much they say.

use crate::table::{BUCKETS, COMMON, IMPORT, LIGHT, Meaning, bucket, short};
use crate::words::join;

include!(concat!(env!("OUT_DIR"), "/thesaurus.rs"));

impl Meaning {
    /// Whether it comes up in texts about anything.
    pub(crate) const fn is_everyday(self) -> bool {
        self.field == 0
    }
}

/// How much a word says of what a text is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Import {
    /// Next to nothing, as `the`.
    Common,
    /// Little, as `get`.
    Light,
    /// Something.
    Full,
}

/// What a stem may mean, or the phrase of two whose hashes are joined.
pub(crate) fn meanings(hash: u64) -> impl Iterator<Item = Meaning> + Clone {
    let key = short(hash);
    let place = bucket(key).min(BUCKETS - 1);
    let near = &MEANINGS[usize::from(STARTS[place])..usize::from(STARTS[place + 1])];
    near.iter().copied().filter(move |meaning| meaning.key == key)
}

/// Whether it has a meaning.
pub(crate) fn knows(hash: u64) -> bool {
    meanings(hash).next().is_some()
}

/// How much the word of a stem says.
pub(crate) fn import(stem: u64) -> Import {
    match meanings(join(IMPORT, stem)).next().map(|meaning| meaning.group) {
        Some(COMMON) => Import::Common,
        Some(LIGHT) => Import::Light,
        _ => Import::Full,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::Words;

    fn stem(word: &str) -> u64 {
        let mut words = Words::new();
        words.read(word);
        words.list()[0].stem
    }

    #[test]
    fn words_of_a_group_mean_the_same() {
        let groups = |word| meanings(stem(word)).map(|meaning| meaning.group).collect::<Vec<_>>();
        assert_eq!(groups("dogs"), groups("puppy"));
        assert_ne!(groups("dogs"), groups("cats"));
        assert!(groups("mouse").len() > 1);
        assert!(groups("xyzzy").is_empty());
        assert!(knows(join(stem("machine"), stem("learning"))));
        let subject = |word| meanings(stem(word)).next().map(|meaning| (meaning.field, meaning.topic)).unwrap();
        assert_eq!(subject("dogs"), subject("kittens"));
        assert_ne!(subject("dogs"), subject("lion"));
        assert_eq!(subject("dogs").0, subject("lion").0);
        assert!(meanings(stem("tomorrow")).all(Meaning::is_everyday));
        assert!(!meanings(stem("dogs")).any(Meaning::is_everyday));
    }

    #[test]
    fn a_group_may_go_on_in_the_next_line() {
        let group = |word| meanings(stem(word)).next().map(|meaning| meaning.group).unwrap();
        assert!(include_str!("thesaurus.txt").contains("hund hunde chien\n  chiens perro"));
        assert_eq!([group("hund"), group("perro")], [group("dog"), group("dog")]);
    }

    #[test]
    fn words_say_more_or_less() {
        let import = |word| import(stem(word));
        assert_eq!([import("the"), import("gets"), import("guitar")], [Import::Common, Import::Light, Import::Full]);
        assert_eq!([import("nicht"), import("está")], [Import::Common; 2]);
    }

    #[test]
    fn every_meaning_is_found() {
        for meaning in MEANINGS {
            assert!(meanings(u64::from(meaning.key) << 32).any(|found| found == meaning));
        }
        assert!(MEANINGS.len() / BUCKETS < 4);
    }
}
