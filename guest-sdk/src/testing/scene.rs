//! What a plugin sees of the server during one call, kept where the native imports find it.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use serde_json::Value;

use super::Request;
use crate::log::Level;

thread_local! {
    static CURRENT: RefCell<Scene> = RefCell::new(Scene::default());
}

/// What a plugin sees of the server.
#[derive(Debug)]
pub(super) struct Scene {
    pub(super) settings: Value,
    pub(super) seed: u64,
    pub(super) now_ms: u64,
    pub(super) state: BTreeMap<(String, String), String>,
    pub(super) log: Vec<(Level, String)>,
    pub(super) matched_condition: Option<u32>,
    request: Request,
    turn: u64,
    random: u64,
}

impl Default for Scene {
    fn default() -> Self {
        Self {
            settings: Value::Object(serde_json::Map::new()),
            seed: 0,
            now_ms: 1_700_000_000_000,
            state: BTreeMap::new(),
            log: Vec::new(),
            matched_condition: None,
            request: Request::new(),
            turn: 0,
            random: 0,
        }
    }
}

impl Scene {
    /// The next request.
    pub(super) fn enter(&mut self, request: Request, turn: u64) {
        let mut hasher = DefaultHasher::new();
        (self.seed, &request.session, turn, request.choice_index).hash(&mut hasher);
        self.random = hasher.finish();
        self.matched_condition = None;
        self.turn = turn;
        self.request = request;
    }

    /// Calls a plugin which sees this scene.
    pub(super) fn during<T>(&mut self, call: impl FnOnce() -> T) -> T {
        CURRENT.with_borrow_mut(|current| std::mem::swap(current, self));
        let result = call();
        CURRENT.with_borrow_mut(|current| std::mem::swap(current, self));
        result
    }

    /// SplitMix64.
    fn next_random(&mut self) -> u64 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.random;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    }
}

fn see<T>(look: impl FnOnce(&Scene) -> T) -> T {
    CURRENT.with_borrow(look)
}

fn change<T>(change: impl FnOnce(&mut Scene) -> T) -> T {
    CURRENT.with_borrow_mut(change)
}

fn json_text(whole: &Value, pointer: &str) -> Option<String> {
    whole.pointer(pointer).map(Value::to_string)
}

/// The functions of `wit/host.wit`, under the names that wit-bindgen gives them.
pub(crate) mod imports {
    pub(crate) mod request {
        use super::super::{json_text, see};
        use crate::{Message, Role, Tool, ToolChoice};

        pub(crate) fn id() -> String {
            see(|scene| format!("test-{}-{}", scene.request.session, scene.turn))
        }
        pub(crate) fn operation() -> String {
            see(|scene| scene.request.operation.clone())
        }
        pub(crate) fn provider() -> String {
            see(|scene| scene.request.provider.clone())
        }
        pub(crate) fn path() -> String {
            see(|scene| scene.request.path.clone())
        }
        pub(crate) fn model() -> String {
            see(|scene| scene.request.model.clone())
        }
        pub(crate) fn is_streaming() -> bool {
            see(|scene| scene.request.streaming)
        }
        pub(crate) fn choice_index() -> u32 {
            see(|scene| scene.request.choice_index)
        }
        pub(crate) fn matched_condition() -> Option<u32> {
            see(|scene| scene.matched_condition)
        }
        pub(crate) fn last_user_text() -> Option<String> {
            see(|scene| scene.request.last_user_text())
        }
        pub(crate) fn last_role() -> Option<Role> {
            see(|scene| scene.request.last_role())
        }
        pub(crate) fn system_text() -> Option<String> {
            see(|scene| scene.request.system_text())
        }
        pub(crate) fn message_count() -> u32 {
            see(|scene| u32::try_from(scene.request.messages.len()).unwrap_or(u32::MAX))
        }
        pub(crate) fn message_at(index: u32) -> Option<Message> {
            see(|scene| scene.request.messages.get(index as usize).cloned())
        }
        pub(crate) fn list_messages() -> Vec<Message> {
            see(|scene| scene.request.messages.clone())
        }
        pub(crate) fn tool_count() -> u32 {
            see(|scene| u32::try_from(scene.request.tools.len()).unwrap_or(u32::MAX))
        }
        pub(crate) fn list_tools() -> Vec<Tool> {
            see(|scene| scene.request.tools.clone())
        }
        pub(crate) fn get_tool_choice() -> ToolChoice {
            see(|scene| scene.request.tool_choice.clone())
        }
        pub(crate) fn output_schema() -> Option<String> {
            see(|scene| scene.request.output_schema.clone())
        }
        pub(crate) fn max_output_tokens() -> Option<u32> {
            see(|scene| scene.request.max_output_tokens)
        }
        pub(crate) fn stop_sequences() -> Vec<String> {
            see(|scene| scene.request.stop_sequences.clone())
        }
        pub(crate) fn embedding_inputs() -> Vec<String> {
            see(|scene| scene.request.embedding_inputs.clone())
        }
        pub(crate) fn header(name: &str) -> Option<String> {
            see(|scene| scene.request.header_value(name))
        }
        pub(crate) fn json_at(pointer: &str) -> Option<String> {
            see(|scene| json_text(&scene.request.body, pointer))
        }
        pub(crate) fn body() -> String {
            see(|scene| scene.request.body.to_string())
        }
    }

    pub(crate) mod settings {
        use super::super::{json_text, see};

        pub(crate) fn json_at(pointer: &str) -> Option<String> {
            see(|scene| json_text(&scene.settings, pointer))
        }
    }

    pub(crate) mod context {
        use super::super::{Scene, change, see};

        pub(crate) fn random() -> u64 {
            change(Scene::next_random)
        }
        pub(crate) fn now_ms() -> u64 {
            see(|scene| scene.now_ms)
        }
        pub(crate) fn session() -> String {
            see(|scene| scene.request.session.clone())
        }
        pub(crate) fn turn() -> u64 {
            see(|scene| scene.turn)
        }
    }

    pub(crate) mod state {
        use super::super::{Scene, change, see};
        use crate::state::StateError;

        fn place(scene: &Scene, key: &str) -> (String, String) {
            (scene.request.session.clone(), key.to_owned())
        }

        pub(crate) fn get(key: &str) -> Option<String> {
            see(|scene| scene.state.get(&place(scene, key)).cloned())
        }
        pub(crate) fn set(key: &str, value: &str) -> Result<(), StateError> {
            change(|scene| scene.state.insert(place(scene, key), value.to_owned()));
            Ok(())
        }
        pub(crate) fn delete(key: &str) {
            change(|scene| scene.state.remove(&place(scene, key)));
        }
        pub(crate) fn fetch_add(key: &str, delta: i64) -> Result<i64, StateError> {
            let before: i64 = get(key).map_or(Ok(0), |value| value.parse()).map_err(|_| StateError::NotANumber)?;
            set(key, &before.wrapping_add(delta).to_string())?;
            Ok(before)
        }
    }

    pub(crate) mod log {
        use super::super::change;
        use crate::log::Level;

        pub(crate) fn write(level: Level, message: &str) {
            change(|scene| scene.log.push((level, message.to_owned())));
        }
    }

    pub(crate) mod tokens {
        /// Words: the harness has no vocabulary.
        pub(crate) fn count(_model: &str, text: &str) -> u32 {
            u32::try_from(text.split_whitespace().count()).unwrap_or(u32::MAX)
        }
    }
}
