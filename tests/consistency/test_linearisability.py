"""Answers about one job: those that an order explains, and those that none does."""

import pytest
from histories import cancel, create, look
from hypothesis import given, settings
from hypothesis import strategies as st

from consistency.linearisability import is_explained, unexplained

EXPLAINED = {
    "nothing": [],
    "one after another": [create(0, 1), look(2, 3, "configured"), cancel(4, 5), look(6, 7, "cancelled")],
    "a job that nobody made": [look(0, 1, "absent"), cancel(2, 3, told="absent")],
    "a look beside a cancellation sees the state before": [create(0, 1), cancel(2, 5), look(3, 4, "configured")],
    "or the one after": [create(0, 1), cancel(2, 5), look(3, 4, "cancelled")],
    "a cancellation without an answer was done": [create(0, 1), cancel(2, 3, "info"), look(4, 5, "cancelled")],
    "or it was not": [create(0, 1), cancel(2, 3, "info"), look(4, 5, "configured")],
    "or it was done much later": [
        create(0, 1),
        cancel(2, 3, "info"),
        look(4, 5, "configured"),
        look(6, 7, "cancelled"),
    ],
    "a cancelled job is cancelled again": [create(0, 1), cancel(2, 3), cancel(4, 5)],
    "or is unknown then": [create(0, 1), cancel(2, 3), cancel(4, 5, told="absent")],
    "two cancel at once and one is told that there is none": [
        create(0, 1),
        cancel(2, 5),
        cancel(3, 4, told="absent"),
    ],
    "a refused look tells nothing": [create(0, 1), look(2, 3, None).model_copy(update={"outcome": "fail"})],
    "a creation without an answer made it": [create(0, 1, "info"), look(2, 3, "configured")],
}
UNEXPLAINED = {
    "an acknowledged job is unknown": ([create(0, 1), look(2, 3, "absent")], 1),
    "a job is cancelled that nobody cancelled": ([create(0, 1), look(2, 3, "cancelled")], 1),
    "a cancelled job is configured again": ([create(0, 1), cancel(2, 3), look(4, 5, "configured")], 2),
    "a job comes back": (
        [create(0, 1), cancel(2, 9, "info"), look(3, 4, "cancelled"), look(5, 6, "configured")],
        3,
    ),
    "two looks, one after another, see it the wrong way round": (
        [create(0, 1), cancel(2, 9), look(3, 4, "cancelled"), look(5, 6, "configured")],
        3,
    ),
    "a running job cannot be cancelled": ([create(0, 1), look(2, 3, "configured"), cancel(4, 5, told="absent")], 2),
    "it is there before it was asked for": ([look(0, 1, "configured"), create(2, 3)], 0),
    "it is made twice": ([create(0, 1), create(2, 3)], 1),
    "a cancellation that was never sent": (
        [create(0, 1), cancel(2, 3, "fail"), look(4, 5, "cancelled")],
        2,
    ),
}


@pytest.mark.parametrize("history", EXPLAINED.values(), ids=EXPLAINED.keys())
def test_an_order_explains(history):
    assert is_explained(history)
    assert unexplained(history) is None


@pytest.mark.parametrize(("history", "which"), UNEXPLAINED.values(), ids=UNEXPLAINED.keys())
def test_no_order_explains(history, which):
    assert not is_explained(history)
    assert unexplained(history) is history[which]


@st.composite
def orderly(draw):
    """A history that one job went through, step by step, seen by clients who wait for their answers."""
    state, history = "absent", []
    for moment in range(draw(st.integers(1, 12))):
        kind = draw(st.sampled_from(["look", "cancel"])) if moment else "create"
        before, after = draw(st.floats(0, 3)), draw(st.floats(0, 3))
        span = (moment - before, moment + after)
        if kind == "create":
            state = "configured"
            history.append(create(*span))
        elif kind == "look":
            history.append(look(*span, state))
        else:
            state = "cancelled" if draw(st.booleans()) else state
            outcome = "ok" if state == "cancelled" and draw(st.booleans()) else "info"
            history.append(cancel(*span, outcome))
    return draw(st.permutations(history))


@settings(max_examples=60, deadline=None)
@given(orderly())
def test_what_happened_step_by_step_is_always_explained(history):
    assert is_explained(history)


@settings(max_examples=60, deadline=None)
@given(orderly())
def test_a_look_after_all_of_it_that_finds_nothing_never_is(history):
    late = look(100, 101, "absent")
    assert unexplained([*history, late]) is late


def test_many_unknown_cancellations_are_searched_in_no_time():
    history = [create(0, 1), *(cancel(n, n + 1, "info") for n in range(1, 40)), look(50, 51, "absent")]
    assert unexplained(history) is history[-1]
