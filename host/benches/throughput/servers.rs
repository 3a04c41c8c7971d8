//! The servers that are measured.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use standin::chat::{Outcome, Reply};
use standin::config;
use standin::snapshot::Snapshot;
use standin::strategy::asked::Asked;
use standin::strategy::chain::Chain;
use standin::strategy::loader::Loader;

/// What a server serves. All but the last are this very program, so that they differ in nothing but the strategy: where code
/// lies in memory alone makes a tenth.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Variant {
    Fixed,
    Native,
    Mirror,
    Default,
    Fifty,
    Fresh,
    /// The default chain, without a journal.
    Forgetful,
    /// The program `standin` with the default chain.
    Standin,
}

const NAMES: [(Variant, &str); 7] = [
    (Variant::Fixed, "fixed"),
    (Variant::Native, "native"),
    (Variant::Mirror, "mirror"),
    (Variant::Default, "default"),
    (Variant::Fifty, "fifty"),
    (Variant::Fresh, "fresh"),
    (Variant::Forgetful, "forgetful"),
];

/// A server process; dropped, it ends.
pub(crate) struct Server {
    pub(crate) port: u16,
    process: Child,
    _folder: tempfile::TempDir,
}

impl Server {
    /// Starts a server and waits until it answers.
    pub(crate) fn start(variant: Variant) -> Self {
        let server = Self::spawn(variant);
        crate::client::ask_until_answered(server.port);
        server
    }

    pub(crate) fn spawn(variant: Variant) -> Self {
        // A port that was free a moment ago.
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
        let folder = tempfile::tempdir().unwrap();
        let name = NAMES.iter().find(|(it, _)| *it == variant).map(|(_, name)| *name);
        let program = match name {
            Some(_) => std::env::current_exe().unwrap(),
            None => PathBuf::from(env!("CARGO_BIN_EXE_standin")),
        };
        let mut command = match Command::new("taskset").arg("--version").stdout(Stdio::null()).status() {
            Ok(_) => {
                let mut pinned = Command::new("taskset");
                pinned.args(["-c", "0"]).arg(program);
                pinned
            }
            Err(_) => Command::new(program),
        };
        command.current_dir(&folder).env("PORT", port.to_string()).stdout(Stdio::null());
        match name {
            Some(name) => command.args(["serve", name]),
            None => command.args(["--workers", "1", "--log", "warn", "--listen", &format!("127.0.0.1:{port}")]),
        };
        Self { port, process: command.spawn().unwrap(), _folder: folder }
    }

    /// CPU time that all threads of the server have used, in microseconds.
    pub(crate) fn cpu_us(&self) -> f64 {
        let tasks = std::fs::read_dir(format!("/proc/{}/task", self.process.id())).unwrap();
        let nanoseconds: u64 = tasks
            .filter_map(|task| std::fs::read_to_string(task.ok()?.path().join("schedstat")).ok())
            .filter_map(|stat| stat.split(' ').next()?.parse::<u64>().ok())
            .sum();
        nanoseconds as f64 / 1e3
    }

    pub(crate) fn resident_kb(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.trim().trim_end_matches(" kB").parse().unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn configuration(variant: Variant) -> String {
    match variant {
        Variant::Native => "strategies: []\n".into(),
        Variant::Mirror => "strategies: [mirror]\n".into(),
        Variant::Fresh => "strategies: [{ use: mirror, isolation: fresh }]\n".into(),
        Variant::Fifty => {
            let mut text = String::from("strategies:\n");
            for i in 1..50 {
                text += &format!(
                    "  - {{ use: lookup, settings: {{ responses: {{ \"question {i}\": \"answer {i}\" }} }} }}\n"
                );
            }
            text + "  - mirror\n"
        }
        Variant::Forgetful => "journal: { entries: 0 }\n".into(),
        _ => "{}\n".into(),
    }
}

/// The other side: runs in a process of its own until it is killed.
pub(crate) fn serve(name: &str) {
    let port: u16 = std::env::var("PORT").unwrap().parse().unwrap();
    let listen = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let variant = NAMES.iter().find(|(_, it)| *it == name).expect("a variant").0;
    if variant == Variant::Fixed {
        return fixed(listen);
    }
    let loaded = config::from_str(&configuration(variant), std::path::Path::new("standin.yaml")).unwrap();
    let mut snapshot = Snapshot::build(loaded, &mut Loader::default()).unwrap().snapshot;
    if variant == Variant::Native {
        snapshot.chain = Chain::native("mirror", mirror);
    }
    let _server = standin::server::Server::start(listen, 1, snapshot).unwrap();
    loop {
        std::thread::park();
    }
}

/// The mirror as a function, behind the same wire code.
fn mirror(asked: &Arc<Asked>) -> Outcome {
    Outcome::Reply(Reply::text(asked.request().last_user_text().unwrap_or_default()))
}

/// axum with a fixed body after reading the request.
fn fixed(listen: SocketAddr) {
    const BODY: &str = r#"{"id":"chatcmpl-zib4vFGwpk9ZZDbDsCnB91wmAEI0f","object":"chat.completion","created":1735689600,"model":"gpt-4o","choices":[{"index":0,"message":{"role":"assistant","content":"The quick brown fox jumps over the lazy dog 123456789","refusal":null,"annotations":[]},"logprobs":null,"finish_reason":"stop"}],"usage":{"prompt_tokens":8,"completion_tokens":2,"total_tokens":10}}"#;
    async fn answer(_: axum::body::Bytes) -> ([(&'static str, &'static str); 1], &'static str) {
        ([("content-type", "application/json")], BODY)
    }
    let router = axum::Router::new().route("/v1/chat/completions", axum::routing::post(answer));
    standin::server::serve_router(listen, router).unwrap();
}
