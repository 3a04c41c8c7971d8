//! The table of `benches/README.md`: what a request costs through WebAssembly, next to what it would cost without.
//!
//! The process starts itself again as the servers of the variants that are not the `standin` binary.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr
)]

mod client;
mod servers;

use std::time::{Duration, Instant};

use client::{Load, Run};
use servers::{Server, Variant};

/// Where a process lies in memory makes it faster or slower by some percent for as long as it lives: many are measured.
const GENERATIONS: usize = 9;
const ROUNDS: usize = 5;
const TURN: Duration = Duration::from_millis(200);
const CONNECTIONS: usize = 32;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if let [_, command, argument] = arguments.as_slice() {
        match command.as_str() {
            "serve" => return servers::serve(argument),
            // For `order`, which looks at what runs meanwhile.
            "ask" => return client::ask_often(argument.parse().expect("a port")),
            _ => {}
        }
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let variants = [
        (Variant::Fixed, Load::Fixed),
        (Variant::Native, Load::Unary),
        (Variant::Mirror, Load::Unary),
        (Variant::Default, Load::Unary),
        (Variant::Fifty, Load::Unary),
        (Variant::Fresh, Load::Unary),
        (Variant::Forgetful, Load::Unary),
        (Variant::Standin, Load::OpenAiStream),
        (Variant::Standin, Load::AnthropicStream),
        (Variant::Standin, Load::Unary),
    ];
    let last = variants.len() - 1;
    let mut runs: Vec<Vec<Run>> = variants.iter().map(|_| Vec::new()).collect();
    let mut resident_kb = 0;
    for generation in 0..GENERATIONS {
        let servers: Vec<Server> = variants.iter().map(|(variant, _)| Server::start(*variant)).collect();
        for round in 0..=ROUNDS {
            let number = (generation * (ROUNDS + 1) + round) as u64;
            for ((server, (_, load)), runs) in servers.iter().zip(&variants).zip(&mut runs) {
                let run = runtime.block_on(client::run(server, *load, CONNECTIONS, TURN, number));
                // The first round warms up.
                if round > 0 {
                    runs.push(run);
                }
            }
        }
        resident_kb = resident_kb.max(servers[last].resident_kb());
    }

    // Ratios are taken within a round, and then their median: a machine that changes its speed changes both.
    let cost = |variant: usize, round: usize| runs[variant][round].cpu_us / runs[variant][round].requests as f64;
    let all = GENERATIONS * ROUNDS;
    let ratio = |one: usize, other: usize| median((0..all).map(|round| cost(one, round) / cost(other, round)));
    println!("\n| unary, one worker | CPU a request | of axum | of native |\n| --- | ---: | ---: | ---: |");
    let unary = [
        (0, "axum, fixed body"),
        (1, "native mirror"),
        (2, "WASM mirror"),
        (3, "default chain"),
        (4, "chain of 50"),
        (5, "fresh WASM mirror"),
        (6, "default chain, no journal"),
        (last, "default chain, the program itself"),
    ];
    for (i, name) in unary {
        let own = median((0..all).map(|round| cost(i, round)));
        println!("| {name} | {own:.2} µs | {:.2} | {:.2} |", ratio(0, i), ratio(1, i));
    }
    println!("\nWith a journal, the default chain has {:.2} of the throughput without.", ratio(6, 3));
    println!("\n| unpaced streams of 200 chunks | frames a second and core |\n| --- | ---: |");
    for (i, name) in [(7, "OpenAI Chat Completions"), (8, "Anthropic Messages")] {
        let rate = median(runs[i].iter().map(|run| run.frames as f64 / (run.cpu_us / 1e6)));
        println!("| {name} | {:.2} million |", rate / 1e6);
    }
    println!("\n| process | |\n| --- | ---: |");
    println!("| resident, default chain, after this load | {:.1} MB |", resident_kb as f64 / 1_000.0);
    println!("| start to first answer, median of 15 | {:.1} ms |", median((0..15).map(|_| start_to_first_answer())));
}

fn start_to_first_answer() -> f64 {
    let began = Instant::now();
    let server = Server::spawn(Variant::Standin);
    client::ask_until_answered(server.port);
    began.elapsed().as_secs_f64() * 1e3
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
