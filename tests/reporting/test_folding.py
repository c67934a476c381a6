"""Several scenarios of one case become one result."""

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reporting.verdicts import CaseVerdict, Status, fold

PASSED, FAILED, BROKEN, SKIPPED, NOT_RUN = (
    Status.PASSED, Status.FAILED, Status.BROKEN, Status.SKIPPED, Status.NOT_RUN,
)  # fmt: skip


@pytest.mark.parametrize(
    ("statuses", "verdict"),
    [
        ([], CaseVerdict.NOT_RUN),
        ([PASSED], CaseVerdict.PASSED),
        ([PASSED, PASSED], CaseVerdict.PASSED),
        ([FAILED, BROKEN, PASSED, NOT_RUN], CaseVerdict.FAILED),
        ([BROKEN, PASSED, SKIPPED], CaseVerdict.BROKEN),
        ([PASSED, SKIPPED], CaseVerdict.INCOMPLETE),
        ([PASSED, NOT_RUN], CaseVerdict.INCOMPLETE),
        ([SKIPPED, NOT_RUN], CaseVerdict.NOT_RUN),
    ],
)
def test_the_rule(statuses, verdict):
    assert {fold(order) for order in permutations(statuses)} == {verdict}


@given(st.lists(st.sampled_from(Status)))
def test_a_case_passes_only_when_all_of_its_scenarios_did(statuses):
    assert (fold(statuses) is CaseVerdict.PASSED) == (bool(statuses) and all(one is PASSED for one in statuses))


@given(st.lists(st.sampled_from(Status)), st.lists(st.sampled_from(Status)))
def test_more_scenarios_never_hide_a_failure(some, more):
    if fold(some) is CaseVerdict.FAILED:
        assert fold([*some, *more]) is CaseVerdict.FAILED
    if fold(some) is CaseVerdict.BROKEN:
        assert fold([*some, *more]) in (CaseVerdict.FAILED, CaseVerdict.BROKEN)
