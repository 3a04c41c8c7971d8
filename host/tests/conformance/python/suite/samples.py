"""What the tests of both providers say to the server."""

import json

GPT, CLAUDE = "gpt-4o", "claude-sonnet-4-5"

# What goes in comes out: nothing in it is a trigger, all of it has broken some mock server.
TEXTS = {
    "plain": "Hello there",
    "blanks": "  two  blanks \t and a tab  ",
    "lines": "one\n\ntwo\n",
    "crlf": "one\r\ntwo\rthree\r\n",
    "nul": "before\x00after",
    "controls": "\x01\x02\x1b[31m\x7f\x85",
    "emoji": "👩‍👩‍👧‍👦 🏳️‍🌈 🇩🇪 👍🏽 😀",
    "normal forms": "é and e\u0301, ﬁ and fi",
    "right to left": "שלום مرحبا \u202eabc\u202c",
    "line separators": "a\u2028b\u2029c\u0085d",
    "byte order mark": "\ufeffx\ufeff",
    "edges of unicode": "\ud7ff\ue000\ufffd\uffff\U00010000\U0010ffff",
    "sse": "data: x\n\nevent: ping\ndata: [DONE]\n\n[DONE]",
    "json": '{"a": "\\"quoted\\"", \'b\': \\u0041 \\n}',
    "markup": "<b>&amp;</b> ```rust\nfn main() {}\n```",
    "chinese": "你好，世界。今天天气怎么样？",
    "zalgo": "h\u0335\u0321\u0337i\u0338\u0322",
    "long": "The quick brown fox jumps over the lazy dog. " * 500,
}

PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="

CALLS = [("get_weather", {"city": "Zürich", "days": 3}), ("get_time", {"zone": "UTC"})]
CALL_BOTH = "Please:\n" + "\n".join(f"call tool '{name}' with '{json.dumps(arguments)}'" for name, arguments in CALLS)
SCHEMAS = {
    "get_weather": {
        "type": "object",
        "properties": {"city": {"type": "string"}, "days": {"type": "integer"}},
        "required": ["city", "days"],
        "additionalProperties": False,
    },
    "get_time": {
        "type": "object",
        "properties": {"zone": {"type": "string"}},
        "required": ["zone"],
        "additionalProperties": False,
    },
}


def failure(status: int, **more) -> str:
    """The line that makes the server answer with an error."""
    return "raise error " + json.dumps({"code": status, "message": f"Failure {status} 💥", **more})


def user(text) -> list[dict]:
    return [{"role": "user", "content": text}]
