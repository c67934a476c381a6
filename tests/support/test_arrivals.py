"""When the requests of a load are due."""

import pytest

from load.shapes import read_shapes
from support.load.arrivals import Stage, due_times


def stage(seconds, from_per_s, to_per_s=None):
    return Stage(seconds=seconds, from_per_s=from_per_s, to_per_s=from_per_s if to_per_s is None else to_per_s)


def test_at_a_steady_rate_requests_are_due_evenly():
    assert due_times([stage(1, 4)]) == [0.0, 0.25, 0.5, 0.75]


def test_a_rising_rate_has_as_many_requests_as_its_mean_and_more_of_them_late():
    due = due_times([stage(10, 0, 10)])
    assert len(due) == 50
    assert sum(at_s < 5 for at_s in due) == pytest.approx(12.5, abs=1)
    assert due == sorted(due)


def test_stages_follow_each_other_without_a_request_lost_or_sent_twice():
    due = due_times([stage(3, 1.5), stage(2, 0, 0.001), stage(3, 1.5)])
    assert len(due) == 10
    assert len(set(due)) == len(due)
    assert due[5] > 5.0 > due[4]


def test_nothing_is_due_where_the_rate_is_nothing():
    assert due_times([stage(5, 0)]) == []


@pytest.mark.parametrize("name", ["steady", "ramp", "spike", "peak", "soak"])
def test_each_shape_that_is_promised_can_be_read_and_made_short(name):
    shape = read_shapes()[name]
    short = shape.shortened(shape.seconds / 10)
    assert len(short.due_times()) == pytest.approx(len(shape.due_times()) / 10, abs=1)
    assert short.warm_up_s == pytest.approx(shape.warm_up_s / 10)
    assert shape.warm_up_s < shape.seconds
