"""One request to the Focus Server and what came of it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

from support.core.characters import encodable

# A queue's name, which contains the job id, ends at 255 bytes (AMQP 0-9-1); a label's value ends earlier.
_LONGEST_ID = 200
_ECHO = re.compile(r"input_value=.*, input_type=\w+")


@dataclass(frozen=True)
class Exchange:
    """One request and its answer. `status` is None when no answer came; `failure` then says why."""

    method: str
    path: str
    request_body: Any
    sent_at: datetime
    elapsed_s: float
    status: int | None = None
    answer_text: str = ""
    answer_headers: Mapping[str, str] = field(default_factory=dict)
    failure: str = ""
    asks_for_job: bool = False
    cancelled_job: str | None = None
    """The id of the job that the server says it has cancelled."""

    @cached_property
    def _json(self) -> Any:
        try:
            return json.loads(self.answer_text)
        except (ValueError, RecursionError):
            return None

    def answer(self) -> Any:
        """The answer's JSON; None when the answer is no JSON."""
        return self._json

    def told(self, name: str) -> Any:
        """The value that the answer has under a name; None when it has none, or is no JSON object."""
        return self._json.get(name) if isinstance(self._json, dict) else None

    def job_id(self) -> str | None:
        """The job id in the answer, if there is one that the stores can be asked about.

        Drivers refuse other ids, which would look like a broken environment.
        """
        job_id = self.told("job_id")
        can_be_stored = isinstance(job_id, str) and job_id and encodable(job_id) == job_id
        return job_id if can_be_stored and len(job_id.encode()) <= _LONGEST_ID else None

    @property
    def requested_job(self) -> str | None:
        """The id of the job that was asked for, if the answer has one."""
        return self.job_id() if self.asks_for_job else None

    def detail(self) -> str:
        """The reason that the answer gives for an error (contract, "Errors"), as text; empty when it gives none."""
        return reason_text(self.told("detail"))

    def __str__(self) -> str:
        seen = self.failure if self.status is None else f"{self.status} {self.answer_text[:500]}"
        return f"{self.method} {self.path} -> {seen} ({self.elapsed_s:.3f} s)"


def reason_text(detail: object) -> str:
    """A reason in either of its two forms, a text or a list of `{loc, msg}`, as one text; empty of anything else."""
    if isinstance(detail, str):
        return without_echo(detail)
    if not isinstance(detail, list):
        return ""
    # Only where and why: what a server echoes besides may name any field.
    return "; ".join(without_echo(f"{one.get('loc')}: {one.get('msg')}") for one in detail if isinstance(one, dict))


def without_echo(text: str) -> str:
    """A reason without what was sent, as pydantic's own text of an error repeats it."""
    return _ECHO.sub("", text)
