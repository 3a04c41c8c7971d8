//! The files of other systems, read as they are, so that their users start on what they already have.
//!
//! [`recognise`] says whose file a document is. Then one file a format turns the document into a [`Config`] and a chain, and
//! notes every mistake at its place (`spot`). What the format changes elsewhere follows from [`Config::format`].

mod llmock;
mod mocks;
mod recognise;
mod responses;
mod script;
mod spot;
mod variables;

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use super::load::ResolvedStage;
use super::model::Config;
use super::report::{Diagnostic, Text};
use super::tree::Tree;
use super::typed;
use super::words::words;
use spot::Document;

pub(super) use recognise::{Found, recognise};

/// Variables of the environment, by name: those that the other systems read from it.
pub type Variables = BTreeMap<String, String>;

/// What the names of the variables begin with that are read.
pub const PREFIXES: [&str; 2] = ["MOCKLLM_", "LLMOCK_"];

/// Whose configuration file this is: standin's own, or that of a system whose users come from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Format {
    /// `standin.yaml`.
    #[default]
    Standin,
    /// `responses.yml` of mockllm: a table of questions and answers.
    Responses,
    /// `mocks.json` of kagent's mockllm: whole responses, and what they answer.
    Mocks,
    /// `config.yaml` of llmock.
    Llmock,
    /// A list of replies that are given in order, as to ModelMesh's test client.
    Script,
}

impl Format {
    /// Every format.
    pub const ALL: [Self; 5] = [Self::Standin, Self::Responses, Self::Mocks, Self::Llmock, Self::Script];

    /// What it is called where a person chooses it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Standin => "standin",
            Self::Responses => "mockllm",
            Self::Mocks => "kagent",
            Self::Llmock => "llmock",
            Self::Script => "modelmesh",
        }
    }

    /// What such a file is.
    pub const fn about(self) -> &'static str {
        match self {
            Self::Standin => "the standin.yaml of standin itself",
            Self::Responses => "the responses.yml of mockllm: questions and their answers",
            Self::Mocks => "the mocks.json of kagent's mockllm: whole responses, and what they answer",
            Self::Llmock => "the config.yaml of llmock",
            Self::Script => "a list of replies that are given in order, as to ModelMesh's mock client",
        }
    }

    /// The keys at the top of such a file.
    pub fn keys(self) -> &'static [&'static str] {
        match self {
            Self::Standin => typed::keys(),
            Self::Responses => &responses::KEYS,
            Self::Mocks => &mocks::KEYS,
            Self::Llmock => &llmock::KEYS,
            Self::Script => &script::KEYS,
        }
    }

    /// Its keys, for who wrote others.
    fn told(self) -> String {
        let list = if self == Self::Script { "a list, or " } else { "" };
        format!("the format `{}` ({}) has {list}the keys {}", self.name(), self.about(), words(self.keys()))
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Format {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|format| format.name() == text).ok_or_else(|| {
            let names = Self::ALL.map(Self::name);
            format!("there is no format `{text}`; expected one of {}", words(&names))
        })
    }
}

/// What the file of another system means here.
pub(super) struct Foreign {
    pub(super) config: Config,
    pub(super) stages: Vec<ResolvedStage>,
    /// How much the log says.
    pub(super) log: Option<&'static str>,
}

/// Reads the document of another system; what is wrong, or odd, comes second.
pub(super) fn read(format: Format, text: &Text, tree: Tree, variables: &Variables) -> (Foreign, Vec<Diagnostic>) {
    let document = Document::new(text, tree);
    let (mut foreign, told) = match format {
        Format::Standin | Format::Responses => responses::read(document, variables),
        Format::Mocks => mocks::read(document),
        Format::Llmock => llmock::read(document, variables),
        Format::Script => script::read(document),
    };
    foreign.config.format = format;
    (foreign, told)
}

/// The keys of all formats, for a file that has none of them.
pub(super) fn all_told() -> impl Iterator<Item = String> {
    Format::ALL.into_iter().skip(1).map(Format::told)
}
