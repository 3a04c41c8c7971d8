//! Regular expressions as JSON Schema has them (ECMA 262): read, matched, and turned into texts that they match.
//!
//! Common crates know neither look-around nor back-references, which schemas do use, and bring tables that would be most
//! of the component.

mod class;
mod make;
mod parse;
mod run;

use std::rc::Rc;

use self::class::Class;
use self::run::Program;
use crate::budget::{Budget, Spent};

/// A regular expression.
#[derive(Debug)]
pub(crate) struct Pattern {
    node: Node,
    groups: usize,
    program: Program,
}

#[derive(Debug)]
enum Node {
    Class(Rc<Class>),
    Sequence(Vec<Node>),
    Either(Vec<Node>),
    Repeat {
        node: Box<Node>,
        least: u32,
        most: Option<u32>,
    },
    Group(Box<Node>, usize),
    Start,
    End,
    /// A word's edge, or no edge.
    Edge(bool),
    Look(Look, Box<Node>),
    Back(usize),
}

/// A look at what stands before or behind.
#[derive(Debug, Clone, Copy)]
struct Look {
    ahead: bool,
    found: bool,
}

impl Pattern {
    /// Reads a pattern.
    ///
    /// # Errors
    /// What is not understood in it, in words.
    pub(crate) fn new(source: &str) -> Result<Self, String> {
        let (node, groups) = parse::parse(source)?;
        let program = Program::new(&node, groups)?;
        Ok(Self { node, groups, program })
    }

    /// Whether it matches somewhere in a text.
    pub(crate) fn matches(&self, text: &str, budget: &Budget) -> Result<bool, Spent> {
        let text: Vec<char> = text.chars().collect();
        self.program.search(&text, budget)
    }

    /// A text of about so many characters that it probably matches: look-around is not minded. The higher the attempt, the
    /// bolder the choices.
    pub(crate) fn make(&self, least: u32, most: u32, attempt: u32) -> Option<String> {
        make::make(&self.node, self.groups, (least, most), attempt)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &str, text: &str) -> bool {
        Pattern::new(pattern).unwrap().matches(text, &Budget::new(1_000_000)).unwrap()
    }

