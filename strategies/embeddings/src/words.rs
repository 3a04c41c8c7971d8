//! Cuts a text into words that compare: lower case, no accents, no endings.
//!
//! What differs only in case, white space, punctuation or accents gives the same words. A script that parts its words by
//! nothing gives a word for each character, whose pairs then count instead.

use crate::stem::stem;

/// The longest word. What is longer is cut, as an encoded file is.
pub(crate) const LONGEST: usize = 64;

const FOLDED: usize = 0xC0;

/// Accented letters, all of them from U+00C0 to U+017F, and the plain ones that stand for them.
const FOLDS: [(&str, &str); 24] = [
    ("àáâãäåāăą", "a"),
    ("çćĉċč", "c"),
    ("ďđð", "d"),
    ("èéêëēĕėęě", "e"),
    ("ĝğġģ", "g"),
    ("ĥħ", "h"),
    ("ìíîïĩīĭįı", "i"),
    ("ĵ", "j"),
    ("ķĸ", "k"),
    ("ĺļľŀł", "l"),
    ("ñńņňŉŋ", "n"),
    ("òóôõöøōŏő", "o"),
    ("ŕŗř", "r"),
    ("śŝşšſ", "s"),
    ("ţťŧ", "t"),
    ("ùúûüũūŭůűų", "u"),
    ("ŵ", "w"),
    ("ýÿŷ", "y"),
    ("źżž", "z"),
    ("æ", "ae"),
    ("œ", "oe"),
    ("ĳ", "ij"),
    ("ß", "ss"),
    ("þ", "th"),
];

/// A word of a text.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Word {
    /// The hash of its stem.
    pub(crate) stem: u64,
    /// Where the letters of its stem are.
    start: usize,
    end: usize,
}

/// The words of a text.
#[derive(Debug)]
pub(crate) struct Words {
    folds: Vec<&'static str>,
    letters: Vec<char>,
    list: Vec<Word>,
    start: usize,
}

impl Words {
    pub(crate) fn new() -> Self {
        let mut folds = vec![""; 0x180 - FOLDED];
        for (letters, plain) in FOLDS {
            for letter in letters.chars() {
                folds[letter as usize - FOLDED] = plain;
            }
        }
        Self { folds, letters: Vec::new(), list: Vec::new(), start: 0 }
    }

    /// Forgets the last text, and reads this one.
    pub(crate) fn read(&mut self, text: &str) {
        self.letters.clear();
        self.list.clear();
        self.start = 0;
        for char in text.chars() {
            if char.is_ascii() { self.ascii(char) } else { char.to_lowercase().for_each(|char| self.other(char)) }
        }
        self.cut();
        if self.list.is_empty() {
            text.chars().filter(|char| !char.is_whitespace() && !is_unseen(*char)).for_each(|char| self.alone(char));
        }
    }

    /// The words, in order.
    pub(crate) fn list(&self) -> &[Word] {
        &self.list
    }

    /// The letters of a word's stem, at most [`LONGEST`].
    pub(crate) fn letters(&self, word: Word) -> &[char] {
        &self.letters[word.start..word.end]
    }

    fn ascii(&mut self, char: char) {
        match char.to_ascii_lowercase() {
            letter @ ('a'..='z' | '0'..='9') => self.letter(letter),
            '\'' => self.apostrophe(),
            // C++, C#.
            '+' | '#' if (1..=3).contains(&(self.letters.len() - self.start)) => self.letters.push(char),
            _ => self.cut(),
        }
    }

    fn other(&mut self, char: char) {
        match char {
            'a'..='z' => self.letter(char),
            '\u{df}'..='\u{17f}' if !self.folds[char as usize - FOLDED].is_empty() => {
                self.folds[char as usize - FOLDED].chars().for_each(|char| self.letter(char));
            }
            _ if is_unseen(char) => {}
            '’' => self.apostrophe(),
            'ς' => self.letter('σ'),
            // ASCII in full width.
            '\u{ff01}'..='\u{ff5e}' => self.shifted(char, 0xFEE0, Self::ascii),
            // Katakana becomes hiragana.
            '\u{30a1}'..='\u{30f6}' => self.shifted(char, 0x60, Self::alone),
            _ if is_unparted(char) => self.alone(char),
            // The vowels of many scripts are marks.
            '\u{900}'..='\u{dff}' => self.letter(char),
            _ if char.is_alphanumeric() => self.letter(char),
            // Symbols and emoji.
            '\u{2190}'..='\u{2bff}' | '\u{1f000}'..='\u{1faff}' => self.alone(char),
            _ => self.cut(),
        }
    }

