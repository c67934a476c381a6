"""One screen of a terminal."""

import io
from dataclasses import replace

import pytest
from rich.console import Console

from reporting.features import Place, Tag
from reporting.lint import Problem
from reporting.page import MARKS
from reporting.summary import PLAIN_MARKS, as_summary, marks_for
from reporting.verdicts import Status


def shown(traced, problems=()):
    screen = io.StringIO()
    Console(width=80, file=screen).print(as_summary(traced, problems))
    return screen.getvalue()


def test_it_names_what_is_red_and_what_is_to_be_put_right(traced):
    text = shown(traced, [Problem(Place("features/a.feature", 7), "is wrong")])
    assert "9 test cases, 8 automated" in text
    assert "✗ PZ-10002 failed: Fails in one of two" in text
    assert "! PZ-10003 broken: Breaks" in text
    assert "PZ-10004 incomplete" not in text
    assert "features/a.feature:7: is wrong" in text


def test_hundreds_of_problems_do_not_run_over_it(ran):
    text = shown(ran.traced(), [Problem(Place("a.feature", line), "is wrong") for line in range(1, 300)])
    assert "… and 289 more" in text
    assert len(text.splitlines()) < 40


def test_a_run_of_a_part_says_so_first(ran, traced):
    assert shown(traced).startswith("Part of the suite: 6 of 8 scenarios were run\n")
    assert "Part of the suite" not in shown(ran.traced())


def test_what_fails_by_known_issues_only_is_told_with_their_tickets(traced):
    def known(one):
        tagged = replace(one.scenario, tags=(Tag("known-issue:PZ-777", one.scenario.place),))
        return replace(one, scenario=tagged, result=replace(one.result, known=True))

    cases = tuple(
        replace(case, scenarios=tuple(known(one) if one.status is Status.FAILED else one for one in case.scenarios))
        for case in traced.cases
    )
    lines = [line.rstrip() for line in shown(replace(traced, cases=cases)).splitlines()]
    assert "✗ PZ-10002 failed: Fails in one of two (known: PZ-777)" in lines
    # What broke beside it is not known.
    assert "✗ PZ-10008 failed: Fails and breaks" in lines


@pytest.mark.parametrize(("encoding", "marks"), [("utf-8", MARKS), ("ascii", PLAIN_MARKS), ("latin-1", PLAIN_MARKS)])
def test_marks_are_such_that_the_terminal_can_show_and_tell_apart(traced, encoding, marks):
    assert marks_for(encoding) is marks
    assert marks.keys() == MARKS.keys()
    assert len(set(marks.values())) == len(marks)
    "".join(marks.values()).encode(encoding)
    console = Console(file=io.StringIO(), width=80)
    console.print(as_summary(traced, [], marks))
    assert f"{marks['failed']} failed" in console.file.getvalue()
