//! `standin new NAME --lang LANG`.

use std::path::PathBuf;

use clap::builder::{PossibleValue, TypedValueParser};
use standin::scaffold::{File, Language, Name, project, write};

use super::output::say;

#[derive(clap::Args)]
#[command(
    override_usage = "standin new NAME --lang LANG [--dir DIR]",
    after_help = "Example:\n  standin new greeter --lang python\n  cd greeter && ./build && standin test && standin serve"
)]
pub(crate) struct Args {
    /// The project's name, which is also the strategy's: lower-case letters, digits and hyphens.
    #[arg(value_name = "NAME")]
    name: Name,
    /// The language. Without it, they are listed.
    #[arg(short, long, value_name = "LANG", value_parser = Languages)]
    lang: Option<Language>,
    /// The folder to write into; it must be empty, or not there yet. Default: one with the project's name.
    #[arg(short, long, value_name = "DIR")]
    dir: Option<PathBuf>,
}

pub(super) fn run(args: &Args) -> anyhow::Result<()> {
    let name = args.name.as_str();
    let Some(language) = args.lang else {
        anyhow::bail!("in which language? Say it with --lang, such as `standin new {name} --lang rust`.\n{}", listed());
    };
    let folder = args.dir.clone().unwrap_or_else(|| name.into());
    let files = project(language, &args.name).map_err(anyhow::Error::msg)?;
    write(&folder, &files)?;

    say(&format!("wrote {name}, a strategy in {}, into {}", language.name(), folder.display()));
    contents(&files).iter().for_each(|line| say(&format!("  {line}")));
    say("next");
    for (command, about) in [
        (format!("cd {}", folder.display()), String::new()),
        ("./build".to_owned(), format!("makes {name}.wasm")),
        ("standin test".to_owned(), format!("runs tests/{name}.test.yaml")),
        ("standin serve".to_owned(), "serves it, as standin.yaml says".to_owned()),
    ] {
        say(format!("  {command:<18}{about}").trim_end());
    }
    Ok(())
}

/// What lies in the project's folder: its files, and how many are in each of its folders.
fn contents(files: &[File]) -> Vec<String> {
    let mut lines: Vec<(&str, usize)> = Vec::new();
    for file in files {
        let (top, inside) = file.path.split_once('/').map_or((&*file.path, 0), |(folder, _)| (folder, 1));
        match lines.last_mut() {
            Some((last, count)) if *last == top => *count += inside,
            _ => lines.push((top, inside)),
        }
    }
    let told = |(top, count)| match count {
        0 => String::from(top),
        1 => format!("{top}/ (1 file)"),
        count => format!("{top}/ ({count} files)"),
    };
    lines.into_iter().map(told).collect()
}

/// Every language, a line each.
fn listed() -> String {
    let lines = Language::ALL.map(|language| format!("  {:<16}{}", language.name(), language.about()));
    lines.join("\n")
}

/// The value of `--lang`.
#[derive(Clone)]
struct Languages;

impl TypedValueParser for Languages {
    type Value = Language;

    fn parse_ref(
        &self,
        _: &clap::Command,
        _: Option<&clap::Arg>,
        value: &std::ffi::OsStr,
    ) -> Result<Language, clap::Error> {
        value.to_string_lossy().parse().map_err(|reason| {
            clap::Error::raw(clap::error::ErrorKind::InvalidValue, format!("{reason}; choose one of\n{}\n", listed()))
        })
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        let value = |language: Language| PossibleValue::new(language.name()).help(language.about());
        Some(Box::new(Language::ALL.into_iter().map(value)))
    }
}
