"""Plain HTTP and SSE, without an SDK: for requests that no SDK would make, and for bytes that an SDK hides."""

import http.client
import json
import os
from dataclasses import dataclass
from urllib.parse import urlsplit

URL = os.environ["STANDIN_URL"].rstrip("/")
ANTHROPIC = {"anthropic-version": "2026-10-21", "authorization": "Bearer key"}


@dataclass
class Answer:
    status: int
    headers: http.client.HTTPMessage
    body: bytes

    def json(self):
        assert self.headers["content-type"].split(";")[0] == "application/json", self.headers["content-type"]
        return json.loads(self.body)


def ask(method: str, path: str, body=None, headers=None) -> Answer:
    """Sends `body` (bytes as they are, anything else as JSON) and reads the whole answer."""
    at = urlsplit(URL)
    connection = http.client.HTTPConnection(at.hostname, at.port, timeout=30)
    try:
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
        fixed = {"content-type": "application/json"} if body is not None else {}
        try:
            connection.request(method, path, body, {**fixed, **(headers or {})})
        except (BrokenPipeError, ConnectionResetError):
            pass  # a server may answer before it has read everything; what it said can still be read
        response = connection.getresponse()
        return Answer(response.status, response.headers, response.read())
    finally:
        connection.close()


@dataclass
class Event:
    name: str | None
    data: str

    def json(self):
        return json.loads(self.data)


def events(stream: bytes) -> list[Event]:
    """The events of an SSE stream that is complete: UTF-8, known fields, and a blank line after every event."""
    text = stream.decode("utf-8")
    assert text.endswith("\n\n"), f"the last event lacks its blank line: {text[-80:]!r}"
    assert "\r" not in text, "providers end lines with LF"
    found = []
    for block in text[:-2].split("\n\n"):
        name, data = None, []
        for line in block.split("\n"):
            field, colon, value = line.partition(":")
            assert colon and value.startswith(" "), f"not a field: {line!r}"
            if field == "event":
                name = value[1:]
            elif field == "data":
                data.append(value[1:])
            else:
                raise AssertionError(f"unexpected field: {line!r}")
        found.append(Event(name, "\n".join(data)))
    return found
