"""Generated requests: most are a good configuration with a little wrong with it, some are anything at all.

A request that is not dealt with as it must be is shrunk to the smallest one that is not.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from copy import deepcopy
from typing import Any

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from support.configuration import generate_config_payload
from support.contract import PARAMETERS, Limits, Parameter, ViewType
from support.errors import EnvironmentBroken, ExpectationFailed

DEFAULT_SEED = 13572
# A server that hangs takes its time limit for every try; then the smallest request so far is good enough.
_SHRINKING_S = 20.0


class NotDealtWith(ExpectationFailed):
    """A request that was not dealt with as it must be; `request` is the smallest that was found, as JSON."""

    def __init__(self, failure: ExpectationFailed, request: str) -> None:
        super().__init__(f"{failure}\nthe smallest request that shows it: {request}")
        self.request = request


def requests(limits: Limits) -> st.SearchStrategy[Any]:
    """JSON values to be sent as a configuration; one in ten is valid, most of the rest is nearly so."""
    good = _valid(limits)
    spoilt = st.builds(_spoilt, good, st.lists(_changes(limits), min_size=1, max_size=2))
    return st.integers(0, 9).flatmap(lambda n: good if n == 0 else _anything() if n == 1 else spoilt)


def try_all(count: int, seed_: int, limits: Limits, judge: Callable[[Any], None]) -> None:
    """Judge so many requests; `judge` raises `ExpectationFailed` for one that was not dealt with as it must be.

    Raises:
        NotDealtWith: one was not.
        EnvironmentBroken: one could not be judged; no further one is tried.
    """
    known: dict[str, NotDealtWith] = {}
    broken: list[EnvironmentBroken] = []
    first_failure: list[float] = []

    @seed(seed_)
    @settings(
        max_examples=count,
        database=None,
        deadline=None,
        phases=(Phase.generate, Phase.shrink),
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
    )
    @given(requests(limits))
    def check(request: Any) -> None:
        if broken:
            raise broken[0]
        text = json.dumps(request)
        if first_failure and time.monotonic() - first_failure[0] > _SHRINKING_S:
            if text in known:
                raise known[text]
            return
        try:
            judge(request)
        except EnvironmentBroken as failure:
            broken.append(failure)
            raise
        except ExpectationFailed as failure:
            first_failure.append(time.monotonic())
            known[text] = NotDealtWith(failure, text)
            raise known[text] from None

    check()


def _valid(limits: Limits) -> st.SearchStrategy[dict[str, Any]]:
    lengths = [1 << n for n in range(32) if limits.fft_length_min <= 1 << n <= limits.fft_length_max]
    sensors = st.integers(0, limits.last_sensor)
    frequencies = st.one_of(
        st.integers(0, int(limits.nyquist_hz)), st.floats(0, limits.nyquist_hz, allow_subnormal=False)
    )
    view = st.sampled_from([int(view) for view in ViewType])

    def built(view_type: int, a: int, b: int, low: float, high: float, length: int, duration: int, height: int) -> Any:
        single = view_type == ViewType.SINGLE_CHANNEL
        first, last = (max(a, limits.single_channel_min),) * 2 if single else (min(a, b), max(a, b))
        return generate_config_payload(
            view_type=view_type,
            channels={"min": first, "max": last},
            frequencyRange={"min": min(low, high), "max": max(low, high)},
            nfftSelection=length,
            displayTimeAxisDuration=duration,
            displayInfo={"height": height},
        )

    # Few sensors: an answer names each of them.
    ranges = st.builds(lambda a, n: (a, min(a + n, limits.last_sensor)), sensors, st.integers(0, 60))
    return st.builds(
        lambda v, r, low, high, length, duration, height: built(v, r[0], r[1], low, high, length, duration, height),
        view,
        ranges,
        frequencies,
        frequencies,
        st.sampled_from(lengths),
        st.integers(1, limits.duration_max_s),
        st.integers(1, limits.height_max_px),
    )


Change = Callable[[dict[str, Any]], None]

# What a value is often taken for by mistake.
_CONFUSIONS: tuple[Callable[[Any], Any], ...] = (
    str,
    bool,
    lambda value: [value],
    lambda value: {"value": value},
    lambda value: float(value) if isinstance(value, int) else value,
    lambda value: -value if isinstance(value, int | float) else None,
)


def _changes(limits: Limits) -> st.SearchStrategy[Change]:
    """Changes of one field: another value, none at all, or a neighbour that should not be there."""
    parameters = st.sampled_from(sorted(PARAMETERS.values(), key=lambda parameter: parameter.words))
    near = st.sampled_from(sorted({edge + step for edge in _edges(limits) for step in (-1, 0, 1)}))
    value = st.one_of(near, near.map(float), near.map(str), _anything())
    confusion = st.sampled_from(_CONFUSIONS)
    return st.one_of(
        st.builds(lambda parameter, to: lambda payload: _set(payload, parameter, to), parameters, value),
        st.builds(lambda parameter, how: lambda payload: _confuse(payload, parameter, how), parameters, confusion),
        st.builds(lambda parameter: lambda payload: _remove(payload, parameter), parameters),
        st.builds(lambda name, to: lambda payload: payload.update({name: to}), st.text(max_size=12), _anything()),
    )


def _edges(limits: Limits) -> list[int]:
    return [
        0,
        limits.fft_length_min,
        limits.fft_length_max,
        limits.duration_max_s,
        limits.height_max_px,
        limits.last_sensor,
        int(limits.nyquist_hz),
        2**31,
        2**63,
    ]


def _anything() -> st.SearchStrategy[Any]:
    leaf = st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-(2**70), 2**70),
        st.floats(allow_nan=False, allow_infinity=False),
        st.text(max_size=20),
    )
    return st.recursive(
        leaf,
        lambda below: st.one_of(st.lists(below, max_size=4), st.dictionaries(st.text(max_size=8), below, max_size=4)),
        max_leaves=8,
    )


def _spoilt(payload: dict[str, Any], changes: list[Change]) -> dict[str, Any]:
    changed = deepcopy(payload)
    for change in changes:
        change(changed)
    return changed


def _set(payload: dict[str, Any], parameter: Parameter, value: Any) -> None:
    parent = _parent(payload, parameter)
    if parent is not None:
        parent[parameter.path[-1]] = value


def _confuse(payload: dict[str, Any], parameter: Parameter, how: Callable[[Any], Any]) -> None:
    parent = _parent(payload, parameter)
    if parent is not None and parameter.path[-1] in parent:
        parent[parameter.path[-1]] = how(parent[parameter.path[-1]])


def _remove(payload: dict[str, Any], parameter: Parameter) -> None:
    parent = _parent(payload, parameter)
    if parent is not None:
        parent.pop(parameter.path[-1], None)


def _parent(payload: dict[str, Any], parameter: Parameter) -> dict[str, Any] | None:
    """Where a parameter stands; an earlier change may have taken that away."""
    if len(parameter.path) == 1:
        return payload
    parent = payload.get(parameter.path[0])
    return parent if isinstance(parent, dict) else None
