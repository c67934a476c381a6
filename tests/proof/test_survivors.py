"""The file of survivors, and what makes `make mutants` fail."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from proof import mutation_report, survivors
from proof.behave_runs import ScenarioOutcome
from proof.mutant_runs import MutantOutcome, MutantStatus
from proof.mutants import Mutant, MutantId
from proof.mutation_report import MutationRun
from proof.survivors import AcceptedSurvivor, Classification, SurvivorsError

HEAD = "file,definition,before,after,classification,reason\n"
ONE = MutantId("rules.py", "f", "x > 0", "x >= 0")
OTHER = ONE._replace(after="x == 0")
EQUIVALENT = {ONE: AcceptedSurvivor(Classification.EQUIVALENT, "x is never 0")}


def read(tmp_path: Path, *rows: str) -> dict[MutantId, AcceptedSurvivor]:
    file = tmp_path / "survivors.csv"
    file.write_text(HEAD + "".join(f"{row}\n" for row in rows))
    return survivors.read(file)


def test_a_line_excuses_one_mutant(tmp_path: Path) -> None:
    assert read(tmp_path, "rules.py,f,x > 0,x >= 0,equivalent,x is never 0") == EQUIVALENT


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        (["rules.py,f,a,b,equivalent,"], "line 2: it must say"),
        (["rules.py,f,a,b,boring,because"], "line 2: it must say equivalent or not observable"),
        (["rules.py,f,a,b,equivalent,because"] * 2, "line 3: there is a line for this mutant already"),
    ],
)
def test_a_line_that_says_nothing_is_refused(tmp_path: Path, rows: list[str], words: str) -> None:
    with pytest.raises(SurvivorsError, match=words):
        read(tmp_path, *rows)


def test_the_file_of_the_project_can_be_read() -> None:
    assert survivors.read()


def test_an_excuse_for_a_mutant_that_is_gone_is_found() -> None:
    assert survivors.obsolete(EQUIVALENT, [OTHER]) == [ONE]
    assert survivors.obsolete(EQUIVALENT, [ONE, OTHER]) == []


def end(mutant_id: MutantId, status: MutantStatus) -> MutantOutcome:
    return MutantOutcome(Mutant(mutant_id, 7, "any", ""), status, "A scenario" if status is MutantStatus.KILLED else "")


def mutation(
    *results: MutantOutcome, red: dict[str, ScenarioOutcome] | None = None, obsolete: tuple[MutantId, ...] = ()
) -> MutationRun:
    return MutationRun(red or {}, results, {}, EQUIVALENT, obsolete, len(results), 1.0)


def test_all_is_well_when_what_lives_is_excused() -> None:
    found = mutation(end(ONE, MutantStatus.SURVIVED), end(OTHER, MutantStatus.KILLED))
    assert found.problems == []
    assert (found.killed, found.equivalent, found.score) == (1, 1, 1.0)


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (mutation(end(ONE, MutantStatus.SURVIVED), end(OTHER, MutantStatus.SURVIVED)), "x == 0: survives"),
        (mutation(end(ONE, MutantStatus.KILLED)), "was killed by 'A scenario'"),
        (mutation(end(OTHER, MutantStatus.UNCLEAR)), "unclear"),
        (
            mutation(end(OTHER, MutantStatus.KILLED), obsolete=(ONE,)),
            "there is no such mutant: rules.py, f: x > 0 -> x >= 0",
        ),
        (
            mutation(end(OTHER, MutantStatus.KILLED), red={"Green": ScenarioOutcome("failed", "a step", "why")}),
            "red without a mutant",
        ),
        (mutation(end(OTHER, MutantStatus.SURVIVED)), "0.0% of the non-equivalent mutants of modules"),
    ],
)
def test_what_is_not_as_it_must_be_is_told(found: MutationRun, words: str) -> None:
    assert any(words in problem for problem in found.problems)


def test_of_what_only_carries_decisions_no_share_is_wanted() -> None:
    driver = OTHER._replace(file="sandbox/focus_server/rabbitmq.py")
    found = mutation(end(driver, MutantStatus.SURVIVED), end(OTHER, MutantStatus.KILLED))
    assert (found.killed, found.score) == (1, 1.0)
    alone = mutation(end(driver, MutantStatus.KILLED))
    assert (alone.score, alone.problems) == (None, [])


def test_of_a_part_no_share_is_wanted() -> None:
    """What may live is not spread evenly over the files."""
    part = replace(mutation(end(OTHER, MutantStatus.SURVIVED)), total=2)
    assert [problem for problem in part.problems if "were killed" in problem] == []


def test_what_came_of_it_is_written_for_people_and_programs(tmp_path: Path) -> None:
    html, data = mutation_report.write(
        mutation(end(ONE, MutantStatus.SURVIVED), end(OTHER, MutantStatus.KILLED)), tmp_path
    )
    told = json.loads(data.read_text())
    assert (told["mutants"], told["killed"], told["equivalent"], told["score"]) == (2, 1, 1, 1.0)
    assert [one["status"] for one in told["results"]] == ["survived", "killed"]
    assert told["results"][0]["reason"] == "x is never 0"
    assert "x is never 0" in html.read_text()
