//! What a plugin can ask of the host: the interfaces of `wit/host.wit`, on the request that its instance is serving.

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use wasmtime::ResourceLimiter;
use wasmtime::component::ResourceTable;
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};
use wasmtime_wasi_http::{WasiHttpCtx, WasiHttpCtxView, WasiHttpView};

use super::asked::Asked;
use super::bindings::{context, log, request, settings, state, tokens, types};
use super::convert;
use super::grants::{Grants, NO_VARIABLES};
use super::http::Sender;
use super::state::StateError;
use super::wasi::{self, Moment, Output};
use crate::wire::ids::{Ids, key};

/// What the host's side of an instance is made of.
pub(super) struct Parts {
    pub(super) strategy: Arc<str>,
    pub(super) settings: Arc<Value>,
    pub(super) grants: Arc<Grants>,
    pub(super) seed: u64,
    /// The most linear memory, in bytes.
    pub(super) memory: usize,
    /// The most that a response over HTTP may hold, in bytes.
    pub(super) reply: usize,
}

/// What the host holds for one instance.
pub(super) struct Ctx {
    /// The strategy's name, as the configuration has it.
    strategy: Arc<str>,
    settings: Arc<Value>,
    call: Option<Call>,
    pub(super) limiter: Limiter,
    /// The CPU time of this thread at which the deadline was first looked at.
    pub(super) cpu_seen: Option<Duration>,
    /// The deadline of the call.
    pub(super) time: Duration,
    pub(super) output: Arc<Output>,
    pub(super) moment: Arc<Moment>,
    pub(super) grants: Arc<Grants>,
    /// What was refused in this call, and what to add.
    missing: Option<String>,
    /// The guest has looked at an environment that shows nothing.
    saw_no_variables: bool,
    /// It is instantiated: what a runtime looks at as it starts says nothing.
    pub(super) started: bool,
    /// The granted directories that the guest has, by their plain names.
    pub(super) open: Vec<(String, u32)>,
    sender: Sender,
    http: WasiHttpCtx,
    wasi: WasiCtx,
    pub(super) table: ResourceTable,
}

/// The call that an instance is serving.
struct Call {
    asked: Arc<Asked>,
    choice: u32,
    condition: Option<u32>,
    dice: Option<Ids>,
    /// Which of the texts an embedder is to embed: long lists are handed over in parts.
    part: Range<usize>,
}

impl Ctx {
    /// The host's side of a new instance.
    ///
    /// # Errors
    /// A directory that is granted cannot be opened.
    pub(super) fn new(parts: Parts) -> Result<Self, String> {
        let Parts { strategy, settings, grants, seed, memory, reply } = parts;
        let output = Arc::new(Output::new(&strategy));
        let moment = Arc::new(Moment::default());
        let wasi = wasi::context(&strategy, seed, &moment, &output, &grants)?;
        Ok(Self {
            strategy,
            settings,
            call: None,
            limiter: Limiter { limit: memory, used: 0, refused: false },
            cpu_seen: None,
            time: Duration::ZERO,
            output,
            moment,
            grants,
            missing: None,
            saw_no_variables: false,
            started: false,
            open: Vec::new(),
            sender: Sender { limit: reply },
            http: WasiHttpCtx::new(),
            wasi,
            table: ResourceTable::new(),
        })
    }

    /// A call begins.
    pub(super) fn begin(&mut self, asked: &Arc<Asked>, choice: u32, condition: Option<u32>) {
        self.output.begin();
        self.limiter.refused = false;
        self.missing = None;
        self.moment.set(asked.now_ms, asked.turn ^ asked.seed.rotate_left(32));
        self.call = Some(Call { asked: Arc::clone(asked), choice, condition, dice: None, part: 0..usize::MAX });
    }

    /// The call is about these texts alone.
    pub(super) fn only(&mut self, part: Range<usize>) {
        if let Some(call) = &mut self.call {
            call.part = part;
        }
    }

    /// Something was refused: the log says so, once a call.
    pub(super) fn refuse(&mut self, missing: String) {
        if self.missing.is_none() {
            tracing::warn!(strategy = &*self.strategy, "{missing}");
            self.missing = Some(missing);
        }
    }

    /// The guest looks at its environment, and cannot tell what is not granted from what is not set.
    pub(super) fn look_at_environment(&mut self) {
        self.saw_no_variables |= self.started && self.grants.rights.env.is_empty();
    }

