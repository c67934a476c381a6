from types import SimpleNamespace

import pytest
from stand_ins import JOB_ID, Journal, settings

from support.core.errors import EnvironmentBroken, ExpectationFailed
from support.faults import outages, store_writes
from support.faults.disturbances import Disturbances
from support.observers.kubernetes import Analyzer


@pytest.fixture
def journal():
    return Journal()


STORES = SimpleNamespace(
    broker=None,
    namespace=None,
    database=SimpleNamespace(collection=str),
    analyzers=SimpleNamespace(of_job=lambda job_id: Analyzer()),
)


@pytest.fixture(autouse=True)
def writes(journal, monkeypatch):
    """What is written is entered instead."""
    for name, enter in {
        "delete_analyzer": lambda stores, job_id: journal.entries.append(("analyzer", job_id)),
        "pause_analyzer": lambda stores, job_id: journal.entries.append(("paused", job_id)),
        "finish_analyzer": lambda stores, job_id, phase: journal.entries.append((phase, job_id)),
        "delete_queue": lambda broker, name: journal.entries.append(("queue", name)),
        "limit_queues": lambda broker, most: journal.entries.append(("limit", most)),
        "refuse_analyzers": lambda namespace, within: journal.entries.append("quota"),
        "accept_analyzers": lambda namespace: journal.entries.append("no quota"),
        "spoil_record": lambda records, job_id: journal.entries.append(("spoilt", records, job_id)),
        "mend_record": lambda records, job_id: journal.entries.append(("whole", records, job_id)),
    }.items():
        monkeypatch.setattr(store_writes, name, enter)


@pytest.fixture
def disturbances(journal):
    def entered(job_id, part):
        journal.entries.append(("entered", job_id))

    return Disturbances(settings(), STORES, journal, entered)


def test_the_ledger_knows_of_a_disturbance_before_it_is_made(disturbances, journal):
    disturbances.delete_analyzer(JOB_ID)
    disturbances.finish_analyzer(JOB_ID, "Failed")
    disturbances.delete_queue(JOB_ID)
    disturbances.pause_analyzer(JOB_ID)
    assert journal.entries == [
        *(("entered", JOB_ID), ("analyzer", JOB_ID)),
        *(("entered", JOB_ID), ("Failed", JOB_ID)),
        *(("entered", JOB_ID), ("queue", f"grpc-job-{JOB_ID}")),
        *(("entered", JOB_ID), ("paused", JOB_ID)),
    ]


def test_an_analyzer_is_paused_when_its_pods_are_gone(journal):
    looks = [Analyzer(pods=({"metadata": {"name": "pod-1"}},)), Analyzer()]
    stores = SimpleNamespace(analyzers=SimpleNamespace(of_job=lambda job_id: looks.pop(0)))
    Disturbances(settings(), stores, journal, lambda job_id, part: None).pause_analyzer(JOB_ID)
    assert looks == []
    stores.analyzers.of_job = lambda job_id: Analyzer(pods=({"metadata": {"name": "pod-1"}},))
    with pytest.raises(ExpectationFailed, match="there is pod-1"):
        Disturbances(settings(), stores, journal, lambda job_id, part: None).pause_analyzer(JOB_ID)


def test_ledger_and_journal_know_of_a_limit_before_it_is_set_and_it_is_taken_away_once(disturbances, journal):
    disturbances.refuse_queues()
    disturbances.undo()
    disturbances.undo()
    assert journal.entries == [("entered", None), "broker limited", ("limit", 0), ("limit", None)]


def test_ledger_and_journal_know_of_refused_analyzers_and_of_a_spoilt_record_and_each_is_undone_once(
    disturbances, journal
):
    disturbances.refuse_analyzers()
    disturbances.spoil_record(JOB_ID)
    assert journal.entries == [
        *(("entered", None), "analyzers refused", "quota"),
        *(("entered", JOB_ID), ("record spoilt", JOB_ID), ("spoilt", "tasks", JOB_ID)),
    ]
    del journal.entries[:]
    disturbances.undo()
    disturbances.undo()
    assert sorted(journal.entries, key=str) == [("whole", "tasks", JOB_ID), "no quota"]


def test_ledger_and_journal_know_of_an_outage_before_it_is_made_and_it_is_ended(journal, monkeypatch):
    asked = []

    def ask(toxiproxy, method, path, body=None):
        asked.append((method, path, body, len(journal.entries)))
        return body or []

    monkeypatch.setattr(outages, "ask_toxiproxy", ask)
    own = settings(toxiproxy={"url": "http://127.0.0.1:1", "mongodb": "way"})
    disturbances = Disturbances(own, STORES, journal, lambda *_: journal.entries.append("entered"))
    disturbances.outages.cut_off("MongoDB")
    assert journal.entries == ["entered", ("way broken", "way")]
    assert asked == [("POST", "/way", {"enabled": False}, 2)]
    disturbances.undo()
    assert asked[-1] == ("POST", "/way", {"enabled": True}, 2)


def test_an_outage_that_does_not_end_keeps_the_broker_from_nothing(disturbances, journal, monkeypatch):
    monkeypatch.setattr(disturbances.outages, "end", refuse)
    disturbances.refuse_queues()
    with pytest.raises(EnvironmentBroken):
        disturbances.undo()
    assert journal.entries[-1] == ("limit", None)


@pytest.mark.parametrize("undo", [Disturbances.undo, Disturbances.bring_back_parts])
def test_ways_are_open_before_parts_are_brought_back_and_each_although_the_other_fails(disturbances, monkeypatch, undo):
    ended = []
    monkeypatch.setattr(disturbances.outages, "end", lambda: ended.append("outages"))
    monkeypatch.setattr(disturbances.workloads, "undo", lambda: ended.append("parts"))
    undo(disturbances)
    assert ended == ["outages", "parts"]
    monkeypatch.setattr(disturbances.outages, "end", refuse)
    with pytest.raises(EnvironmentBroken):
        undo(disturbances)
    assert ended == ["outages", "parts", "parts"]


def test_stores_are_mended_and_no_part_is_brought_back(disturbances, journal, monkeypatch):
    monkeypatch.setattr(disturbances.outages, "end", lambda: journal.entries.append("ways open"))
    monkeypatch.setattr(disturbances.workloads, "undo", refuse)
    disturbances.refuse_queues()
    disturbances.mend_stores()
    assert journal.entries[-2:] == ["ways open", ("limit", None)]


def refuse():
    raise EnvironmentBroken("no answer")


def test_without_a_disturbance_nothing_is_undone(disturbances, journal):
    disturbances.undo()
    assert journal.entries == []


def test_a_limit_that_may_have_been_set_is_taken_away_and_as_often_as_it_takes(disturbances, monkeypatch):
    told = []

    def limit(broker, most):
        told.append(most)
        if len(told) < 3:
            raise EnvironmentBroken("no answer")

    monkeypatch.setattr(store_writes, "limit_queues", limit)
    for call in (disturbances.refuse_queues, disturbances.undo):
        with pytest.raises(EnvironmentBroken):
            call()
    disturbances.undo()
    disturbances.undo()
    assert told == [0, None, None]
