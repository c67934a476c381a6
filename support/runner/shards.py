"""Parts of a run for many machines: `behave -D shard=2/8` runs the second of eight.

Which scenario belongs to which shard follows from its key, and from the durations kept with the features: those of
known duration are given out the longest first, each to the shard that has least so far. So all machines come to the
same without talking to each other, and an edit elsewhere moves nothing. The others go by their key alone.
"""

from __future__ import annotations

import hashlib
import heapq
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from support.core.errors import SettingsError
from support.runner.containers import keep_where
from support.runner.durations import key_of

OPTION = "shard"
_SHARD = re.compile(r"([0-9]{1,4})/([0-9]{1,4})")


@dataclass(frozen=True)
class Shard:
    """One of several parts of a run; the first has the number 1."""

    number: int
    of: int

    def __str__(self) -> str:
        return f"{self.number}/{self.of}"

    @classmethod
    def parse(cls, text: str) -> Shard:
        """The shard that is written so, such as `2/8`; raises SettingsError."""
        match = _SHARD.fullmatch(text.strip())
        shard = cls(int(match[1]), int(match[2])) if match else None
        if shard is None or not 1 <= shard.number <= shard.of:
            raise SettingsError(f"Expected -D {OPTION}=NUMBER/OF, from 1/8 to 8/8 for eight shards, seen {text!r}.")
        return shard


def asked_for(config: Any) -> Shard | None:
    """The shard that behave's configuration asks for; None for the whole run. Raises SettingsError."""
    text = config.userdata.get(OPTION)
    return None if text is None else Shard.parse(text)


def shard_of(key: str, of: int, planned: Mapping[str, int]) -> int:
    """The number of the shard, from 1, that the scenario of this key belongs to; `planned` is a `plan`."""
    if key in planned:
        return planned[key]
    return int.from_bytes(hashlib.sha256(key.encode()).digest()[:8], "big") % of + 1


def plan(durations: Mapping[str, float], of: int) -> dict[str, int]:
    """The number of the shard of each key, so that all take about as long."""
    loads = [(0.0, number) for number in range(1, of + 1)]
    planned = {}
    for key, duration in sorted(durations.items(), key=lambda item: (-item[1], item[0])):
        load, number = heapq.heappop(loads)
        planned[key] = number
        heapq.heappush(loads, (load + duration, number))
    return planned


def keep_only(shard: Shard, features: list[Any], durations: Mapping[str, float]) -> None:
    """Take the scenarios of all other shards out of behave's features, and the features of which nothing remains."""
    planned = plan(durations, shard.of)

    def belongs(scenario: Any) -> bool:
        return shard_of(key_of(scenario), shard.of, planned) == shard.number

    keep_where(belongs, features)
