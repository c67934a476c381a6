"""What the last run left in `reports/allure-results`: a result for each scenario that it ran.

The folder is written by `support.allure_report`, which labels each result with the place of its scenario.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from reporting.features import Place
from reporting.verdicts import Status

_ESCAPED = re.compile(r"\\(?:u([0-9a-fA-F]{4})|(.))")
_SPECIAL = {"n": "\n", "r": "\r", "t": "\t", "f": "\f"}


class ResultsUnreadable(Exception):
    """The folder holds something that no run of this suite has written; the message names the file."""


@dataclass(frozen=True)
class Attachment:
    """Evidence, in a file of its own."""

    name: str
    media_type: str
    path: Path


@dataclass(frozen=True)
class StepResult:
    """A step as it was run, its keyword in front."""

    name: str
    status: Status
    start: datetime
    stop: datetime
    message: str = ""
    attachments: tuple[Attachment, ...] = ()
    steps: tuple[StepResult, ...] = ()


@dataclass(frozen=True)
class Result:
    """How a scenario ended. Times are UTC."""

    uuid: str
    history_id: str
    """The same in every run: what reports know a scenario by."""
    name: str
    place: Place
    keys: tuple[str, ...]
    status: Status
    start: datetime
    stop: datetime
    message: str = ""
    known: bool = False
    """It failed as its known issue says."""
    attachments: tuple[Attachment, ...] = ()
    """Those of the scenario itself; steps have their own."""
    steps: tuple[StepResult, ...] = ()

    @property
    def duration_s(self) -> float:
        """From the first hook to the last."""
        return (self.stop - self.start).total_seconds()

    @property
    def evidence(self) -> tuple[Attachment, ...]:
        """All attachments, the steps' first."""
        return (*_evidence(self.steps), *self.attachments)


@dataclass(frozen=True)
class Run:
    """The results of one run; without any, nothing has been run yet."""

    results: tuple[Result, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    errors: tuple[str, ...] = ()
    """Of the run as a whole, such as one that stopped it before any scenario."""

    @property
    def start(self) -> datetime | None:
        """When its first scenario began."""
        return min((result.start for result in self.results), default=None)

    @property
    def stop(self) -> datetime | None:
        """When its last scenario ended."""
        return max((result.stop for result in self.results), default=None)


def read_run(folder: Path) -> Run:
    """The run whose results lie in a folder; one without results where the folder is not there.

    Of several results of one scenario the last counts.

    Raises:
        ResultsUnreadable: a result is no JSON, or lacks what the suite's own reports have.
    """
    results: dict[tuple[Place, str], Result] = {}
    for result in sorted((_result(path) for path in folder.glob("*-result.json")), key=lambda one: one.stop):
        results[(result.place, result.name)] = result
    properties = folder / "environment.properties"
    return Run(
        tuple(sorted(results.values(), key=lambda one: one.start)),
        dict(_properties(properties.read_text("ascii"))) if properties.exists() else {},
        tuple(
            str(error.get("message", ""))
            for path in sorted(folder.glob("*-globals.json"))
            for error in _json(path).get("errors") or ()
        ),
    )


def _json(path: Path) -> Mapping[str, Any]:
    try:
        found: Mapping[str, Any] = json.loads(path.read_text("utf-8"))
    except ValueError as error:
        raise ResultsUnreadable(f"{path}: expected JSON, seen: {error}. Run the features again.") from None
    return found


def _result(path: Path) -> Result:
    found = _json(path)
    try:
        (location,) = _labels(found, "location")
        file, line = location.rsplit(":", 1)
        return Result(
            uuid=found["uuid"],
            history_id=found["historyId"],
            name=found["name"],
            place=Place(file, int(line)),
            keys=_labels(found, "key"),
            status=Status(found["status"]),
            start=_time(found["start"]),
            stop=_time(found["stop"]),
            message=_message(found),
            known=bool((found.get("statusDetails") or {}).get("known")),
            attachments=_attachments(found, path.parent),
            steps=tuple(_step(step, path.parent) for step in found.get("steps") or ()),
        )
    except (KeyError, ValueError) as error:
        raise ResultsUnreadable(
            f"{path}: expected a result of this suite, with the label `location`, seen none ({error!r}). "
            "Run the features again."
        ) from None


def _labels(found: Mapping[str, Any], name: str) -> tuple[str, ...]:
    return tuple(label["value"] for label in found.get("labels") or () if label["name"] == name)


def _step(found: Mapping[str, Any], folder: Path) -> StepResult:
    return StepResult(
        found["name"],
        Status(found["status"]),
        _time(found["start"]),
        _time(found["stop"]),
        _message(found),
        _attachments(found, folder),
        tuple(_step(step, folder) for step in found.get("steps") or ()),
    )


def _message(found: Mapping[str, Any]) -> str:
    return str((found.get("statusDetails") or {}).get("message") or "")


def _attachments(found: Mapping[str, Any], folder: Path) -> tuple[Attachment, ...]:
    return tuple(
        Attachment(one["name"], one.get("type") or "application/octet-stream", folder / one["source"])
        for one in found.get("attachments") or ()
    )


def _evidence(steps: tuple[StepResult, ...]) -> Iterator[Attachment]:
    for step in steps:
        yield from _evidence(step.steps)
        yield from step.attachments


def _time(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


def _properties(text: str) -> Iterator[tuple[str, str]]:
    """As java.util.Properties reads it, so far as the suite's own report writes it."""
    for line in text.splitlines():
        separator = re.search(r"(?<!\\)(?:\\\\)*=", line)
        if separator:
            yield _unescaped(line[: separator.end() - 1]), _unescaped(line[separator.end() :])


def _unescaped(text: str) -> str:
    def mark(match: re.Match[str]) -> str:
        code, special = match.groups()
        return chr(int(code, 16)) if code else _SPECIAL.get(special, special)

    # Marks beyond the basic plane are written as a pair of surrogates.
    return _ESCAPED.sub(mark, text).encode("utf-16", "surrogatepass").decode("utf-16")
