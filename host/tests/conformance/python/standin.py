"""Where the server is, and what is said to it: all that a client of the matrix has to know."""

import json
import os
from pathlib import Path

EXPECTED = json.loads((Path(__file__).parents[1] / "expected.json").read_text())
TOOL = EXPECTED["tool"]
KEY = "any-key"
TIMEOUT = 30
URL = os.environ["STANDIN_URL"].rstrip("/")


def base(api: str) -> str:
    """The address, as the official SDK of the API wants it."""
    return URL if api == "messages" else f"{URL}/v1"


def model(api: str) -> str:
    return EXPECTED["models"][api]
