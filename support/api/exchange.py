"""One request to the Focus Server, and what came of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from support.core.characters import encodable

# The name of a queue, of which a job id is a part, ends at 255 bytes (AMQP 0-9-1); that of a label earlier.
_LONGEST_ID = 200


def _can_be_stored(job_id: str) -> bool:
    """Whether there can be a job of this id: drivers refuse others, which would look like a broken environment."""
    return bool(job_id) and encodable(job_id) == job_id and len(job_id.encode()) <= _LONGEST_ID


@dataclass(frozen=True)
class Exchange:
    """One request and what came of it. `status` is None when no answer came; `failure` then says why."""

    method: str
    path: str
    request_body: Any
    sent_at: datetime
    elapsed_s: float
    status: int | None = None
    answer_text: str = ""
    answer_headers: Mapping[str, str] = field(default_factory=dict)
    failure: str = ""

    def answer(self) -> Any:
        """The answer's JSON, or None when it is none."""
        try:
            return json.loads(self.answer_text)
        except (ValueError, RecursionError):
            return None

    def told(self, name: str) -> Any:
        """What the answer says under a name; None when it does not, or is no JSON object."""
        answer = self.answer()
        return answer.get(name) if isinstance(answer, dict) else None

    def job_id(self) -> str | None:
        """The job id that the answer names, if it names one that the stores can be asked about."""
        job_id = self.told("job_id")
        return job_id if isinstance(job_id, str) and _can_be_stored(job_id) else None

    def detail(self) -> str:
        """What the answer gives as the reason of a refusal (contract, "Errors"), as text; empty when it gives none."""
        answer = self.answer()
        detail = answer.get("detail") if isinstance(answer, dict) else None
        if isinstance(detail, str):
            return detail
        if not isinstance(detail, list):
            return ""
        # Where and why, and nothing that a server echoes besides: that may name any field.
        return "; ".join(f"{one.get('loc')}: {one.get('msg')}" for one in detail if isinstance(one, dict))

    def __str__(self) -> str:
        seen = self.failure if self.status is None else f"{self.status} {self.answer_text[:500]}"
        return f"{self.method} {self.path} -> {seen} ({self.elapsed_s:.3f} s)"