    /// Why a call failed, and what was refused in it.
    pub(super) fn with_missing_grant(&self, reason: String) -> String {
        match &self.missing {
            Some(missing) if !reason.contains(missing.as_str()) => format!("{reason} ({missing})"),
            None if self.saw_no_variables => format!("{reason} ({NO_VARIABLES})"),
            _ => reason,
        }
    }

    /// What was refused in this call.
    pub(super) fn missing(&self) -> Option<&str> {
        self.missing.as_deref()
    }

    /// The strategy's name.
    pub(super) fn strategy(&self) -> &str {
        &self.strategy
    }

    /// The call is over.
    pub(super) fn end(&mut self) {
        self.call = None;
    }

    fn call(&mut self) -> wasmtime::Result<&mut Call> {
        self.call.as_mut().ok_or_else(|| {
            wasmtime::Error::msg(
                "the plugin asked about a request while there is none: `describe` and `configure` come before any",
            )
        })
    }

    fn asked(&mut self) -> wasmtime::Result<&Asked> {
        Ok(&self.call()?.asked)
    }
}

impl WasiView for Ctx {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.wasi, table: &mut self.table }
    }
}

impl WasiHttpView for Ctx {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        WasiHttpCtxView { hooks: &mut self.sender, table: &mut self.table, ctx: &mut self.http }
    }
}

/// Bounds the memory of one instance, all its linear memories together.
pub(super) struct Limiter {
    limit: usize,
    /// Bytes of linear memory.
    pub(super) used: usize,
    /// The guest wanted more than the limit: the reason of a trap that follows.
    pub(super) refused: bool,
}

/// As many table elements as the largest guest toolchains need (CPython: about 20,000), and no more.
const MAX_TABLE_ELEMENTS: usize = 200_000;

impl ResourceLimiter for Limiter {
    fn memory_growing(&mut self, current: usize, desired: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        let used = self.used.saturating_sub(current).saturating_add(desired);
        if used > self.limit {
            self.refused = true;
            return Ok(false);
        }
        self.used = used;
        Ok(true)
    }

    fn table_growing(&mut self, _: usize, desired: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        Ok(desired <= MAX_TABLE_ELEMENTS)
    }
}

impl types::Host for Ctx {}

impl request::Host for Ctx {
    fn id(&mut self) -> wasmtime::Result<String> {
        Ok(self.asked()?.id.clone())
    }
    fn operation(&mut self) -> wasmtime::Result<String> {
        Ok(self.asked()?.request().operation.name().to_owned())
    }
    fn provider(&mut self) -> wasmtime::Result<String> {
        Ok(self.asked()?.provider.to_owned())
    }
    fn path(&mut self) -> wasmtime::Result<String> {
        Ok(self.asked()?.uri.path().to_owned())
    }
    fn model(&mut self) -> wasmtime::Result<String> {
        Ok(self.asked()?.request().model.to_string())
    }
    fn is_streaming(&mut self) -> wasmtime::Result<bool> {
        Ok(self.asked()?.request().stream)
    }
    fn choice_index(&mut self) -> wasmtime::Result<u32> {
        Ok(self.call()?.choice)
    }
    fn matched_condition(&mut self) -> wasmtime::Result<Option<u32>> {
        Ok(self.call()?.condition)
    }
    fn last_user_text(&mut self) -> wasmtime::Result<Option<String>> {
        Ok(self.asked()?.request().last_user_text().map(Into::into))
    }
    fn last_role(&mut self) -> wasmtime::Result<Option<types::Role>> {
        Ok(self.asked()?.request().last_role().map(convert::role))
    }
    fn system_text(&mut self) -> wasmtime::Result<Option<String>> {
        Ok(self.asked()?.request().system_text().map(Into::into))
    }
    fn message_count(&mut self) -> wasmtime::Result<u32> {
        Ok(u32::try_from(self.asked()?.request().messages.len()).unwrap_or(u32::MAX))
    }
    fn message_at(&mut self, index: u32) -> wasmtime::Result<Option<types::Message>> {
        Ok(self.asked()?.request().messages.get(index as usize).map(convert::message))
    }
    fn list_messages(&mut self) -> wasmtime::Result<Vec<types::Message>> {
        Ok(self.asked()?.request().messages.iter().map(convert::message).collect())
    }
    fn tool_count(&mut self) -> wasmtime::Result<u32> {
        Ok(u32::try_from(self.asked()?.request().tools.len()).unwrap_or(u32::MAX))
    }
    fn list_tools(&mut self) -> wasmtime::Result<Vec<types::Tool>> {
        Ok(self.asked()?.request().tools.iter().map(convert::tool).collect())
    }
    fn get_tool_choice(&mut self) -> wasmtime::Result<types::ToolChoice> {
        Ok(convert::tool_choice(&self.asked()?.request().tool_choice))
    }
    fn output_schema(&mut self) -> wasmtime::Result<Option<String>> {
        Ok(self.asked()?.request().output_schema.as_deref().map(str::to_owned))
    }
    fn max_output_tokens(&mut self) -> wasmtime::Result<Option<u32>> {
        Ok(self.asked()?.request().max_output_tokens)
    }
    fn stop_sequences(&mut self) -> wasmtime::Result<Vec<String>> {
        Ok(self.asked()?.request().stop.iter().map(|text| text.to_string()).collect())
    }
    fn embedding_inputs(&mut self) -> wasmtime::Result<Vec<String>> {
        let call = self.call()?;
        let inputs = &call.asked.request().embedding_inputs;
        let end = call.part.end.min(inputs.len());
        Ok(inputs[call.part.start.min(end)..end].iter().map(|text| text.to_string()).collect())
    }
    fn header(&mut self, name: String) -> wasmtime::Result<Option<String>> {
        Ok(self.asked()?.header(&name).map(str::to_owned))
    }
    fn json_at(&mut self, pointer: String) -> wasmtime::Result<Option<String>> {
        Ok(self.asked()?.json_at(&pointer).map(str::to_owned))
    }
    fn body(&mut self) -> wasmtime::Result<String> {
        Ok(self.asked()?.decoded.body().to_owned())
    }
}

