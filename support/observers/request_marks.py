"""Recognising a scenario's own requests in stores that it shares with others.

The contract takes no extra field, so the mark is made of values that a request needs anyway and that change nothing
of what is tested: the canvas height, the length of the time axis, and a fraction of a hundredth of a hertz on top of
the highest frequency. Fields that the scenario itself sets are left alone.
"""

from __future__ import annotations

import random
from collections.abc import Collection, Mapping
from copy import deepcopy
from typing import Any

from support.contract.limits import Limits

TraceKey = Mapping[str, Any]
"""Dotted field -> value, by which a configuration is recognised."""

MARKED_FIELDS = frozenset({"displayTimeAxisDuration", "displayInfo", "frequencyRange"})
"""The fields of the top level that a mark is made of, any two of them enough."""


def stamp(
    payload: Mapping[str, Any], pinned: Collection[str], limits: Limits, chance: random.Random
) -> tuple[dict[str, Any], TraceKey]:
    """Mark a payload, leaving the top-level fields in `pinned` as they are.

    When nothing is left to mark, the key is the configuration itself, which at least distinguishes it from all others.
    """
    marked = deepcopy(dict(payload))
    key: dict[str, Any] = {}
    if "displayTimeAxisDuration" not in pinned:
        key["displayTimeAxisDuration"] = marked["displayTimeAxisDuration"] = chance.randint(1, limits.duration_max_s)
    if "displayInfo" not in pinned:
        key["displayInfo.height"] = marked["displayInfo"]["height"] = chance.randint(1, limits.height_max_px)
    if "frequencyRange" not in pinned:
        frequencies = marked["frequencyRange"]
        frequencies["max"] = min(frequencies["max"], limits.nyquist_hz - 1) + chance.randint(1, 9999) / 1_000_000
        key["frequencyRange.max"] = frequencies["max"]
    return marked, key or dict(_leaves(marked))


def _leaves(tree: Mapping[str, Any], path: str = "") -> list[tuple[str, Any]]:
    found: list[tuple[str, Any]] = []
    for name, value in tree.items():
        found += _leaves(value, f"{path}{name}.") if isinstance(value, Mapping) else [(f"{path}{name}", value)]
    return found
