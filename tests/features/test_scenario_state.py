"""What steps leave for each other."""

from datetime import UTC, datetime
from unittest.mock import Mock

import pytest

from steps.scenario_state import ScenarioState, StepMissing
from support.faults.recorder import Recording

BEGIN, END = datetime(2001, 1, 1, tzinfo=UTC), datetime(2001, 1, 2, tzinfo=UTC)


@pytest.fixture
def state():
    return ScenarioState(Mock(), Mock(), Mock(), {}, (), "a.feature:3")


def test_what_no_step_has_left_yet_is_told_with_the_step_that_is_missing(state):
    with pytest.raises(StepMissing, match=r"needs state\.job: a step like 'a running job' must come before it"):
        _ = state.job


def test_what_a_step_has_left_is_there_for_those_after_it_and_for_no_other_scenario(state):
    state.job = one = Mock()
    assert state.job is one
    with pytest.raises(StepMissing):
        _ = ScenarioState(Mock(), Mock(), Mock(), {}, (), "").job


def test_a_recording_without_an_end_is_not_left_out_of_those_that_an_answer_is_compared_with(state):
    state.recordings = [Recording("one", BEGIN, END, deleted=False)]
    assert state.recorded == [(BEGIN, END)]
    state.recordings.append(Recording("other", BEGIN, None, deleted=False))
    with pytest.raises(StepMissing, match="recordings that have ended"):
        _ = state.recorded