impl settings::Host for Ctx {
    fn json_at(&mut self, pointer: String) -> wasmtime::Result<Option<String>> {
        Ok(self.settings.pointer(&pointer).map(Value::to_string))
    }
}

impl context::Host for Ctx {
    fn random(&mut self) -> wasmtime::Result<u64> {
        let strategy = Arc::clone(&self.strategy);
        let call = self.call()?;
        let asked = &call.asked;
        let dice = call.dice.get_or_insert_with(|| {
            let mut ids = Ids::new(key(asked.seed, asked.session.name(), asked.turn, &strategy));
            // Each choice of one request has numbers of its own.
            for _ in 0..call.choice {
                ids = Ids::new(ids.next_u64());
            }
            ids
        });
        Ok(dice.next_u64())
    }
    fn now_ms(&mut self) -> wasmtime::Result<u64> {
        Ok(self.asked()?.now_ms)
    }
    fn session(&mut self) -> wasmtime::Result<String> {
        Ok(self.asked()?.session.name().to_owned())
    }
    fn turn(&mut self) -> wasmtime::Result<u64> {
        Ok(self.asked()?.turn)
    }
}

impl state::Host for Ctx {
    fn get(&mut self, key: String) -> wasmtime::Result<Option<String>> {
        let strategy = Arc::clone(&self.strategy);
        Ok(self.asked()?.session.get(&strategy, &key))
    }
    fn set(&mut self, key: String, value: String) -> wasmtime::Result<Result<(), state::StateError>> {
        let strategy = Arc::clone(&self.strategy);
        Ok(self.asked()?.session.set(&strategy, key, value).map_err(state_error))
    }
    fn delete(&mut self, key: String) -> wasmtime::Result<()> {
        let strategy = Arc::clone(&self.strategy);
        self.asked()?.session.delete(&strategy, &key);
        Ok(())
    }
    fn fetch_add(&mut self, key: String, delta: i64) -> wasmtime::Result<Result<i64, state::StateError>> {
        let strategy = Arc::clone(&self.strategy);
        Ok(self.asked()?.session.fetch_add(&strategy, key, delta).map_err(state_error))
    }
}

fn state_error(error: StateError) -> state::StateError {
    match error {
        StateError::Full => state::StateError::Full,
        StateError::NotANumber => state::StateError::NotANumber,
    }
}

impl log::Host for Ctx {
    fn write(&mut self, level: log::Level, message: String) -> wasmtime::Result<()> {
        if !self.output.allow(message.len()) {
            return Ok(());
        }
        let strategy = &*self.strategy;
        match level {
            log::Level::Trace => tracing::trace!(strategy, "{message}"),
            log::Level::Debug => tracing::debug!(strategy, "{message}"),
            log::Level::Info => tracing::info!(strategy, "{message}"),
            log::Level::Warn => tracing::warn!(strategy, "{message}"),
            log::Level::Error => tracing::error!(strategy, "{message}"),
        }
        Ok(())
    }
}

impl tokens::Host for Ctx {
    fn count(&mut self, _model: String, text: String) -> wasmtime::Result<u32> {
        Ok(crate::usage::count(self.asked()?.tokens, &text))
    }
}
