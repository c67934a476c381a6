import pytest
from stand_ins import settings

from support.contract.limits import PARAMETERS
from support.profile import boundary_values
from support.profile.boundary_values import Bound, RelativeTime, resolve

CLOSE = settings(time_limits={"clock_tolerance_s": 0})


class Clock:
    """Tells these times, one after another."""

    def __init__(self, *times):
        self.times = list(times)

    def time(self):
        return self.times.pop(0)


@pytest.mark.parametrize(
    ("end", "step", "value"),
    [
        ("smallest", 0, 128),
        ("smallest", -1, 127),
        ("smallest", 1, 129),
        ("largest", 0, 4096),
        ("largest", -1, 4095),
        ("largest", 1, 4097),
    ],
)
def test_a_bound_is_at_an_end_or_one_beside_it_and_stays_a_whole_number(end, step, value):
    found = resolve(Bound(end, step), PARAMETERS["FFT length"], CLOSE)
    assert (found, type(found)) == (value, int)


def test_just_above_is_above_by_the_least_that_there_is():
    found = resolve(Bound("largest", "just above"), PARAMETERS["highest frequency"], CLOSE)
    assert 1000 < found < 1000.000001


@pytest.mark.parametrize(
    ("seconds_ahead", "times", "value"),
    [
        (0, [100.9], 100),
        (-5, [100.9], 95),
        (1, [100.0], 101),
        (1, [100.6], 101),
        (1, [100.7, 100.99, 101.02], 102),
        (3600, [100.95, 101.0], 3701),
    ],
)
def test_a_time_ahead_waits_for_a_young_second_and_no_other_does(monkeypatch, seconds_ahead, times, value):
    clock = Clock(*times)
    monkeypatch.setattr(boundary_values, "time", clock)
    assert resolve(RelativeTime(seconds_ahead), PARAMETERS["start time"], CLOSE) == value
    assert clock.times == []


@pytest.mark.parametrize(("seconds_ahead", "value"), [(0, 98), (1, 103)])
def test_a_time_keeps_off_the_present_by_what_the_clocks_may_differ(monkeypatch, seconds_ahead, value):
    monkeypatch.setattr(boundary_values, "time", Clock(100.3))
    apart = settings(time_limits={"clock_tolerance_s": 1.5})
    assert resolve(RelativeTime(seconds_ahead), PARAMETERS["start time"], apart) == value


@pytest.mark.parametrize("value", [7, 0.5, None, "the text", {"min": 1, "max": 2}, True])
def test_any_other_value_stays_as_it_is(value):
    assert resolve(value, PARAMETERS["canvas"], CLOSE) is value


def test_a_parameter_without_ends_has_no_bound():
    with pytest.raises(KeyError, match="canvas"):
        resolve(Bound("smallest"), PARAMETERS["canvas"], CLOSE)
