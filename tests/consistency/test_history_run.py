"""A run that does not come to its end, and what is told of one that does."""

import json
import threading
from pathlib import Path
from types import SimpleNamespace

import pytest
from histories import SETTINGS, InStores, cancel, create, look
from typer.testing import CliRunner

from consistency import __main__ as command
from consistency import run
from consistency.operations import AFTERWARDS, Fault
from consistency.run import LEFT, NOT_BACK, Plan, refusal
from consistency.seen import Seen
from consistency.timeline import Told
from redaction import redact
from support.core.errors import EnvironmentBroken, ExpectationFailed, SettingsError
from support.profile.profile import Profile

PLAN = Plan(seed=7, operations=8, clients=2)
QUICK = SETTINGS.model_copy(
    update={
        "workloads": SETTINGS.workloads.model_copy(update={"disposable": True}),
        "time_limits": SETTINGS.time_limits.model_copy(
            update=dict.fromkeys(
                ("recovered_s", "effect_appears_s", "analyzer_runs_s", "effect_disappears_s", "part_recovers_s"), 0.01
            )
        ),
    }
)
WAYS = ("cut_off", "slow_down", "silence", "lose_answers", "reopen")
STOPS = ("kill", "delete", "stop", "start", "await_return")


def nothing(*_):
    """Nobody listens."""


def raising(error):
    def fail(*_):
        raise error

    return fail


class Session:
    """A scenario's session; of the parts only the way to MongoDB can be cut, unless there is a reason against it."""

    def __init__(self, why=None):
        means = dict.fromkeys((*WAYS, *STOPS), nothing)
        self.outages = SimpleNamespace(impossible=lambda part: why if part == "MongoDB" else "it is not set", **means)
        self.workloads = SimpleNamespace(impossible=lambda part: why or "it is not set", **means)
        self.disturbances = SimpleNamespace(outages=self.outages, workloads=self.workloads)
        self.journal = SimpleNamespace(requested=nothing, enter_exchange=nothing)
        self.ledger = SimpleNamespace(
            enter_exchange=nothing, enter_request=nothing, read_history=nothing, happened=[], unseen=[]
        )
        self.promises = SimpleNamespace(unseen=[])
        self.leave_nothing_behind = nothing


class Look:
    """The stores show what the test says."""

    def __init__(self, seen=None):
        self.look = lambda job_ids, marks: seen or Seen()


@pytest.fixture
def check():
    """A run of an environment of which nothing can be disturbed."""
    return run._Check(QUICK, Session("it is not set"), Look(), PLAN, nothing)


@pytest.fixture
def carried_out(monkeypatch, tmp_path):
    """Carries out the command with a session that the test makes; gives its end, and what it has kept."""

    def carry_out(session, stores=None, settings=QUICK, operations=24):
        profile = SimpleNamespace(
            name="test",
            settings=lambda endpoints: settings,
            provider=lambda: None,
            check_variables=nothing,
            reports=lambda: SimpleNamespace(directory=str(tmp_path)),
        )
        suite_run = SimpleNamespace(stores=None, close=nothing, open_scenario=lambda keep: session)
        monkeypatch.setattr(run.SuiteRun, "start", lambda *_: suite_run)
        monkeypatch.setattr(run, "StoreLook", lambda *_: stores or Look())
        monkeypatch.setattr(run.Client, "do", lambda client, _: client._recording.completed(look(0, 0.1, "absent")))
        monkeypatch.setattr(run._Check, "_prove_recovery", nothing)
        monkeypatch.setattr(command, "read_profile", lambda _: profile)
        arguments = ["run", "--seed", "5", "--operations", str(operations), "--clients", "2"]
        ended = CliRunner().invoke(command.app, arguments)
        kept = [json.loads(path.read_text("utf-8")) for path in (tmp_path / "history").glob("*.json")]
        pages = [path.read_text("utf-8") for path in (tmp_path / "history").glob("*.html")]
        return ended, kept, pages

    return carry_out


def test_all_operations_are_done_by_their_clients(check):
    check.carry_out()
    done = check.recording.operations
    assert sorted(one.client for one in done) == ["0"] * 4 + ["1"] * 4
    assert check._not_done() == []


