"""What a run says of a mutant, and that a mutant which no scenario sees is told."""

import signal
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from proof import mutant_runs
from proof.behave_runs import BehaveRun, ScenarioOutcome
from proof.kill_history import KillHistory
from proof.mutant_runs import MutantStatus, mutant_outcome, run_mutants
from proof.mutants import Mutant, MutantId
from proof.mutated_modules import every_feature, features_for
from proof.tenant_pool import LeasedTenant, TenantPool

FAILED = ScenarioOutcome("failed", "the job is accepted", "expected the job to be accepted")
ERROR = ScenarioOutcome("error", "the job is requested", "the server cannot be reached")
PASSED = ScenarioOutcome("passed")
SCENARIO = "The first sensor of the fibre can be looked at"


def mutant(name: str = "rules") -> Mutant:
    return Mutant(MutantId(f"sandbox/focus_server/{name}.py", "f", "x > 0", "x >= 0"), 7, "any", "x >= 0")


ILL = "ABORTED: The environment is broken.\n  - The Focus Server is ill: answered 404 instead of 200\n"
GONE = "ABORTED: The environment is broken.\n  - The Focus Server cannot be reached at https://127.0.0.1:1\n"


def ran(status: int, printed: str = "printed", **scenarios: ScenarioOutcome) -> BehaveRun:
    return BehaveRun(status, printed, scenarios, Counter(), Path("none"))


@pytest.mark.parametrize(
    ("run", "status"),
    [
        (ran(1, a=PASSED, b=FAILED), MutantStatus.KILLED),
        (ran(1, a=ERROR, b=FAILED), MutantStatus.KILLED),
        (ran(0, a=PASSED), MutantStatus.SURVIVED),
        (ran(1, a=PASSED, b=ERROR), MutantStatus.UNCLEAR),
        (ran(1, a=PASSED), MutantStatus.UNCLEAR),
        (ran(1), MutantStatus.UNCLEAR),
        (ran(0), MutantStatus.UNCLEAR),
        (ran(-signal.SIGKILL), MutantStatus.TIMED_OUT),
        (ran(1, ILL), MutantStatus.ILL),
        (ran(1, ILL, a=ERROR), MutantStatus.UNCLEAR),
        (ran(1, GONE), MutantStatus.UNCLEAR),
    ],
)
def test_only_a_step_that_failed_or_a_server_that_is_ill_kills(run: BehaveRun, status: MutantStatus) -> None:
    assert mutant_outcome(mutant(), run).status is status


def test_it_is_said_which_scenario_killed_at_which_step() -> None:
    end = mutant_outcome(mutant(), ran(1, a=PASSED, b=FAILED))
    assert (end.scenario, end.outcome) == ("b", FAILED)
    assert end.killed


class Suite:
    """Answers runs of behave in their order, and notes what was asked."""

    def __init__(self, *answers: BehaveRun, start: Exception | None = None) -> None:
        self.answers, self.start, self.asked = list(answers), start, []

    def run(self, arguments: Sequence[str], variables: Mapping[str, str], place: Path, limit_s: float) -> BehaveRun:
        assert limit_s > 0
        self.asked.append(list(arguments))
        return self.answers.pop(0)

    @contextmanager
    def serving(
        self, name: str, tenant: LeasedTenant, place: Path, serve: Callable[[str], None]
    ) -> Iterator[dict[str, str]]:
        if self.start:
            raise self.start
        yield {}


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., list[mutant_runs.MutantOutcome]]:
    def ask(
        suite: Suite, mutants: Sequence[Mutant], accepted: Sequence[MutantId] = ()
    ) -> list[mutant_runs.MutantOutcome]:
        monkeypatch.setattr(mutant_runs, "run_behave", suite.run)
        monkeypatch.setattr(mutant_runs, "serving", suite.serving)
        tenants = TenantPool([LeasedTenant({}, tmp_path / "endpoints.json", tmp_path, {}, lambda: None)])
        return run_mutants(tenants, mutants, accepted, {}, KillHistory({}), lambda end: None)

    return ask


SURVIVES = ran(0, a=PASSED)


def test_a_mutant_that_no_scenario_sees_survives_and_all_have_been_asked(asked: Callable[..., Any]) -> None:
    suite = Suite(SURVIVES, SURVIVES)
    (end,) = asked(suite, [mutant()])
    assert end.status is MutantStatus.SURVIVED
    assert not end.killed
    files = [argument for run in suite.asked for argument in run if argument.endswith(".feature")]
    assert sorted(files) == sorted(every_feature())


