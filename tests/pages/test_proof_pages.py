"""The pages of the proof, as those read them who ask what the suite catches."""

import pytest
from playwright.sync_api import expect

from proof import defect_report, mutation_report
from proof.behave_runs import ScenarioOutcome
from proof.catalogue import Entry, Expectation
from proof.defect_report import Proof
from proof.detection import outcome_of
from proof.mutant_runs import MutantOutcome, MutantStatus
from proof.mutants import Mutant, MutantId
from proof.mutation_report import MutationRun
from proof.survivors import AcceptedSurvivor, Classification
from sandbox.defects import DEFECTS

from .looks import sticks_out_px, too_pale


def outcome(name, key, outcome):
    line = Expectation(name, (key,), "A job", "it is made", "no analyzer")
    return outcome_of(Entry(DEFECTS[name], (line,)), {"A job": outcome})


@pytest.fixture
def matrix(opened, tmp_path):
    areas = {}
    for name, defect in DEFECTS.items():
        areas.setdefault(defect.area, name)
    first, second = list(areas.values())[:2]
    caught = outcome(first, "PZ-13873", ScenarioOutcome("failed", "it is made", "there is no analyzer <of it>"))
    missed = outcome(second, "PZ-13880", ScenarioOutcome("passed"))
    html, _ = defect_report.write(Proof({}, (caught, missed), {}, 12.3, {}, whole=False), tmp_path)
    return opened(html)


def test_a_search_leaves_the_lines_and_areas_that_have_all_words(matrix):
    expect(matrix.locator("section:visible")).to_have_count(2)
    matrix.get_by_label("Search").fill("pz-13873")
    expect(matrix.get_by_role("status")).to_have_text("1 of 2")
    expect(matrix.locator("section:visible")).to_have_count(1)
    expect(matrix.locator("section:visible .caught")).to_have_text("caught")
    matrix.get_by_label("Search").fill("")
    expect(matrix.locator("section:visible")).to_have_count(2)


def test_what_caught_a_defect_unfolds_by_mouse_and_keyboard(matrix):
    message = matrix.get_by_text("there is no analyzer <of it>")
    expect(message).to_be_hidden()
    summary = matrix.locator("summary", has_text="PZ-13873")
    summary.click()
    expect(message).to_be_visible()
    matrix.keyboard.press("Enter")
    expect(message).to_be_hidden()


def test_a_missed_defect_is_told_at_the_head_and_by_its_word(matrix):
    expect(matrix.get_by_role("heading", name="Problems")).to_be_visible()
    expect(matrix.locator("td.missed")).to_have_text("not caught")
    mark = matrix.locator("td.missed").evaluate("one => getComputedStyle(one, '::before').content")
    assert "✗" in mark


def test_it_can_be_read(matrix):
    assert too_pale(matrix, "td, th, .soft, .name, .key, summary, p, li") == []
    assert sticks_out_px(matrix) == 0


def test_printed_it_has_no_search_and_everything_is_unfolded(matrix):
    message = matrix.get_by_text("there is no analyzer <of it>")
    matrix.emulate_media(media="print")
    matrix.evaluate("dispatchEvent(new Event('beforeprint'))")
    expect(matrix.get_by_label("Search")).to_be_hidden()
    expect(message).to_be_visible()
    matrix.evaluate("dispatchEvent(new Event('afterprint'))")
    expect(message).to_be_hidden()


@pytest.fixture
def mutants(opened, tmp_path):
    accepted, not_excused = (
        Mutant(MutantId("rules.py", name, "a < b", "a <= b"), line, "core/ReplaceComparison", "")
        for line, name in ((3, "first"), (7, "second"))
    )
    results = [MutantOutcome(accepted, MutantStatus.SURVIVED), MutantOutcome(not_excused, MutantStatus.SURVIVED)]
    accepted_survivors = {accepted.id: AcceptedSurvivor(Classification.EQUIVALENT, "a is never b")}
    html, _ = mutation_report.write(MutationRun({}, results, {}, accepted_survivors, [], 711, 12.3), tmp_path)
    return opened(html)


def test_a_mutant_that_lives_is_told_with_its_change_and_why_it_may(mutants):
    expect(mutants.get_by_role("heading", name="Problems")).to_be_visible()
    accepted, not_excused = mutants.get_by_role("table").nth(1).locator("tbody tr").all()
    assert accepted.locator("td").all_inner_texts() == ["rules.py:3", "a < b", "a <= b", "equivalent: a is never b"]
    expect(not_excused).to_contain_text("Not accepted.")


def test_a_part_of_the_mutants_says_of_how_many_it_is_one(mutants):
    expect(mutants.get_by_text("2 (a part of 711) small changes")).to_be_visible()


def test_mutants_can_be_read(mutants):
    assert too_pale(mutants, "td, th, li, code, p") == []
    assert sticks_out_px(mutants) == 0
