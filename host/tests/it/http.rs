//! A small HTTP/1.1 client that hides nothing: it sends what it is given, and returns what came, byte by byte.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::Value;

/// Far above what anything takes here: a test that waits this long has failed.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// A request, to be written as it stands.
#[derive(Debug, Clone)]
pub struct Request {
    pub method: String,
    pub path: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Request {
    pub fn new(method: &str, path: &str) -> Self {
        Self { method: method.to_owned(), path: path.to_owned(), headers: Vec::new(), body: Vec::new() }
    }

    pub fn get(path: &str) -> Self {
        Self::new("GET", path)
    }

    pub fn post(path: &str, body: impl Into<Vec<u8>>) -> Self {
        Self { body: body.into(), ..Self::new("POST", path) }.header("content-type", "application/json")
    }

    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub fn session(self, name: &str) -> Self {
        self.header("x-standin-session", name)
    }

    pub fn bytes(&self) -> Vec<u8> {
        let mut out = format!("{} {} HTTP/1.1\r\nhost: test\r\n", self.method, self.path);
        for (name, value) in &self.headers {
            out.push_str(&format!("{name}: {value}\r\n"));
        }
        if self.method != "GET" || !self.body.is_empty() {
            out.push_str(&format!("content-length: {}\r\n", self.body.len()));
        }
        out.push_str("\r\n");
        [out.as_bytes(), &self.body].concat()
    }
}

/// An answer, whole or as far as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    /// `HTTP/1.1 200 OK`
    pub line: String,
    pub status: u16,
    /// Names in lower case, in the order in which they came.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    /// It came to its end, and the connection did not break off before.
    pub whole: bool,
}

impl Response {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(it, _)| it == name).map(|(_, value)| value.as_str())
    }

    pub fn text(&self) -> String {
        String::from_utf8(self.body.clone()).expect("a body in UTF-8")
    }

    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    /// Status line, headers but `date`, body: what has to be the same in two runs.
    pub fn fixed(&self) -> String {
        let headers = self.headers.iter().filter(|(name, _)| name != "date");
        let headers: String = headers.map(|(name, value)| format!("{name}: {value}\n")).collect();
        format!("{}\n{headers}\n{}", self.line, self.text())
    }

    /// The events of a stream. Every one has to end with a blank line.
    #[track_caller]
    pub fn events(&self) -> Vec<Event> {
        assert_eq!(self.header("content-type"), Some("text/event-stream; charset=utf-8"), "{}", self.fixed());
        let text = self.text();
        assert!(text.is_empty() || text.ends_with("\n\n"), "the last event has no end: {text}");
        text.split_terminator("\n\n").map(Event::parse).collect()
    }
}

/// A server-sent event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    pub name: Option<String>,
    pub data: String,
}

impl Event {
    fn parse(text: &str) -> Self {
        let mut event = Self { name: None, data: String::new() };
        for line in text.split('\n') {
            match line.split_once(": ") {
                Some(("event", name)) => event.name = Some(name.to_owned()),
                Some(("data", data)) => event.data.push_str(data),
                _ => panic!("not a line of a stream: {line:?}"),
            }
        }
        event
    }

    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.data).unwrap_or_else(|error| panic!("{error}: {}", self.data))
    }
}

/// One connection, kept alive.
pub struct Connection {
    pub socket: TcpStream,
    /// Read, and not yet used.
    read: Vec<u8>,
}

impl Connection {
    pub fn open(address: SocketAddr) -> Self {
        let socket = TcpStream::connect(address).expect("a server that listens");
        socket.set_nodelay(true).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        socket.set_write_timeout(Some(PATIENCE)).unwrap();
        Self { socket, read: Vec::new() }
    }

    pub fn write(&mut self, bytes: &[u8]) {
        self.socket.write_all(bytes).expect("a server that reads");
    }

    pub fn finish_writing(&self) {
        self.socket.shutdown(Shutdown::Write).unwrap();
    }

    /// Sends a request and waits for its answer.
    #[track_caller]
    pub fn send(&mut self, request: &Request) -> Response {
        self.write(&request.bytes());
        self.response().expect("an answer")
    }

