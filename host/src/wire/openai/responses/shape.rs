//! What the endpoint expects of a body, for [`crate::wire::check`]. [`super::decode`] reads the same fields; a test
//! holds the two against each other.

use crate::wire::check::{Field, Shape, Tagged, optional, required};

/// The whole body. That a body without a prompt template needs a model is told in [`super::resolve`].
pub(super) static BODY: Shape = Shape::Object(&[
    optional("model", Shape::Text),
    optional("input", Shape::Either(&[Shape::Text, Shape::List(&ITEM, 0)])),
    optional("instructions", Shape::Text),
    optional("previous_response_id", Shape::Text),
    optional("conversation", Shape::Either(&[Shape::Text, Shape::Object(&[required("id", Shape::Text)])])),
    optional("prompt", Shape::Object(&[required("id", Shape::Text)])),
    optional("stream", Shape::Bool),
    optional("stream_options", Shape::Object(&[optional("include_obfuscation", Shape::Bool)])),
    optional("store", Shape::Bool),
    optional("background", Shape::Bool),
    optional("include", Shape::List(&Shape::Text, 0)),
    optional("max_output_tokens", COUNT),
    optional("max_tool_calls", COUNT),
    optional("tools", Shape::List(&TOOL, 0)),
    optional("tool_choice", Shape::Either(TOOL_CHOICE)),
    optional("parallel_tool_calls", Shape::Bool),
    optional("text", Shape::Object(TEXT)),
    optional("reasoning", Shape::Object(&[optional("effort", Shape::Text), optional("summary", Shape::Text)])),
    optional("temperature", Shape::Num(0, 2)),
    optional("top_p", Shape::Num(0, 1)),
    optional("top_logprobs", Shape::Int(0, 20)),
    optional("truncation", Shape::Word(&["auto", "disabled"])),
    optional("metadata", ANY_OBJECT),
    optional("access_programs", ANY_OBJECT),
    optional("prompt_cache_options", ANY_OBJECT),
    optional("prompt_cache_retention", Shape::Text),
    optional("prompt_cache_key", Shape::Text),
    optional("safety_identifier", Shape::Text),
    optional("service_tier", Shape::Text),
    optional("user", Shape::Text),
]);

const ANY_OBJECT: Shape = Shape::Object(&[]);
const COUNT: Shape = Shape::Int(1, i64::MAX);

static ITEM: Shape = Shape::Tagged(&Tagged {
    tag: "type",
    cases: &[
        (
            "message",
            &[
                // In the order in which the provider lists them.
                required("role", Shape::Word(&["assistant", "system", "developer", "user"])),
                required("content", TEXT_OR_PARTS),
                ID,
            ],
        ),
        (
            "function_call",
            &[required("call_id", Shape::Text), required("name", Shape::Text), required("arguments", Shape::Text), ID],
        ),
        ("function_call_output", RESULT),
        (
            "custom_tool_call",
            &[required("call_id", Shape::Text), required("name", Shape::Text), required("input", Shape::Text), ID],
        ),
        ("custom_tool_call_output", RESULT),
        (
            "reasoning",
            &[
                required("summary", Shape::List(&PART, 0)),
                optional("content", TEXT_OR_PARTS),
                optional("encrypted_content", Shape::Text),
                ID,
            ],
        ),
        ("item_reference", &[required("id", Shape::Text)]),
    ],
    default: Some("message"),
    others: Some(&[]),
});

const ID: Field = optional("id", Shape::Text);
const RESULT: &[Field] = &[required("call_id", Shape::Text), required("output", TEXT_OR_PARTS), ID];
const TEXT_OR_PARTS: Shape = Shape::Either(&[Shape::Text, Shape::List(&PART, 0)]);

static PART: Shape = Shape::Tagged(&Tagged {
    tag: "type",
    cases: &[
        ("input_text", SAID),
        ("output_text", SAID),
        ("summary_text", SAID),
        ("reasoning_text", SAID),
        ("refusal", &[required("refusal", Shape::Text)]),
        ("input_image", &[optional("image_url", Shape::Text), optional("file_id", Shape::Text)]),
        (
            "input_file",
            &[
                optional("file_data", Shape::Text),
                optional("file_id", Shape::Text),
                optional("file_url", Shape::Text),
                optional("filename", Shape::Text),
            ],
        ),
        (
            "input_audio",
            &[required(
                "input_audio",
                Shape::Object(&[required("data", Shape::Text), required("format", Shape::Text)]),
            )],
        ),
    ],
    default: None,
    others: Some(&[]),
});

const SAID: &[Field] = &[required("text", Shape::Text)];

static TOOL: Shape = Shape::Tagged(&Tagged {
    tag: "type",
    cases: &[
        (
            "function",
            &[
                required("name", Shape::Text),
                optional("description", Shape::Text),
                optional("parameters", ANY_OBJECT),
                optional("strict", Shape::Bool),
            ],
        ),
        ("custom", &[required("name", Shape::Text), optional("description", Shape::Text)]),
    ],
    default: None,
    others: Some(&[]),
});

const TOOL_CHOICE: &[Shape] = &[
    Shape::Word(&["none", "auto", "required"]),
    Shape::Tagged(&Tagged {
        tag: "type",
        cases: &[
            ("function", NAMED),
            ("custom", NAMED),
            ("allowed_tools", &[required("mode", Shape::Word(&["auto", "required"]))]),
        ],
        default: None,
        others: Some(&[]),
    }),
];

const NAMED: &[Field] = &[required("name", Shape::Text)];

const TEXT: &[Field] = &[optional("format", Shape::Tagged(&FORMAT)), optional("verbosity", Shape::Text)];

static FORMAT: Tagged = Tagged {
    tag: "type",
    cases: &[
        ("json_object", &[]),
        (
            "json_schema",
            &[
                required("name", Shape::Text),
                required("schema", ANY_OBJECT),
                optional("description", Shape::Text),
                optional("strict", Shape::Bool),
            ],
        ),
        ("text", &[]),
    ],
    default: None,
    others: None,
};
