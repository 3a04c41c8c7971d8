//! Lays the thesaurus out as a sorted table, so that an instance has nothing to read when it starts.

#![allow(clippy::print_stdout, reason = "this is how a build script talks to cargo")]
#![allow(dead_code, reason = "the component uses the rest of these modules")]

#[path = "src/stem.rs"]
mod stem;
#[path = "src/table.rs"]
mod table;
#[path = "src/words.rs"]
mod words;

use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs};

use table::{BUCKETS, COMMON, IMPORT, LIGHT, Meaning, bucket, short};
use words::{Words, join};

const TOPICS: &str = "src/thesaurus.txt";
const WORDS: &str = "src/common.txt";

fn main() -> Result<(), Box<dyn std::error::Error>> {
    for input in [TOPICS, WORDS, "src/stem.rs", "src/table.rs", "src/words.rs", "build.rs"] {
        println!("cargo::rerun-if-changed={input}");
    }
    let mut words = Words::new();
    let mut meanings = topics(&fs::read_to_string(TOPICS)?, &mut words)?;
    meanings.extend(imports(&fs::read_to_string(WORDS)?, &mut words));
    meanings.sort_unstable();
    meanings.dedup();

    let mut code = format!("static MEANINGS: [Meaning; {}] = [\n", meanings.len());
    for Meaning { key, group, topic, field } in &meanings {
        writeln!(code, "    Meaning {{ key: {key}, group: {group}, topic: {topic}, field: {field} }},")?;
    }
    write!(code, "];\nstatic STARTS: [u16; {}] = [", BUCKETS + 1)?;
    for number in 0..=BUCKETS {
        write!(code, "{}, ", u16::try_from(meanings.partition_point(|meaning| bucket(meaning.key) < number))?)?;
    }
    code.push_str("];\n");
    let out = env::var_os("OUT_DIR").ok_or("cargo did not set OUT_DIR")?;
    Ok(fs::write(Path::new(&out).join("thesaurus.rs"), code)?)
}

/// The meanings of the words in the thesaurus.
fn topics(text: &str, words: &mut Words) -> Result<Vec<Meaning>, String> {
    let mut meanings = Vec::new();
    let mut fields = vec![""];
    let mut meaning = Meaning { key: 0, group: 0, topic: 0, field: 0 };
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let (name, groups) = line.split_once(": ").map_or((None, line), |(name, groups)| (Some(name), groups));
        if let Some(name) = name {
            let field = name.split_once('/').map_or("", |(field, _)| field);
            let place = fields.iter().position(|known| *known == field).unwrap_or_else(|| {
                fields.push(field);
                fields.len() - 1
            });
            meaning.topic = meaning.topic.checked_add(1).ok_or("too many topics")?;
            meaning.field = u8::try_from(place).map_err(|_| "too many fields")?;
            meaning.group += 1;
        }
        for (at, entries) in groups.split(',').enumerate() {
            // A group may go on in the next line.
            meaning.group += u16::from(at > 0);
            for entry in entries.split_whitespace() {
                words.read(entry);
                let key = match words.list() {
                    [word] => word.stem,
                    [one, two] => join(one.stem, two.stem),
                    other => return Err(format!("{TOPICS}: `{entry}` is {} words, expected one or two", other.len())),
                };
                meanings.push(Meaning { key: short(key), ..meaning });
            }
        }
    }
    Ok(meanings)
}

/// How much the commonest words say: a list of each, after a comment.
fn imports(text: &str, words: &mut Words) -> Vec<Meaning> {
    let mut meanings = Vec::new();
    for (list, group) in text.split('#').skip(1).zip([COMMON, LIGHT]) {
        words.read(list.split_once('\n').map_or("", |(_, list)| list));
        let keys = words.list().iter().map(|word| short(join(IMPORT, word.stem)));
        meanings.extend(keys.map(|key| Meaning { key, group, topic: 0, field: 0 }));
    }
    meanings
}
