"""Generated requests: nearly all are a good configuration with one thing wrong with it, each thing as often as another.

What is wrong is chosen first, from the table in `rule_violations`, and each entry gets its share of the requests; the
configuration around it is generated. A request that is not dealt with as it must be is shrunk to the smallest of its
kind that is not.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Iterator
from copy import deepcopy
from datetime import datetime
from typing import Any, NamedTuple, TypeAlias

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from support.contract.configuration import generate_config_payload
from support.contract.limits import Limits, ViewType
from support.core.errors import EnvironmentBroken, ExpectationFailed
from support.fuzzing.rule_violations import ANYTHING, Change, Values, few_sensors, lengths, mistakes, moment

DEFAULT_SEED = 13572
# Of all requests; what is left over has one mistake.
_SHARES = {"valid": 1 / 8, "two mistakes": 1 / 10, "anything at all": 1 / 25}

Window: TypeAlias = tuple[datetime, datetime]


class Request(NamedTuple):
    """JSON to be sent as a configuration, and what kind it is of.

    `mistaken` are the fields of the top level that hold the mistake; None for what is no configuration at all.
    """

    kind: str
    body: Any
    mistaken: frozenset[str] | None = frozenset()


Requests: TypeAlias = st.SearchStrategy[Request]


class NotDealtWith(ExpectationFailed):
    """A request that was not dealt with as it must be; `request` is the smallest that was found, as JSON."""

    def __init__(self, failure: ExpectationFailed, request: str) -> None:
        super().__init__(f"{failure}\nthe smallest request that shows it: {request}")
        self.request = request


def requests(limits: Limits, window: Window | None = None) -> dict[str, dict[str, Requests]]:
    """The requests by their kind, in four groups: valid, with one mistake, with two, and anything at all.

    Playbacks are among the valid ones if there is a window, in whole seconds, of which all was recorded.
    """
    valid, single = _valid(limits, window), mistakes(limits)
    base = st.one_of(*valid.values())
    two = st.lists(st.sampled_from(list(single)), min_size=2, max_size=2, unique=True)
    pairs = two.flatmap(lambda kinds: st.tuples(*(single[kind] for kind in kinds)))
    return {
        "valid": {kind: st.builds(_spoilt, st.just(kind), good, st.just(())) for kind, good in valid.items()},
        "one mistake": {kind: st.builds(_spoilt, st.just(kind), base, st.tuples(it)) for kind, it in single.items()},
        "two mistakes": {"two mistakes": st.builds(_spoilt, st.just("two mistakes"), base, pairs)},
        "anything at all": {"anything at all": st.builds(Request, st.just("anything at all"), ANYTHING, st.none())},
    }


def try_all(
    count: int,
    seed_: int,
    limits: Limits,
    judge: Callable[[Request], object],
    window: Window | None = None,
    smallest_found_s: float = math.inf,
) -> None:
    """Judge so many requests; `judge` raises `ExpectationFailed` for one that was not dealt with as it must be.

    None is judged twice: a failure counts though it would not show again. After a failure a smaller request that fails
    as well is looked for, for `smallest_found_s` at most: with a server that hangs each try takes a time limit.

    Raises:
        NotDealtWith: one was not.
        EnvironmentBroken: one could not be judged, and none had failed before; no further one is tried.
    """
    outcomes: dict[str, NotDealtWith | EnvironmentBroken | None] = {}
    ends_at = math.inf

    def outcome_of(request: Request, text: str) -> NotDealtWith | EnvironmentBroken | None:
        nonlocal ends_at
        if time.monotonic() > ends_at:
            return None
        try:
            judge(request)
        except EnvironmentBroken as failure:
            found, ends_at = ends_at < math.inf, -math.inf
            return None if found else failure
        except ExpectationFailed as failure:
            ends_at = min(ends_at, time.monotonic() + smallest_found_s)
            return NotDealtWith(failure, text)
        return None

    def check(request: Request) -> None:
        text = json.dumps(request.body)
        if text not in outcomes:
            outcomes[text] = outcome_of(request, text)
        failure = outcomes[text]
        if failure is not None:
            raise failure.with_traceback(None)

    for kind, strategy, share in _shared_out(count, requests(limits, window)):
        configured = settings(
            max_examples=share,
            database=None,
            deadline=None,
            phases=(Phase.generate, Phase.shrink),
            report_multiple_bugs=False,
            suppress_health_check=list(HealthCheck),
        )
        seed(f"{seed_} {kind}")(configured(given(strategy)(check)))()


def _shared_out(count: int, groups: dict[str, dict[str, Requests]]) -> Iterator[tuple[str, Requests, int]]:
    sizes = {group: int(count * share) for group, share in _SHARES.items()}
    sizes["one mistake"] = count - sum(sizes.values())
    for group, kinds in groups.items():
        for n, (kind, strategy) in enumerate(kinds.items()):
            share = sizes[group] * (n + 1) // len(kinds) - sizes[group] * n // len(kinds)
            if share:
                yield kind, strategy, share


def _valid(limits: Limits, window: Window | None) -> dict[str, Values]:
    # So that a mark, which moves the highest frequency down by a hertz at most, leaves the band one.
    top = int(limits.nyquist_hz)
    lows = st.integers(0, top - 2) | st.floats(0, top - 2, allow_subnormal=False)
    widths = st.integers(1, top) | st.floats(0.001, top)
    bands = st.builds(lambda low, width: {"min": low, "max": min(low + width, top)}, lows, widths)
    channel = st.integers(limits.single_channel_min, limits.last_sensor).map(lambda n: {"min": n, "max": n})

    def of(view: ViewType) -> Values:
        return st.builds(
            generate_config_payload,
            view_type=st.just(int(view)),
            channels=channel if view is ViewType.SINGLE_CHANNEL else few_sensors(limits, 0, 0),
            frequencyRange=bands,
            nfftSelection=st.sampled_from(lengths(limits)),
            displayTimeAxisDuration=st.integers(1, limits.duration_max_s),
            displayInfo=st.builds(dict, height=st.integers(1, limits.height_max_px)),
        )

    valid = {view.name.lower().replace("_", " "): of(view) for view in ViewType}
    if window is not None:
        start, length_s = window[0], int((window[1] - window[0]).total_seconds())
        spans = st.lists(st.integers(0, length_s), min_size=2, max_size=2, unique=True).map(sorted)
        times: Values = spans.flatmap(
            lambda s: st.builds(dict, start_time=moment(start, s[0]), end_time=moment(start, s[1]))
        )
        valid["playback"] = st.builds(lambda payload, times: payload | times, st.one_of(*valid.values()), times)
    return valid


def _spoilt(kind: str, payload: dict[str, Any], changes: tuple[Change, ...]) -> Request:
    changed = deepcopy(payload)
    for change in changes:
        change(changed)
    fields = payload.keys() | changed.keys()
    text = {name: (json.dumps(payload.get(name, kind)), json.dumps(changed.get(name, kind))) for name in fields}
    return Request(kind, changed, frozenset(name for name, (before, after) in text.items() if before != after))
