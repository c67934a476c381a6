"""Changing the sensor range that a running job looks at: a command over the job's queue, answered there.

The contract leaves the wire form open; `docs/wire-forms.md` decides it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from support.api.exchange import Exchange, reason_text
from support.api.job import Job
from support.checks.refusals import STORES, store_problems
from support.contract.limits import Limits
from support.core.errors import ExpectationFailed, failure_text, require
from support.core.eventually import eventually
from support.core.validation import validation_problems
from support.observers.stores import Stores
from support.profile.settings import Settings


class Region(BaseModel):
    """Sensors from `start` up to, and without, `end`."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")

    start: int
    end: int

    def __str__(self) -> str:
        return f"{self.start} to {self.end}"


class CommandReply(BaseModel):
    """What the job replied to a command: whether it was carried out, the region in force, and why not."""

    model_config = ConfigDict(frozen=True)

    status: str
    roi: Region
    detail: str | list[dict[str, Any]] = ""

    def reason(self) -> str:
        """Why it was refused, as text."""
        return reason_text(self.detail)

    def ends_pointed_at(self) -> set[str]:
        """The ends of the region that the reason points at, `start` or `end`."""
        locs = [one.get("loc") for one in self.detail if isinstance(one, dict)]
        return {str(part) for loc in locs if isinstance(loc, list) for part in loc}.intersection(_ENDS)


_ENDS = ("start", "end")
# How the words of a reason are written: it may say that a region ends, is resized or shifted.
_WORDS = {
    word: re.compile(pattern, re.IGNORECASE)
    for word, pattern in (
        ("start", r"(?<![a-z])start"),
        ("end", r"(?<![a-z])end(s|ed|ing)?(?![a-z])"),
        ("size", "size"),
        ("shift", r"(?<![a-z])shift"),
        ("jump", r"(?<![a-z])jump"),
    )
}
# A word that does not give a number: start 1.
_NO_NUMBER = r"(?!\W*\d)"
# Of the words. A rule has three: a shift by half the size at most, and no jump.
_NEARLY_ALL = 4


def region_of(job: Job) -> Region:
    """The region that a new job looks at: the whole of its sensor range."""
    channels = job.payload["channels"]
    return Region(start=channels["min"], end=channels["max"] + 1)


@dataclass
class RegionOfInterest:
    """Changes the region of one running job; `in_force` is what it should be, `reply` what was replied last."""

    job: Job
    settings: Settings
    stores: Stores
    ask: Callable[[str], Exchange]
    in_force: Region
    wanted: dict[str, Any] = field(default_factory=dict)
    reply: CommandReply | None = None

    def expect_reply(self, start: Any, end: Any, **more: Any) -> None:
        """Put the command for a region, valid or not, into the job's queue; `more` are fields that it should not have.

        Raises:
            ExpectationFailed: there is no queue, or no reply in time, or none that a command can have.
        """
        require("a queue that takes commands", [] if self._queue_is_there else [f"there is no {self._queue}"])
        self.wanted = {"start": start, "end": end}
        command = json.dumps({"command": "change_roi", "roi": {**self.wanted, **more}}).encode()
        limits = self.settings.time_limits
        # A store that cannot be used may be waited for before that is told.
        limit_s = max(limits.effect_appears_s, limits.unavailable_answered_s)
        self.reply = _expect_reply_in(self.stores.broker.ask(self._queue, command, limit_s), limit_s)

    def expect_out_of_reach(self) -> None:
        """Raise ExpectationFailed if there is a queue that a command to the job could be put into."""
        require("no queue that takes commands", [f"there is {self._queue}"] if self._queue_is_there else [])
        self.expect_in_force()

    @property
    def _queue(self) -> str:
        return self.settings.naming.work_queue_of(self.job.job_id)

    @property
    def _queue_is_there(self) -> bool:
        return self.stores.queues.state_of(self._queue) is not None

    def expect_changed(self) -> None:
        """Raise ExpectationFailed unless the last command was carried out, as reply, record and metadata tell."""
        self.in_force = Region.model_validate(self.wanted)
        changed = self.reply is not None and (self.reply.status, self.reply.roi) == ("changed", self.in_force)
        require(f"the region to be changed to {self.in_force}", [] if changed else [f"seen: {self.reply!r}"])
        self.expect_in_force()

    def expect_refused(self, because_of: str) -> None:
        """Raise ExpectationFailed unless the last command was refused for this reason, and has changed nothing."""
        reply = self.reply
        problems = [] if reply and reply.status == "refused" else ["it was not refused"]
        problems += _reason_problems(
            reply or CommandReply(status="", roi=self.in_force),
            because_of,
            faults_of(self.wanted, self.in_force, self.settings.limits),
        )
        if reply is None or reply.roi != self.in_force:
            problems.append(f"the region in force is not said to be {self.in_force}")
        require(f"the change to be refused because of the {because_of}", problems, repr(reply))
        self.expect_in_force()

    def expect_in_force(self) -> None:
        """Raise ExpectationFailed unless record and metadata show the region that is in force, in time."""
        eventually(
            f"the region of interest of {self.job.job_id} to be {self.in_force}",
            self._shown,
            lambda shown: [f"the {where} says {region}" for where, region in shown if region != self.in_force],
            self.settings.time_limits.wait_policy("effect_appears_s"),
        )

    def _shown(self) -> list[tuple[str, Region | str]]:
        answer = self.ask(self.settings.paths.metadata.format(job_id=self.job.job_id)).answer()
        told = [("metadata", answer.get("roi") if isinstance(answer, dict) else None)]
        # A record says nothing of a region until it was changed for the first time.
        untouched = region_of(self.job).model_dump()
        records = self.stores.records.of_job(self.job.job_id)
        told += [("record", record.get("roi", untouched)) for record in records] or [("record", None)]
        return [(where, _as_region(region)) for where, region in told]


