"""Changing the sensor range that a running job looks at: a command over the job's queue, answered there.

The contract leaves the wire form open; `docs/region-of-interest.md` decides it.
"""

from __future__ import annotations

import json
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from support.errors import ExpectationFailed


class Region(BaseModel):
    """Sensors from `start` up to, and without, `end`."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")

    start: int
    end: int

    def __str__(self) -> str:
        return f"{self.start} to {self.end}"


class Outcome(BaseModel):
    """What the job answered to a command: whether it was carried out, the region in force, and why not."""

    model_config = ConfigDict(frozen=True)

    status: str
    roi: Region
    detail: str | list[dict[str, Any]] = ""

    def reason(self) -> str:
        """Why it was refused, as text."""
        if isinstance(self.detail, str):
            return self.detail
        return "; ".join(f"{one.get('loc')}: {one.get('msg')}" for one in self.detail)


def command(start: Any, end: Any) -> bytes:
    """The message that asks for a region, valid or not."""
    return json.dumps({"command": "change_roi", "roi": {"start": start, "end": end}}).encode()


def outcome_in(answer: bytes | None, limit_s: float) -> Outcome:
    """Read the answer to a command.

    Raises:
        ExpectationFailed: there is none, or it is none that a command can have.
    """
    if answer is None:
        raise ExpectationFailed(
            "expected an answer to the change of the region of interest\n  - there is none\n"
            f"waited {limit_s:g} s (time limit time_limits.effect_appears_s = {limit_s:g} s)"
        )
    try:
        return Outcome.model_validate_json(answer)
    except ValidationError as error:
        wrong = [f"{'.'.join(str(part) for part in one['loc'])}: {one['msg']}" for one in error.errors()]
        raise ExpectationFailed(
            f"expected the outcome of a change of the region of interest\n  - {'; '.join(wrong)}\n"
            f"seen: {answer.decode(errors='replace')[:500]}"
        ) from None


def changed_to(outcome: Outcome, wanted: Region) -> None:
    """See that a command was carried out.

    Raises:
        ExpectationFailed: it was not.
    """
    if outcome.status != "changed" or outcome.roi != wanted:
        raise ExpectationFailed(f"expected the region of interest to be changed to {wanted}\n  - seen: {outcome!r}")


def refused(outcome: Outcome, because_of: str, in_force: Region) -> None:
    """See that a command was refused for the reason that is named, and the region left as it was.

    Raises:
        ExpectationFailed: it was not.
    """
    problems = [] if outcome.status == "refused" else [f"the status is {outcome.status!r}"]
    if because_of not in outcome.reason():
        problems.append(f"the reason does not name {because_of}")
    if outcome.roi != in_force:
        problems.append(f"the region in force is said to be {outcome.roi} instead of {in_force}")
    if problems:
        raise ExpectationFailed(
            f"expected the change to be refused because of its {because_of}\n"
            + "".join(f"  - {one}\n" for one in problems)
            + f"seen: {outcome!r}"
        )
