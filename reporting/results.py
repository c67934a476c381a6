"""The results of a run, read from the folder `allure-results`: one for each scenario that was run.

`support.evidence.allure_report` writes that folder, and labels each result with the place of its scenario.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, TypeVar

from pydantic import BaseModel, Field, ValidationError

from reporting.features import Place
from reporting.verdicts import Status
from support.core import java_properties
from support.core.characters import allowed_document
from support.core.validation import validation_problems


class ResultsUnreadable(Exception):
    """A file in the folder was not written by this suite, or cannot be read; the message names it."""


@dataclass(frozen=True)
class Attachment:
    """A file of evidence."""

    name: str
    media_type: str
    path: Path


@dataclass(frozen=True)
class StepResult:
    """A step that was run; its name begins with its keyword."""

    name: str
    status: Status
    start: datetime
    stop: datetime
    message: str = ""
    attachments: tuple[Attachment, ...] = ()
    steps: tuple[StepResult, ...] = ()


@dataclass(frozen=True)
class ScenarioResult:
    """How a scenario ended. Times are UTC."""

    uuid: str
    history_id: str
    """The same in every run; reports recognize a scenario by it."""
    name: str
    place: Place
    keys: tuple[str, ...]
    status: Status
    start: datetime
    stop: datetime
    message: str = ""
    known: bool = False
    """Whether it failed because of a known issue."""
    clock_was_set_back: bool = False
    """Whether it or one of its steps ended before it began, by its machine's clock; that counts as no duration."""
    attachments: tuple[Attachment, ...] = ()
    """The scenario's own attachments; steps have theirs."""
    steps: tuple[StepResult, ...] = ()

    @property
    def duration_s(self) -> float:
        """From the first hook to the last."""
        return (self.stop - self.start).total_seconds()

    @property
    def evidence(self) -> tuple[Attachment, ...]:
        """All attachments, those of the steps first."""
        return (*_evidence(self.steps), *self.attachments)


