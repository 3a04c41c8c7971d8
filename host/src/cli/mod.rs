//! The commands, one file each. A command returns what to print when it fails: sentences for a person, and exit code 2.

mod check;
mod componentize;
mod inspect;
mod new;
mod output;
mod pack;
mod run;
mod schema;
mod serve;
mod test;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::{Parser, Subcommand};
use standin::config::{Format, PREFIXES, Variables};

/// A mock LLM server for tests: speaks the wire formats of OpenAI and Anthropic, answers with WebAssembly strategies.
///
/// Point a client at it instead of a paid model. Without a command, it serves.
#[derive(Parser)]
#[command(name = "standin", version, max_term_width = 100, args_conflicts_with_subcommands = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    serve: serve::Args,
}

#[derive(Subcommand)]
enum Command {
    /// Serve (this is what `standin` alone does).
    Serve(serve::Args),
    /// Check a configuration or a component, and print what it is.
    ///
    /// Everything that is wrong is told at once, with its place. Exit code 2 where something is.
    #[command(
        visible_alias = "validate",
        after_help = "Examples:\n  standin check standin.yaml\n  standin check strategies/greeter.wasm"
    )]
    Check(check::Args),
    /// Print what a component is: name, version, imports, exports, when it is asked, size.
    #[command(after_help = "Example:\n  standin inspect strategies/greeter.wasm")]
    Inspect(inspect::Args),
    /// Write a small project of a strategy of one's own, in any of nine languages.
    New(new::Args),
    /// Turn a core WebAssembly module into a component that standin can load.
    Componentize(componentize::Args),
    /// Run the tests of strategies, written as data.
    Test(test::Args),
    /// Ask a component once, and print what it answers and what that took.
    Run(run::Args),
    /// Build packs of strategies, publish, install and verify them.
    #[command(after_help = "Example:\n  standin pack install oci://ghcr.io/team/greetings@1.2")]
    Pack(pack::Args),
    /// Print the JSON Schema of the configuration, for editors.
    #[command(after_help = "Example:\n  standin schema > standin.schema.json")]
    Schema(schema::Args),
}

/// The configuration file that is used where none is named, if it is there.
const CONFIG: &str = "standin.yaml";

pub(crate) fn run(cli: Cli) -> ExitCode {
    let result = match cli.command {
        None => serve::run(cli.serve),
        Some(Command::Serve(args)) => serve::run(args),
        Some(Command::Check(args)) => check::run(args),
        Some(Command::Inspect(args)) => inspect::run(&args),
        Some(Command::New(args)) => new::run(&args),
        Some(Command::Componentize(args)) => componentize::run(&args),
        Some(Command::Test(args)) => return test::run(&args),
        Some(Command::Run(args)) => match run::run(&args) {
            Ok(code) => return code,
            Err(error) => Err(error),
        },
        Some(Command::Pack(args)) => pack::run(args),
        Some(Command::Schema(args)) => schema::run(&args),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            output::complain(&format!("{error:#}"));
            ExitCode::from(2)
        }
    }
}

/// The file that was named, else the usual one where it is there; absolute, so that watching it works from anywhere.
fn config_file(named: Option<PathBuf>) -> Option<PathBuf> {
    let file = named.or_else(|| Some(PathBuf::from(CONFIG)).filter(|file| file.exists()))?;
    Some(std::path::absolute(&file).unwrap_or(file))
}

/// The variables that the other systems have beside their files.
fn variables() -> Variables {
    let ours = |name: &str| PREFIXES.iter().any(|prefix| name.starts_with(prefix));
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.to_string_lossy().into_owned())))
        .filter(|(name, _)| ours(name))
        .collect()
}

/// The value of `--format`.
fn format_parser() -> impl TypedValueParser<Value = Format> {
    let names = Format::ALL.map(|format| PossibleValue::new(format.name()).help(format.about()));
    PossibleValuesParser::new(names).try_map(|name| name.parse::<Format>())
}
