//! When a plugin need not be asked: the conditions of a whole chain, indexed at load, evaluated once per request.
//!
//! Texts are compared trimmed and case-folded on both sides, which matches more than the plugin may answer and never less.
//! Equality is compared by 64-bit hashes for the same reason: a collision costs one call in vain.

use std::borrow::Cow;
use std::cell::RefCell;
use std::hash::Hasher;
use std::sync::Arc;

use aho_corasick::AhoCorasick;
use rustc_hash::{FxHashMap, FxHasher};
use serde_json::Value;

use super::asked::Asked;
use super::bindings::lifecycle;
use super::convert;
use crate::chat::Role;

/// When a plugin has to be asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Activation {
    /// Every time.
    Always,
    /// Where one of these holds.
    AnyOf(Vec<Condition>),
    /// Every time; where none of these holds, for want of a better answer.
    Fallback(Vec<Condition>),
}

impl Activation {
    /// Its conditions; none where there are none to check.
    pub fn conditions(&self) -> &[Condition] {
        match self {
            Self::Always => &[],
            Self::AnyOf(conditions) | Self::Fallback(conditions) => conditions,
        }
    }
}

/// Something about a request that the host checks itself; see `wit/worlds.wit`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Condition {
    /// The last user text contains this.
    UserTextContains(String),
    /// The last user text is this.
    UserTextEquals(String),
    /// The last user text is a key of the object at this pointer into the settings.
    UserTextKeyOf(String),
    /// The last message that is not a system message has this role.
    LastRole(Role),
    /// The model's name; `*` stands for any run of characters.
    Model(String),
    /// The operation.
    Operation(String),
    /// The request has this header.
    HeaderPresent(String),
    /// The client offers tools.
    HasTools,
    /// The client wants an answer that satisfies a JSON Schema.
    HasOutputSchema,
    /// The plugin keeps something under this key in the request's session.
    HasState(String),
}

impl From<lifecycle::Activation> for Activation {
    fn from(activation: lifecycle::Activation) -> Self {
        let conditions = |conditions: Vec<lifecycle::Condition>| conditions.into_iter().map(Condition::from).collect();
        match activation {
            lifecycle::Activation::Always => Self::Always,
            lifecycle::Activation::AnyOf(it) => Self::AnyOf(conditions(it)),
            lifecycle::Activation::Fallback(it) => Self::Fallback(conditions(it)),
        }
    }
}

impl From<lifecycle::Condition> for Condition {
    fn from(condition: lifecycle::Condition) -> Self {
        use lifecycle::Condition as Wit;
        match condition {
            Wit::UserTextContains(text) => Self::UserTextContains(text),
            Wit::UserTextEquals(text) => Self::UserTextEquals(text),
            Wit::UserTextKeyOf(pointer) => Self::UserTextKeyOf(pointer),
            Wit::LastRole(role) => Self::LastRole(convert::role_from(role)),
            Wit::Model(glob) => Self::Model(glob),
            Wit::Operation(name) => Self::Operation(name),
            Wit::HeaderPresent(name) => Self::HeaderPresent(name),
            Wit::HasTools => Self::HasTools,
            Wit::HasOutputSchema => Self::HasOutputSchema,
            Wit::HasState(key) => Self::HasState(key),
        }
    }
}

impl std::fmt::Display for Activation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Always => return f.write_str("always"),
            Self::AnyOf(conditions) if conditions.is_empty() => return f.write_str("never"),
            Self::Fallback(conditions) if conditions.is_empty() => return f.write_str("always, as a fallback"),
            Self::AnyOf(_) => {}
            Self::Fallback(_) => f.write_str("always, and as a fallback but ")?,
        }
        for (i, condition) in self.conditions().iter().enumerate() {
            f.write_str(if i == 0 { "where " } else { ", or " })?;
            match condition {
                Condition::UserTextContains(text) => write!(f, "the last user text contains {text:?}")?,
                Condition::UserTextEquals(text) => write!(f, "the last user text is {text:?}")?,
                Condition::UserTextKeyOf(pointer) => write!(f, "the last user text is a key of settings{pointer}")?,
                Condition::LastRole(role) => write!(f, "the last message has the role {role:?}")?,
                Condition::Model(glob) => write!(f, "the model is {glob:?}")?,
                Condition::Operation(name) => write!(f, "the operation is {name}")?,
                Condition::HeaderPresent(name) => write!(f, "the header {name} is present")?,
                Condition::HasTools => f.write_str("the request offers tools")?,
                Condition::HasOutputSchema => f.write_str("the request has an output schema")?,
                Condition::HasState(key) => write!(f, "its state has the key {key:?}")?,
            }
        }
        Ok(())
    }
}

/// A stage of the chain, and one of its conditions.
type Hit = (u32, u32);

