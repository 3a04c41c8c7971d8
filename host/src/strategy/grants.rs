//! What a plugin is granted, and the sentences that name what it is not: each says which key of the configuration to add.

use std::path::Path;

use crate::config::Rights;

/// What a plugin is granted, as its instances need it.
#[derive(Debug, Default)]
pub struct Grants {
    /// The granted rights.
    pub rights: Rights,
    /// The granted variables that were set when the plugin was loaded.
    pub(super) env: Vec<(String, String)>,
}

impl Grants {
    /// Looks up what is granted.
    pub(super) fn new(rights: Rights) -> Self {
        let value = |name: &String| Some((name.clone(), std::env::var_os(name)?.to_string_lossy().into_owned()));
        let env = rights.env.iter().filter_map(value).collect();
        Self { rights, env }
    }

    /// Whether a host may be asked.
    ///
    /// # Errors
    /// What to add.
    pub(super) fn may_ask(&self, scheme: &str, host: &str, port: Option<u16>) -> Result<(), String> {
        let usual = match scheme {
            "http" => 80,
            "https" => 443,
            _ => return Err(format!("the scheme `{scheme}` cannot be used; there are http and https")),
        };
        let port = port.unwrap_or(usual);
        if self.rights.http.iter().any(|granted| granted.covers(host, port)) {
            return Ok(());
        }
        let name = if matches!(port, 80 | 443) { host.to_owned() } else { format!("{host}:{port}") };
        Err(not_granted(&format!("http: [\"{name}\"]")))
    }

    /// A path that lies in no directory which may be read.
    pub(super) fn no_file(&self, path: &str) -> String {
        let whole = Path::new("/").join(path);
        let folder = whole.parent().unwrap_or(&whole).display();
        format!("`{}` cannot be read: {}", whole.display(), not_granted(&format!("read: [\"{folder}\"]")))
    }

    /// A path that leads out of a directory which may be read, or that the guest wanted to change.
    pub(super) fn no_way_out(&self, path: &str) -> String {
        let granted: Vec<&str> = self.rights.read.iter().map(|it| it.name.as_str()).collect();
        let granted = granted.join(", ");
        format!(
            "`{path}` cannot be opened: `allow: {{ read: […] }}` grants reading what lies in {granted}, and nothing else"
        )
    }
}

/// Nothing can be written, whatever is granted.
pub(super) fn no_writing(path: &str) -> String {
    format!("`{path}` cannot be changed: a strategy may read files at most")
}

/// There are no sockets, whatever is granted.
pub(super) const NO_SOCKETS: &str =
    "there are no sockets for a strategy; it can ask a host through wasi:http, with `allow: { http: [HOST] }`";

/// An environment that shows nothing looks like one in which nothing is set.
pub(super) const NO_VARIABLES: &str = "it sees no environment variables: add `allow: { env: [NAME] }` to this strategy";

fn not_granted(key: &str) -> String {
    format!("not granted: add `allow: {{ {key} }}` to this strategy")
}
