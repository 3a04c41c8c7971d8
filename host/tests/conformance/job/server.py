"""Starts the server to test, and ends it."""

import contextlib
import os
import re
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

from . import GiveUp, HERE, clean_environment

SECONDS = 30


class Standin:
    def __init__(self, url, about, process=None, log=None):
        self.url, self.about, self.process, self.log = url, about, process, log

    def alive(self) -> bool:
        return self.process is None or self.process.poll() is None

    def last_words(self) -> None:
        if self.log and (lines := said(self.log).splitlines()[-30:]):
            print("--- the server's last words", *lines, sep="\n", file=sys.stderr)


@contextlib.contextmanager
def running(url: str | None, config: Path = HERE / "standin.yaml"):
    """The server at `url`, or a new one on a free port with this configuration."""
    if url:
        yield Standin(url.rstrip("/"), url)
        return
    program = Path(os.environ.get("STANDIN_BIN") or HERE.parents[2] / "target" / "release" / "standin").absolute()
    if not os.access(program, os.X_OK):
        raise GiveUp(f"no program at {program}: build it (cargo build --release), or name it in STANDIN_BIN")
    with tempfile.TemporaryDirectory() as scratch:
        log = Path(scratch) / "server.log"
        args = [program, "--listen", "127.0.0.1:0", "--config", config, "--log", "warn"]
        with open(log, "wb") as out:
            process = subprocess.Popen(args, cwd=scratch, env=clean_environment(), stdout=out, stderr=subprocess.STDOUT)
        try:
            yield Standin(url := healthy(process, log), f"{program} at {url}", process, log)
        finally:
            process.terminate()
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def healthy(process, log) -> str:
    until = time.monotonic() + SECONDS
    while time.monotonic() < until:
        if process.poll() is not None:
            raise GiveUp(f"the server ended before it was healthy\n{said(log)}")
        if found := re.search(r"http://127\.0\.0\.1:\d+", said(log)):
            with contextlib.suppress(OSError):
                urllib.request.urlopen(found[0] + "/health", timeout=2).read()
                return found[0]
        time.sleep(0.1)
    raise GiveUp(f"the server was not healthy within {SECONDS} s\n{said(log)}")


def said(log) -> str:
    return log.read_text(errors="replace")