def test_a_part_that_does_not_come_back_is_a_violation_also_where_it_keeps_the_run_from_cleaning_up(carried_out):
    session = Session()
    session.outages.reopen = raising(ExpectationFailed("expected MongoDB to be back"))
    session.leave_nothing_behind = raising(EnvironmentBroken("MongoDB cannot be reached"))
    ended, (kept,), (page,) = carried_out(session)
    assert ended.exit_code == 1
    assert [(one["promise"], one["problem"]) for one in kept["violations"]] == [
        (NOT_BACK, "expected MongoDB to be back")
    ]
    assert kept["operations"], "what was recorded is not lost"
    assert kept["no_verdict"] == ["not all could be cleaned up: MongoDB cannot be reached"]
    assert "expected MongoDB to be back" in page
    assert "MongoDB cannot be reached" in page


def test_a_fault_that_cannot_be_carried_out_leaves_no_verdict_but_what_was_recorded(carried_out):
    session = Session()
    for way in WAYS:
        setattr(session.outages, way, raising(EnvironmentBroken("Toxiproxy does not answer")))
    ended, (kept,), (page,) = carried_out(session)
    assert ended.exit_code == 2
    assert kept["operations"]
    assert "Toxiproxy does not answer" in kept["no_verdict"]
    assert "There can be no verdict." in page


def test_stores_that_cannot_be_asked_at_the_end_leave_no_verdict_but_what_was_recorded(carried_out):
    stores = Look()
    stores.look = raising(EnvironmentBroken("RabbitMQ cannot be reached"))
    ended, (kept,), (page,) = carried_out(Session(), stores)
    assert ended.exit_code == 2
    assert kept["operations"]
    assert "RabbitMQ cannot be reached" in kept["no_verdict"]
    assert "RabbitMQ cannot be reached" in page
    assert "Every promise was kept" not in ended.output


def test_what_is_left_behind_is_a_violation(carried_out):
    session = Session()
    session.leave_nothing_behind = raising(ExpectationFailed("there is a queue"))
    ended, (kept,), _ = carried_out(session)
    assert ended.exit_code == 1
    assert (LEFT, "there is a queue") in [(one["promise"], one["problem"]) for one in kept["violations"]]


def test_after_ctrl_c_nothing_is_put_right_while_a_part_still_comes_back(carried_out, monkeypatch):
    order, may_return, session = [], threading.Event(), Session()

    def interrupted(check):
        check._conductor._planned[:] = [Fault(part="MongoDB", what="restart", begins=0, ends=1)]
        check._conductor.admit()
        check._conductor.admit()
        threading.Timer(0.05, may_return.set).start()
        raise KeyboardInterrupt

    monkeypatch.setattr(run._Check, "carry_out", interrupted)
    session.workloads.await_return = lambda part: may_return.wait(5) and order.append("back")
    session.leave_nothing_behind = lambda: order.append("put right")
    carried_out(session)
    assert order == ["back", "put right"]


def test_where_nothing_was_disturbed_there_is_no_verdict(carried_out):
    ended, (kept,), _ = carried_out(Session("toxiproxy.url is not set"))
    assert ended.exit_code == 2
    (why,) = kept["no_verdict"]
    assert why.startswith("nothing could be disturbed: ")
    assert "the way to MongoDB is not disturbed: toxiproxy.url is not set" in why
    assert "Every promise was kept" not in ended.output


def test_what_is_kept_holds_no_secrets(carried_out):
    redact.learn(["s3cret-of-the-store"])
    session = Session()
    session.leave_nothing_behind = raising(ExpectationFailed("there is a queue at amqp://me:s3cret-of-the-store@store"))
    _, (kept,), (page,) = carried_out(session)
    (left,) = [one["problem"] for one in kept["violations"] if one["promise"] == LEFT]
    assert left.startswith("there is a queue at amqp://me:")
    assert "there is a queue at amqp://me:" in page
    assert "s3cret" not in json.dumps(kept) + page