    /// More bytes; false where the other side has closed, orderly or not.
    #[track_caller]
    fn more(&mut self) -> bool {
        let mut buffer = vec![0; 64 << 10];
        match self.socket.read(&mut buffer) {
            Ok(0) => false,
            Ok(count) => {
                self.read.extend_from_slice(&buffer[..count]);
                true
            }
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                panic!("nothing came for {PATIENCE:?}, after {:?}", String::from_utf8_lossy(&self.read));
            }
            Err(_) => false,
        }
    }

    /// Whether nothing comes for so long; what came before is kept.
    pub fn is_silent_for(&mut self, time: Duration) -> bool {
        self.socket.set_read_timeout(Some(time)).unwrap();
        let mut buffer = [0; 1 << 10];
        let silent = match self.socket.read(&mut buffer) {
            Ok(count) => {
                self.read.extend_from_slice(&buffer[..count]);
                false
            }
            Err(error) => matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut),
        };
        self.socket.set_read_timeout(Some(PATIENCE)).unwrap();
        silent
    }

    /// Reads until the raw bytes contain this, and returns them all.
    #[track_caller]
    pub fn read_until(&mut self, wanted: &str) -> String {
        loop {
            let text = String::from_utf8_lossy(&self.read).into_owned();
            if text.contains(wanted) {
                return text;
            }
            assert!(self.more(), "closed before {wanted:?} came, after {text:?}");
        }
    }

    /// Reads to the end of the connection.
    pub fn read_to_end(&mut self) -> Vec<u8> {
        while self.more() {}
        std::mem::take(&mut self.read)
    }

    fn until(&mut self, end: &[u8]) -> Option<Vec<u8>> {
        let mut searched = 0;
        loop {
            if let Some(at) = self.read[searched..].windows(end.len()).position(|it| it == end) {
                let rest = self.read.split_off(searched + at + end.len());
                let mut found = std::mem::replace(&mut self.read, rest);
                found.truncate(found.len() - end.len());
                return Some(found);
            }
            searched = self.read.len().saturating_sub(end.len());
            if !self.more() {
                return None;
            }
        }
    }

    fn exactly(&mut self, count: usize, out: &mut Vec<u8>) -> bool {
        while self.read.len() < count {
            if !self.more() {
                out.append(&mut self.read);
                return false;
            }
        }
        let rest = self.read.split_off(count);
        out.append(&mut std::mem::replace(&mut self.read, rest));
        true
    }

    /// The next answer; none where the connection closes without one.
    #[track_caller]
    pub fn response(&mut self) -> Option<Response> {
        let head = String::from_utf8(self.until(b"\r\n\r\n")?).expect("a head in UTF-8");
        let mut lines = head.split("\r\n").map(str::to_owned);
        let line = lines.next().expect("a status line");
        let status = line.split(' ').nth(1).and_then(|it| it.parse().ok()).expect("a status");
        let headers: Vec<(String, String)> = lines
            .map(|line| {
                let (name, value) = line.split_once(": ").unwrap_or_else(|| panic!("not a header: {line:?}"));
                (name.to_ascii_lowercase(), value.to_owned())
            })
            .collect();
        let mut response = Response { line, status, headers, body: Vec::new(), whole: true };
        if status == 100 {
            return self.response();
        }
        if response.header("transfer-encoding") == Some("chunked") {
            response.whole = self.chunks(&mut response.body);
        } else if let Some(length) = response.header("content-length") {
            let length = length.parse().expect("a length");
            response.whole = self.exactly(length, &mut response.body);
        } else if status != 204 {
            response.body = self.read_to_end();
        }
        Some(response)
    }

    fn chunks(&mut self, body: &mut Vec<u8>) -> bool {
        loop {
            let Some(size) = self.until(b"\r\n") else { return false };
            let size = std::str::from_utf8(&size).ok().and_then(|it| usize::from_str_radix(it, 16).ok());
            let size = size.expect("the size of a chunk");
            if !self.exactly(size, body) || self.until(b"\r\n").is_none() {
                return false;
            }
            if size == 0 {
                return true;
            }
        }
    }
}