@dataclass(frozen=True)
class RunResults:
    """The results of one run; empty if nothing has been run yet."""

    results: tuple[ScenarioResult, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    errors: tuple[str, ...] = ()
    """Errors of the run as a whole, such as one that stopped it before the first scenario."""

    @property
    def remarks(self) -> tuple[str, ...]:
        """Remarks on irregular results, for readers of the reports."""
        set_back = [result for result in self.results if result.clock_was_set_back]
        return (
            (
                f"The clock was set back while {len(set_back)} of {len(self.results)} scenarios ran "
                f"(the first: {set_back[0].place}): what ended before it began is shown as having taken no time.",
            )
            if set_back
            else ()
        )

    @property
    def start(self) -> datetime | None:
        """When its first scenario began."""
        return min((result.start for result in self.results), default=None)

    @property
    def stop(self) -> datetime | None:
        """When its last scenario ended."""
        return max((result.stop for result in self.results), default=None)


def read_results(folder: Path) -> RunResults:
    """The results in a folder; none if the folder does not exist.

    Of several results of one scenario the last counts. Characters that not every file format can hold are replaced.

    Raises:
        ResultsUnreadable: a result is not JSON, lacks a field that this suite writes, or cannot be read.
    """
    try:
        files = sorted(folder.iterdir())
    except FileNotFoundError:
        files = []
    except OSError as error:
        raise ResultsUnreadable(f"{folder}: expected a folder with results, seen: {error.strerror}.") from None
    results: dict[tuple[Place, str], ScenarioResult] = {}
    found = (_result(path) for path in files if path.name.endswith("-result.json"))
    for result in sorted(found, key=lambda one: one.stop):
        results[(result.place, result.name)] = result
    return RunResults(
        tuple(sorted(results.values(), key=lambda one: one.start)),
        _environment(folder / "environment.properties"),
        tuple(
            error.message
            for path in files
            if path.name.endswith("-globals.json")
            for error in _read(path, _Globals).errors or ()
        ),
    )


# The parts of Allure's form that are used here: https://allurereport.org/docs/how-it-works-test-result-file/
# The last millisecond of the year 9999 is the last that a date can hold.
_Milliseconds = Annotated[int, Field(ge=0, le=253_402_300_799_999)]


class _Details(BaseModel):
    message: str | None = None
    known: bool | None = None


class _Attachment(BaseModel):
    name: str = ""  # Allure leaves out what is empty.
    type: str | None = None
    source: str


class _Label(BaseModel):
    name: str
    value: str = ""


class _Step(BaseModel):
    name: str
    status: Status
    start: _Milliseconds
    stop: _Milliseconds
    statusDetails: _Details | None = None
    attachments: list[_Attachment] | None = None
    steps: list[_Step] | None = None

    @property
    def message(self) -> str:
        return (self.statusDetails and self.statusDetails.message) or ""

    @property
    def clock_was_set_back(self) -> bool:
        return self.stop < self.start or any(step.clock_was_set_back for step in self.steps or ())


class _Result(_Step):
    uuid: str
    historyId: str
    labels: list[_Label]

    def values(self, label: str) -> tuple[str, ...]:
        return tuple(one.value for one in self.labels if one.name == label)


class _Error(BaseModel):
    message: str = ""


class _Globals(BaseModel):
    errors: list[_Error] | None = None


_Form = TypeVar("_Form", bound=BaseModel)


def _read(path: Path, form: type[_Form]) -> _Form:
    try:
        found = json.loads(path.read_bytes())
        return form.model_validate(allowed_document(found))
    except OSError as error:
        raise ResultsUnreadable(f"{path}: expected a file that can be read, seen: {error.strerror}.") from None
    except ValidationError as error:
        what = "; ".join(validation_problems(error)[:3])
        raise ResultsUnreadable(
            f"{path}: expected a result of this suite, seen {what}. Run the features again."
        ) from None
    except (ValueError, RecursionError) as error:
        raise ResultsUnreadable(
            f"{path}: expected JSON, seen: {error} (is the file cut off?). Run the features again."
        ) from None


def _result(path: Path) -> ScenarioResult:
    found = _read(path, _Result)
    try:
        (location,) = found.values("location")
        file, line = location.rsplit(":", 1)
        place = Place(file, int(line))
    except ValueError:
        raise ResultsUnreadable(
            f"{path}: expected a result of this suite, with the label `location` (file:line), "
            f"seen {found.values('location') or 'none'}. Run the features again."
        ) from None
    return ScenarioResult(
        uuid=found.uuid,
        history_id=found.historyId,
        name=found.name,
        place=place,
        keys=found.values("key"),
        status=found.status,
        start=_time(found.start),
        stop=_time(max(found.start, found.stop)),
        message=found.message,
        known=bool(found.statusDetails and found.statusDetails.known),
        clock_was_set_back=found.clock_was_set_back,
        attachments=_attachments(found.attachments, path.parent),
        steps=tuple(_step(step, path.parent) for step in found.steps or ()),
    )


def _step(found: _Step, folder: Path) -> StepResult:
    return StepResult(
        found.name,
        found.status,
        _time(found.start),
        _time(max(found.start, found.stop)),
        found.message,
        _attachments(found.attachments, folder),
        tuple(_step(step, folder) for step in found.steps or ()),
    )


def _attachments(found: Iterable[_Attachment] | None, folder: Path) -> tuple[Attachment, ...]:
    # Only the name of a file counts: nothing outside of the folder is evidence.
    return tuple(
        Attachment(one.name, one.type or "application/octet-stream", folder / Path(one.source).name)
        for one in found or ()
    )


def _evidence(steps: tuple[StepResult, ...]) -> Iterator[Attachment]:
    for step in steps:
        yield from _evidence(step.steps)
        yield from step.attachments


def _time(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


def _environment(properties: Path) -> Mapping[str, str]:
    try:
        return allowed_document(java_properties.load(properties.read_bytes()))  # type: ignore[no-any-return]
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise ResultsUnreadable(f"{properties}: expected a file that can be read, seen: {error.strerror}.") from None
