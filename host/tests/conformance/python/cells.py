"""Runs one client of the matrix: asks it for five things, and judges what it handed to the application.

    python cells.py NAME CODE API

CODE is the client's file in frameworks/, API is `chat`, `responses` or `messages`. A line of JSON for each cell goes to
stdout: `{"client": NAME, "cell": "chat", "failure": null}`.

A client is a class `Client(api)` with the methods `chat`, `stream`, `tool_loop` and `structured`, sync or async, and
the table `ERRORS` of the exceptions that it promises by status: what `chat` and `stream` raise. It says nothing about
what is right: that is here and in expected.json, once for all clients.
"""

import asyncio
import importlib.util
import inspect
import json
import sys
import traceback
import warnings
from pathlib import Path
from typing import Literal

from pydantic import BaseModel

from standin import EXPECTED, TIMEOUT, TOOL

LOOP = asyncio.Runner()  # one for all cells: the connections of an async client belong to it


class Day(BaseModel):
    name: str
    celsius: float


class Forecast(BaseModel):
    """The weather of some days."""

    city: str
    sky: Literal["clear", "clouds", "rain"]
    windy: bool
    days: list[Day]


class Weather:
    """The tool, and what it was called with."""

    name = TOOL["name"]
    schema = {
        "type": "object",
        "properties": {"city": {"type": "string"}, "days": {"type": "integer"}},
        "required": ["city", "days"],
        "additionalProperties": False,
    }

    def __init__(self):
        self.calls = []

        def get_weather(city: str, days: int) -> str:
            """The weather in a city.

            Args:
                city: The name of the city.
                days: How many days ahead.
            """
            self.calls.append({"city": city, "days": days})
            return TOOL["result"]

        self.function = get_weather


# --- the cells ---------------------------------------------------------------------------------------------------


def chat(client):
    equal(call(client.chat, EXPECTED["text"]), EXPECTED["text"])


def stream(client):
    pieces = call(client.stream, EXPECTED["text"])
    equal("".join(pieces), EXPECTED["text"])
    assert len([piece for piece in pieces if piece]) > 1, f"expected several pieces, got {pieces!r}"


def tool_loop(client):
    for stream in (False, True):
        weather = Weather()
        answer = call(client.tool_loop, TOOL["prompt"], weather, stream)
        equal(weather.calls, [TOOL["arguments"]])
        equal(answer, TOOL["answer"])


def structured(client):
    found = call(client.structured, EXPECTED["structured"]["prompt"], Forecast)
    assert isinstance(found, Forecast), f"expected a Forecast, got {found!r}"
    Forecast.model_validate(found.model_dump(), strict=True)


def error(client):
    for status, said in EXPECTED["errors"].items():
        wanted = client.ERRORS[int(status)]
        for way in (client.chat, client.stream):
            try:
                answer = call(way, "raise error " + json.dumps({"code": int(status), **said}))
            except Exception as caught:
                assert isinstance(caught, wanted), f"expected {wanted.__name__}, got {caught!r}"
                found = getattr(caught, "status_code", None)
                assert found == int(status), f"expected status_code {status}, got {found!r}"
                assert said["message"] in str(caught), f"expected {said['message']!r} in {str(caught)!r}"
            else:
                raise AssertionError(f"expected {wanted.__name__} from {way.__name__}, got {answer!r}")


CELLS = {"chat": chat, "stream": stream, "tool loop": tool_loop, "structured": structured, "error": error}


def call(method, *given):
    if inspect.iscoroutinefunction(method):
        return LOOP.run(asyncio.wait_for(method(*given), TIMEOUT))
    return method(*given)


def equal(found, wanted):
    assert found == wanted, f"expected {wanted!r}, got {found!r}"


def told(caught) -> str:
    return "".join(traceback.format_exception(caught, limit=-4, chain=False))


def load(path: Path):
    spec = importlib.util.spec_from_file_location(f"client_{path.stem}", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.Client


def main(name: str, code: str, api: str) -> int:
    warnings.simplefilter("ignore")
    failures = 0
    try:
        client, broken = load(Path(code))(api), None
    except Exception as caught:
        client, broken = None, told(caught)
    for cell, run in CELLS.items():
        failure = broken
        if not broken:
            try:
                run(client)
            except Exception as caught:
                failure = told(caught)
        failures += failure is not None
        print(json.dumps({"client": name, "cell": cell, "failure": failure}), flush=True)
    return min(failures, 1)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
