//! A word by its consonants: `recieve` sounds like `receive`, and `Musik` like `music`.

use crate::words::{LONGEST, join};

/// The hash of a word's consonants in alphabetical order, and how many there are. None where they are too few to tell
/// words apart, or the script is not Latin.
pub(crate) fn sound(letters: &[char]) -> Option<(u64, usize)> {
    let mut sounds = [0u8; LONGEST];
    let mut count = 0;
    for (at, letter) in letters.iter().enumerate() {
        let next = letters.get(at + 1);
        let sound = match letter {
            'a' | 'e' | 'i' | 'o' | 'u' | 'y' | 'h' | 'w' => continue,
            'c' if matches!(next, Some('e' | 'i' | 'y')) => b's',
            'c' | 'q' => b'k',
            'p' if next == Some(&'h') => b'f',
            'v' => b'f',
            'z' => b's',
            'a'..='z' => *letter as u8,
            _ => return None,
        };
        if count == 0 || sounds[count - 1] != sound {
            sounds[count] = sound;
            count += 1;
        }
    }
    sounds[..count].sort_unstable();
    let hash = sounds[..count].iter().fold(0, |hash, sound| join(hash, u64::from(*sound)));
    (count > 2).then_some((hash, count))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sound_of(word: &str) -> Option<(u64, usize)> {
        sound(&word.chars().collect::<Vec<_>>())
    }

    #[test]
    fn slips_of_the_pen_sound_alike() {
        for (one, two) in [
            ("receive", "recieve"),
            ("definitely", "definately"),
            ("occurrence", "occurence"),
            ("colour", "color"),
            ("music", "musik"),
            ("telephone", "telefono"),
        ] {
            assert!(sound_of(one).is_some());
            assert_eq!(sound_of(one), sound_of(two));
        }
        assert_ne!(sound_of("winter"), sound_of("summer"));
    }

    #[test]
    fn too_little_has_no_sound() {
        for word in ["", "idea", "house", "книга", "c++"] {
            assert_eq!(sound_of(word), None);
        }
    }
}
