//! Misbehaves as its settings say, for the host's tests of its protections: `{ mode: loop }`.
//!
//! A mode is one way to behave; `count`, `mib`, `text` and `stamp` are its parameters where it has some. With
//! `contains` the plugin passes unless the last user text contains that: what misbehaves always is refused at load.

mod odd;
mod sandbox;

use std::hint::black_box;

use serde::Deserialize;
use standin_sdk::{Activation, Condition, Outcome, Plugin, Reply, Request, Result, context, log, state};

struct Evil(Settings);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    mode: Mode,
    /// How many events, lines or keys.
    #[serde(default = "million")]
    count: u64,
    /// How large a reply.
    #[serde(default = "one")]
    mib: usize,
    /// What `answer`, `err`, `panic`, `configure-error`, `fault`, `verbatim` and `net` say or ask.
    #[serde(default = "text")]
    text: String,
    /// What `stamp` answers.
    #[serde(default = "text")]
    stamp: String,
    /// Only where the last user text contains this.
    contains: Option<String>,
}

fn million() -> u64 {
    1_000_000
}

fn one() -> usize {
    1
}

fn text() -> String {
    "evil".to_owned()
}

#[derive(Deserialize, Clone, Copy, PartialEq)]
#[serde(rename_all = "kebab-case")]
enum Mode {
    /// Behaves: says `text`.
    Answer,
    /// Behaves: passes.
    Pass,
    /// Answers `<which condition matched>`.
    Matched,
    /// Says all that it can learn of the request.
    Inspect,

    /// Never returns.
    Loop,
    /// Takes memory until there is none.
    MemoryBomb,
    /// Recurses for ever.
    StackOverflow,
    /// Panics with `text`.
    Panic,
    /// Traps without a word.
    Trap,
    /// Ends the process, successfully.
    Exit,
    /// Returns an `err` of `text`.
    Err,
    /// Panics, but only where the last user text is `boom`; else says `fine`.
    PanicAtBoom,

    /// The same, in `configure`.
    ConfigureLoop,
    ConfigureTrap,
    ConfigureMemoryBomb,
    /// Refuses its settings with `text`.
    ConfigureError,

    /// Prints to standard output and standard error, then says `printed`.
    Print,
    /// Prints `count` lines, then says `printed`.
    PrintFlood,
    /// Logs `count` lines, then says `logged`.
    LogFlood,
    /// One line of each level, then says `logged`.
    Log,
    /// Sleeps for 10 s.
    Sleep,
    /// Says the order in which a `HashMap` gives its ten keys.
    HashmapOrder,
    /// Says the time in ms and whether a clock runs backwards: `<now> true`.
    Clocks,
    /// Says how many variables, arguments and files it sees.
    Env,
    /// Says how a TCP connection to `text` failed.
    Net,

    /// Says `random` of this call, in hexadecimal.
    Random,
    /// Says `<session> <turn> <now-ms>`.
    Context,
    /// Says how often the session has asked.
    StateCounter,
    /// Writes `count` keys of 1 KiB; says how many were kept, and why no more.
    StateFlood,
    /// Adds to a text; says what came of it.
    StateNotANumber,
    /// A global of this instance: says how often it has been asked.
    InstanceCounter,

    /// `mib` MiB of text in one event.
    GiantReply,
    /// `count` events of one letter.
    MillionEvents,
    /// Says `stamp`, as the model `stamp`.
    Stamp,
    /// Says which choice it is.
    Choice,
    /// Says `even` for an even choice, passes for an odd one.
    ChoiceEven,
    /// Good and bad headers.
    Headers,
    /// A patch of the envelope.
    Patch,
    /// Text, reasoning, two parallel calls with arguments in pieces, a pause.
    Events,
    /// Says nothing at all.
    Empty,
    /// Says `one two`, has the fault that `text` names, and says ` three`.
    Fault,

    /// A verbatim response of the status `count` with the body `text`, and a header.
    Verbatim,

    /// A patch that is no JSON.
    InvalidPatch,
    /// An error with the status 99.
    InvalidStatus,
    /// A verbatim response with the status 999 and a body that is no JSON.
    InvalidVerbatim,
    /// A pacing of NaN and 0 characters.
    InvalidPacing,
    /// Arguments without a call.
    StrayArguments,
    /// A call of a function without a name, with arguments that are no JSON.
    InvalidCall,
    /// A block that is no JSON.
    InvalidBlock,
    /// Waits for 584,000 years.
    LongPause,
    /// A reason to finish that no provider knows.
    InvalidFinish,
    /// More tokens than there are.
    GiantUsage,
    /// NUL, a BOM, a line separator, an unpaired bidirectional override.
    Characters,
}

