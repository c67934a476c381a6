"""The regions of interest of the running jobs, and the command that changes one."""

import logging
from typing import Literal

from pydantic import ValidationError

from sandbox.focus_server.configuration import StrictModel
from sandbox.focus_server.errors import DependencyUnavailable, UnknownJob, Violation, violations_of
from sandbox.focus_server.json_input import NoJson, decoded
from sandbox.focus_server.limits import Limits
from sandbox.focus_server.logs import about
from sandbox.focus_server.ports import Command, CommandAnswer, TaskStore
from sandbox.focus_server.region import Region, RegionRule, Situation

log = logging.getLogger(__name__)

CHANGE_ROI = "change_roi"


def command_in(message: bytes) -> Command | None:
    """The command that the message is; None when it is none that there is."""
    try:
        content = decoded(message)
    except NoJson:
        return None
    if isinstance(content, dict) and content.get("command") == CHANGE_ROI:
        return content
    return None


class ChangeRegion(StrictModel):
    """The command: exactly this."""

    command: Literal["change_roi"]
    roi: Region


class Regions:
    """Knows the region of each job that has a consumer in this process, and changes it in the job's record."""

    def __init__(
        self,
        *,
        tasks: TaskStore,
        limits: Limits,
        rules: tuple[RegionRule, ...],
        safety_rules: tuple[RegionRule, ...],
    ) -> None:
        self._tasks = tasks
        self._limits = limits
        self._rules = rules
        self._safety_rules = safety_rules
        # Kept here beside the record, so that it can be told even while MongoDB is out of reach.
        self._in_force: dict[str, Region] = {}

    def begin(self, job_id: str, region: Region) -> None:
        """A job is made, with this region."""
        self._in_force[job_id] = region

    def in_force(self, job_id: str) -> Region | None:
        """The region of a job; None of a job that is over."""
        return self._in_force.get(job_id)

    def end(self, job_id: str) -> None:
        """Take note that a job is over; none of this id is fine."""
        self._in_force.pop(job_id, None)

    async def change(self, job_id: str, command: Command) -> CommandAnswer:
        """Carry out a command to change the region; tells what came of it, and raises nothing for it."""
        current = self.in_force(job_id)
        if current is None:
            return {"status": "refused", "roi": None, "detail": "the job is over"}
        with about(job_id):
            try:
                new = ChangeRegion.model_validate(command).roi
            except ValidationError as error:
                return _refused(current, violations_of(error))
            now = Situation(current, self._limits)
            # A region that is none can be neither safe nor unsafe.
            for rules in (self._rules, self._safety_rules):
                if violations := [violation for rule in rules for violation in rule(new, now)]:
                    return _refused(current, violations)
            try:
                await self._tasks.set_roi(job_id, new)
            except (DependencyUnavailable, UnknownJob) as error:
                log.warning("the region of interest could not be recorded: %s", error)
                text = str(error) if isinstance(error, DependencyUnavailable) else "the job has no record"
                return {"status": "refused", "roi": current.model_dump(), "detail": text}
            self._in_force[job_id] = new
            log.info("region of interest changed from %d:%d to %d:%d", *current.bounds, *new.bounds)
        return {"status": "changed", "roi": new.model_dump()}


def _refused(current: Region, violations: list[Violation]) -> CommandAnswer:
    # ascii: the names are the client's, and must not be able to forge log lines.
    told = "; ".join(f"{'.'.join(map(str, v.loc))}: {v.msg}" for v in violations)
    log.info("region of interest not changed: %s", ascii(told)[:500])
    return {
        "status": "refused",
        "roi": current.model_dump(),
        "detail": [{"loc": list(v.loc), "msg": v.msg} for v in violations],
    }
