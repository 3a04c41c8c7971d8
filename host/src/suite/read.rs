//! From a file of tests to what it says, or to everything that is wrong with it.

use std::path::Path;

use super::model::{CONFIG, Case, Expect, Media, Message, Part, Request, STAGE, TestFile};
use crate::config::written::Written;
use crate::config::{ConfigError, Diagnostic, Loaded, Step};

/// A file of tests that was read.
#[derive(Debug)]
pub struct Suite {
    /// The file, as it is written.
    pub written: Written,
    /// Its tests.
    pub cases: Vec<Case>,
    /// The chain that they ask.
    pub loaded: Loaded,
}

/// Reads a file of tests. Where `incomplete`, expectations may be missing.
///
/// # Errors
/// Everything that is wrong with it, at once.
pub fn read(path: &Path, incomplete: bool) -> Result<Suite, ConfigError> {
    check(Written::read(path)?, incomplete)
}

fn check(written: Written, incomplete: bool) -> Result<Suite, ConfigError> {
    let mut rest = written.clone();
    let config = rest.split(&CONFIG, &STAGE);
    let (file, mut mistakes) = rest.typed::<TestFile>();
    let keys = |key: &str| written.value().get(key).is_some_and(|it| !it.is_null());
    let mut sound = true;
    match (keys("strategy"), keys("strategies")) {
        (true, true) => {
            sound = false;
            let message = "`strategy` stands beside `strategies`; expected one of the two";
            mistakes.push(
                written
                    .error_at_key(&["strategy".into()], message)
                    .with_help("leave out one of them; a chain of one is `strategy`"),
            );
        }
        (false, true) => {
            for (key, _) in STAGE.into_iter().filter(|(key, _)| keys(key)) {
                sound = false;
                let message = format!("`{key}` stands beside `strategies`; it goes with `strategy`");
                let diagnostic = written.error_at_key(&[key.into()], message);
                mistakes.push(diagnostic.with_help("write it into the stage that it is meant for"));
            }
        }
        (false, false) => {
            sound = false;
            let message = "it says nothing of what is tested: `strategy` is missing, or `strategies`";
            mistakes.push(
                written.error_at(&[], message).with_help("add `strategy: FILE.wasm`, or the name of a bundled one"),
            );
        }
        (true, false) => {}
    }
    // What was taken out of the cases as a mistake is told already.
    if mistakes.iter().all(|it| it.position.is_none()) || file.cases.len() == cases(&written) {
        let mut found = Checker { written: &written, mistakes: Vec::new(), incomplete };
        found.cases(&file.cases);
        let told: Vec<_> = mistakes.iter().filter_map(|it| it.position).map(|at| at.line).collect();
        mistakes.extend(found.mistakes.into_iter().filter(|it| it.position.is_none_or(|at| !told.contains(&at.line))));
    }
    let loaded =
        if sound { config.load().map_err(|error| of_a_test(error, keys("strategy"))) } else { Ok(Loaded::defaults()) };
    let (loaded, files) = match loaded {
        Ok(loaded) => (Some(loaded), Vec::new()),
        Err(error) => {
            mistakes.extend(error.diagnostics);
            (None, error.files)
        }
    };
    match loaded {
        Some(mut loaded) if mistakes.is_empty() => {
            loaded.warnings.extend_from_slice(written.warnings());
            Ok(Suite { written, cases: file.cases, loaded })
        }
        _ => {
            mistakes.sort_by_key(|it| (it.file != written.file(), it.position));
            let files = files.into_iter().chain([written.file().to_owned()]).collect();
            Err(ConfigError::new(mistakes, files))
        }
    }
}

fn cases(written: &Written) -> usize {
    written.value().get("cases").and_then(|it| it.as_array()).map_or(0, Vec::len)
}

/// Mistakes of a stage, in the words of a file that has only one.
pub fn of_a_test(mut error: ConfigError, one: bool) -> ConfigError {
    if one {
        for diagnostic in &mut error.diagnostics {
            diagnostic.message = plain(&diagnostic.message);
            diagnostic.help.iter_mut().for_each(|help| *help = plain(help));
        }
    }
    error
}

fn plain(text: &str) -> String {
    text.replace("`strategies[0].use`", "`strategy`").replace("`strategies[0].", "`").replace(" of `strategies[0]`", "")
}

/// Looks for what no single value shows.
struct Checker<'a> {
    written: &'a Written,
    mistakes: Vec<Diagnostic>,
    incomplete: bool,
}

