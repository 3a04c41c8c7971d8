"""The suites: the bytes against the SDKs' types, the official SDKs in depth, and the files of other systems."""

import contextlib
import tempfile
import xml.etree.ElementTree as xml
from dataclasses import dataclass
from pathlib import Path

from . import GiveUp, HERE, clean_environment, command, environments, server

SECONDS = 600
# The systems whose users bring their own file, and that file. It is tested with a server of its own.
HOMES = {
    "mockllm": "responses.yml",
    "kagent": "mocks.json",
    "llmock": "config.yaml",
    "modelmesh": "script.yml",
}


@dataclass
class Run:
    label: str
    environment: str
    files: list[Path]
    settings: dict[str, str]
    config: Path | None = None
    passed: int = 0
    failed: int = 1

    def run(self, standin, cache, broken) -> list[str]:
        if self.environment in broken:
            return [f"{self.environment} could not be installed"]
        with tempfile.TemporaryDirectory() as scratch:
            report = Path(scratch) / "report.xml"
            try:
                with server.running(None, self.config) if self.config else contextlib.nullcontext(standin) as served:
                    done = self.start(served, cache, report)
            except GiveUp as reason:
                return [str(reason)]
            self.passed, self.failed = tally(report)
        if done.returncode and not self.failed:
            self.failed = 1
        said = f"{done.stdout}\n{done.stderr}".rstrip().splitlines() if self.failed else []
        return [line for line in said if not line.startswith(("✔", "ℹ"))]

    def start(self, standin, cache, report):
        env = clean_environment(STANDIN_URL=standin.url, **self.settings)
        if self.files[0].suffix == ".py":
            env["PYTHONPYCACHEPREFIX"] = str(cache / "bytecode")
            # Frameworks bring plugins, which take seconds to import.
            env["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
            suite = HERE / "python" / "suite"
            quiet = ["-c", suite / "pytest.ini", "--rootdir", suite, "-p", "no:cacheprovider", "--junitxml", report]
            program = [environments.python(cache, self.environment), "-m", "pytest"]
            return command([*program, *quiet, *self.files], seconds=SECONDS, env=env)
        env["NODE_OPTIONS"] = "--preserve-symlinks --preserve-symlinks-main"
        reporters = ["spec", "stdout", "junit", report]
        told = [f"--test-reporter{'-destination' * (i % 2)}={each}" for i, each in enumerate(reporters)]
        files = [Path("code") / file.relative_to(HERE / "node") for file in self.files]
        program = [environments.node(cache), "--test", "--test-concurrency=1", *told]
        return command([*program, *files], seconds=SECONDS, env=env, cwd=environments.place(cache, self.environment))


def runs(only, url) -> list[Run]:
    """The suites, with the files that are asked for. A server that is there already has no file of another system."""
    python = [file for file in sorted((HERE / "python" / "suite").glob("test_*.py")) if only(file.stem)]
    node = [file for file in sorted((HERE / "node" / "suite").glob("*.test.mjs")) if only(file.stem)]
    wire = [file for file in python if file.stem.endswith("_wire")]
    all_of_them = [
        Run("Python", "python-newest", python, {}),
        Run("Python, older types", "python-openai-2", wire, {"STANDIN_STRICT": "missing"}),
        Run("Node", "node-newest", node, {}),
    ]
    for name, file in {} if url else HOMES.items():
        config = HERE.parent / "formats" / name / file
        for label, environment, suite in (
            ("Python", "python-newest", HERE / "python" / "suite" / "home" / f"test_{name}.py"),
            ("Node", "node-newest", HERE / "node" / "suite" / "home" / f"{name}.test.mjs"),
        ):
            if suite.exists() and only(f"home {name}"):
                all_of_them.append(Run(f"{label}, at home with {name}", environment, [suite], {}, config))
    return [run for run in all_of_them if run.files]


def tally(report: Path) -> tuple[int, int]:
    """A missing report is a failure, and so is a skipped test."""
    try:
        cases = list(xml.parse(report).iter("testcase"))
    except (OSError, xml.ParseError):
        return 0, 1
    bad = sum(any(case.find(tag) is not None for tag in ("failure", "error", "skipped")) for case in cases)
    return len(cases) - bad, bad if cases else 1
