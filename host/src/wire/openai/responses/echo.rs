//! What an answer repeats of its request, written once when the request is decoded: every member that the provider's
//! type has, with the provider's default where the client said nothing.

use serde_json::value::RawValue;

use super::decode::{Truncation, Wire};
use super::members::Members;
use crate::wire::field::{Int, Text};
use crate::wire::json::{write_line, write_number, write_string};

impl<I> Wire<'_, I> {
    /// Members of a JSON object, without the braces; none where something is not as it should be.
    pub(super) fn echo(&self) -> Option<String> {
        let mut echo = Echo(Vec::with_capacity(1024));
        echo.raw("access_programs", self.access_programs, "null");
        echo.bool("background", self.background, false);
        echo.conversation(self.conversation)?;
        echo.text("instructions", self.instructions.as_ref());
        echo.number("max_output_tokens", self.max_output_tokens, "null");
        echo.number("max_tool_calls", self.max_tool_calls, "null");
        echo.raw("metadata", self.metadata, "{}");
        echo.bool("parallel_tool_calls", self.parallel_tool_calls, true);
        echo.text("previous_response_id", self.previous_response_id.as_ref());
        echo.raw("prompt", self.prompt, "null");
        echo.text("prompt_cache_key", self.prompt_cache_key.as_ref());
        if let Some(options) = self.prompt_cache_options {
            let defaults = [("mode", r#""implicit""#), ("ttl", r#""30m""#)];
            echo.completed("prompt_cache_options", options.get(), &defaults)?;
        }
        echo.text("prompt_cache_retention", self.prompt_cache_retention.as_ref());
        let reasoning = self.reasoning.map_or("{}", RawValue::get);
        echo.completed("reasoning", reasoning, &[("effort", "null"), ("summary", "null")])?;
        echo.text("safety_identifier", self.safety_identifier.as_ref());
        echo.service_tier(self.service_tier.as_ref());
        echo.raw("temperature", self.temperature, "1.0");
        self.echo_text(&mut echo)?;
        echo.raw("tool_choice", self.tool_choice, r#""auto""#);
        self.echo_tools(&mut echo)?;
        echo.number("top_logprobs", self.top_logprobs, "0");
        echo.raw("top_p", self.top_p, "1.0");
        let truncation = if self.truncation == Some(Truncation::Auto) { r#""auto""# } else { r#""disabled""# };
        echo.raw("truncation", None, truncation);
        echo.text("user", self.user.as_ref());
        String::from_utf8(echo.0).ok()
    }

    fn echo_text(&self, echo: &mut Echo) -> Option<()> {
        let text = self.text.as_ref();
        echo.key("text");
        echo.0.extend_from_slice(br#"{"format":"#);
        let format = Members::read(text.and_then(|text| text.format).map_or(r#"{"type":"text"}"#, RawValue::get))?;
        let strict = [("strict", "false")];
        let is_schema = format.get("type") == Some(r#""json_schema""#);
        format.write(&mut echo.0, &[], if is_schema { &strict } else { &[] });
        echo.0.extend_from_slice(br#","verbosity":"#);
        write_string(&mut echo.0, text.and_then(|text| text.verbosity.as_ref()).map_or("medium", |text| &text.0));
        echo.0.push(b'}');
        Some(())
    }

    fn echo_tools(&self, echo: &mut Echo) -> Option<()> {
        echo.key("tools");
        echo.0.push(b'[');
        for (index, tool) in self.tools.iter().flatten().enumerate() {
            if index > 0 {
                echo.0.push(b',');
            }
            let tool = Members::read(tool.get())?;
            let defaults: &[(&str, &str)] = match tool.get("type") {
                Some(r#""function""#) => &[("parameters", "null"), ("strict", "true")],
                Some(r#""custom""#) => &[("format", r#"{"type":"text"}"#)],
                _ => &[],
            };
            tool.write(&mut echo.0, &[], defaults);
        }
        echo.0.push(b']');
        Some(())
    }
}

/// The members so far. Whatever comes from the body is written on one line, as a stream needs it.
struct Echo(Vec<u8>);

impl Echo {
    fn key(&mut self, key: &str) {
        if !self.0.is_empty() {
            self.0.push(b',');
        }
        write_string(&mut self.0, key);
        self.0.push(b':');
    }

    fn raw(&mut self, key: &str, json: Option<&RawValue>, default: &str) {
        self.key(key);
        write_line(&mut self.0, json.map_or(default, RawValue::get));
    }

    fn completed(&mut self, key: &str, object: &str, defaults: &[(&str, &str)]) -> Option<()> {
        self.key(key);
        Members::read(object)?.write(&mut self.0, &[], defaults);
        Some(())
    }

    fn bool(&mut self, key: &str, value: Option<bool>, default: bool) {
        self.raw(key, None, if value.unwrap_or(default) { "true" } else { "false" });
    }

    fn text(&mut self, key: &str, text: Option<&Text<'_>>) {
        self.key(key);
        match text {
            Some(text) => write_string(&mut self.0, &text.0),
            None => self.0.extend_from_slice(b"null"),
        }
    }

    fn number<const MIN: i64, const MAX: i64>(&mut self, key: &str, number: Option<Int<MIN, MAX>>, default: &str) {
        self.key(key);
        match number {
            Some(number) => write_number(&mut self.0, number.0.unsigned_abs()),
            None => self.0.extend_from_slice(default.as_bytes()),
        }
    }

    /// A conversation may be asked for by its id alone.
    fn conversation(&mut self, json: Option<&RawValue>) -> Option<()> {
        self.key("conversation");
        let Some(json) = json.map(RawValue::get) else {
            self.0.extend_from_slice(b"null");
            return Some(());
        };
        let id: Text<'_> = match serde_json::from_str(json) {
            Ok(id) => id,
            Err(_) => Members::read(json)?.text("id")?,
        };
        self.0.extend_from_slice(br#"{"id":"#);
        write_string(&mut self.0, &id.0);
        self.0.push(b'}');
        Some(())
    }

    /// The tier that served the request, which is not always the word that was asked for.
    fn service_tier(&mut self, asked: Option<&Text<'_>>) {
        self.key("service_tier");
        let tier = match asked.map(|text| &*text.0) {
            None | Some("auto") => "default",
            Some("fast") => "priority",
            Some(tier) => tier,
        };
        write_string(&mut self.0, tier);
    }
}
