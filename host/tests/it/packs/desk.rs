//! Where packs are built and installed by the program itself, as a person does it.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

use crate::api::Api;
use crate::guests;
use crate::http::Connection;

/// A folder with packs in it, a configuration and a store of its own.
pub struct Desk {
    dir: TempDir,
}

const PACK: &str = "name: greetings\nversion: 1.2.0\nsummary: Replies that greet\nlicence: MIT\nstandin: '>=0.1'\nstrategies:\n  \
    - name: greeter\n    file: greeter.wasm\n    description: Says what its settings say\n    settings: { mode: answer, text: hello }\n  \
    - name: quiet\n    file: greeter.wasm\n    settings: { mode: pass }\n";

const TEST: &str = "strategy: ../greeter.wasm\nsettings: { mode: answer, text: hello }\ncases:\n  \
    - name: says it\n    request: hi\n    expect: { text: hello }\n";

impl Desk {
    /// With the pack `greetings` in a folder of that name.
    pub fn new() -> Self {
        let desk = Self { dir: tempfile::tempdir().unwrap() };
        desk.put("greetings/pack.yaml", PACK.as_bytes());
        desk.put("greetings/README.md", b"# Greetings\n");
        desk.put("greetings/LICENSE", b"MIT\n");
        desk.put("greetings/greeter.wasm", &guests::wasm("evil"));
        desk.put("greetings/tests/greeter.test.yaml", TEST.as_bytes());
        desk.put("greetings/target/left-over.o", b"not part of it");
        desk
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub fn put(&self, name: &str, bytes: &[u8]) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    pub fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    /// Changes a file of text.
    pub fn edit(&self, name: &str, from: &str, to: &str) {
        let text = self.read(name);
        assert!(text.contains(from), "{text}");
        self.put(name, text.replace(from, to).as_bytes());
    }

    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_standin"));
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("STANDIN_") {
                command.env_remove(name);
            }
        }
        command.args(args).current_dir(self.dir.path()).stdin(Stdio::null());
        command.env("STANDIN_CACHE_DIR", guests::tmp().join("cache")).env("STANDIN_STORE", self.path("store"));
        command.env("DOCKER_CONFIG", self.path("docker"));
        command
    }

    #[track_caller]
    pub fn ok(&self, args: &[&str]) -> String {
        let output = self.command(args).output().unwrap();
        let told = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(0), "{args:?}: {told}");
        String::from_utf8(output.stdout).unwrap()
    }

    #[track_caller]
    pub fn fails(&self, args: &[&str]) -> String {
        let output = self.command(args).output().unwrap();
        let told = String::from_utf8_lossy(&output.stdout);
        assert_eq!(output.status.code(), Some(2), "{args:?}: {told}");
        String::from_utf8(output.stderr).unwrap()
    }

    /// The blobs of the store.
    pub fn blobs(&self) -> Vec<PathBuf> {
        let Ok(entries) = fs::read_dir(self.path("store/sha256")) else { return Vec::new() };
        entries.map(|entry| entry.unwrap().path()).collect()
    }

    /// What a server of this configuration says.
    #[track_caller]
    pub fn says(&self) -> String {
        let mut child = self.command(&["serve", "--listen", "127.0.0.1:0"]);
        let mut child = Ended(child.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap());
        let mut lines = BufReader::new(child.0.stdout.take().unwrap()).lines();
        let greeting = lines.next().and_then(Result::ok).unwrap_or_default();
        let address: SocketAddr = match greeting.rsplit_once("http://") {
            Some((_, address)) => address.parse().unwrap(),
            None => panic!("{greeting}{}", std::io::read_to_string(child.0.stderr.take().unwrap()).unwrap()),
        };
        let api = Api::OpenAi;
        api.said(&Connection::open(address).send(&api.ask("hi", false)))
    }
}

/// A process that ends with the test.
struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
