//! Takes the commonest English endings off a word: what is left is no word, but the same for its inflections.

/// How many of the letters are the stem. Letters may be changed on the way: `flies` becomes `fly`.
pub(crate) fn stem(word: &mut [char]) -> usize {
    if word.len() < 3 || !word.iter().all(char::is_ascii_lowercase) || only_looks_inflected(word) {
        return word.len();
    }
    let length = singular(word);
    let mut length = present(word, length);
    if length > 5 && matches!(word[..length], [.., 'l', 'y']) {
        length -= 2;
    }
    if length > 3 && word[length - 1] == 'e' {
        length -= 1;
    }
    if length > 3 && word[length - 1] == word[length - 2] {
        length -= 1;
    }
    length
}

fn only_looks_inflected(word: &[char]) -> bool {
    matches!(
        word,
        ['n', 'e', 'w', 's']
            | ['a', 'l', 'w', 'a', 'y', 's']
            | ['d', 'u', 'r', 'i', 'n', 'g']
            | ['s', 't', 'r', 'i', 'n', 'g']
    )
}

/// Without a plural's ending.
fn singular(word: &mut [char]) -> usize {
    let length = word.len();
    match word {
        [_, _, .., i @ 'i', 'e', 's'] => {
            *i = 'y';
            length - 2
        }
        [_, .., 's', 's', 'e', 's'] | [_, _, .., 'x' | 'z', 'e', 's'] | [_, .., 'c' | 's', 'h', 'e', 's'] => length - 2,
        [.., 's' | 'u' | 'i', 's'] => length,
        [_, _, .., _, 's'] => length - 1,
        _ => length,
    }
}

/// Without the ending of a past or of a participle.
fn present(word: &mut [char], length: usize) -> usize {
    let is_word = |rest: &[char]| rest.len() > 2 && rest.iter().any(|letter| "aeiouy".contains(*letter));
    match &mut word[..length] {
        [_, _, .., i @ 'i', 'e', 'd'] => {
            *i = 'y';
            length - 2
        }
        [.., 'e', 'e', 'd'] => length,
        [rest @ .., 'i', 'n', 'g'] if is_word(rest) => length - 3,
        [rest @ .., 'e', 'd'] if is_word(rest) => length - 2,
        [_, _, .., 'e', 'd'] => length - 1,
        _ => length,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stem_of(word: &str) -> String {
        let mut letters: Vec<char> = word.chars().collect();
        let length = stem(&mut letters);
        letters[..length].iter().collect()
    }

    #[test]
    fn inflections_share_a_stem() {
        for forms in [
            "run runs running",
            "make makes making",
            "stop stops stopped stopping",
            "study studies studied studying",
            "box boxes boxed boxing",
            "class classes classed",
            "use uses used",
            "call calls called calling",
            "quick quickly",
            "agree agrees",
        ] {
            let stems: Vec<_> = forms.split(' ').map(stem_of).collect();
            assert!(stems.iter().all(|stem| *stem == stems[0]), "{stems:?}");
        }
    }

    #[test]
    fn other_words_keep_apart() {
        for (one, two) in [("new", "news"), ("us", "use"), ("bus", "bug"), ("need", "net"), ("sing", "s"), ("red", "r")]
        {
            assert_ne!(stem_of(one), stem_of(two));
        }
        for whole in ["as", "this", "virus", "глаголы", "straße", "c++"] {
            assert_eq!(stem_of(whole), whole);
        }
    }
}
