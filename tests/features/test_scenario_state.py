"""What steps leave for each other."""

from unittest.mock import Mock

import pytest

from steps.scenario_state import ScenarioState, StepMissing


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
