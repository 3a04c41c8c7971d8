//! `standin run FILE.wasm`.

mod told;

use std::io::{IsTerminal, Read};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context;
use serde_json::Value;
use standin::config::load::{self, Reference};
use standin::config::{Loaded, ResolvedStage, Stage, yaml};
use standin::exchange::unsent::Format;
use standin::snapshot::Snapshot;
use standin::strategy::asked::Asked;
use standin::strategy::loader::Loader;
use standin::strategy::state::{COMMON, Session};
use standin::suite::ask::{Ready, ask, outcome, ready};
use standin::suite::model::{Message, Request};
use standin::suite::outcome::{Came, Outcome};
use standin::suite::runtime;
use tokio::runtime::Runtime;

use self::told::{Lines, Told};

#[derive(clap::Args)]
#[command(after_help = "\
Example:

  standin run greeter.wasm --message 'my name is Ada' --settings '{ greeting: Hello }' --repeat 1000

Exit code 0 where something is answered or passed on, 1 where the plugin fails, 2 for wrong use.")]
pub(crate) struct Args {
    /// The component, or the name of a bundled strategy.
    file: String,
    /// What the user says. Left out, it is read from standard input.
    #[arg(short, long, value_name = "TEXT", conflicts_with = "request")]
    message: Option<String>,
    /// The system message.
    #[arg(long, value_name = "TEXT", conflicts_with = "request")]
    system: Option<String>,
    /// The model that is asked for.
    #[arg(long, value_name = "NAME", conflicts_with = "request")]
    model: Option<String>,
    /// The body of a provider's request, in place of a message.
    #[arg(long, value_name = "FILE.json")]
    request: Option<PathBuf>,
    /// Where it goes.
    #[arg(long, value_name = "PATH", default_value = "/v1/chat/completions", requires = "request")]
    path: String,
    /// The strategy's settings: YAML or JSON, or `@FILE`.
    #[arg(long, value_name = "SETTINGS")]
    settings: Option<String>,
    /// What ids and random numbers are drawn from.
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
    /// The name of the session.
    #[arg(long, value_name = "NAME", default_value = COMMON)]
    session: String,
    /// Ask so many times more, and print the median time of such a call.
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    repeat: usize,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let request = request(args)?;
    let lines = Lines::start();
    let runtime = runtime()?;
    let started = Instant::now();
    let snapshot = snapshot(args, &runtime)?;
    let load = started.elapsed();
    // What it said as it was tried is not about this request.
    lines.take();

    let caller = Caller { args, runtime, snapshot, request };
    let (outcome, asked, first) = caller.call()?;
    let log = lines.take();
    let mut warm = Vec::with_capacity(args.repeat);
    for _ in 0..args.repeat {
        warm.push(caller.call()?.2);
        lines.take();
    }
    warm.sort_unstable();
    let stage = &caller.snapshot.chain.stages()[0];
    let told = Told {
        name: stage.name.to_string(),
        condition: asked.as_ref().map(|asked| caller.snapshot.chain.condition(asked, 0)),
        activation: &stage.activation,
        size: size(args),
        load,
        first,
        warm: warm.get(warm.len() / 2).copied(),
        repeat: args.repeat,
        memory: asked.as_ref().and_then(|asked| caller.memory(asked)),
        log,
        outcome: &outcome,
    };
    if args.json {
        told.json()
    } else {
        told.text()
    }
    Ok(if matches!(outcome.came, Came::Fails(_)) { ExitCode::from(1) } else { ExitCode::SUCCESS })
}

/// What is asked again and again.
struct Caller<'a> {
    args: &'a Args,
    runtime: Runtime,
    snapshot: Snapshot,
    request: Request,
}

impl Caller<'_> {
    /// Asks once, in a session that begins. The time is that of the call alone.
    fn call(&self) -> anyhow::Result<(Outcome, Option<Arc<Asked>>, Duration)> {
        let session = Arc::new(Session::named(&self.args.session));
        let ready = ready(&self.snapshot, &self.request, &session, self.args.seed).map_err(anyhow::Error::msg)?;
        let (format, asked): (Format, _) = match ready {
            Ready::Refused(outcome) => return Ok((outcome, None, Duration::ZERO)),
            Ready::Asked(format, asked) => (format, asked),
        };
        let started = Instant::now();
        let answered = ask(&self.runtime, &self.snapshot, format, &asked);
        let time = started.elapsed();
        Ok((outcome(&self.snapshot, format, &asked, answered), Some(asked), time))
    }

    /// The memory of an instance that was asked.
    fn memory(&self, asked: &Arc<Asked>) -> Option<usize> {
        let _inside = self.runtime.enter();
        self.snapshot.chain.explain(asked).stages.first()?.cost.map(|cost| cost.memory)
    }
}

fn snapshot(args: &Args, runtime: &Runtime) -> anyhow::Result<Snapshot> {
    let mut loaded = Loaded::defaults();
    loaded.config.seed = args.seed;
    let strategy = match Stage::new(&args.file).is_path() {
        true => Reference::Path(PathBuf::from(&args.file)),
        false => Reference::Name(args.file.clone()),
    };
    let settings = args.settings.as_deref().map(settings).transpose()?;
    let named = ResolvedStage::named(&args.file);
    let settings = settings.unwrap_or_else(|| Arc::clone(&named.settings));
    loaded.stages = Some(vec![ResolvedStage { strategy, settings, ..named }]);
    let _inside = runtime.enter();
    match Snapshot::build(loaded, &mut Loader::default()) {
        Ok(built) => Ok(built.snapshot),
        Err(error) => {
            // There is no file that they could be about.
            let messages: Vec<_> = error.diagnostics.iter().map(|it| it.message.as_str()).collect();
            anyhow::bail!("{}", messages.join("\n"))
        }
    }
}

fn settings(text: &str) -> anyhow::Result<Arc<Value>> {
    match text.strip_prefix('@') {
        Some(file) => match load::settings(Path::new(file)) {
            Ok((settings, _)) => Ok(settings),
            Err(diagnostic) => anyhow::bail!("{diagnostic}"),
        },
        None => match yaml::to_value(text) {
            Ok(value) => Ok(Arc::new(value)),
            Err((at, reason)) => anyhow::bail!("--settings: {reason}, at {at}; expected YAML or JSON, or @FILE"),
        },
    }
}

fn request(args: &Args) -> anyhow::Result<Request> {
    if let Some(file) = &args.request {
        let body = std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
        return Ok(Request { post: Some(args.path.clone()), body: Some(body.into()), ..Request::default() });
    }
    let message = match &args.message {
        Some(message) => message.clone(),
        None if std::io::stdin().is_terminal() => {
            anyhow::bail!("there is nothing to ask: add --message TEXT, or --request FILE.json")
        }
        None => {
            let mut text = String::new();
            std::io::stdin().read_to_string(&mut text).context("cannot read standard input")?;
            text.strip_suffix('\n').map(str::to_owned).unwrap_or(text)
        }
    };
    Ok(Request {
        model: args.model.clone(),
        system: args.system.clone(),
        messages: vec![Message { content: Some(message), ..Message::default() }],
        ..Request::default()
    })
}

/// The bytes of the component.
fn size(args: &Args) -> Option<u64> {
    use standin::strategy::loader::BUNDLED;
    if Stage::new(&args.file).is_path() {
        return std::fs::metadata(&args.file).ok().map(|it| it.len());
    }
    BUNDLED.iter().find(|it| it.name == args.file).map(|it| it.wasm.len() as u64)
}
