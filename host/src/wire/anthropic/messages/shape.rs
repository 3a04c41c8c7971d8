//! What the endpoint expects of a body, for [`crate::wire::check`]. [`super::decode`] reads the same fields; a test
//! holds the two against each other.

use crate::wire::check::{Field, Shape, Tagged, optional, required};

/// The body of a request for a message.
pub(super) static CREATE: Shape = Shape::Object(LIMITED);
/// The body of a request that need not say how long its answer may be.
pub(super) static ANY_LENGTH: Shape = Shape::Object(UNLIMITED);

const LIMITED: &[Field] = &body(required("max_tokens", COUNT));
const UNLIMITED: &[Field] = &body(optional("max_tokens", COUNT));

/// The fields of a body. 0 as the most tokens fills the prompt cache and answers nothing.
const fn body(max_tokens: Field) -> [Field; 28] {
    [
        required("model", Shape::Text),
        required("messages", Shape::List(&Shape::Object(MESSAGE), 1)),
        max_tokens,
        optional("system", TEXT_OR_BLOCKS),
        optional("stop_sequences", TEXTS),
        optional("stream", Shape::Bool),
        // The newest API has none of these three any more; clients of today still send them.
        optional("temperature", Shape::Num(0, 1)),
        optional("top_p", Shape::Num(0, 1)),
        optional("top_k", COUNT),
        optional("tools", Shape::List(&TOOL, 0)),
        optional("tool_choice", Shape::Tagged(&TOOL_CHOICE)),
        optional("output_format", OUTPUT_FORMAT),
        optional("output_config", OUTPUT_CONFIG),
        optional("thinking", THINKING),
        optional("metadata", METADATA),
        optional("cache_control", CACHE_CONTROL),
        optional("container", CONTAINER),
        optional("diagnostics", DIAGNOSTICS),
        optional("service_tier", SERVICE_TIER),
        optional("inference_geo", Shape::Text),
        optional("speed", SPEED),
        // Behind a beta header, which nothing here insists on.
        optional("context_management", CONTEXT_MANAGEMENT),
        optional("mcp_servers", MCP_SERVERS),
        optional("thread", THREAD),
        optional("fallbacks", FALLBACKS),
        optional("fallback_credit_token", TEXT_OR_OBJECT),
        optional("compaction", COMPACTION),
        optional("billing_policy", ANY_OBJECT),
    ]
}

pub(super) const ANY_OBJECT: Shape = Shape::Object(&[]);
const COUNT: Shape = Shape::Int(0, i64::MAX);
const TEXTS: Shape = Shape::List(&Shape::Text, 0);
pub(super) const TEXT_OR_OBJECT: Shape = Shape::Either(&[Shape::Text, ANY_OBJECT]);
const TEXT_OR_BLOCKS: Shape = Shape::Either(&[Shape::Text, Shape::List(&BLOCK, 0)]);

const MESSAGE: &[Field] =
    &[required("role", Shape::Word(&["user", "assistant", "system"])), required("content", TEXT_OR_BLOCKS)];

pub(super) const OUTPUT_FORMAT: Shape =
    Shape::Object(&[required("type", Shape::Word(&["json_schema"])), required("schema", ANY_OBJECT)]);
pub(super) const OUTPUT_CONFIG: Shape = Shape::Object(&[
    optional("effort", Shape::Text),
    optional("format", OUTPUT_FORMAT),
    optional("task_budget", Shape::Object(&[required("type", Shape::Text), required("total", COUNT)])),
]);
/// Kinds come and go with the models; the budget has been the same from the first day.
pub(super) const THINKING: Shape = Shape::Tagged(&Tagged {
    tag: "type",
    cases: &[
        ("enabled", &[required("budget_tokens", Shape::Int(1_024, i64::MAX)), optional("display", Shape::Text)]),
        ("adaptive", &[optional("display", Shape::Text)]),
    ],
    default: None,
    others: Some(&[]),
});
pub(super) const METADATA: Shape = Shape::Object(&[optional("user_id", Shape::Text)]);
pub(super) const CACHE_CONTROL: Shape =
    Shape::Object(&[required("type", Shape::Word(&["ephemeral"])), optional("ttl", Shape::Text)]);
pub(super) const CONTAINER: Shape = Shape::Either(&[
    Shape::Text,
    Shape::Object(&[
        optional("id", Shape::Text),
        optional("skills", Shape::List(&Shape::Object(&[required("skill_id", Shape::Text)]), 0)),
    ]),
]);
pub(super) const DIAGNOSTICS: Shape = Shape::Object(&[optional("previous_message_id", Shape::Text)]);
pub(super) const SERVICE_TIER: Shape = Shape::Word(&["auto", "standard_only"]);
pub(super) const SPEED: Shape = Shape::Word(&["standard", "fast"]);
pub(super) const TEXT: Shape = Shape::Text;
pub(super) const CONTEXT_MANAGEMENT: Shape =
    Shape::Object(&[optional("edits", Shape::List(&Shape::Object(&[required("type", Shape::Text)]), 0))]);