def faults_of(wanted: dict[str, Any], in_force: Region, limits: Limits) -> set[str]:
    """What is wrong with a region that is asked for, in the words of the features: `start`, `end`, `size`, …"""
    start, end = wanted.get("start"), wanted.get("end")
    faults = {name for name in _ENDS if type(wanted.get(name)) is not int}
    if type(start) is not int or type(end) is not int:
        return faults
    size, shift = in_force.end - in_force.start, abs(start + end - in_force.start - in_force.end) / 2
    holding = {
        "start": 0 <= start < limits.sensors and start < end,
        "end": 1 <= end <= limits.sensors and start < end,
        "size": abs(end - start - size) <= limits.roi_max_size_change * size,
        "shift": shift <= limits.roi_max_shift * size,
        "jump": start < in_force.end and end > in_force.start,
    }
    return {name for name, holds in holding.items() if not holds}


def _reason_problems(reply: CommandReply, because_of: str, faults: set[str]) -> list[str]:
    """What is wrong with what a reason names: this, and nothing that is right.

    A reason may tell the rules of a region, or what could not be done: its words by themselves blame nothing. A shift
    or a jump that there is not is held against it where it names nearly all that can be wrong; what is given as a
    number is none of these. Where it points at an end, that is at fault, unless it is the size or the place of the
    region.
    """
    said = reply.reason()
    if because_of in STORES:
        problems = store_problems(reply.detail, [because_of])
    else:
        is_named = _WORDS[because_of].search(said) if because_of in _WORDS else because_of in said
        problems = [] if is_named else [f"the reason does not name the {because_of}"]
    words = {word for word, pattern in _WORDS.items() if re.search(rf"(?:{pattern.pattern}){_NO_NUMBER}", said, re.I)}
    named = words.intersection(("shift", "jump")) if len(words) >= _NEARLY_ALL else set()
    if because_of not in ("size", "shift", "jump"):
        named |= reply.ends_pointed_at()
    return problems + [f"the reason names the {word}, which is right" for word in sorted(named - faults - {because_of})]


def _as_region(region: Any) -> Region | str:
    try:
        return Region.model_validate(region)
    except ValidationError:
        return repr(region)


def _expect_reply_in(reply: bytes | None, limit_s: float) -> CommandReply:
    if reply is None:
        failure = failure_text("an answer to the change of the region of interest", ["there is none"])
        limits = "the longer of time_limits.effect_appears_s and time_limits.unavailable_answered_s"
        raise ExpectationFailed(f"{failure}\nwaited {limit_s:g} s ({limits})")
    try:
        return CommandReply.model_validate_json(reply)
    except ValidationError as error:
        expected, seen = "the outcome of a change of the region of interest", reply.decode(errors="replace")[:500]
        raise ExpectationFailed(failure_text(expected, validation_problems(error), seen)) from None