impl Plugin for Evil {
    type Settings = Settings;

    fn new(settings: Settings) -> Result<Self> {
        match settings.mode {
            Mode::ConfigureLoop => spin(),
            Mode::ConfigureTrap => std::process::abort(),
            Mode::ConfigureMemoryBomb => exhaust(),
            Mode::ConfigureError => Err(settings.text.into()),
            _ => Ok(Self(settings)),
        }
    }

    fn activation(&self) -> Activation {
        match &self.0.contains {
            Some(text) => Activation::any([Condition::model("no-such-model"), Condition::user_text_contains(text)]),
            None => Activation::Always,
        }
    }

    fn respond(&self, request: &Request) -> Result<Outcome> {
        let text = request.last_user_text().unwrap_or_default();
        if self.0.contains.as_ref().is_some_and(|wanted| !text.contains(wanted)) {
            return Ok(Outcome::Pass);
        }
        let Settings { mode, count, mib, text, stamp, .. } = &self.0;
        let text = match mode {
            Mode::Answer => text.clone(),
            Mode::Pass => return Ok(Outcome::Pass),
            Mode::Matched => format!("{:?}", request.matched_condition()),
            Mode::Inspect => odd::inspect(request),

            Mode::Loop => spin(),
            Mode::MemoryBomb => exhaust(),
            Mode::StackOverflow => dive(1).to_string(),
            Mode::Panic => panic!("{text}"),
            Mode::Trap => std::process::abort(),
            Mode::Exit => std::process::exit(0),
            Mode::Err => return Err(text.as_str().into()),
            Mode::PanicAtBoom if request.last_user_text().as_deref() == Some("boom") => panic!("boom"),
            Mode::PanicAtBoom => "fine".to_owned(),

            Mode::Print => sandbox::print(),
            Mode::PrintFlood => sandbox::print_flood(*count),
            Mode::LogFlood => {
                (0..*count).for_each(|line| log::info(format_args!("line {line} of {count}")));
                "logged".to_owned()
            }
            Mode::Log => {
                log::trace("a trace");
                log::debug("two\nlines");
                log::info("an \"info\" \u{1b}[31mred\u{1b}[0m");
                log::warn("a warning");
                log::error("an error");
                "logged".to_owned()
            }
            Mode::Sleep => sandbox::sleep(),
            Mode::HashmapOrder => sandbox::hashmap_order(),
            Mode::Clocks => sandbox::clocks(),
            Mode::Env => sandbox::environment(),
            Mode::Net => sandbox::connect(text),

            Mode::Random => format!("{:016x}", context::random()),
            Mode::Context => format!("{} {} {}", context::session(), context::turn(), context::now_ms()),
            Mode::StateCounter => state::fetch_add("count", 1)?.to_string(),
            Mode::StateFlood => odd::state_flood(*count),
            Mode::StateNotANumber => {
                state::set("text", "one")?;
                let answer = format!("{:?} {:?}", state::fetch_add("text", 1), state::get("text"));
                state::delete("text");
                format!("{answer} {:?}", state::get("text"))
            }
            Mode::InstanceCounter => odd::instance_count().to_string(),

            Mode::GiantReply => "x".repeat(mib << 20),
            Mode::Choice => request.choice_index().to_string(),
            Mode::ChoiceEven if request.choice_index() % 2 == 1 => return Ok(Outcome::Pass),
            Mode::ChoiceEven => "even".to_owned(),
            Mode::Stamp => return Ok(Reply::text(stamp).model(stamp).into()),
            Mode::Fault => return odd::fault(text),
            Mode::Verbatim => return Ok(odd::verbatim(*count, text)),
            other => return Ok(odd::outcome(*other, *count)),
        };
        Ok(Reply::text(text).into())
    }
}

fn spin() -> ! {
    loop {
        black_box(());
    }
}

fn exhaust() -> ! {
    let mut taken = Vec::new();
    loop {
        taken.push(black_box(vec![1_u8; 1 << 20]));
    }
}

#[expect(unconditional_recursion, reason = "that is the point")]
fn dive(depth: u64) -> u64 {
    let frame = black_box([depth; 64]);
    dive(depth + 1) + frame[1]
}

standin_sdk::export!(Evil);