/// The texts that whole prompts are compared with: by their hashes, each with a list of hits. One look-up finds them all,
/// however many stages have tables, and a table of a hundred thousand rows takes a few megabytes.
#[derive(Default)]
struct Equalities {
    first: FxHashMap<u64, u32>,
    /// Hits, each with the place of the next one of the same text.
    hits: Vec<(Hit, u32)>,
}

impl Equalities {
    fn insert(&mut self, text: u64, hit: Hit) {
        let place = u32::try_from(self.hits.len()).unwrap_or(NOT);
        let next = self.first.insert(text, place).unwrap_or(NOT);
        self.hits.push((hit, next));
    }

    fn of(&self, text: u64) -> impl Iterator<Item = &Hit> {
        let mut place = self.first.get(&text).copied();
        std::iter::from_fn(move || {
            let (hit, next) = self.hits.get(place? as usize)?;
            place = Some(*next);
            Some(hit)
        })
    }
}

const NOT: u32 = u32::MAX;
const ALWAYS: u32 = u32::MAX - 1;
const FALLBACK: u32 = u32::MAX - 2;

/// The conditions of a chain.
#[derive(Default)]
pub struct Index {
    /// What a request starts from: [`ALWAYS`], [`FALLBACK`] or [`NOT`] per stage.
    template: Vec<u32>,
    contains: Option<(AhoCorasick, Vec<Hit>)>,
    equals: Equalities,
    roles: Vec<(Role, Hit)>,
    models: Vec<(String, Hit)>,
    operations: Vec<(String, Hit)>,
    headers: Vec<(String, Hit)>,
    tools: Vec<Hit>,
    schemas: Vec<Hit>,
    /// Keys of state, each with whose state it is.
    states: Vec<(Arc<str>, String, Hit)>,
}

/// Which stages have to be asked about one request.
pub struct Selection(Vec<u32>);

impl Selection {
    /// Whether the stage has to be asked, and if so, by which condition; none where it always is.
    pub fn of(&self, stage: usize) -> Option<Option<u32>> {
        match self.0.get(stage) {
            None | Some(&NOT) => None,
            Some(&ALWAYS | &FALLBACK) => Some(None),
            Some(&condition) => Some(Some(condition)),
        }
    }

    /// Whether the stage would answer for want of a better answer.
    pub fn is_fallback(&self, stage: usize) -> bool {
        self.0.get(stage) == Some(&FALLBACK)
    }

    fn hit(&mut self, &(stage, condition): &Hit) {
        if let Some(first) = self.0.get_mut(stage as usize)
            && *first != ALWAYS
        {
            *first = (*first).min(condition);
        }
    }
}

thread_local! {
    /// Folded text and selections are reused from request to request.
    static SCRATCH: RefCell<Vec<Vec<u32>>> = const { RefCell::new(Vec::new()) };
}

impl Index {
    /// Indexes the activations of a chain's stages, each with its name and settings.
    ///
    /// # Errors
    /// The substrings are too many for one automaton.
    pub fn new<'p>(
        stages: impl Iterator<Item = (&'p Arc<str>, &'p Activation, &'p Arc<Value>)>,
    ) -> Result<Self, String> {
        let mut index = Self::default();
        let mut needles: Vec<(String, Hit)> = Vec::new();
        for (stage, (name, activation, settings)) in stages.enumerate() {
            index.template.push(match activation {
                Activation::Always => ALWAYS,
                Activation::AnyOf(_) => NOT,
                Activation::Fallback(_) => FALLBACK,
            });
            for (condition, what) in activation.conditions().iter().enumerate() {
                let hit = (u32::try_from(stage).unwrap_or(NOT), u32::try_from(condition).unwrap_or(NOT));
                match what {
                    Condition::UserTextContains(text) => needles.push((fold(text).into_owned(), hit)),
                    Condition::UserTextEquals(text) => index.equals.insert(hash(&fold(text)), hit),
                    Condition::UserTextKeyOf(pointer) => {
                        let keys = settings.pointer(pointer).and_then(Value::as_object);
                        for key in keys.into_iter().flat_map(|object| object.keys()) {
                            index.equals.insert(hash(&fold(key)), hit);
                        }
                    }
                    Condition::LastRole(role) => index.roles.push((*role, hit)),
                    Condition::Model(glob) => index.models.push((glob.clone(), hit)),
                    Condition::Operation(name) => index.operations.push((name.clone(), hit)),
                    Condition::HeaderPresent(name) => index.headers.push((name.clone(), hit)),
                    Condition::HasTools => index.tools.push(hit),
                    Condition::HasOutputSchema => index.schemas.push(hit),
                    Condition::HasState(key) => index.states.push((Arc::clone(name), key.clone(), hit)),
                }
            }
        }
        if !needles.is_empty() {
            let automaton = AhoCorasick::new(needles.iter().map(|(needle, _)| needle)).map_err(|e| e.to_string())?;
            index.contains = Some((automaton, needles.into_iter().map(|(_, hit)| hit).collect()));
        }
        Ok(index)
    }

