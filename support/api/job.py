"""Jobs as their client knows them: asked for, and made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import ValidationError

from support.api.exchange import Exchange


@dataclass(frozen=True)
class Attempt:
    """A job that was asked for: what was sent, and what came of it."""

    payload: Mapping[str, Any]
    exchange: Exchange
    client_refusal: ValidationError | None = None  # what the client's own checks said before it was sent past them


@dataclass(frozen=True)
class Job:
    """A job that the server says it made."""

    job_id: str
    payload: Mapping[str, Any]
    exchange: Exchange
    created_at: datetime | None
