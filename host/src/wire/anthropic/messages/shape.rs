//! What the endpoint expects of a body, for [`crate::wire::check`]. [`super::decode`] reads the same fields; a test
//! holds the two against each other.

use crate::wire::check::{Field, Shape, Tagged, optional, required};

/// The whole body.
pub(super) static BODY: Shape = Shape::Object(&[
    required("model", Shape::Text),
    required("messages", Shape::List(&Shape::Object(MESSAGE), 1)),
    // 0 fills the prompt cache and answers nothing.
    required("max_tokens", COUNT),
    optional("system", TEXT_OR_BLOCKS),
    optional("stop_sequences", Shape::List(&Shape::Text, 0)),
    optional("stream", Shape::Bool),
    // The newest API has none of these three any more; clients of today still send them.
    optional("temperature", Shape::Num(0, 1)),
    optional("top_p", Shape::Num(0, 1)),
    optional("top_k", COUNT),
    optional("metadata", Shape::Object(&[optional("user_id", Shape::Text)])),
    optional("tools", Shape::List(&TOOL, 0)),
    optional("tool_choice", Shape::Tagged(&TOOL_CHOICE)),
    optional("thinking", Shape::Object(&[required("type", Shape::Text), optional("budget_tokens", COUNT)])),
    optional("output_config", Shape::Object(&[optional("effort", Shape::Text), optional("format", OUTPUT_FORMAT)])),
    optional("output_format", OUTPUT_FORMAT),
    optional("cache_control", ANY_OBJECT),
    optional("diagnostics", ANY_OBJECT),
    optional("container", Shape::Either(&[Shape::Text, ANY_OBJECT])),
    optional("service_tier", Shape::Text),
    optional("inference_geo", Shape::Text),
    optional("speed", Shape::Text),
]);

const ANY_OBJECT: Shape = Shape::Object(&[]);
const COUNT: Shape = Shape::Int(0, i64::MAX);
const TEXT_OR_BLOCKS: Shape = Shape::Either(&[Shape::Text, Shape::List(&BLOCK, 0)]);

const MESSAGE: &[Field] =
    &[required("role", Shape::Word(&["user", "assistant", "system"])), required("content", TEXT_OR_BLOCKS)];

/// A block of a message, a system prompt or a tool's result. The kinds that [`super::block`] knows; others pass.
static BLOCK: Shape = Shape::Tagged(&Tagged {
    tag: "type",
    cases: &[
        ("text", &[required("text", Shape::Text)]),
        ("image", SOURCE),
        ("document", SOURCE),
        ("tool_use", &[required("id", Shape::Text), required("name", Shape::Text), required("input", ANY_OBJECT)]),
        (
            "tool_result",
            &[
                required("tool_use_id", Shape::Text),
                optional("content", Shape::Either(&[Shape::Text, Shape::List(&BLOCK, 0)])),
                optional("is_error", Shape::Bool),
            ],
        ),
        ("thinking", &[required("thinking", Shape::Text), required("signature", Shape::Text)]),
        ("redacted_thinking", &[required("data", Shape::Text)]),
    ],
    default: None,
    others: Some(&[]),
});

const SOURCE: &[Field] = &[required(
    "source",
    Shape::Tagged(&Tagged {
        tag: "type",
        cases: &[
            ("base64", &[required("media_type", Shape::Text), required("data", Shape::Text)]),
            ("url", &[required("url", Shape::Text)]),
            ("file", &[required("file_id", Shape::Text)]),
        ],
        default: None,
        others: Some(&[optional("media_type", Shape::Text), optional("data", Shape::Text)]),
    }),
)];

static TOOL: Shape = Shape::Tagged(&Tagged {
    tag: "type",
    cases: &[(
        "custom",
        &[required("name", Shape::Text), optional("description", Shape::Text), required("input_schema", ANY_OBJECT)],
    )],
    default: Some("custom"),
    // The provider's own tools; a toolset has no name.
    others: Some(&[optional("name", Shape::Text), optional("description", Shape::Text)]),
});

static TOOL_CHOICE: Tagged = Tagged {
    tag: "type",
    cases: &[("auto", &[]), ("any", &[]), ("tool", &[required("name", Shape::Text)]), ("none", &[])],
    default: None,
    others: None,
};

const OUTPUT_FORMAT: Shape =
    Shape::Object(&[required("type", Shape::Word(&["json_schema"])), required("schema", ANY_OBJECT)]);