    #[test]
    fn matches_as_ecma_262_says() {
        for (pattern, yes, no) in [
            ("b", "abc", "acd"),
            ("^b", "bc", "ab"),
            ("b$", "ab", "bc"),
            ("^a|c$", "ab", "ba"),
            ("^(a|bc)+$", "abca", "abac "),
            ("^a{2,3}$", "aaa", "aaaa"),
            ("^a{2}$", "aa", "a"),
            ("^a{2,}?$", "aaaa", "a"),
            ("^a{,2}$", "a{,2}", "aa"),
            ("^x{$", "x{", "x"),
            ("^[^a-c\\d]$", "d", "2"),
            ("^[^]$", "\n", ""),
            ("^[\\w.-]+$", "a_b-c.9", "a b"),
            ("^.$", "é", "\n"),
            ("^\\u{1F600}$", "😀", "x"),
            ("^\\uD83D\\uDE00$", "😀", "x"),
            ("^\\x41\\u0042\\cJ\\t$", "AB\n\t", "AB"),
            ("\\bcat\\b", "a cat!", "concatenate"),
            ("\\Bcat", "concat", "cat"),
            ("^(['\"]).*\\1$", "'a'", "'a\""),
            ("^(?<q>['\"])x\\k<q>$", "\"x\"", "\"x'"),
            ("^(?P<year>\\d{4})$", "2025", "25"),
            ("^(?=.*\\d)(?=.*[A-Z]).{4,}$", "abC1", "abc1"),
            ("^(?!foo).*$", "bar", "foobar"),
            ("(?<=a)b", "ab", "cb"),
            ("(?<!a)b", "cb", "ab"),
            ("^\\p{Lu}\\p{L}+\\P{N}$", "Émile!", "émile!"),
            ("^[\\p{Ll}\\d]+$", "a1ß", "A"),
            ("^\\p{Script=Greek}+$", "αβγ", "abc"),
            ("^(a*)*$", "aaaa", "b"),
            ("^(?:a?){40}a{40}$", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "aaa"),
            ("^(a+)+$", "aaaaaaaaaaaaaaaaaaaaaaaaaaaa", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!"),
            ("^\\/a\\-b\\.$", "/a-b.", "/a-bc"),
            ("^[a-z-]+$", "a-b", "A"),
            ("^[\\s\\S]$", "\u{2028}", ""),
        ] {
            assert!(matches(pattern, yes), "{pattern} {yes:?}");
            assert!(!matches(pattern, no), "{pattern} {no:?}");
        }
    }

    #[test]
    fn an_empty_class_is_no_character() {
        assert!(!matches("[]", "a"));
        assert!(!matches("^[]a]", "]a"));
    }

    #[test]
    fn makes_what_it_matches() {
        for (pattern, least, most) in [
            ("^[A-Z]{3}-\\d{4}$", 0, 100),
            ("^(\\([0-9]{3}\\))?[0-9]{3}-[0-9]{4}$", 0, 100),
            ("^[a-z0-9]+(-[a-z0-9]+)*$", 12, 20),
            ("^#(?:[0-9a-fA-F]{3}){1,2}$", 7, 7),
            ("^(?=.*[A-Z])(?=.*\\d)[A-Za-z\\d]{8,}$", 0, 100),
            ("^(?!-)[a-z-]{1,63}(?<!-)$", 5, 63),
            ("^(['\"])\\w+\\1$", 0, 100),
            ("foo|bar", 10, 12),
            ("^\\S+ \\S+$", 30, 40),
            ("\\.(png|jpe?g)$", 8, 12),
            ("^\\p{Lu}\\p{Ll}*$", 0, 9),
            ("^[^\\s@]+@[^\\s@]+\\.[^\\s@]+$", 0, 100),
            ("^.{1,65535}$", 0, 100),
        ] {
            let compiled = Pattern::new(pattern).unwrap();
            let budget = Budget::new(1_000_000);
            let good = (0..50).filter_map(|attempt| compiled.make(least, most, attempt)).filter(|text| {
                let length = text.chars().count() as u32;
                (least..=most).contains(&length) && compiled.matches(text, &budget).unwrap()
            });
            assert!(good.count() > 10, "{pattern}");
        }
    }

    #[test]
    fn says_what_it_does_not_understand() {
        for (pattern, message) in [
            ("a(b", "a `(` is not closed"),
            ("ab)", "`)` closes nothing"),
            ("[a", "a `[` is not closed"),
            ("*a", "`*` has nothing to repeat"),
            ("a{3,2}", "`{3,2}` counts backwards"),
            ("[z-a]", "the range `z-a` is backwards"),
            ("\\p{Klingon}", "`\\p{Klingon}` is not known here"),
            ("(?i)a", "`(?i` is not known here"),
            ("\\k<a>", "there is no group `a`"),
            ("(a)\\2", "there is no group `2`"),
            ("\\", "it ends with `\\`"),
            ("(((a{200}){200}){200})", "it is too large"),
        ] {
            assert_eq!(Pattern::new(pattern).unwrap_err(), message, "{pattern}");
        }
        assert_eq!(Pattern::new(&"(".repeat(1000)).unwrap_err(), "it is nested too deep");
    }

    #[test]
    fn cannot_be_made_to_work_for_long() {
        let evil = Pattern::new("^((a*)\\2)*(b|a*)*$").unwrap();
        assert!(evil.matches(&"a".repeat(500), &Budget::new(100_000)).is_ok());
        assert!(evil.matches(&format!("{}c", "a".repeat(500)), &Budget::new(100_000)).is_err());
    }
}
