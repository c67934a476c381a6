"""When a scenario first saw what: observers give the moment of each look, and the caller enters it here.

Where a history tells when something came, that moment is entered, too.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

Sight = Literal["record", "object", "running pod", "served queue"]


@dataclass(frozen=True)
class SightingLog:
    """The first sightings of one scenario, of records, objects and running pods by their ids, of served queues by name.

    Objects are those of Kubernetes.
    """

    _first: dict[tuple[Sight, str], datetime] = field(default_factory=dict)
    _came: dict[tuple[Sight, str], datetime] = field(default_factory=dict)

    def enter(self, sight: Sight, identities: Iterable[str], seen_at: datetime) -> None:
        """All of these were seen at this moment."""
        for identity in identities:
            self._first.setdefault((sight, identity), seen_at)

    def first(self, sight: Sight, identity: str) -> datetime | None:
        """When it was first seen; None if it never was."""
        return self._first.get((sight, identity))

    def enter_coming(self, sight: Sight, identity: str, at: datetime) -> None:
        """It came at this moment, or again."""
        self._came.setdefault((sight, identity), at)

    def came(self, sight: Sight, identity: str) -> datetime | None:
        """When it came; None where no history tells that."""
        return self._came.get((sight, identity))
