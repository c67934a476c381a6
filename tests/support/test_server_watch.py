"""What a load held against the limits of the server: memory that grew, processor time, slow queries."""

from types import SimpleNamespace

import pytest
from stand_ins import settings

from support.core.errors import EnvironmentBroken
from support.load import slow_queries, watch
from support.load.resources import Usage
from support.load.watch import ServerWatch
from support.profile.settings import Load

LIMITS = settings().model_copy(update={"load": Load(memory_growth_mb=32, cpu_s_a_job=0.1, server_process=1)})


def watch_that_saw(*seen):
    """One that saw this at 0 s, 1 s, …"""
    made = ServerWatch(LIMITS, SimpleNamespace(), SimpleNamespace())
    made.seen = [(float(at_s), one) for at_s, one in enumerate(seen)]
    return made


def megabytes(*each):
    return watch_that_saw(*(Usage(memory_mb) for memory_mb in each))


def test_memory_that_grows_too_much_is_told_with_its_setting():
    assert megabytes(100, 110, 132).memory_problems() == []
    (problem,) = megabytes(100, 110, 133).memory_problems()
    assert problem == "the server's memory grew by 33.0 MB, more than 32 MB (load.memory_growth_mb)"


@pytest.fixture
def seconds(monkeypatch):
    """The clock of the watch, which begins at 1000 s."""
    clock = SimpleNamespace(now=1000.0)
    monkeypatch.setattr(watch, "time", SimpleNamespace(monotonic=lambda: clock.now))
    return clock


@pytest.fixture
def watching(monkeypatch):
    """A watch that is on, and looks only at its beginning and its end: at 100 MB, then at 150 MB."""
    megabytes = iter((100, 150))
    monkeypatch.setattr(watch, "usage", lambda settings, stores: Usage(next(megabytes)))
    monkeypatch.setattr(watch, "_EVERY_S", 60)
    shared = settings().model_copy(update={"exclusive": False, "load": LIMITS.load})
    return ServerWatch(shared, SimpleNamespace(database=None), SimpleNamespace())


def test_memory_that_is_taken_before_the_end_of_the_warm_up_does_not_count(seconds, watching):
    with watching:
        seconds.now += 5
        watching.end_warm_up()
        seconds.now += 5
    assert [memory.memory_mb for _, memory in watching.seen] == [100, 150]
    assert watching.memory_growth_mb == 0.0
    assert watching.memory_problems() == []


def test_without_a_warm_up_all_of_it_counts(seconds, watching):
    with watching:
        seconds.now += 10
    assert watching.memory_growth_mb == 50.0


def test_processor_time_is_that_of_each_job():
    used = watch_that_saw(Usage(1, cpu_s=10.0), Usage(1, cpu_s=12.0))
    assert used.cpu_problems(20) == []
    (problem,) = used.cpu_problems(19)
    assert "0.105 s of CPU time for each of 19 jobs, more than 0.1 s (load.cpu_s_a_job)" in problem


def test_processor_time_of_pods_is_what_they_use_at_each_moment_over_the_time():
    assert watch_that_saw(Usage(1, cores=1.0), Usage(1, cores=2.0), Usage(1, cores=3.0)).cpu_s == pytest.approx(4.0)
    assert watch_that_saw(Usage(1, cores=1.0)).cpu_s is None


def test_a_server_that_cannot_be_seen_is_told_and_breaks_nothing(monkeypatch):
    def unseen(*_):
        raise EnvironmentBroken("nobody says where it runs")

    monkeypatch.setattr(watch, "usage", unseen)
    shared = settings().model_copy(update={"exclusive": False})
    with ServerWatch(shared, SimpleNamespace(database=None), SimpleNamespace()) as made:
        pass
    assert "CPU and memory of the server: nobody says where it runs" in made.unseen
    assert (made.memory_problems(), made.cpu_problems(10)) == ([], [])


def test_of_many_slow_queries_the_first_are_told(monkeypatch):
    made = megabytes(1)
    made._slow = slow_queries.SlowQueries([f"find {number}" for number in range(9)])
    assert len(made.query_problems()) == 5
    assert "a slow query: find 0, more than 0.1 s (load.slow_query_s)" in made.query_problems()
