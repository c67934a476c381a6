"""Several scenarios of one case become one result."""

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reporting.verdicts import Status, Verdict, fold

PASSED, FAILED, BROKEN, SKIPPED, NOT_RUN = (
    Status.PASSED, Status.FAILED, Status.BROKEN, Status.SKIPPED, Status.NOT_RUN,
)  # fmt: skip


@pytest.mark.parametrize(
    ("statuses", "verdict"),
    [
        ([], Verdict.NOT_RUN),
        ([PASSED], Verdict.PASSED),
        ([PASSED, PASSED], Verdict.PASSED),
        ([FAILED, BROKEN, PASSED, NOT_RUN], Verdict.FAILED),
        ([BROKEN, PASSED, SKIPPED], Verdict.BROKEN),
        ([PASSED, SKIPPED], Verdict.INCOMPLETE),
        ([PASSED, NOT_RUN], Verdict.INCOMPLETE),
        ([SKIPPED, NOT_RUN], Verdict.NOT_RUN),
    ],
)
def test_the_rule(statuses, verdict):
    assert {fold(order) for order in permutations(statuses)} == {verdict}


@given(st.lists(st.sampled_from(Status)))
def test_a_case_passes_only_when_all_of_its_scenarios_did(statuses):
    assert (fold(statuses) is Verdict.PASSED) == (bool(statuses) and all(one is PASSED for one in statuses))


@given(st.lists(st.sampled_from(Status)), st.lists(st.sampled_from(Status)))
def test_more_scenarios_never_hide_a_failure(some, more):
    if fold(some) is Verdict.FAILED:
        assert fold([*some, *more]) is Verdict.FAILED
    if fold(some) is Verdict.BROKEN:
        assert fold([*some, *more]) in (Verdict.FAILED, Verdict.BROKEN)
