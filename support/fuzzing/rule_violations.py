"""Violations of the rules for a configuration: a table of all kinds, and how each is put into a valid one."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, TypeAlias

from hypothesis import strategies as st

from support.contract.limits import PARAMETERS, Limits, ViewType

Values: TypeAlias = st.SearchStrategy[Any]
Change: TypeAlias = Callable[[dict[str, Any]], None]
Changes: TypeAlias = st.SearchStrategy[Change]

_PAST, _FUTURE = datetime(2001, 1, 1, tzinfo=UTC), datetime(2096, 1, 1, tzinfo=UTC)
_GONE = object()
_TIMES, _GROUPS = {"start time", "end time"}, {"canvas", "sensor range", "frequency range"}
_WORDS = [words for words in PARAMETERS if words != "channel"]  # That is a sensor range of one.

_LEAVES: Values = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=20),
)
ANYTHING: Values = st.recursive(
    _LEAVES,
    lambda below: st.one_of(st.lists(below, max_size=4), st.dictionaries(st.text(max_size=8), below, max_size=4)),
    max_leaves=8,
)
"""Any JSON."""


def rule_violations(limits: Limits) -> dict[str, Changes]:
    """The kinds that these limits allow; each breaks one rule (apart from a few examples of times in the future)."""
    known, last, least, nyquist = lengths(limits), limits.last_sensor, limits.single_channel_min, limits.nyquist_hz
    shorter, longer = known[0] // 2, known[-1] * 2
    between = sorted({n + step for n in known for step in (-1, 1)} - {*known, known[0] - 1, known[-1] + 1})
    if not limits.fft_length_power_of_two:
        shorter, longer, between = limits.fft_length_min - 1, limits.fft_length_max + 1, []
    single, several = ViewType.SINGLE_CHANNEL, st.sampled_from([int(ViewType.MULTICHANNEL), int(ViewType.WATERFALL)])
    ranges, frequencies = few_sensors(limits, least, 1), st.integers(0, int(nyquist) - 1)
    past, later, future = moment(_PAST), moment(_PAST, 1), moment(_FUTURE)
    texts = st.sampled_from(["", "now", "010101", "01010100000x", "010132000000", "2001-01-01T00:00:00Z"])
    numbers = st.sampled_from([-1, 10**12, 2**63])
    kinds = {
        "FFT length below its range": _to("FFT length", shorter),
        "FFT length above its range": _to("FFT length", longer),
        "FFT length that is no power of two": _to("FFT length", *between),
        "duration below its range": _to("time axis duration", 0),
        "duration above its range": _to("time axis duration", limits.duration_max_s + 1),
        "height below its range": _to("canvas height", 0),
        "height above its range": _to("canvas height", limits.height_max_px + 1),
        "sensors from before the first": _fields(view_type=several, channels={"min": -1, "max": 0}),
        "sensors beyond the last": _fields(view_type=several, channels={"min": last, "max": last + 1})
        | _fields(view_type=single, channels={"min": last + 1, "max": last + 1}),
        "sensors reversed": _fields(channels=ranges.map(lambda it: {"min": it["max"], "max": it["min"]})),
        "frequency below zero": _to("lowest frequency", -1, -0.001),
        "frequency above Nyquist": _to("highest frequency", nyquist + 1, nyquist + 0.001),
        "frequencies reversed": _fields(frequencyRange=frequencies.map(lambda f: {"min": f + 1, "max": f})),
        "frequencies equal": _fields(frequencyRange=frequencies.map(lambda f: {"min": f, "max": f})),
        "view that there is not": _to("view type", max(ViewType) + 1, -1),
        "single channel of several": _fields(view_type=single, channels=ranges),
        "single channel below the first": _fields(view_type=single, channels={"min": least - 1, "max": least - 1}),
        "start time alone": _fields(start_time=past, end_time=None),
        "end time alone": _fields(start_time=None, end_time=past),
        "times reversed": _fields(start_time=later, end_time=past),
        "times equal": _fields(start_time=past, end_time=past),
        "time in the future": _fields(start_time=past | future, end_time=moment(_FUTURE, 1)),
        "text that is no time": _fields(start_time=past, end_time=texts) | _fields(start_time=texts, end_time=past),
        "number that is no time": _fields(start_time=past, end_time=numbers)
        | _fields(start_time=numbers, end_time=past),
        "unknown parameter": st.builds(_unknown, _NAMES, ANYTHING),
        "unknown parameter in another script": st.builds(_unknown, st.sampled_from(["масштаб", "größe"]), ANYTHING),
    }
    if least == 0:
        del kinds["single channel below the first"]
    kinds |= {f"{words} of a wrong type": _by(words, st.sampled_from(_confusions(words))) for words in _WORDS}
    for words in _WORDS:
        if words not in _TIMES:
            kinds[f"{words} missing"] = _by(words, st.just(lambda old: _GONE))
            kinds[f"{words} null"] = _by(words, st.just(lambda old: None))
        if words in _GROUPS:
            kinds[f"unknown parameter in the {words}"] = _by(words, st.builds(_unknown_within, _NAMES, ANYTHING))
    return {kind: changes for kind, changes in kinds.items() if not changes.is_empty}


def lengths(limits: Limits) -> list[int]:
    """FFT lengths that are accepted, all of them powers of two."""
    return [1 << n for n in range(32) if limits.fft_length_min <= 1 << n <= limits.fft_length_max]


def moment(start: datetime, seconds: int = 0) -> Values:
    """A time, in either of its two forms."""
    at = start + timedelta(seconds=seconds)
    return st.sampled_from([int(at.timestamp()), f"{at.astimezone(UTC):%y%m%d%H%M%S}"])


def few_sensors(limits: Limits, least: int, distance: int) -> Values:
    """A sensor range whose ends are at least `distance` apart; of few sensors, since an answer names each of them."""
    first, more = st.integers(least, limits.last_sensor - distance), st.integers(distance, 60)
    return st.builds(lambda a, n: {"min": a, "max": min(a + n, limits.last_sensor)}, first, more)


_NAMES = (st.sampled_from(["zoom", "масштаб", "a.b", "$gt"]) | st.text(max_size=12)).filter(
    lambda name: all(name not in parameter.path for parameter in PARAMETERS.values())
)


def _confusions(words: str) -> list[Callable[[Any], Any]]:
    """Values of a wrong type that may be taken for the right one; true first, so that each is tried."""
    common: list[Callable[[Any], Any]] = [lambda value: True, lambda value: [value]]
    if words in _GROUPS:
        return [*common, str, lambda value: 1]
    common.append(lambda value: {"value": value})
    if words in _TIMES:
        return [*common, lambda value: 0.5]
    return [*common, str] if words.endswith("frequency") else [*common, str, _as_float]


def _as_float(value: Any) -> Any:
    return float(value) if isinstance(value, int) else value


def _unknown(name: str, to: Any) -> Change:
    return lambda payload: payload.update({name: to})


def _unknown_within(name: str, to: Any) -> Callable[[Any], Any]:
    return lambda old: {**old, name: to} if isinstance(old, dict) else old


def _to(words: str, *values: float) -> Changes:
    return _by(words, st.sampled_from(values).map(lambda value: lambda old: value)) if values else st.nothing()


def _fields(**values: Any) -> Changes:
    """Changes of whole fields of the top level, each to a value or to generated ones."""
    drawn = {name: value if isinstance(value, st.SearchStrategy) else st.just(value) for name, value in values.items()}
    return st.fixed_dictionaries(drawn).map(lambda fields: lambda payload: payload.update(deepcopy(fields)))


def _by(words: str, how: st.SearchStrategy[Callable[[Any], Any]]) -> Changes:
    """Changes of one parameter: each is given its value and returns another."""
    return how.map(lambda change: partial(_change, PARAMETERS[words].path, change))


def _change(path: tuple[str, ...], how: Callable[[Any], Any], payload: dict[str, Any]) -> None:
    """Change the value at a path, if it is there: an earlier change may have removed it."""
    parent = payload if len(path) == 1 else payload.get(path[0])
    if isinstance(parent, dict) and path[-1] in parent:
        parent[path[-1]] = how(parent[path[-1]])
        if parent[path[-1]] is _GONE:
            del parent[path[-1]]
