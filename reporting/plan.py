"""The plan: its test cases, and the reasons why some of them are not automated."""

from __future__ import annotations

import csv
from enum import StrEnum
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from reporting.features import Place
from support.core.keys import TEST_CASE_KEY

COLUMNS = ("key", "title", "area", "priority", "state", "reason")


class PlanError(Exception):
    """The plan cannot be read; the message names file, line and what to do."""


class PlannedState(StrEnum):
    """The state of a case that no scenario shows."""

    PLANNED = "planned"
    """It will be automated later."""
    NEEDS_A_DECISION = "needs a decision"
    """It is not decided what the product should do."""
    MANUAL = "manual"
    """It is tested by a person, and always will be."""


class PlannedCase(BaseModel):
    """A test case of the plan; `state` and `reason` only where no scenario shows it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    key: Annotated[str, Field(pattern=f"^{TEST_CASE_KEY.pattern}$")]
    title: Annotated[str, Field(min_length=1)]
    area: Annotated[str, Field(min_length=1)]
    priority: Annotated[str, Field(pattern="^(Highest|High|Medium|Low|Lowest)$")]
    state: PlannedState | None = None
    reason: str = ""
    place: Place

    @property
    def is_excused(self) -> bool:
        """Whether the plan gives a state and a reason for not automating it."""
        return self.state is not None and bool(self.reason)


def read_plan(path: Path, root: Path) -> tuple[PlannedCase, ...]:
    """The cases in the order of the file, which lies below `root`.

    Raises:
        PlanError: the file is missing, a column is missing, a line is wrong, or a key occurs twice.
    """
    file = path.relative_to(root).as_posix() if path.is_relative_to(root) else str(path)
    try:
        text = path.read_text("utf-8-sig")
    except OSError as error:
        raise PlanError(f"{file}: expected the plan, seen {error.strerror}: restore the file") from None
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise PlanError(f"{file}:{line}: expected text in UTF-8, seen none: save the file as UTF-8") from None
    rows = csv.reader(text.splitlines())
    if tuple(next(rows, ())) != COLUMNS:
        raise PlanError(f"{file}:1: expected the columns {','.join(COLUMNS)}")
    cases: dict[str, PlannedCase] = {}
    for row in rows:
        case = _case(row, Place(file, rows.line_num))
        if case.key in cases:
            raise PlanError(f"{case.place}: {case.key} stands there twice, first in line {cases[case.key].place.line}")
        cases[case.key] = case
    return tuple(cases.values())


def _case(row: list[str], place: Place) -> PlannedCase:
    if len(row) != len(COLUMNS):
        raise PlanError(f"{place}: expected {len(COLUMNS)} values, seen {len(row)}: is a comma not in quotes?")
    values = {name: value for name, value in zip(COLUMNS, row, strict=True) if value}
    try:
        return PlannedCase.model_validate({**values, "place": place})
    except ValidationError as error:
        problem = error.errors()[0]
        raise PlanError(f"{place}: {problem['loc'][0]}: {problem['msg']}, seen {problem['input']!r}") from None
