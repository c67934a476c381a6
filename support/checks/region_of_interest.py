"""Changing the sensor range that a running job looks at: a command over the job's queue, answered there.

The contract leaves the wire form open; `docs/wire-forms.md` decides it.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from support.api.exchange import Exchange
from support.api.job import Job
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
        if isinstance(self.detail, str):
            return self.detail
        return "; ".join(f"{one.get('loc')}: {one.get('msg')}" for one in self.detail)


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
        if reply is None or because_of not in reply.reason():
            problems.append(f"the reason does not name the {because_of}")
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
