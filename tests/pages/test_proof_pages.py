"""The pages of the proof, as those read them who ask what the suite catches."""

import pytest
from playwright.sync_api import expect

from proof import mutation_report, report
from proof.catalogue import Entry, Expected
from proof.killing import End, Fate
from proof.mutants import Identity, Mutant
from proof.mutation_report import Mutation
from proof.outcomes import Outcome
from proof.report import Proof
from proof.survivors import Excuse, Why
from proof.verdicts import verdict_on
from sandbox.defects import DEFECTS

from .looks import sticks_out_px, too_pale


def verdict(name, key, outcome):
    line = Expected(name, (key,), "A job", "it is made", "no analyzer")
    return verdict_on(Entry(DEFECTS[name], (line,)), {"A job": outcome})


@pytest.fixture
def matrix(opened, tmp_path):
    areas = {}
    for name, defect in DEFECTS.items():
        areas.setdefault(defect.area, name)
    first, second = list(areas.values())[:2]
    caught = verdict(first, "PZ-13873", Outcome("failed", "it is made", "there is no analyzer <of it>"))
    missed = verdict(second, "PZ-13880", Outcome("passed"))
    html, _ = report.write(Proof({}, (caught, missed), {}, 12.3, {}, whole=False), tmp_path)
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
    expect(matrix.get_by_role("heading", name="To be mended")).to_be_visible()
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
    excused, not_excused = (
        Mutant(Identity("rules.py", name, "a < b", "a <= b"), line, "core/ReplaceComparison", "")
        for line, name in ((3, "first"), (7, "second"))
    )
    ends = [End(excused, Fate.SURVIVED), End(not_excused, Fate.SURVIVED)]
    excuses = {excused.identity: Excuse(Why.EQUIVALENT, "a is never b")}
    html, _ = mutation_report.write(Mutation({}, ends, {}, excuses, [], 711, 12.3), tmp_path)
    return opened(html)


def test_a_mutant_that_lives_is_told_with_its_change_and_why_it_may(mutants):
    expect(mutants.get_by_role("heading", name="To be mended")).to_be_visible()
    excused, not_excused = mutants.get_by_role("table").nth(1).locator("tbody tr").all()
    assert excused.locator("td").all_inner_texts() == ["rules.py:3", "a < b", "a <= b", "equivalent: a is never b"]
    expect(not_excused).to_contain_text("It may not.")


def test_a_part_of_the_mutants_says_of_how_many_it_is_one(mutants):
    expect(mutants.get_by_text("2 (a part of 711) small changes")).to_be_visible()


def test_mutants_can_be_read(mutants):
    assert too_pale(mutants, "td, th, li, code, p") == []
    assert sticks_out_px(mutants) == 0
