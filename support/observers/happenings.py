"""What happened in a store, and when: the history of side effects, where a store tells one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Protocol

from support.observers.manifests import running_since
from support.observers.side_effects import KINDS, Effect
from support.observers.sightings import Sight

Event = Literal["came", "changed", "went"]

IDENTIFY = {kind.name: kind.identify for kind in KINDS}
"""How an effect of each kind is recognised."""


@dataclass(frozen=True)
class Happening:
    """Something came, changed or went at one moment, by the clock of the store or, of Kubernetes, when we heard of it.

    `kind` is a kind of side effect, or says what it is instead. `content` is the document or object, where it is told.
    """

    at: datetime
    event: Event
    kind: str
    effect: Effect
    content: Mapping[str, Any] | None = None

    def sights(self) -> Iterator[tuple[Sight, str]]:
        """What of a job can be seen from this moment on."""
        identity, content = self.effect.identity, dict(self.content or {})
        if self.event == "came" and self.kind == "task record":
            yield "record", identity
        elif self.event == "came" and self.kind in ("analyzer", "analyzer pod"):
            yield "object", identity
        elif self.event == "came" and self.kind == "queue consumer":
            yield "served queue", content["queue"]
        if self.event != "went" and self.kind == "analyzer pod" and running_since(content) is not None:
            yield "running pod", identity


class Source(Protocol):
    """One store's history."""

    @property
    def unwatched(self) -> Mapping[str, str]:
        """The kinds of which nothing is told, although there may be some, each with the reason."""

    def read(self, *, is_last: bool) -> Sequence[Happening]:
        """All that has happened since the last reading, and before this one; the last may take longer."""

    def close(self) -> None:
        """Listen no longer."""
