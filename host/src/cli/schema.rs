//! `standin schema`.

use super::output::say;

pub(super) fn run() -> anyhow::Result<()> {
    say(&serde_json::to_string_pretty(&standin::config::schema())?);
    Ok(())
}