    fn shifted(&mut self, char: char, by: u32, then: impl FnOnce(&mut Self, char)) {
        then(self, char::from_u32(u32::from(char) - by).unwrap_or(char));
    }

    /// It parts l'eau, d'or and qu'il; elsewhere it is as good as none.
    fn apostrophe(&mut self) {
        if matches!(self.letters[self.start..], ['l' | 'd'] | ['q', 'u']) {
            self.cut();
        }
    }

    fn letter(&mut self, letter: char) {
        if let Some(last) = self.letters[self.start..].last() {
            let full = self.letters.len() - self.start >= LONGEST;
            if full || last.is_ascii_digit() != letter.is_ascii_digit() {
                self.cut();
            }
        }
        self.letters.push(letter);
    }

    /// A word of one character.
    fn alone(&mut self, char: char) {
        self.cut();
        self.letters.push(char);
        self.cut();
    }

    fn cut(&mut self) {
        let word = &mut self.letters[self.start..];
        if word.is_empty() {
            return;
        }
        let length = stem(word);
        self.list.push(Word { stem: hash(&word[..length]), start: self.start, end: self.start + length });
        self.start = self.letters.len();
    }
}

/// Accents that stand by themselves, soft hyphens, joiners, variation selectors.
const fn is_unseen(char: char) -> bool {
    matches!(char, '\u{ad}' | '\u{300}'..='\u{36f}' | '\u{200b}'..='\u{200d}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}')
}

/// Whether the script of a character parts its words by nothing.
pub(crate) const fn is_unparted(char: char) -> bool {
    matches!(char, '\u{e00}'..='\u{eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}' | '\u{3005}'..='\u{3007}'
        | '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}

/// A hash of letters.
pub(crate) fn hash(letters: &[char]) -> u64 {
    letters.iter().fold(0x27, |hash, letter| join(hash, u64::from(u32::from(*letter))))
}

/// A hash of two hashes, in this order.
pub(crate) const fn join(one: u64, two: u64) -> u64 {
    (one.rotate_left(26) ^ two).wrapping_mul(0x9e6c_63d0_876a_3f6b)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        let mut words = Words::new();
        words.read("something else");
        words.read(text);
        words.list().iter().map(|word| words.letters(*word).iter().collect()).collect()
    }

    #[test]
    fn case_space_and_punctuation_do_not_matter() {
        for text in
            ["hello, World!", " HELLO\r\n\tworld ", "\"Hello\"--world?", "ｈｅｌｌｏ　ＷＯＲＬＤ", "he\u{ad}llo world"]
        {
            assert_eq!(words(text), ["hello", "world"], "{text}");
        }
    }

    #[test]
    fn accents_do_not_matter() {
        assert_eq!(words("Café Łódź Ærø straße ΣΊΣΥΦΟΣ"), words("cafe\u{301} lodz aero STRASSE σίσυφος"));
        assert_eq!(words("Ǻ"), ["ǻ"]);
    }

    #[test]
    fn code_falls_apart_into_words() {
        assert_eq!(words("user_name = gpt4.chat(\"C++\", C#)"), ["user", "nam", "gpt", "4", "chat", "c++", "c#"]);
    }

    #[test]
    fn apostrophes_part_or_vanish() {
        assert_eq!(words("don't l'eau qu’il dog's"), ["dont", "l", "eau", "qu", "il", "dog"]);
    }

    #[test]
    fn scripts_without_spaces_give_characters() {
        assert_eq!(words("今天 good"), ["今", "天", "good"]);
        assert_eq!(words("カタかな"), words("かたカナ"));
        assert_eq!(words("हिन्दी भाषा").len(), 2);
        assert_eq!(words("👍🏽 ok"), ["👍", "🏽", "ok"]);
    }

    #[test]
    fn where_there_is_no_word_every_sign_is_one() {
        assert_eq!(words("?! ..."), ["?", "!", ".", ".", "."]);
        assert!(words(" \n\u{200b}").is_empty());
    }

    #[test]
    fn a_long_word_is_cut() {
        assert_eq!(words(&"x".repeat(150)).iter().map(String::len).collect::<Vec<_>>(), [63, 63, 21]);
        assert_eq!(words(&"é".repeat(100))[0].len(), 62);
    }
}
