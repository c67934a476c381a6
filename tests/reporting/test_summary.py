"""One screen of a terminal."""

import io

from rich.console import Console

from reporting.features import Place
from reporting.lint import Problem
from reporting.summary import as_summary


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
