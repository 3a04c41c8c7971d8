"""Short names for what a strategy says and reads. The whole contract is in `wit/`, and as Python in `stubs/`."""

import json
from typing import Any

from componentize_py_types import Err
from wit_world.exports.strategy import Outcome, Outcome_Pass, Outcome_Reply
from wit_world.imports import settings
from wit_world.imports.types import Event_Text, Reply

PASS = Outcome_Pass()
"""Not mine: the server asks the next strategy."""


def reply(text: str) -> Outcome:
    """The model says this. A `Reply` can say much more: tool calls, pauses, faults, its pacing and usage."""
    return Outcome_Reply(Reply([Event_Text(text)], None, None, None, None, None, []))


def setting(name: str, otherwise: Any) -> Any:
    """What `standin.yaml` says under `settings`, or the default, whose type it has to have."""
    found = settings.json_at(f"/{name}")
    value = otherwise if found is None else json.loads(found)
    if type(value) is not type(otherwise):
        # An `Err` is told to the person who wrote the settings; in `respond`, to the client.
        raise Err(f"settings.{name}: expected something like {json.dumps(otherwise)}, found {found}")
    return value