impl Checker<'_> {
    fn wrong(&mut self, path: &[Step], message: impl Into<String>, help: &str) {
        self.mistakes.push(self.written.error_at(path, message).with_help(help));
    }

    fn cases(&mut self, cases: &[Case]) {
        if cases.is_empty() && self.written.value().get("cases").is_some() {
            self.wrong(&["cases".into()], "there are no cases", "add `- name: …` with `request` and `expect`");
        }
        for (index, case) in cases.iter().enumerate() {
            let at = vec!["cases".into(), index.into()];
            let below = |key: &str| at.iter().cloned().chain([Step::from(key)]).collect::<Vec<_>>();
            if case.name.trim().is_empty() {
                self.wrong(&below("name"), "the name of the case is empty", "say what is tested");
            }
            match (&case.request, &case.turns) {
                (Some(request), None) => {
                    self.request(request, &below("request"));
                    self.expect(case.expect.as_ref(), &at);
                }
                (None, Some(turns)) => {
                    if case.expect.is_some() {
                        self.wrong(
                            &below("expect"),
                            "`expect` stands beside `turns`",
                            "write it into the turn that it is meant for",
                        );
                    }
                    if turns.is_empty() {
                        self.wrong(&below("turns"), "there are no turns", "add `- request: …` with `expect`");
                    }
                    for (turn, it) in turns.iter().enumerate() {
                        let at: Vec<_> = below("turns").into_iter().chain([turn.into()]).collect();
                        let request: Vec<_> = at.iter().cloned().chain(["request".into()]).collect();
                        self.request(&it.request, &request);
                        self.expect(it.expect.as_ref(), &at);
                    }
                }
                (Some(_), Some(_)) => {
                    let message = "`turns` stands beside `request`; expected one of the two";
                    self.wrong(&below("turns"), message, "make the request the first turn");
                }
                (None, None) => {
                    self.wrong(&at, "the case asks nothing: `request` is missing, or `turns`", "add `request: …` here");
                }
            }
        }
    }

    fn expect(&mut self, expect: Option<&Expect>, at: &[Step]) {
        match expect {
            None if !self.incomplete => self.wrong(
                at,
                "`expect` is missing",
                "add `expect: …` here, or let `standin test --update` write what comes",
            ),
            Some(expect) if *expect == Expect::default() => {
                let path: Vec<_> = at.iter().cloned().chain(["expect".into()]).collect();
                self.wrong(&path, "nothing is expected", "expect `pass`, or a mapping such as `{ text: … }`");
            }
            _ => {}
        }
    }

    fn request(&mut self, request: &Request, at: &[Step]) {
        let below = |key: &str| at.iter().cloned().chain([Step::from(key)]).collect::<Vec<_>>();
        let words = Request { post: None, body: None, headers: Default::default(), ..request.clone() };
        let nothing = words == Request::default();
        match (&request.post, &request.body) {
            (Some(_), None) => {
                self.wrong(at, "`post` stands without a `body`", "add `body: …`, what a client sends there");
            }
            (None, Some(_)) => {
                self.wrong(
                    &below("body"),
                    "`body` stands without `post`",
                    "add `post: /v1/chat/completions`, the path that it goes to",
                );
            }
            (Some(_), Some(_)) if !nothing => {
                let message = "other words stand beside `post`; expected only `headers` and `body`";
                self.wrong(&below("post"), message, "a raw request says everything in its body");
            }
            (None, None) if nothing => {
                self.wrong(at, "nothing is asked", "write a text, or a mapping with `messages`");
            }
            _ => {}
        }
        for (index, message) in request.messages.iter().enumerate() {
            let at: Vec<_> = below("messages").into_iter().chain([index.into()]).collect();
            self.message(message, &at);
        }
    }

    fn message(&mut self, message: &Message, at: &[Step]) {
        let Message { content, parts, tool_calls, tool_result, .. } = message;
        if content.is_none() && parts.is_empty() && tool_calls.is_empty() && tool_result.is_none() {
            self.wrong(at, "the message says nothing", "add `content: …`");
        }
        for (index, part) in parts.iter().enumerate() {
            let at: Vec<_> = at.iter().cloned().chain(["parts".into(), index.into()]).collect();
            self.part(part, &at);
        }
    }

    fn part(&mut self, part: &Part, at: &[Step]) {
        let Part { text, image, audio, file, tool_call, tool_result, reasoning, refusal, other } = part;
        let media = [image, audio, file];
        let said = [text.is_some(), tool_call.is_some(), tool_result.is_some(), reasoning.is_some(), refusal.is_some()];
        let count = said.iter().chain(&[other.is_some()]).filter(|it| **it).count()
            + media.iter().filter(|it| it.is_some()).count();
        if count != 1 {
            self.wrong(
                at,
                format!("a part is one thing; found {count}"),
                "such as `{ text: … }` or `{ image: { url: … } }`",
            );
        }
        for Media { url, data, file_id, .. } in media.into_iter().flatten() {
            let sources = [url, data, file_id].into_iter().flatten().count();
            if sources != 1 {
                let message = format!("expected one of `url`, `data` and `file-id`, found {sources}");
                self.wrong(at, message, "say where the bytes are");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mistakes(text: &str) -> String {
        let written = Written::from_text(Path::new("a.test.yaml"), text).unwrap();
        check(written, false).map(|suite| suite.cases.len()).unwrap_err().to_string()
    }

    #[track_caller]
    fn says(text: &str, parts: &[&str]) {
        let told = mistakes(text);
        parts.iter().for_each(|part| assert!(told.contains(part), "{part}\n---\n{told}"));
    }

    #[test]
    fn every_mistake_is_told_at_its_place() {
        let text = "strategy: mirror\nsetings: {}\nseed: many\nlimits: { tme: 3ms }\ncases:\n  - name: a\n    request: hi\n    \
                    expect: passs\n  - name: b\n    request: { messages: [{ rol: user }] }\n    expect: { text: { matches: '(' } }\n  \
                    - request: x\n    expect: pass\n";
        says(
            text,
            &[
                "unknown key `setings`",
                "a.test.yaml:2:1",
                "did you mean `settings`?",
                "`seed`: expected a whole number, 0 or more, found the text `many`",
                "unknown key `tme`",
                "the keys of `limits` are",
                "`cases[0].expect`: expected `pass`, or a mapping such as `{ text: … }`, found the text `passs`",
                "a.test.yaml:8:13",
                "unknown key `rol`",
                "is no regular expression",
                "`cases[2]`: `name` is missing",
            ],
        );
    }

    #[test]
    fn what_no_single_value_shows_is_told_too() {
        let case = |rest: &str| format!("strategy: mirror\ncases:\n  - name: a\n{rest}");
        for (text, wanted) in [
            ("cases: []".to_owned(), "`strategy` is missing, or `strategies`"),
            ("strategy: a\nstrategies: [b]\ncases: []".to_owned(), "`strategy` stands beside `strategies`"),
            ("strategies: [b]\nsettings: {}\ncases: []".to_owned(), "`settings` stands beside `strategies`"),
            ("strategy: mirror".to_owned(), "`cases` is missing"),
            ("strategy: mirror\ncases: []".to_owned(), "there are no cases"),
            (case("    expect: pass"), "the case asks nothing"),
            (case("    request: hi"), "`expect` is missing"),
            (case("    request: hi\n    expect: {}"), "nothing is expected"),
            (case("    request: hi\n    turns: []\n    expect: pass"), "`turns` stands beside `request`"),
            (case("    request: { stream: false }\n    expect: pass"), "nothing is asked"),
            (case("    request: { post: /v1/messages }\n    expect: pass"), "`post` stands without a `body`"),
            (case("    request: { body: {} }\n    expect: pass"), "`body` stands without `post`"),
            (
                case("    request: { post: /x, body: {}, stream: true }\n    expect: pass"),
                "other words stand beside `post`",
            ),
            (case("    request: { messages: [{ role: user }] }\n    expect: pass"), "the message says nothing"),
            (case("    request: { messages: [{ parts: [{}] }] }\n    expect: pass"), "a part is one thing; found 0"),
            (
                case("    request: { messages: [{ parts: [{ image: {} }] }] }\n    expect: pass"),
                "expected one of `url`",
            ),
        ] {
            says(&text, &[wanted]);
        }
        says(
            "strategy: ''\nlimits: { time: 0ms }\ncases: []",
            &["name of a strategy is empty", "`limits.time`: expected more than 0"],
        );
    }

    #[test]
    fn paths_are_relative_to_the_file() {
        let text = "strategy: ../a.wasm\ncases: [{ name: a, request: hi, expect: pass }]";
        let written = Written::from_text(Path::new("/x/tests/a.test.yaml"), text).unwrap();
        let suite = check(written, false).unwrap();
        let stages = suite.loaded.stages.unwrap();
        assert!(format!("{:?}", stages[0].strategy).contains("/x/tests/../a.wasm"), "{:?}", stages[0].strategy);
    }
}
