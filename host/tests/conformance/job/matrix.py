"""The matrix: runs every client of clients.toml, and tells what each of its cells showed."""

import json
import tomllib
from dataclasses import dataclass, field
from pathlib import Path

from . import HERE, clean_environment, command, environments

CELLS = ["chat", "stream", "tool loop", "structured", "error"]
APIS = {"chat": "Chat Completions", "responses": "Responses", "messages": "Messages"}
SECONDS = 180


@dataclass
class Row:
    name: str
    api: str
    code: str
    environment: str
    packages: list[str]
    failures: dict[str, str | None] = field(default_factory=dict)
    versions: str = "not installed"

    @property
    def label(self) -> str:
        return f"{self.name}, {APIS[self.api]}"

    @property
    def passed(self) -> int:
        return sum(failure is None for failure in self.failures.values())

    @property
    def failed(self) -> int:
        return len(CELLS) - self.passed

    def run(self, standin, cache, broken) -> list[str]:
        """Fills in every cell: one that the client's process did not tell is red. Says why the red ones are."""
        if self.environment in broken:
            self.failures = dict.fromkeys(CELLS, f"{self.environment} could not be installed")
            return [self.failures["chat"]]
        versions = {package: environments.version(cache, self.environment, package) for package in self.packages}
        self.versions = ", ".join(f"{package} {version}" for package, version in versions.items())
        done = self.start(standin, cache)
        told = {}
        for line in done.stdout.splitlines():
            try:
                cell = json.loads(line)
                told[cell["cell"]] = cell["failure"]
            except (ValueError, KeyError, TypeError):
                continue  # a framework that prints
        why = f"the client's process told nothing of it (exit code {done.returncode})\n{done.stderr[-3000:]}"
        self.failures = {cell: told.get(cell, why) for cell in CELLS}
        return [f"--- {self.label}: {cell}\n{said.strip()}" for cell, said in self.failures.items() if said]

    def start(self, standin, cache):
        if self.code.startswith("python/"):
            env = clean_environment(STANDIN_URL=standin.url, PYTHONPYCACHEPREFIX=str(cache / "bytecode"))
            program = [environments.python(cache, self.environment), HERE / "python" / "cells.py"]
            return command([*program, self.name, HERE / self.code, self.api], seconds=SECONDS, env=env)
        env = clean_environment(STANDIN_URL=standin.url, STANDIN_EXPECTED=str(HERE / "expected.json"))
        program = [environments.node(cache), *"--preserve-symlinks --preserve-symlinks-main".split(), "code/cells.mjs"]
        code = Path("code") / Path(self.code).relative_to("node")
        cwd = environments.place(cache, self.environment)
        return command([*program, self.name, code, self.api], seconds=SECONDS, env=env, cwd=cwd)


def rows() -> list[Row]:
    clients = tomllib.loads((HERE / "clients.toml").read_text())["client"]
    return [Row(api=api, **client) for client in clients for api in client.pop("apis")]


def tell(rows: list[Row], file: str | None) -> None:
    table = [f"| client | API | tested with | {' | '.join(CELLS)} |", "| --- | --- | --- |" + " :-: |" * len(CELLS)]
    for row in rows:
        cells = ["✓" if cell in row.failures and row.failures[cell] is None else "✗" for cell in CELLS]
        table.append(f"| {row.name} | {APIS[row.api]} | {row.versions} | " + " | ".join(cells) + " |")
    text = "\n".join(table) + "\n"
    print("\n" + text)
    if file:
        Path(file).write_text(text)