def test_of_an_excused_one_only_the_features_of_its_module_are_asked(asked: Callable[..., Any]) -> None:
    suite = Suite(SURVIVES)
    (end,) = asked(suite, [mutant()], [mutant().id])
    assert end.status is MutantStatus.SURVIVED
    assert suite.asked == [[*features_for("rules.py"), "--stop"]]


def test_an_error_is_asked_for_once_more(asked: Callable[..., Any]) -> None:
    (end,) = asked(Suite(ran(1, a=ERROR), ran(1, b=FAILED)), [mutant()])
    assert end.status is MutantStatus.KILLED
    (end,) = asked(Suite(ran(1, a=ERROR), ran(1, a=ERROR)), [mutant()])
    assert end.status is MutantStatus.UNCLEAR


def test_that_the_server_is_ill_must_be_seen_twice(asked: Callable[..., Any]) -> None:
    (end,) = asked(Suite(ran(1, ILL), SURVIVES, SURVIVES), [mutant()])
    assert end.status is MutantStatus.SURVIVED
    (end,) = asked(Suite(ran(1, ILL), ran(1, ILL)), [mutant()])
    assert (end.status, end.killed) == (MutantStatus.ILL, True)


def test_what_has_killed_in_a_definition_is_asked_first_there(asked: Callable[..., Any]) -> None:
    suite = Suite(ran(1, **{SCENARIO: FAILED}), SURVIVES, SURVIVES, SURVIVES)
    other = Mutant(mutant().id._replace(after="x == 0"), 7, "any", "x == 0")
    assert [end.status for end in asked(suite, [mutant(), other])] == [MutantStatus.KILLED, MutantStatus.SURVIVED]
    assert any("first\\ sensor" in argument for argument in suite.asked[1])


def test_what_has_killed_it_before_is_asked_first_and_then_what_has_killed_in_its_file() -> None:
    own, near, far, elsewhere = (mutant().id._replace(after=after) for after in ("x == 0", "x < 0", "x > 1", "x != 0"))
    far, elsewhere = far._replace(definition="g"), elsewhere._replace(file="sandbox/focus_server/limits.py")
    names = ["A running job is cancelled", SCENARIO, "A job is cancelled twice", "Nobody listens"]
    known = KillHistory(dict(zip((own, near, far, elsewhere), names, strict=True)))
    assert known.candidates(own) == [[names[0]], [names[1], names[2]]]
    assert known.candidates(own._replace(after="x <= 0")) == [[names[1], names[0]], [names[2]]]
    assert known.candidates(own._replace(definition="h")) == [names[:3]]
    assert known.candidates(own._replace(file="sandbox/focus_server/service.py")) == []
    known.add(own, names[3])
    assert known.candidates(own)[0] == [names[3]]


def test_killers_are_kept_from_run_to_run(tmp_path: Path) -> None:
    assert KillHistory.read(tmp_path).candidates(mutant().id) == []
    known = KillHistory({})
    known.add(mutant().id, SCENARIO)
    known.write(tmp_path / "reports")
    assert KillHistory.read(tmp_path / "reports").candidates(mutant().id) == [[SCENARIO]]


def test_a_scenario_that_there_is_no_more_is_not_asked() -> None:
    assert KillHistory({mutant().id: "A scenario of yesterday"}).candidates(mutant().id) == []


def test_one_that_does_not_start_is_killed_and_that_is_said(asked: Callable[..., Any]) -> None:
    (end,) = asked(Suite(start=RuntimeError("SyntaxError")), [mutant()])
    assert end.status is MutantStatus.NO_START
    assert end.killed
    assert "SyntaxError" in end.outcome.message


def test_one_that_takes_too_long_to_start_is_not_killed_by_that(asked: Callable[..., Any]) -> None:
    (end,) = asked(Suite(start=TimeoutError("not ready")), [mutant()])
    assert end.status is MutantStatus.UNCLEAR


def test_that_one_is_killed_which_is_excused_must_be_seen_twice(asked: Callable[..., Any]) -> None:
    (end,) = asked(Suite(ran(1, a=FAILED), SURVIVES), [mutant()], [mutant().id])
    assert end.status is MutantStatus.SURVIVED
    (end,) = asked(Suite(ran(1, a=FAILED), ran(1, a=FAILED)), [mutant()], [mutant().id])
    assert end.status is MutantStatus.KILLED
