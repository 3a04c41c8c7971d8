"""What the job shares: where it lives, how it gives up, how it starts other programs, and how it runs two at a time."""

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Lock

HERE = Path(__file__).resolve().parents[1]
RUNNING = set()
AT_ONCE = max(2, os.cpu_count() or 2)


class GiveUp(Exception):
    """The job cannot go on; the text says why and what to do."""


def command(args, *, seconds, env=None, cwd=None) -> subprocess.CompletedProcess:
    """Runs a program to its end. One that takes too long or cannot be started counts as failed."""
    args = [str(arg) for arg in args]
    try:
        process = subprocess.Popen(args, env=env, cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    except OSError as error:
        return subprocess.CompletedProcess(args, 127, "", str(error))
    RUNNING.add(process)
    try:
        out, err = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        out, err = process.communicate()
        err += f"\n{args[0]} was ended after {seconds} s".encode()
    finally:
        RUNNING.discard(process)
    text = [each.decode(errors="replace") for each in (out, err)]
    return subprocess.CompletedProcess(args, process.returncode, *text)


def end_with_the_job() -> None:
    """Whoever ends the job ends what it started."""

    def end(signal_, _):
        for process in list(RUNNING):
            process.kill()
        sys.exit(128 + signal_)

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)


def clean_environment(**more) -> dict[str, str]:
    """The caller's environment without what would change what the server or a client does."""
    banned = ("STANDIN_", "LLMOCK_", "MOCKLLM_", "OPENAI_", "ANTHROPIC_", "LITELLM_", "LANGCHAIN_", "LANGSMITH_")
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(banned)
        and not name.lower().endswith("_proxy")
        and name not in ("PYTEST_ADDOPTS", "PYTHONPATH", "NODE_OPTIONS", "NODE_PATH")
    }
    return {**kept, **more}


def pool(tasks) -> int:
    """Runs all tasks, as many at once as there are cores; tells each result in one piece. Counts the failures."""
    speak = Lock()

    def one(task):
        each, *given = task
        start = time.monotonic()
        details = each.run(*given)
        count = f"{each.passed} passed" + (f", {each.failed} failed" if each.failed else "")
        with speak:
            print(f"{each.label}: {count} in {time.monotonic() - start:.0f} s", *details, sep="\n", flush=True)
        return each.failed

    workers = ThreadPoolExecutor(AT_ONCE)
    try:
        return sum(workers.map(one, tasks))
    finally:
        workers.shutdown(cancel_futures=True)
