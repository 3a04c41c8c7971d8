"""Installs what the clients need, each environment apart: frameworks pin different generations of an SDK.

An environment is a folder in environments/: either `requirements.txt` (direct versions) and `lock.txt` (all of them),
or `package.json` and `package-lock.json`. It is installed again when one of its files, Python or Node changed.
"""

import fcntl
import hashlib
import json
import os
import platform
import shutil
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import distributions
from pathlib import Path

from . import AT_ONCE, GiveUp, HERE, command

DEFINED = HERE / "environments"
NODE = "24.21.0"  # fetched from npm where the machine's own is older than the clients want
OLDEST_NODE = 22
SECONDS = 600


def cache() -> Path:
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(os.environ.get("STANDIN_CONFORMANCE_CACHE") or Path(home) / "standin-conformance").resolve()


def names() -> list[str]:
    return sorted(folder.name for folder in DEFINED.iterdir() if folder.is_dir())


def place(cache: Path, name: str) -> Path:
    return cache / "environments" / name


def python(cache: Path, name: str) -> Path:
    return place(cache, name) / "bin" / "python"


def node(cache: Path) -> str:
    """The Node that runs the clients."""
    fetched = cache / "node-runtime" / "node_modules" / runtime() / "bin" / "node"
    return str(fetched) if fetched.exists() else "node"


def install(wanted: list[str], cache: Path) -> dict[str, str]:
    """Installs what is not there yet; says of each environment that failed, why."""
    for tool in ("node", "npm"):
        if not shutil.which(tool):
            raise GiveUp(f"{tool} is needed and was not found in PATH")
    cache.mkdir(parents=True, exist_ok=True)
    broken = {}
    with open(cache / "lock", "w") as held:
        await_lock(held)
        tools(cache)
        missing = [name for name in wanted if stamp(cache, name) != digest(cache, name)]

        def one(name):
            start = time.monotonic()
            try:
                fresh(name, cache)
            except GiveUp as reason:
                broken[name] = str(reason)
                print(f"conformance: {name} could not be installed: {reason}", file=sys.stderr, flush=True)
            else:
                print(f"installed {name} in {time.monotonic() - start:.0f} s", flush=True)

        with ThreadPoolExecutor(AT_ONCE) as workers:
            list(workers.map(one, missing))
        for name in wanted:
            if (DEFINED / name / "package.json").exists() and name not in broken:
                # So that a client's imports are found beside it. Another checkout may have been here before.
                link(place(cache, name) / "code", HERE / "node")
        familiar_names(cache)
    return broken


def fresh(name: str, cache: Path) -> None:
    target, defined = place(cache, name), DEFINED / name
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    if (defined / "package.json").exists():
        for file in defined.iterdir():
            shutil.copy(file, target)
        npm(["ci"], target, cache)
    else:
        checked([sys.executable, "-m", "venv", "--without-pip", target])
        pip(cache, name, "install", "--no-deps", "--no-compile", "-r", defined / "lock.txt")
        pip(cache, name, "check")
    (target / "installed").write_text(digest(cache, name))


def lock(wanted: list[str], cache: Path) -> None:
    """Writes the locks anew, from the direct versions."""
    cache.mkdir(parents=True, exist_ok=True)
    tools(cache)
    for name in wanted:
        defined = DEFINED / name
        if (defined / "package.json").exists():
            (defined / "package-lock.json").unlink(missing_ok=True)
            npm(["install", "--package-lock-only"], defined, cache)
        else:
            target = place(cache, name)
            shutil.rmtree(target, ignore_errors=True)
            checked([sys.executable, "-m", "venv", "--without-pip", target])
            pip(cache, name, "install", "--no-compile", "-r", defined / "requirements.txt")
            (defined / "lock.txt").write_text(pip(cache, name, "freeze", "--all"))
        print(f"locked {name}")


def version(cache: Path, name: str, package: str) -> str:
    """What is really installed."""
    if (DEFINED / name / "package.json").exists():
        try:
            return json.loads((place(cache, name) / "node_modules" / package / "package.json").read_text())["version"]
        except OSError:
            return "missing"
    where = [str(folder) for folder in (place(cache, name) / "lib").glob("python*/site-packages")]
    return next((found.version for found in distributions(name=package, path=where)), "missing")


# --- the tools themselves ----------------------------------------------------------------------------------------


def tools(cache: Path) -> None:
    """One pip for all Python environments, and a Node that is new enough."""
    if not (cache / "pip" / "bin" / "pip").exists():
        checked([sys.executable, "-m", "venv", "--clear", cache / "pip"])
    said = command(["node", "--version"], seconds=60).stdout.strip()
    if int(said.removeprefix("v").split(".")[0] or 0) < OLDEST_NODE:
        target = cache / "node-runtime"
        found = target / "node_modules" / runtime() / "package.json"
        if not found.exists() or json.loads(found.read_text())["version"] != NODE:
            print(f"fetching Node {NODE}: the clients want {OLDEST_NODE} or newer, this machine has {said}")
            target.mkdir(parents=True, exist_ok=True)
            (target / "package.json").write_text('{"private": true}')
            npm(["install", f"{runtime()}@{NODE}"], target, cache)


def runtime() -> str:
    """The npm package that holds Node for this machine."""
    machine = {"x86_64": "x64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
    return f"node-{sys.platform}-{machine}"


def npm(args, cwd: Path, cache: Path) -> None:
    quiet = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    path = f"{Path(node(cache)).parent}:{os.environ['PATH']}"
    checked(["npm", *args, *quiet], cwd=cwd, env={**os.environ, "PATH": path})


def pip(cache: Path, name: str, *args) -> str:
    return checked([cache / "pip" / "bin" / "pip", "--python", python(cache, name), *args, "--quiet"])


def checked(args, **more) -> str:
    done = command(args, seconds=SECONDS, **more)
    if done.returncode:
        raise GiveUp(f"`{' '.join(str(arg) for arg in args)}` failed: {(done.stderr or done.stdout).strip()[-2000:]}")
    return done.stdout


def digest(cache: Path, name: str) -> str:
    files = sorted((DEFINED / name).iterdir())
    parts = [sys.version, sys.executable, node(cache), *(f"{file.name}\0{file.read_text()}" for file in files)]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def stamp(cache: Path, name: str) -> str | None:
    try:
        return (place(cache, name) / "installed").read_text()
    except OSError:
        return None


def familiar_names(cache: Path) -> None:
    """`venv` and `node`: the newest generation, for the programs in examples/."""
    for short, name in (("venv", "python-newest"), ("node", "node-newest")):
        if place(cache, name).exists():
            link(cache / short, place(cache, name))


def link(name: Path, target: Path) -> None:
    if name.is_symlink():
        name.unlink()
    elif name.exists():
        shutil.rmtree(name)
    name.symlink_to(target)


def await_lock(held) -> None:
    until = time.monotonic() + 900
    while True:
        try:
            return fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            if time.monotonic() > until:
                raise GiveUp(f"another run holds {held.name}") from None
            time.sleep(0.5)
