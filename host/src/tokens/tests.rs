//! The counts and boundaries are those of tiktoken.

use super::*;
use proptest::prelude::*;

fn oracle(text: &str) -> u32 {
    tiktoken_rs::o200k_base_singleton().encode_ordinary(text).len() as u32
}

/// Where tokens end, by the lengths that tiktoken's have.
fn oracle_ends(text: &str) -> Vec<usize> {
    let encoding = tiktoken_rs::o200k_base_singleton();
    let mut end = 0;
    let lengths = encoding.encode_ordinary(text).into_iter().map(|id| encoding.decode_bytes(&[id]).unwrap().len());
    lengths
        .map(|length| {
            end += length;
            end
        })
        .collect()
}

#[test]
fn known_counts() {
    for (text, tokens) in [
        ("", 0),
        ("a", 1),
        (" ", 1),
        ("hello world", 2),
        ("tiktoken is great!", 6),
        ("The quick brown fox jumps over the lazy dog near the river", 12),
        ("antidisestablishmentarianism", 6),
        ("2 + 2 = 4", 7),
        ("お誕生日おめでとう", 8),
        ("<|endoftext|>", 7),
    ] {
        assert_eq!(exact(text), tokens, "{text:?}");
        assert_eq!(count(text), tokens, "{text:?}");
    }
}

#[test]
fn known_ids() {
    for (ids, text) in [
        (&[][..], ""),
        (&[24912, 2375], "hello world"),
        (&[13225, 11, 2375, 0], "Hello, world!"),
        (&[199_999, 200_018], "<|endoftext|><|endofprompt|>"),
        // The last ordinary token, and numbers that no token has.
        (&[199_997, 199_998, 200_000, 200_017], " cocos\u{fffd}\u{fffd}\u{fffd}"),
    ] {
        assert_eq!(decode(ids).as_deref(), Some(text), "{ids:?}");
    }
    assert_eq!(decode(&[24912, IDS]), None);
    assert_eq!(decode(&[u32::MAX]), None);
}

#[test]
fn every_id_has_the_bytes_that_tiktoken_has() {
    let encoding = tiktoken_rs::o200k_base_singleton();
    for id in 0..199_998 {
        assert_eq!(bpe::token(id), Some(encoding.decode_bytes(&[id]).unwrap().as_slice()), "{id}");
    }
    assert_eq!(bpe::token(199_998), None);
}

#[test]
fn half_a_character_is_replaced() {
    let ids = tiktoken_rs::o200k_base_singleton().encode_ordinary("a\u{1fae0}");
    assert_eq!(decode(&ids).as_deref(), Some("a\u{1fae0}"));
    assert_eq!(decode(&ids[..ids.len() - 1]).as_deref(), Some("a\u{fffd}"));
}

/// What takes care in the split pattern: backtracking, alternatives that overlap, case folding, lookahead.
#[test]
fn split_pattern_corner_cases() {
    for text in [
        "HTTPServer camelCase XMLHttpRequest ABC中文abc ǅabc",
        "\u{301}ABC \u{301}ABC !\u{301}ABC \u{301}'s !!\u{301}a A\u{301}B 'ʰA",
        "it's IT'S it'ſ we'Re they'LL I'd 'stop 'K x'K ''s 1's \u{301}'ll it\u{2019}s",
        "a  b   \n  c\n\n\n   d \r\n\t e   ",
        "  \u{a0} x\u{a0}y\u{3000}z \u{2028} \u{85}w",
        "a!/\n//\r\n/b ...\n\n  /x  !  !!",
        "1234567 ٣٤٥٦ ½²Ⅷ 12a34",
        "😀👨‍👩‍👧🇩🇪\u{fe0f} 😀a \u{200b}a",
    ] {
        assert_eq!(exact(text), oracle(text), "{text:?}");
    }
}

