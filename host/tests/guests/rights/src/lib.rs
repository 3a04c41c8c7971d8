//! Does what needs rights: the prompt is a verb and what to do it with, such as `read /etc/passwd`. What does not work it
//! says, or with a verb that ends in `!`, fails with. Anything else it leaves to others.

mod web;

use std::net::TcpStream;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use serde::Deserialize;
use standin_sdk::{Outcome, Plugin, Reply, Request, Result};

struct Rights {
    settings: Settings,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct Settings {
    /// What to do where the prompt says nothing to do, such as at load.
    always: Option<String>,
    /// A variable that it insists on.
    needs: Option<String>,
}

impl Plugin for Rights {
    type Settings = Settings;

    fn new(settings: Settings) -> Result<Self> {
        if let Some(name) = &settings.needs {
            std::env::var(name).map_err(|error| format!("{name}: {error}"))?;
        }
        Ok(Self { settings })
    }

    fn respond(&self, request: &Request) -> Result<Outcome> {
        let prompt = request.last_user_text().unwrap_or_default();
        let done = act(&prompt).or_else(|| act(self.settings.always.as_deref()?));
        let Some((insists, done)) = done else { return Ok(Outcome::Pass) };
        match done {
            Ok(said) => Ok(Reply::text(said).into()),
            Err(error) if insists => Err(error.into()),
            Err(error) => Ok(Reply::text(format!("no: {error}")).into()),
        }
    }
}

fn act(prompt: &str) -> Option<(bool, std::result::Result<String, String>)> {
    static CALLS: AtomicU32 = AtomicU32::new(0);
    let (verb, what) = prompt.split_once(' ').unwrap_or((prompt, ""));
    let insists = verb.ends_with('!');
    let done = match verb.trim_end_matches('!') {
        "read" => std::fs::read_to_string(what).map_err(|error| error.to_string()),
        "size" => std::fs::metadata(what).map(|it| it.len().to_string()).map_err(|error| error.to_string()),
        "list" => list(what).map_err(|error| error.to_string()),
        "write" => std::fs::write(what, "x").map(|()| "written".into()).map_err(|error| error.to_string()),
        "remove" => std::fs::remove_file(what).map(|()| "removed".into()).map_err(|error| error.to_string()),
        "variable" => std::env::var(what).map_err(|error| error.to_string()),
        "variables" => Ok(std::env::vars().map(|(name, _)| name).collect::<Vec<_>>().join(" ")),
        "get" => web::get(what),
        "connect" => TcpStream::connect(what).map(|_| "connected".into()).map_err(|error| error.to_string()),
        "sleep" => Ok(sleep(what)),
        "count" => Ok((CALLS.fetch_add(1, Ordering::Relaxed) + 1).to_string()),
        "panic" => panic!("{what}"),
        "loop" => {
            eprintln!("looping {what}");
            loop {
                std::hint::black_box(());
            }
        }
        _ => return None,
    };
    Some((insists, done))
}

fn list(what: &str) -> std::io::Result<String> {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(what)? {
        names.push(entry?.file_name().to_string_lossy().into_owned());
    }
    names.sort();
    Ok(names.join(" "))
}

/// Says how long that was by its own clock.
fn sleep(ms: &str) -> String {
    let wanted = Duration::from_millis(ms.parse().unwrap_or_default());
    let before = Instant::now();
    std::thread::sleep(wanted);
    let slept = before.elapsed();
    format!("{} {}", slept >= wanted, slept < wanted * 2)
}

standin_sdk::export!(Rights);