    /// An index over the same stages that asks every one of them, for tests that compare the two.
    pub fn without_conditions(stages: usize) -> Self {
        Self { template: vec![ALWAYS; stages], ..Self::default() }
    }

    /// Which stages have to be asked.
    pub fn select(&self, asked: &Asked) -> Selection {
        let mut buffer = SCRATCH.with_borrow_mut(Vec::pop).unwrap_or_default();
        buffer.clear();
        buffer.extend_from_slice(&self.template);
        let mut selection = Selection(buffer);
        let request = asked.request();

        if (self.contains.is_some() || !self.equals.hits.is_empty())
            && let Some(text) = request.last_user_text()
        {
            self.select_by_text(&fold(&text), &mut selection);
        }
        let role = if self.roles.is_empty() { None } else { request.last_role() };
        self.roles.iter().filter(|(it, _)| Some(*it) == role).for_each(|(_, hit)| selection.hit(hit));
        self.models.iter().filter(|(glob, _)| matches(glob, &request.model)).for_each(|(_, hit)| selection.hit(hit));
        self.operations.iter().filter(|(it, _)| it == request.operation.name()).for_each(|(_, hit)| selection.hit(hit));
        self.headers.iter().filter(|(it, _)| asked.headers.contains_key(it)).for_each(|(_, hit)| selection.hit(hit));
        if !request.tools.is_empty() {
            self.tools.iter().for_each(|hit| selection.hit(hit));
        }
        if request.output_schema.is_some() {
            self.schemas.iter().for_each(|hit| selection.hit(hit));
        }
        if !self.states.is_empty() && asked.session.has_state() {
            let kept = |name: &str, key: &str| asked.session.get(name, key).is_some();
            self.states.iter().filter(|(name, key, _)| kept(name, key)).for_each(|(_, _, hit)| selection.hit(hit));
        }
        selection
    }

    fn select_by_text(&self, text: &str, selection: &mut Selection) {
        // Most texts contain none, which a search for the first one tells much faster.
        if let Some((automaton, hits)) = &self.contains
            && automaton.is_match(text)
        {
            for found in automaton.find_overlapping_iter(text) {
                if let Some(hit) = hits.get(found.pattern().as_usize()) {
                    selection.hit(hit);
                }
            }
        }
        if !self.equals.hits.is_empty() {
            self.equals.of(hash(text)).for_each(|hit| selection.hit(hit));
        }
    }
}

impl Drop for Selection {
    fn drop(&mut self) {
        let buffer = std::mem::take(&mut self.0);
        // A thread that is going down has no scratch any more, and needs none.
        let _ = SCRATCH.try_with(|scratch| scratch.borrow_mut().push(buffer));
    }
}

fn hash(text: &str) -> u64 {
    let mut hasher = FxHasher::default();
    hasher.write(text.as_bytes());
    hasher.finish()
}

/// Trims a text and folds its case: upper and then lower case, character by character, which maps `ς`, `σ` and `Σ` to one and
/// `ß` and `SS` too.
fn fold(text: &str) -> Cow<'_, str> {
    let text = text.trim();
    if !text.is_ascii() {
        return text.chars().flat_map(char::to_uppercase).flat_map(char::to_lowercase).collect();
    }
    if text.bytes().any(|byte| byte.is_ascii_uppercase()) { text.to_ascii_lowercase().into() } else { text.into() }
}

/// Whether a name matches a pattern in which `*` stands for any run of characters.
pub fn matches(glob: &str, name: &str) -> bool {
    let mut pieces = glob.split('*');
    let Some(mut rest) = pieces.next().and_then(|first| name.strip_prefix(first)) else { return false };
    let Some(last) = pieces.next_back() else { return rest.is_empty() };
    for piece in pieces {
        let Some(at) = rest.find(piece) else { return false };
        rest = &rest[at + piece.len()..];
    }
    rest.len() >= last.len() && rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_any_run() {
        for (glob, name, wanted) in [
            ("gpt-4o", "gpt-4o", true),
            ("gpt-4o", "gpt-4o-mini", false),
            ("gpt-*", "gpt-4o", true),
            ("*", "", true),
            ("*-mini", "gpt-4o-mini", true),
            ("a*b*a", "aba", true),
            ("a*a", "a", false),
            ("*x*", "axb", true),
            ("*x*", "ab", false),
            ("", "", true),
            ("", "a", false),
        ] {
            assert_eq!(matches(glob, name), wanted, "{glob} {name}");
        }
    }

    #[test]
    fn folding_makes_texts_equal_that_differ_in_case_and_blanks() {
        for (left, right) in [
            ("Hello", " hello\n"),
            ("STRASSE", "straße"),
            ("ΟΔΟΣ", "οδος"),
            ("ΟΔΟΣ", "οδοσ"),
            ("İ", "i̇"),
            ("ÉTÉ", "été"),
        ] {
            assert_eq!(fold(left), fold(right));
        }
    }
}
