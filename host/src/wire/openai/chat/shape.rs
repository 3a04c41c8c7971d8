//! What the endpoint expects of a body, for [`crate::wire::check`]. [`super::decode`] reads the same fields; a test
//! holds the two against each other.

use crate::wire::check::{Field, Shape, Tagged, optional, required};

/// The whole body.
pub(super) static BODY: Shape = Shape::Object(&[
    required("model", Shape::Text),
    required("messages", Shape::List(&MESSAGE, 1)),
    optional("stream", Shape::Bool),
    optional("stream_options", Shape::Object(STREAM_OPTIONS)),
    optional("n", Shape::Int(1, 128)),
    optional("max_tokens", COUNT),
    optional("max_completion_tokens", COUNT),
    optional("stop", Shape::Either(&[Shape::Text, Shape::List(&Shape::Text, 0)])),
    optional("tools", Shape::List(&TOOL, 0)),
    optional("tool_choice", Shape::Either(TOOL_CHOICE)),
    optional("functions", Shape::List(&Shape::Object(FUNCTION), 0)),
    optional("function_call", Shape::Either(FUNCTION_CHOICE)),
    optional("response_format", Shape::Tagged(&RESPONSE_FORMAT)),
    optional("temperature", Shape::Num(0, 2)),
    optional("top_p", Shape::Num(0, 1)),
    optional("frequency_penalty", Shape::Num(-2, 2)),
    optional("presence_penalty", Shape::Num(-2, 2)),
    optional("seed", Shape::Int(i64::MIN, i64::MAX)),
    optional("logprobs", Shape::Bool),
    optional("top_logprobs", Shape::Int(0, 20)),
    optional("logit_bias", ANY_OBJECT),
    optional("metadata", ANY_OBJECT),
    optional("audio", ANY_OBJECT),
    optional("prediction", ANY_OBJECT),
    optional("moderation", ANY_OBJECT),
    optional("web_search_options", ANY_OBJECT),
    optional("prompt_cache_options", ANY_OBJECT),
    optional("modalities", Shape::List(&Shape::Text, 0)),
    optional("parallel_tool_calls", Shape::Bool),
    optional("store", Shape::Bool),
    optional("user", Shape::Text),
    optional("safety_identifier", Shape::Text),
    optional("prompt_cache_key", Shape::Text),
    optional("prompt_cache_retention", Shape::Text),
    optional("reasoning_effort", Shape::Text),
    optional("service_tier", Shape::Text),
    optional("verbosity", Shape::Text),
]);

const ANY_OBJECT: Shape = Shape::Object(&[]);
const COUNT: Shape = Shape::Int(1, i64::MAX);

const STREAM_OPTIONS: &[Field] =
    &[optional("include_usage", Shape::Bool), optional("include_obfuscation", Shape::Bool)];

static MESSAGE: Shape = Shape::Tagged(&Tagged {
    tag: "role",
    // In the order in which the provider lists them.
    cases: &[
        ("system", SAID),
        (
            "assistant",
            &[
                optional("content", TEXT_OR_PARTS),
                optional("name", Shape::Text),
                optional("refusal", Shape::Text),
                optional("tool_calls", Shape::List(&TOOL_CALL, 0)),
                optional("function_call", Shape::Object(FUNCTION_CALL)),
                optional("audio", Shape::Object(&[required("id", Shape::Text)])),
            ],
        ),
        ("user", SAID),
        ("function", &[required("name", Shape::Text), optional("content", TEXT_OR_PARTS)]),
        (
            "tool",
            &[required("content", TEXT_OR_PARTS), required("tool_call_id", Shape::Text), optional("name", Shape::Text)],
        ),
        ("developer", SAID),
    ],
    default: None,
    others: None,
});

const SAID: &[Field] = &[required("content", TEXT_OR_PARTS), optional("name", Shape::Text)];
const TEXT_OR_PARTS: Shape = Shape::Either(&[Shape::Text, Shape::List(&PART, 0)]);

static PART: Shape = Shape::Tagged(&Tagged {
    tag: "type",
    cases: &[
        ("text", &[required("text", Shape::Text)]),
        ("refusal", &[required("refusal", Shape::Text)]),
        ("image_url", &[required("image_url", Shape::Object(&[required("url", Shape::Text)]))]),
        (
            "input_audio",
            &[required(
                "input_audio",
                Shape::Object(&[required("data", Shape::Text), required("format", Shape::Text)]),
            )],
        ),
        (
            "file",
            &[required(
                "file",
                Shape::Object(&[
                    optional("file_data", Shape::Text),
                    optional("file_id", Shape::Text),
                    optional("filename", Shape::Text),
                ]),
            )],
        ),
    ],
    default: None,
    others: Some(&[]),
});

const FUNCTION_CALL: &[Field] = &[required("name", Shape::Text), required("arguments", Shape::Text)];

static TOOL_CALL: Shape = Shape::Tagged(&Tagged {
    tag: "type",
    cases: &[
        ("function", &[required("id", Shape::Text), required("function", Shape::Object(FUNCTION_CALL))]),
        (
            "custom",
            &[
                required("id", Shape::Text),
                required("custom", Shape::Object(&[required("name", Shape::Text), required("input", Shape::Text)])),
            ],
        ),
    ],
    default: None,
    others: None,
});

const FUNCTION: &[Field] = &[
    required("name", Shape::Text),
    optional("description", Shape::Text),
    optional("parameters", ANY_OBJECT),
    optional("strict", Shape::Bool),
];

static TOOL: Shape = Shape::Tagged(&Tagged {
    tag: "type",
    cases: &[
        ("function", &[required("function", Shape::Object(FUNCTION))]),
        (
            "custom",
            &[required(
                "custom",
                Shape::Object(&[required("name", Shape::Text), optional("description", Shape::Text)]),
            )],
        ),
    ],
    default: None,
    others: None,
});

const NAMED: Shape = Shape::Object(&[required("name", Shape::Text)]);

const TOOL_CHOICE: &[Shape] = &[
    Shape::Word(&["none", "auto", "required"]),
    Shape::Tagged(&Tagged {
        tag: "type",
        cases: &[
            ("function", &[required("function", NAMED)]),
            ("custom", &[required("custom", NAMED)]),
            (
                "allowed_tools",
                &[required(
                    "allowed_tools",
                    Shape::Object(&[
                        required("mode", Shape::Word(&["auto", "required"])),
                        optional(
                            "tools",
                            Shape::List(&Shape::Object(&[optional("function", NAMED), optional("custom", NAMED)]), 0),
                        ),
                    ]),
                )],
            ),
        ],
        default: None,
        others: None,
    }),
];

const FUNCTION_CHOICE: &[Shape] = &[Shape::Word(&["none", "auto"]), NAMED];

static RESPONSE_FORMAT: Tagged = Tagged {
    tag: "type",
    cases: &[
        ("json_object", &[]),
        (
            "json_schema",
            &[required(
                "json_schema",
                Shape::Object(&[
                    required("name", Shape::Text),
                    optional("description", Shape::Text),
                    optional("schema", ANY_OBJECT),
                    optional("strict", Shape::Bool),
                ]),
            )],
        ),
        ("text", &[]),
    ],
    default: None,
    others: None,
};