def test_operations_that_are_too_few_for_a_fault_show_nothing(carried_out):
    ended, (kept,), _ = carried_out(Session(), operations=4)
    assert ended.exit_code == 2
    assert kept["no_verdict"] == ["nothing was disturbed: there were too few operations for a fault"]


def test_operations_that_had_no_time_leave_no_verdict(carried_out, monkeypatch):
    monkeypatch.setattr(run, "_AT_LEAST_S", 0.0)
    monkeypatch.setattr(run, "_AN_OPERATION_S", 0.0)
    ended, (kept,), _ = carried_out(Session("it is not set"))
    assert ended.exit_code == 2
    assert kept["violations"] == []
    assert "0 of 24 operations were done, in at most 0 s" in kept["no_verdict"]


def test_the_time_for_all_grows_with_the_faults_that_are_planned():
    limits = SETTINGS.time_limits
    undisturbed = run._Check(SETTINGS, Session("it is not set"), Look(), PLAN, nothing)
    assert undisturbed._limit_s == PLAN.limit_s
    disturbed = run._Check(SETTINGS, Session(), Look(), Plan(seed=7, operations=100, clients=2), nothing)
    planned = len(disturbed._conductor._planned)
    assert planned > 1
    assert disturbed._limit_s == PLAN.limit_s + planned * limits.part_recovers_s


class TestCancellationsWithoutAnAnswer:
    def asked(self, check, monkeypatch, outcomes):
        """Those that are asked for at the end, by a client that gets these outcomes."""
        asked = []
        check.recording.operations += [create(), cancel(1, 2, "info")]
        monkeypatch.setattr(check, "_prove_recovery", nothing)
        monkeypatch.setattr(run, "_BETWEEN_LOOKS_S", 0.0)

        def ask(client, kind, job_id):
            if kind == "cancel":
                asked.append(job_id)
                return cancel(3, 4, outcomes.pop(0) if len(outcomes) > 1 else outcomes[0], client=AFTERWARDS)
            return None

        monkeypatch.setattr(run.Client, "ask", ask)
        check.recover()
        return asked

    def test_are_repeated_until_they_are_answered(self, check, monkeypatch):
        assert len(self.asked(check, monkeypatch, ["info", "info", "ok"])) == 3

    def test_are_given_up_when_they_must_have_been_answered(self, check, monkeypatch):
        assert len(self.asked(check, monkeypatch, ["info"])) > 1

    def test_leave_a_job_whole_or_gone(self, check):
        stores = InStores().whole()
        del stores.queues["job_00000001"]
        check._look = Look(stores.seen())
        check.recording.operations += [create(), cancel(1, 2, "info")]
        check.judge()
        assert "a job is half cancelled" in [one.promise for one in check.told]


def test_what_was_told_before_and_at_the_end_is_told_once_as_it_was_first():
    def told(problem, job_id):
        return Told(promise="p", problem=problem, job_id=job_id, timeline=[])

    before, after, late = told("no queue", "job_1"), told("no queue and no pod", "job_1"), told("too late", None)
    assert run._once([before, late, after, late]) == [before, late]


def test_only_what_was_made_for_the_run_or_is_marked_may_be_disturbed():
    assert refusal(SETTINGS, is_provided=True) is None
    assert refusal(QUICK, is_provided=False) is None
    assert "workloads.disposable is not set" in refusal(SETTINGS, is_provided=False)


def test_only_an_environment_that_is_made_for_the_run_can_have_a_defect():
    makes = {"command": ["ordinary"], "disposable_command": ["disposable"]}
    made, lasting = (Profile("made-up", Path("made-up.toml"), one) for one in ({"provider": makes}, {}))
    assert run._maker(made, None).command == ("disposable",)
    assert run._maker(made, "some_defect").command == ("disposable", "--defect", "some_defect")
    assert run._maker(lasting, None) is None
    with pytest.raises(SettingsError, match="--defect"):
        run._maker(lasting, "some_defect")


def test_what_others_use_too_may_not_be_disturbed(carried_out):
    ended, kept, _ = carried_out(Session(), settings=QUICK.model_copy(update={"exclusive": False}))
    assert ended.exit_code == 2
    assert "exclusive is not set" in ended.output
    assert kept == []
