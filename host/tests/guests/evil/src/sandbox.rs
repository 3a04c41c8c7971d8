//! What a plugin tries to do outside of its sandbox, and what it learns there.

use std::collections::HashMap;
use std::net::TcpStream;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

pub(crate) fn print() -> String {
    println!("a line on standard output");
    print!("a line without an end");
    eprintln!("a line on standard error");
    "printed".to_owned()
}

pub(crate) fn print_flood(count: u64) -> String {
    for line in 0..count {
        println!("line {line} of {count}");
    }
    "printed".to_owned()
}

pub(crate) fn sleep() -> String {
    std::thread::sleep(Duration::from_secs(10));
    "slept".to_owned()
}

pub(crate) fn hashmap_order() -> String {
    let map: HashMap<u8, ()> = (0..10).map(|key| (key, ())).collect();
    map.keys().map(u8::to_string).collect::<Vec<_>>().join(" ")
}

pub(crate) fn clocks() -> String {
    let before = Instant::now();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis());
    format!("{now} {}", Instant::now() >= before)
}

pub(crate) fn environment() -> String {
    let passwd = std::fs::read("/etc/passwd").map_or_else(|error| error.to_string(), |_| "read".to_owned());
    let created = std::fs::write("evil", "evil").map_or_else(|error| error.to_string(), |()| "written".to_owned());
    let stdin = std::io::read_to_string(std::io::stdin()).unwrap_or_else(|error| error.to_string());
    format!(
        "{} variables, {} arguments, /etc/passwd: {passwd}, evil: {created}, stdin: {stdin:?}",
        std::env::vars_os().count(),
        std::env::args_os().count(),
    )
}

pub(crate) fn connect(address: &str) -> String {
    match TcpStream::connect(address) {
        Ok(_) => "connected".to_owned(),
        Err(error) => format!("not connected: {error}"),
    }
}
