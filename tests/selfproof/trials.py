"""Trying whether the project's own tests notice an instrument of the suite that was spoilt.

`python -m tests.selfproof.trials MODULE` reads names of spoilings from its input, tries those of the module's
SPOILINGS, and prints what came of them. Each trial is a process forked from one that has loaded the libraries and
nothing of `support`, so that whoever imports what is spoilt there gets what stands in its place.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import json
import multiprocessing
import os
import sys
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
WORKERS = 2
LIMIT_S = 100  # of one witness, where many share a core

_WARM = (
    "hypothesis",
    "kubernetes.config",
    "numpy",
    "pika",
    "psutil",
    "pydantic_settings",
    "pymongo",
    "pytest_asyncio.plugin",
    "pytest_timeout",
    "requests",
    "tenacity",
    "yaml",
)
# What a trial can do without takes as long as a small test does: looking for further plugins, and for garbage.
_PLUGINS = (
    "-p",
    "no:cacheprovider",
    "-p",
    "no:unraisableexception",
    "-p",
    "pytest_asyncio.plugin",
    "-p",
    "pytest_timeout",
)
_FORKS = multiprocessing.get_context("fork")


@dataclass(frozen=True)
class Spoiling:
    """One instrument of `support` made worse, and the test that must notice.

    `place` is where it stands, `module:name` or `module:Class.name`; `make` gives what is put there, of what was.
    `witness` is a test's id: green by itself, red with the spoiling, and then a message of it holds `told`.
    """

    what: str
    place: str
    make: Callable[[Any], Any]
    witness: str
    told: str
    catalogue: str = "tests.selfproof.catalogue"

    def apply(self) -> None:
        """Put it in place; before anything else of `support` is imported."""
        module, _, name = self.place.partition(":")
        *path, last = name.split(".")
        owner = importlib.import_module(module)
        for part in path:
            owner = getattr(owner, part)
        there = vars(owner)[last]
        kind = type(there) if isinstance(there, classmethod | staticmethod | property) else None
        made = self.make(getattr(there, "fget", None) or getattr(there, "__func__", there))
        setattr(owner, last, kind(made) if kind else made)


@dataclass
class Ran:
    """What came of tests: how many were green, the messages of the red ones by id, and why it could not be told."""

    green: list[str] = field(default_factory=list)
    red: dict[str, str] = field(default_factory=dict)
    broken: str = ""

    def of(self, witness: str) -> Ran:
        """What came of one witness among others: all of its parameters."""

        def is_it(test: str) -> bool:
            return test == witness or test.startswith((f"{witness}[", f"{witness}::"))

        return Ran(
            [test for test in self.green if is_it(test)],
            {test: message for test, message in self.red.items() if is_it(test)},
            self.broken,
        )


class Listener:
    """Keeps what pytest reports."""

    def __init__(self) -> None:
        self.ran = Ran()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep what came of one phase of a test."""
        if report.failed:
            crash = getattr(report.longrepr, "reprcrash", None)
            self.ran.red[report.nodeid] = crash.message if crash else str(report.longrepr)
        elif report.when == "call" and report.passed:
            self.ran.green.append(report.nodeid)


def problem(spoiling: Spoiling, clean: Ran, spoilt: Ran) -> str | None:
    """Why it is not shown that the spoiling is noticed; None when it is."""
    if clean.broken or spoilt.broken:
        return f"the witness cannot be run: {clean.broken or spoilt.broken}"
    if clean.red or not clean.green:
        return f"the witness is not green by itself: {spoiling.witness}\n{_all(clean)}"
    if not spoilt.red:
        return f"missed: {spoiling.witness} is green with it"
    if not any(spoiling.told in message for message in spoilt.red.values()):
        return f"noticed, but for another reason than '{spoiling.told}':\n{_all(spoilt)}"
    return None


def _all(ran: Ran) -> str:
    return "\n".join(ran.red.values())


def everywhere(spoiling: Spoiling) -> dict[str, str]:
    """Environment variables by which every further Python process has the spoiling, too."""
    path = (str(Path(__file__).parent / "everywhere"), str(ROOT), *filter(None, (os.environ.get("PYTHONPATH"),)))
    return {"FOCUS_TEST_SPOILT": f"{spoiling.catalogue}:{spoiling.what}", "PYTHONPATH": os.pathsep.join(path)}


def run(spoiling: Spoiling | None, witnesses: Iterable[str]) -> Ran:
    """Run witnesses in this process, with a spoiling or without."""
    listener, said = Listener(), io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        if spoiling is not None:
            os.environ.update(everywhere(spoiling))
            spoiling.apply()
        options = [*_PLUGINS, "--tb=native", f"--timeout={LIMIT_S}"]
        status = pytest.main([*options, *witnesses], plugins=[listener])
    if status not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
        listener.ran.broken = said.getvalue()
    return listener.ran


def try_all(spoilings: Iterable[Spoiling]) -> dict[str, str | None]:
    """What is wrong with each, by its description; None where it is noticed as it should be."""
    spoilings = list(spoilings)
    waiting: list[tuple[Spoiling | None, list[str]]] = [
        (None, sorted({spoiling.witness for spoiling in spoilings})),
        *((spoiling, [spoiling.witness]) for spoiling in spoilings),
    ]
    came: dict[Spoiling | None, Ran] = {}
    running: dict[Connection, Spoiling | None] = {}
    while waiting or running:
        while waiting and len(running) < WORKERS:
            trial = waiting.pop(0)
            ours, theirs = _FORKS.Pipe(duplex=False)
            _FORKS.Process(target=_try, args=(*trial, theirs)).start()
            theirs.close()
            running[ours] = trial[0]
        for said in wait(list(running)):
            assert isinstance(said, Connection)
            with said:
                came[running.pop(said)] = _received(said)
    return {one.what: problem(one, came[None].of(one.witness), came[one]) for one in spoilings}


def _try(spoiling: Spoiling | None, witnesses: list[str], says: Connection) -> None:
    try:
        says.send(asdict(run(spoiling, witnesses)))
    except Exception as error:  # noqa: BLE001 - told instead of raised: nobody reads what is printed here
        says.send(asdict(Ran(broken=repr(error))))


def _received(said: Connection) -> Ran:
    try:
        return Ran(**said.recv())
    except EOFError:
        return Ran(broken="the process ended without a word")


def main(module: str) -> None:
    """Try the spoilings of a module that are named in the input, and print what came of them as JSON."""
    for name in _WARM:
        importlib.import_module(name)
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    with contextlib.redirect_stdout(io.StringIO()):
        pytest.main([*_PLUGINS, "--version"])  # It loads the rest of itself.
    names = json.load(sys.stdin)
    found = [one for one in importlib.import_module(module).SPOILINGS if one.what in names]
    assert not [name for name in sys.modules if name.partition(".")[0] == "support"], "loaded before it was spoilt"
    os.chdir(ROOT)
    json.dump(try_all(found), sys.stdout)


if __name__ == "__main__":
    main(*sys.argv[1:])
