"""What a run says of a mutant, and that a mutant which no scenario sees is told."""

import signal
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from proof import killing
from proof.decisions import features_for
from proof.killers import Killers
from proof.killing import Fate, end_of, kill
from proof.mutants import Identity, Mutant
from proof.outcomes import Outcome, Ran
from proof.tenants import Tenant, Tenants

FAILED = Outcome("failed", "the job is accepted", "expected the job to be accepted")
ERROR = Outcome("error", "the job is requested", "the server cannot be reached")
PASSED = Outcome("passed")
SCENARIO = "The first sensor of the fibre can be looked at"


def mutant(name: str = "rules") -> Mutant:
    return Mutant(Identity(f"sandbox/focus_server/{name}.py", "f", "x > 0", "x >= 0"), 7, "any", "x >= 0")


def ran(status: int, **scenarios: Outcome) -> Ran:
    return Ran(status, "printed", scenarios, Counter(), Path("none"))


@pytest.mark.parametrize(
    ("run", "fate"),
    [
        (ran(1, a=PASSED, b=FAILED), Fate.KILLED),
        (ran(1, a=ERROR, b=FAILED), Fate.KILLED),
        (ran(0, a=PASSED), Fate.SURVIVED),
        (ran(1, a=PASSED, b=ERROR), Fate.UNCLEAR),
        (ran(1, a=PASSED), Fate.UNCLEAR),
        (ran(1), Fate.UNCLEAR),
        (ran(0), Fate.UNCLEAR),
        (ran(-signal.SIGKILL), Fate.TIMED_OUT),
    ],
)
def test_only_a_step_that_failed_kills(run: Ran, fate: Fate) -> None:
    assert end_of(mutant(), run).fate is fate


def test_it_is_said_which_scenario_killed_at_which_step() -> None:
    end = end_of(mutant(), ran(1, a=PASSED, b=FAILED))
    assert (end.scenario, end.outcome) == ("b", FAILED)
    assert end.killed


class Suite:
    """Answers runs of behave in their order, and notes what was asked."""

    def __init__(self, *answers: Ran, start: Exception | None = None) -> None:
        self.answers, self.start, self.asked = list(answers), start, []

    def run(self, arguments: Sequence[str], variables: Mapping[str, str], place: Path, limit_s: float) -> Ran:
        assert limit_s > 0
        self.asked.append(list(arguments))
        return self.answers.pop(0)

    @contextmanager
    def serving(self, name: str, tenant: Tenant, place: Path, serve: Callable[[str], None]) -> Iterator[dict[str, str]]:
        if self.start:
            raise self.start
        yield {}


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., list[killing.End]]:
    def ask(suite: Suite, mutants: Sequence[Mutant], excused: Sequence[Identity] = ()) -> list[killing.End]:
        monkeypatch.setattr(killing, "run_behave", suite.run)
        monkeypatch.setattr(killing, "serving", suite.serving)
        tenants = Tenants([Tenant({}, tmp_path / "endpoints.json", tmp_path, {}, lambda: None)])
        return kill(tenants, mutants, excused, {}, Killers({}), lambda end: None)

    return ask


SURVIVES = ran(0, a=PASSED)


def test_a_mutant_that_no_scenario_sees_survives_and_all_have_been_asked(asked: Callable[..., Any]) -> None:
    suite = Suite(SURVIVES, SURVIVES)
    (end,) = asked(suite, [mutant()])
    assert end.fate is Fate.SURVIVED
    assert not end.killed
    files = [argument for run in suite.asked for argument in run if argument.endswith(".feature")]
    assert sorted(files) == sorted(str(path) for path in Path().glob("features/**/*.feature"))


def test_of_an_excused_one_only_the_features_of_its_module_are_asked(asked: Callable[..., Any]) -> None:
    suite = Suite(SURVIVES)
    (end,) = asked(suite, [mutant()], [mutant().identity])
    assert end.fate is Fate.SURVIVED
    assert suite.asked == [[*features_for("rules.py"), "--stop"]]


def test_an_error_is_asked_for_once_more(asked: Callable[..., Any]) -> None:
    (end,) = asked(Suite(ran(1, a=ERROR), ran(1, b=FAILED)), [mutant()])
    assert end.fate is Fate.KILLED
    (end,) = asked(Suite(ran(1, a=ERROR), ran(1, a=ERROR)), [mutant()])
    assert end.fate is Fate.UNCLEAR


def test_what_has_killed_in_a_definition_is_asked_first_there(asked: Callable[..., Any]) -> None:
    suite = Suite(ran(1, **{SCENARIO: FAILED}), SURVIVES, SURVIVES, SURVIVES)
    other = Mutant(mutant().identity._replace(after="x == 0"), 7, "any", "x == 0")
    assert [end.fate for end in asked(suite, [mutant(), other])] == [Fate.KILLED, Fate.SURVIVED]
    assert any("first\\ sensor" in argument for argument in suite.asked[1])


def test_what_has_killed_it_before_is_asked_first_and_then_what_has_killed_in_its_file() -> None:
    own, near, far, elsewhere = (
        mutant().identity._replace(after=after) for after in ("x == 0", "x < 0", "x > 1", "x != 0")
    )
    far, elsewhere = far._replace(definition="g"), elsewhere._replace(file="sandbox/focus_server/limits.py")
    names = ["A running job is cancelled", SCENARIO, "A job is cancelled twice", "Nothing answers"]
    known = Killers(dict(zip((own, near, far, elsewhere), names, strict=True)))
    assert known.likely(own) == [[names[0]], [names[1], names[2]]]
    assert known.likely(own._replace(after="x <= 0")) == [[names[1], names[0]], [names[2]]]
    assert known.likely(own._replace(definition="h")) == [names[:3]]
    assert known.likely(own._replace(file="sandbox/focus_server/service.py")) == []
    known.enter(own, names[3])
    assert known.likely(own)[0] == [names[3]]


def test_killers_are_kept_from_run_to_run(tmp_path: Path) -> None:
    assert Killers.read(tmp_path).likely(mutant().identity) == []
    known = Killers({})
    known.enter(mutant().identity, SCENARIO)
    known.write(tmp_path / "reports")
    assert Killers.read(tmp_path / "reports").likely(mutant().identity) == [[SCENARIO]]


def test_a_scenario_that_there_is_no_more_is_not_asked() -> None:
    assert Killers({mutant().identity: "A scenario of yesterday"}).likely(mutant().identity) == []


def test_one_that_does_not_start_is_killed_and_that_is_said(asked: Callable[..., Any]) -> None:
    (end,) = asked(Suite(start=RuntimeError("SyntaxError")), [mutant()])
    assert end.fate is Fate.NO_START
    assert end.killed
    assert "SyntaxError" in end.outcome.message


def test_one_that_takes_too_long_to_start_is_not_killed_by_that(asked: Callable[..., Any]) -> None:
    (end,) = asked(Suite(start=TimeoutError("not ready")), [mutant()])
    assert end.fate is Fate.UNCLEAR


def test_that_one_is_killed_which_is_excused_must_be_seen_twice(asked: Callable[..., Any]) -> None:
    (end,) = asked(Suite(ran(1, a=FAILED), SURVIVES), [mutant()], [mutant().identity])
    assert end.fate is Fate.SURVIVED
    (end,) = asked(Suite(ran(1, a=FAILED), ran(1, a=FAILED)), [mutant()], [mutant().identity])
    assert end.fate is Fate.KILLED
