"""Figures that can be trusted: from when a request was due, without the warm-up, over a stated number."""

import pytest

from support.load.figures import Sample, by_kind, figures_of, limit_problems


def sample(due_s, took_s, *, waited_s=0.0, error="", kind="create"):
    sent_s = due_s + waited_s
    return Sample(kind=kind, due_s=due_s, sent_s=sent_s, ended_s=sent_s + took_s, error=error)


def test_a_request_that_was_sent_late_counts_from_when_it_was_due():
    """A server that stops for 10 s delays what was due meanwhile, also where the client could not send it."""
    delayed = [sample(at_s, 0.1, waited_s=10 - at_s) for at_s in range(10)]
    assert figures_of(delayed).p50_s == pytest.approx(5.1)
    assert figures_of(delayed).longest_s == pytest.approx(10.1)


def test_the_warm_up_does_not_count():
    samples = [sample(0.5, 9.0), sample(1.0, 0.1), sample(2.0, 0.2)]
    figures = figures_of(samples, after_s=1.0)
    assert (figures.number, figures.longest_s) == (2, pytest.approx(0.2))


def test_a_percentile_is_a_value_that_occurred():
    figures = figures_of([sample(number, number / 100) for number in range(1, 101)])
    assert [figures.p50_s, figures.p95_s, figures.p99_s] == pytest.approx([0.5, 0.95, 0.99])


def test_throughput_is_of_what_succeeded_and_latencies_are_as_well():
    samples = [sample(0.0, 0.01, error="503"), sample(0.5, 0.5), sample(1.0, 1.0)]
    figures = figures_of(samples)
    assert (figures.per_s, figures.failed, figures.p50_s) == (1.0, 1, 0.5)


def test_each_kind_has_figures_of_its_own():
    assert {kind: one.number for kind, one in by_kind([sample(0, 1), sample(0, 1, kind="rows")]).items()} == {
        "create": 1,
        "rows": 1,
    }


def test_what_is_beyond_a_limit_is_told_with_its_number_and_its_setting():
    figures = figures_of([sample(number, 1.0) for number in range(20)])
    (problem,) = limit_problems("create", figures, {"created_p50_s": 2.0, "created_p95_s": 0.5}, 0.0)
    for part in ("95 in 100 of 20", "1.000 s", "0.5 s", "load.created_p95_s"):
        assert part in problem


def test_an_error_is_told_with_what_it_was_where_more_fail_than_may():
    figures = figures_of([sample(0, 1), sample(1, 1, error="503 MongoDB is not available")])
    assert limit_problems("create", figures, {}, 0.5) == []
    (problem,) = limit_problems("create", figures, {}, 0.4)
    assert "1 of 2 failed" in problem
    assert "503 MongoDB is not available" in problem


def test_a_load_that_measured_nothing_holds_nothing():
    (problem,) = limit_problems("create", figures_of([]), {"created_p95_s": 1.0}, 0.0)
    assert "nothing was measured" in problem