/// Pieces on both sides of the limits of the merge strategies, tokens of which are not tokens of their halves.
#[test]
fn long_pieces() {
    for unit in ["a", " ", "\n", "=", "ab", "=-", "the", "中", "ภาษาไทย", "한국어", "\u{301}", "Qz"] {
        for times in [1, 16, 31, 32, 33, 63, 64, 65, 127, 128, 129, 300, EXACT_LIMIT / unit.len()] {
            for text in [unit.repeat(times), unit.repeat(times) + "x"] {
                assert_eq!(exact(&text), oracle(&text), "{unit:?} {times} times");
                assert_eq!(ends(&text), oracle_ends(&text), "{unit:?} {times} times");
            }
        }
    }
}

#[test]
fn limit_of_the_exact_count() {
    let text = "word ".repeat(EXACT_LIMIT);
    let (short, long) = text.split_at(EXACT_LIMIT);
    assert_eq!(count(short), exact(short));
    assert_eq!(count(long), estimate(long));
}

#[test]
fn estimate_is_near() {
    assert_eq!(estimate(""), 0);
    let prose = "The estimate reads every byte once, and it is within a few percent on ordinary prose. ";
    let code = "    for (index, value) in values.iter().enumerate() {\n        sum += value * index as u64;\n    }\n";
    let chinese = "这个估计值只读取每个字节一次，对于普通的文章，误差只有百分之几。";
    for unit in [prose, code, chinese] {
        for times in [1, 100] {
            let text = unit.repeat(times);
            let (estimated, exact) = (f64::from(estimate(&text)), f64::from(exact(&text)));
            assert!((estimated / exact - 1.0).abs() < 0.25, "{estimated} for {exact}: {unit:?}");
        }
    }
}

/// Text in the units that the split pattern tells apart, so that their combinations come up.
fn mixture() -> impl Strategy<Value = String> {
    let unit = prop_oneof![
        "[a-z]{1,12}",
        "[A-Z]?[a-z]{0,5}[A-Z]{0,3}",
        "[ \t\r\n\u{a0}\u{2028}\u{3000}]{1,5}",
        "'(s|S|ſ|t|re|VE|m|ll|Ll|d|x)?",
        "[0-9]{1,8}",
        "[!-/:-@\\[-`{-~]{1,4}",
        "[\u{300}-\u{310}\u{903}\u{20dd}]",
        "[ǅʰªßéÉſK½Ⅷ٣]",
        "[一-龥ぁ-ヿ가-힣]{1,6}",
        "[😀-🙏🇦-🇿\u{200d}\u{fe0f}]{1,3}",
        "( fn | let |->|::|\\(\\)| \\{\n    |\n\n|https://|</div>)",
        any::<char>().prop_map(String::from),
    ];
    proptest::collection::vec(unit, 0..16).prop_map(|units| units.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn equals_tiktoken_on_mixtures(text in mixture()) {
        prop_assert_eq!(exact(&text), oracle(&text));
        prop_assert_eq!(ends(&text), oracle_ends(&text));
        let ids = tiktoken_rs::o200k_base_singleton().encode_ordinary(&text);
        prop_assert_eq!(decode(&ids), Some(text));
    }

    #[test]
    fn equals_tiktoken_on_ascii(text in "[\\x00-\\x7f]{0,80}") {
        prop_assert_eq!(exact(&text), oracle(&text));
    }

    #[test]
    fn equals_tiktoken_on_unicode(text in ".{0,40}") {
        prop_assert_eq!(exact(&text), oracle(&text));
    }

    #[test]
    fn equals_tiktoken_on_long_words(text in "[a-e]{40,400}|[a-zäß]{40,200}|[ \t\n]{40,200}") {
        prop_assert_eq!(exact(&text), oracle(&text));
        prop_assert_eq!(ends(&text), oracle_ends(&text));
    }

    #[test]
    fn estimates_something(text in ".{1,600}") {
        prop_assert!(estimate(&text) > 0);
    }
}
