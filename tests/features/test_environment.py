"""What behave's hooks decide when the environment breaks a clean-up."""

from contextlib import nullcontext
from functools import partial
from types import SimpleNamespace
from unittest.mock import Mock

import pytest
from behave.model_type import Status
from behave.userdata import UserData

import environment
from environment import RunState
from steps.scenario_state import ScenarioSkipped
from support.core.errors import EnvironmentBroken, SettingsError


def run_of(*scenarios, **userdata):
    """What `after_all` finds of a run of these scenarios."""
    config = SimpleNamespace(userdata=UserData(userdata))
    return SimpleNamespace(run_state=RunState(scenarios=list(scenarios)), aborted=False, config=config)


def skipped(reason):
    return SimpleNamespace(status=Status.skipped, skip_reason=reason)


PASSED = SimpleNamespace(status=Status.passed, skip_reason=None)


def test_a_run_whose_scenarios_were_all_skipped_has_shown_nothing():
    with pytest.raises(EnvironmentBroken, match=r"(?s)all that were selected were skipped.*no ssh\.hosts.*no broker"):
        environment._see_that_something_was_run(run_of(skipped("no ssh.hosts"), skipped("no broker")))


@pytest.mark.parametrize(
    "run",
    [
        run_of(),
        run_of(PASSED, skipped("no broker")),
        run_of(skipped("no broker"), allow_empty="yes"),
        run_of(skipped("no broker"), shard="2/8"),  # All shards together must show something.
    ],
)
def test_a_run_is_no_failure_because_some_were_skipped_or_when_it_may_be_empty(run):
    environment._see_that_something_was_run(run)


def test_results_that_cannot_be_written_end_the_run_with_one_message():
    aborted = []
    context = SimpleNamespace(run_state=RunState(), abort=lambda reason: aborted.append(reason))
    folder = SimpleNamespace(lost=lambda error: "lost")
    junit = environment._telling(partial(environment._lose, context, folder), Mock(side_effect=OSError(28, "no space")))
    junit(None)
    junit(None)
    # `after_all` says what was lost; the reason only points there.
    assert context.run_state.lost == ["lost"]
    assert len(aborted) == 1
    assert context.run_state.reasons == aborted


BROKEN = EnvironmentBroken("Ways to stores are still broken, at these proxies: 'way-to-mongodb'")
ENDED = EnvironmentBroken("the sandbox has ended")
UNREADABLE = EnvironmentBroken("RabbitMQ cannot be read")


class Breaking:
    """What the hooks find of a scenario whose clean-up the environment breaks."""

    def __init__(self, undo=None, healthy=True, ended=None, step=None):
        self.aborted, self.attached = [], []
        session = SimpleNamespace(
            leave_nothing_behind=Mock(side_effect=UNREADABLE),
            disturbances=SimpleNamespace(undo=Mock(side_effect=undo)),
            evidence=SimpleNamespace(keep_server_log=Mock(), keep_exchanges=Mock()),
            ledger=SimpleNamespace(own_jobs=()),
        )
        run = SimpleNamespace(
            check_provided=Mock(side_effect=ended),
            is_healthy=lambda: healthy,
            close_scenario=lambda session, name: None,
        )
        state = SimpleNamespace(session=session, keep=lambda found: self.attached.append(found.body))
        steps = [SimpleNamespace(status=Status.passed, exception=step)]
        status = Status.passed if step is None else Status.error
        self.scenario = SimpleNamespace(all_steps=steps, status=status, name="a scenario")
        run_state = RunState(run=run, report=Mock(), scenarios=[self.scenario])
        self.context = SimpleNamespace(
            run_state=run_state, state=state, abort=lambda reason: self.aborted.append(reason)
        )


@pytest.mark.parametrize(
    ("broken", "told", "ends"),
    [
        ({}, UNREADABLE, False),
        ({"healthy": False}, UNREADABLE, True),
        ({"undo": BROKEN}, BROKEN, True),
        ({"healthy": False, "ended": ENDED}, ENDED, True),
    ],
)
def test_a_run_ends_when_what_a_scenario_broke_cannot_be_repaired_or_all_is_broken_anyway(broken, told, ends):
    breaking = Breaking(**broken)
    with pytest.raises(EnvironmentBroken) as raised:
        environment.after_scenario(breaking.context, breaking.scenario)
    assert (raised.value, breaking.aborted) == (told, [environment.ENVIRONMENT_BROKEN] * ends)


@pytest.mark.parametrize("error", [UNREADABLE, SettingsError("HTTPS_PROXY names none")])
def test_what_a_step_has_told_of_the_environment_its_clean_up_does_not_tell_again(error):
    breaking = Breaking(healthy=False, step=error)
    environment.after_scenario(breaking.context, breaking.scenario)
    assert breaking.attached == [str(UNREADABLE)]
    assert breaking.aborted == [environment.ENVIRONMENT_BROKEN]


@pytest.mark.parametrize(("step", "told_again"), [(UNREADABLE, True), (ENDED, False)])
def test_after_a_failure_of_the_environment_only_what_is_new_is_told(step, told_again):
    breaking = Breaking(healthy=False, step=step, ended=None if told_again else ENDED, undo=BROKEN)
    with pytest.raises(EnvironmentBroken, match=str(BROKEN)) if told_again else nullcontext():
        environment.after_scenario(breaking.context, breaking.scenario)
    assert breaking.aborted == [environment.ENVIRONMENT_BROKEN]


def test_after_a_failure_of_the_product_a_clean_up_that_breaks_is_told():
    breaking = Breaking(healthy=False, step=AssertionError("the product is wrong"))
    with pytest.raises(EnvironmentBroken, match=str(UNREADABLE)):
        environment.after_scenario(breaking.context, breaking.scenario)
    assert breaking.aborted == [environment.ENVIRONMENT_BROKEN]


def test_a_step_that_fails_when_the_environment_has_ended_is_no_failure_of_the_product():
    aborted = []
    run = SimpleNamespace(check_provided=Mock(side_effect=ENDED))
    context = SimpleNamespace(
        run_state=RunState(run=run, report=Mock()),
        scenario=SimpleNamespace(effective_tags=[]),
        abort=lambda reason: aborted.append(reason),
        state=None,
    )
    step = SimpleNamespace(status=Status.failed, exception=AssertionError("the product is wrong"), name="a step")
    environment.after_step(context, step)
    assert (step.status, step.exception, aborted) == (Status.error, ENDED, [environment.ENVIRONMENT_BROKEN])


def test_a_step_that_cannot_be_shown_here_skips_its_scenario():
    context = SimpleNamespace(run_state=RunState(run=Mock(), report=Mock()), state=None)
    scenario = context.scenario = SimpleNamespace(effective_tags=["known-issue:PZ-99"], skip=Mock())
    step = SimpleNamespace(status=Status.error, exception=ScenarioSkipped("ssh.hosts is not set"), name="a step")
    environment.after_step(context, step)
    scenario.skip.assert_called_once_with("ssh.hosts is not set")
    assert (step.status, step.exception) == (Status.untested, None)


def test_the_exchanges_of_a_step_are_put_into_the_report_while_the_step_is_open_there():
    calls = Mock()
    state = SimpleNamespace(session=SimpleNamespace(evidence=calls.evidence))
    context = SimpleNamespace(
        run_state=RunState(run=Mock(), report=calls.report), scenario=SimpleNamespace(effective_tags=[]), state=state
    )
    step = SimpleNamespace(status=Status.passed, exception=None, name="a step")
    environment.after_step(context, step)
    assert [name for name, _, _ in calls.mock_calls] == ["evidence.keep_exchanges", "report.stop_step"]