pub(super) const MCP_SERVERS: Shape = Shape::List(
    &Shape::Object(&[
        required("type", Shape::Word(&["url"])),
        required("name", Shape::Text),
        required("url", Shape::Text),
        optional("authorization_token", Shape::Text),
    ]),
    0,
);
pub(super) const THREAD: Shape = Shape::Tagged(&Tagged {
    tag: "type",
    cases: &[("create", &[]), ("continue", &[required("previous_message_id", Shape::Text)])],
    default: None,
    others: None,
});
pub(super) const FALLBACKS: Shape = Shape::Either(&[Shape::Text, Shape::List(&ANY_OBJECT, 0)]);
pub(super) const COMPACTION: Shape =
    Shape::Object(&[required("type", Shape::Text), optional("instructions", Shape::Text)]);

/// A block of a message, a system prompt or a tool's result. The kinds that the API has; others pass.
pub(super) static BLOCK: Shape = Shape::Tagged(&Tagged {
    tag: "type",
    cases: &[
        ("text", &[required("text", Shape::Text), CACHED]),
        ("image", &[required("source", Shape::Tagged(&SOURCE)), CACHED]),
        ("document", &[required("source", Shape::Tagged(&SOURCE)), CACHED]),
        (
            "tool_use",
            &[required("id", Shape::Text), required("name", Shape::Text), required("input", ANY_OBJECT), CACHED],
        ),
        (
            "tool_result",
            &[
                required("tool_use_id", Shape::Text),
                optional("content", Shape::Either(&[Shape::Text, Shape::List(&BLOCK, 0)])),
                optional("is_error", Shape::Bool),
                CACHED,
            ],
        ),
        ("thinking", &[required("thinking", Shape::Text), required("signature", Shape::Text), CACHED]),
        ("redacted_thinking", &[required("data", Shape::Text), CACHED]),
        (
            "search_result",
            &[
                required("source", Shape::Text),
                required("title", Shape::Text),
                required("content", Shape::List(&BLOCK, 0)),
                CACHED,
            ],
        ),
        ("server_tool_use", SERVER_CALL),
        ("mcp_tool_use", SERVER_CALL),
        (
            "mcp_tool_result",
            &[
                required("tool_use_id", Shape::Text),
                optional("content", Shape::Either(&[Shape::Text, Shape::List(&BLOCK, 0)])),
                CACHED,
            ],
        ),
        (
            "web_search_tool_result",
            &[
                required("tool_use_id", Shape::Text),
                required("content", Shape::Either(&[Shape::List(&ANY_OBJECT, 0), ANY_OBJECT])),
                CACHED,
            ],
        ),
        ("web_fetch_tool_result", SERVER_RESULT),
        ("code_execution_tool_result", SERVER_RESULT),
        ("bash_code_execution_tool_result", SERVER_RESULT),
        ("text_editor_code_execution_tool_result", SERVER_RESULT),
        ("tool_search_tool_result", SERVER_RESULT),
        ("container_upload", &[required("file_id", Shape::Text), CACHED]),
        ("tool_reference", &[required("tool_name", Shape::Text), CACHED]),
    ],
    default: None,
    others: Some(&[]),
});

const CACHED: Field = optional("cache_control", CACHE_CONTROL);
const SERVER_CALL: &[Field] =
    &[required("id", Shape::Text), required("name", Shape::Text), required("input", ANY_OBJECT), CACHED];
const SERVER_RESULT: &[Field] = &[required("tool_use_id", Shape::Text), required("content", ANY_OBJECT), CACHED];

static SOURCE: Tagged = Tagged {
    tag: "type",
    cases: &[
        ("base64", &[required("media_type", Shape::Text), required("data", Shape::Text)]),
        ("url", &[required("url", Shape::Text)]),
        ("file", &[required("file_id", Shape::Text)]),
        ("text", &[required("data", Shape::Text), optional("media_type", Shape::Text)]),
        ("content", &[required("content", Shape::Either(&[Shape::Text, Shape::List(&BLOCK, 0)]))]),
    ],
    default: None,
    others: Some(&[optional("media_type", Shape::Text), optional("data", Shape::Text)]),
};

/// What a client defines itself, and the provider's own tools, which need no schema; a toolset has no name.
static TOOL: Shape = Shape::Tagged(&Tagged {
    tag: "type",
    cases: &[("custom", CUSTOM_TOOL)],
    default: Some("custom"),
    others: Some(SERVER_TOOL),
});

const CUSTOM_TOOL: &[Field] = &tool(required("name", Shape::Text), required("input_schema", ANY_OBJECT));
const SERVER_TOOL: &[Field] = &tool(optional("name", Shape::Text), optional("mcp_server_name", Shape::Text));

const fn tool(first: Field, second: Field) -> [Field; 6] {
    [
        first,
        second,
        optional("description", Shape::Text),
        CACHED,
        optional("strict", Shape::Bool),
        optional("defer_loading", Shape::Bool),
    ]
}

static TOOL_CHOICE: Tagged = Tagged {
    tag: "type",
    cases: &[
        ("auto", ONE_CALL),
        ("any", ONE_CALL),
        ("tool", &[required("name", Shape::Text), PARALLEL]),
        ("none", ONE_CALL),
    ],
    default: None,
    others: None,
};

const ONE_CALL: &[Field] = &[PARALLEL];
const PARALLEL: Field = optional("disable_parallel_tool_use", Shape::Bool);
