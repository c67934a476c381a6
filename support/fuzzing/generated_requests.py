"""Generated requests: nearly all are a valid configuration but for one violation of a rule, each as often as another.

The violation is chosen first, from the table in `rule_violations`, and each entry gets its share of the requests; the
configuration around it is generated. A request that the server does not answer rightly is shrunk to the smallest of its
kind that it does not answer rightly.
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
from support.fuzzing.rule_violations import ANYTHING, Change, Values, few_sensors, lengths, moment, rule_violations

DEFAULT_SEED = 13572
# Of all requests; the others have one violation.
_SHARES = {"valid": 1 / 8, "two violations": 1 / 10, "anything at all": 1 / 25}

Window: TypeAlias = tuple[datetime, datetime]


class GeneratedRequest(NamedTuple):
    """JSON to be sent as a configuration, and the kind that it belongs to.

    `violating` are the fields of the top level that hold what is wrong; None for what is no configuration at all.
    `mistakes` says how many violations were put into it.
    """

    kind: str
    body: Any
    violating: frozenset[str] | None = frozenset()
    mistakes: int = 0


RequestStrategy: TypeAlias = st.SearchStrategy[GeneratedRequest]


class WrongAnswer(ExpectationFailed):
    """The server did not answer a request rightly; `request` is the smallest such one that was found, as JSON."""

    def __init__(self, failure: ExpectationFailed, request: str) -> None:
        super().__init__(f"{failure}\nthe smallest request that shows it: {request}")
        self.request = request


def strategies(limits: Limits, window: Window | None = None) -> dict[str, dict[str, RequestStrategy]]:
    """How requests are generated, by their kind, in four groups: valid, one violation, two, and anything at all.

    Playbacks are among the valid ones if there is a window, in whole seconds, all of which was recorded.
    """
    valid, single = _valid(limits, window), rule_violations(limits)
    base = st.one_of(*valid.values())
    two = st.lists(st.sampled_from(list(single)), min_size=2, max_size=2, unique=True)
    pairs = two.flatmap(lambda kinds: st.tuples(*(single[kind] for kind in kinds)))
    return {
        "valid": {kind: st.builds(_changed, st.just(kind), payload, st.just(())) for kind, payload in valid.items()},
        "one violation": {kind: st.builds(_changed, st.just(kind), base, st.tuples(it)) for kind, it in single.items()},
        "two violations": {"two violations": st.builds(_changed, st.just("two violations"), base, pairs)},
        "anything at all": {
            "anything at all": st.builds(GeneratedRequest, st.just("anything at all"), ANYTHING, st.none(), st.just(0))
        },
    }


def expect_right_answers(
    count: int,
    seed_: int,
    limits: Limits,
    expect_right_answer: Callable[[GeneratedRequest], object],
    window: Window | None = None,
    smallest_found_s: float = math.inf,
) -> None:
    """Try so many requests; `expect_right_answer` raises `ExpectationFailed` for one that was not answered rightly.

    None is tried twice: a failure counts even if it would not show again. After a failure a smaller request that fails
    as well is looked for, for `smallest_found_s` at most: with a server that hangs each try takes a time limit.

    Raises:
        WrongAnswer: one was not answered rightly.
        EnvironmentBroken: one could not be tried, and none had failed before; no further one is tried.
    """
    outcomes: dict[str, WrongAnswer | EnvironmentBroken | None] = {}
    ends_at = math.inf

    def outcome_of(request: GeneratedRequest, text: str) -> WrongAnswer | EnvironmentBroken | None:
        nonlocal ends_at
        if time.monotonic() > ends_at:
            return None
        try:
            expect_right_answer(request)
        except EnvironmentBroken as failure:
            found, ends_at = ends_at < math.inf, -math.inf
            return None if found else failure
        except ExpectationFailed as failure:
            ends_at = min(ends_at, time.monotonic() + smallest_found_s)
            return WrongAnswer(failure, text)
        return None

    def check(request: GeneratedRequest) -> None:
        text = json.dumps(request.body)
        if text not in outcomes:
            outcomes[text] = outcome_of(request, text)
        failure = outcomes[text]
        if failure is not None:
            raise failure.with_traceback(None)

    for kind, strategy, share in _shared_out(count, strategies(limits, window)):
        configured = settings(
            max_examples=share,
            database=None,
            deadline=None,
            phases=(Phase.generate, Phase.shrink),
            report_multiple_bugs=False,
            suppress_health_check=list(HealthCheck),
        )
        seed(f"{seed_} {kind}")(configured(given(strategy)(check)))()


def _shared_out(
    count: int, groups: dict[str, dict[str, RequestStrategy]]
) -> Iterator[tuple[str, RequestStrategy, int]]:
    sizes = {group: int(count * share) for group, share in _SHARES.items()}
    sizes["one violation"] = count - sum(sizes.values())
    for group, kinds in groups.items():
        for n, (kind, strategy) in enumerate(kinds.items()):
            share = sizes[group] * (n + 1) // len(kinds) - sizes[group] * n // len(kinds)
            if share:
                yield kind, strategy, share


def _valid(limits: Limits, window: Window | None) -> dict[str, Values]:
    # A mark moves the highest frequency down by a hertz at most; the band must be one after that, too.
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


def _changed(kind: str, payload: dict[str, Any], changes: tuple[Change, ...]) -> GeneratedRequest:
    changed = deepcopy(payload)
    for change in changes:
        change(changed)
    fields = payload.keys() | changed.keys()
    text = {name: (json.dumps(payload.get(name, kind)), json.dumps(changed.get(name, kind))) for name in fields}
    violating = frozenset(name for name, (before, after) in text.items() if before != after)
    return GeneratedRequest(kind, changed, violating, len(changes))
