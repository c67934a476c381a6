from contextlib import ExitStack
from datetime import UTC, datetime
from types import SimpleNamespace
from unittest.mock import Mock

import pytest
from product import ALONE, Product, configured
from stand_ins import settings

from support.api.client import FocusServerAPI
from support.core.errors import EnvironmentBroken, ExpectationFailed
from support.faults import gateway
from support.observers.happenings import Happening
from support.observers.side_effects import Effect, take_snapshot
from support.scenario import suite_run as running
from support.scenario import sweeping
from support.scenario.journal import Journal
from support.scenario.suite_run import SuiteRun, expect_healthy_environment, make_ready


@pytest.fixture
def product():
    return Product()


def closed(product, jobs=(), *, is_recorded=False):
    """A scenario that has ended in the stores as they are now."""
    ledger = SimpleNamespace(last_surroundings=None, own_jobs=jobs, is_recorded=is_recorded)
    closed_with = take_snapshot(product.stores, ALONE.naming, (), exclusive=True)
    return SimpleNamespace(closed_with=closed_with, ledger=ledger, client=Mock())


@pytest.fixture
def run(product):
    """A run whose one scenario has ended."""
    run = SuiteRun(ALONE, product.stores, FocusServerAPI(ALONE), None, ExitStack())
    run.close_scenario(closed(product), "the first scenario")
    return run


def test_when_nothing_comes_after_the_last_scenario_all_is_well(run):
    run.expect_no_late_changes()


@pytest.mark.parametrize("look", [1, 2])
def test_what_comes_after_the_last_scenario_is_told_with_its_name(run, product, look):
    product.at_look[product.looks + look] = lambda: product.make(configured())
    with pytest.raises(ExpectationFailed, match="after 'the first scenario' had ended: analyzer: \\+1 instead of"):
        run.expect_no_late_changes()


@pytest.mark.parametrize("exclusive", [True, False])
def test_what_comes_and_goes_late_is_told_with_the_scenario_that_caused_it(product, exclusive):
    untold = []
    history = SimpleNamespace(read=lambda is_last: [untold.pop() for _ in list(untold)], take_gaps=list)
    run = SuiteRun(settings(exclusive=exclusive), product.stores, None, None, ExitStack(), history=history)
    for name, jobs in (("the first", ("job_1",)), ("the second", ())):
        run.close_scenario(closed(product, jobs), name)
    queue = Effect("grpc-job-job_1", "job_1", "grpc-job-job_1")
    untold += [Happening(datetime.now(UTC), event, "work queue", queue) for event in ("came", "went")]
    with pytest.raises(
        ExpectationFailed, match=r"after 'the first' had ended: the work queue grpc-job-job_1 came at .+ gone at"
    ):
        run.expect_no_late_changes()


@pytest.mark.parametrize("is_recorded", [True, False])
def test_after_a_scenario_with_a_recorder_its_last_recording_may_come_late(product, is_recorded):
    untold = [Happening(datetime.now(UTC), "came", "recording", Effect("r", None, "r"))]
    history = SimpleNamespace(read=lambda is_last: [untold.pop() for _ in list(untold)], take_gaps=list)
    run = SuiteRun(ALONE, product.stores, None, None, ExitStack(), history=history)
    run.close_scenario(closed(product, is_recorded=is_recorded), "the first")
    if is_recorded:
        run.expect_no_late_changes()
    else:
        with pytest.raises(ExpectationFailed, match="after 'the first' had ended: the recording r came at"):
            run.expect_no_late_changes()


def test_that_something_is_being_recorded_is_known_from_the_beginning_and_reported(product, tmp_path, monkeypatch):
    monkeypatch.setattr(running, "expect_healthy_environment", lambda client, stores: None)
    own = settings(journals=str(tmp_path))
    run = SuiteRun(own, product.stores, None, None, ExitStack())
    for sign, told in (
        (None, "database focus"),
        ("r is being made", "none of the recorder's; r is being made)"),
    ):
        product.recorder_at_work = sign
        make_ready(own, product.stores, FocusServerAPI(own))
        assert product.stores.blind_spots.recordings == sign
        assert run.description()["MongoDB"].endswith(told)


def well():
    pass


def ill(part):
    def check():
        raise EnvironmentBroken(f"{part} is ill")

    return check


def test_each_part_that_is_ill_is_named():
    def stores(**ill_ones):
        parts = dict.fromkeys(("database", "namespace", "broker"), well) | ill_ones
        return SimpleNamespace(**{name: SimpleNamespace(check_health=check) for name, check in parts.items()})

    with gateway.unreachable() as nowhere:
        away = settings(focus_server={"base_url": nowhere.address})
        for ones in ({}, {"database": ill("MongoDB")}, {"namespace": ill("Kubernetes"), "broker": ill("RabbitMQ")}):
            with pytest.raises(EnvironmentBroken) as failure:
                expect_healthy_environment(FocusServerAPI(away), stores(**ones))
            told = str(failure.value)
            assert "The Focus Server cannot be reached" in told
            assert [part for part in ("MongoDB", "Kubernetes", "RabbitMQ") if f"{part} is ill" in told] == [
                {"database": "MongoDB", "namespace": "Kubernetes", "broker": "RabbitMQ"}[name] for name in ones
            ]


def test_after_a_failure_health_is_asked_on_a_new_connection(run, monkeypatch):
    """The kept one may have been cut, which says nothing of the server."""
    asked = []
    monkeypatch.setattr(running, "expect_healthy_environment", lambda client, stores: asked.append(client))
    assert run.is_healthy()
    (client,) = asked
    assert client is not run._client


def test_what_a_killed_run_broke_is_repaired_before_anybody_has_to_be_healthy(product, tmp_path, monkeypatch, caplog):
    broken = {"way"}

    def check(client, stores):
        if broken:
            raise EnvironmentBroken("the server is ill while its ways are broken")

    monkeypatch.setattr(sweeping, "restore", lambda toxiproxy, proxy: broken.discard(proxy))
    monkeypatch.setattr(running, "expect_healthy_environment", check)
    own = settings(journals=str(tmp_path))
    journal = Journal(tmp_path, own.focus_server.base_url, provided=None)
    journal.begin().way_broken("way")
    journal.close()
    make_ready(own, product.stores, FocusServerAPI(own))
    assert list(tmp_path.iterdir()) == []
    assert caplog.messages == ["The way that a killed run had broken is open again: way"]
