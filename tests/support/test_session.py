import threading
from contextlib import contextmanager
from dataclasses import replace
from types import SimpleNamespace

import pytest
from product import ALONE, Product, configured
from stand_ins import JOB_ID, LimitedBroker, exchange

from support.core.errors import EnvironmentBroken, ExpectationFailed
from support.scenario.session import ScenarioSession

SECOND = "job_00000002"


class Notes:
    """A scenario's journal: what it is told, in order."""

    def __init__(self):
        self.entries = []

    def __getattr__(self, entry):
        return lambda *values: self.entries.append((entry, *values))


class Scenario(ScenarioSession):
    """A scenario whose server is the product in memory; `deaf` to some cancellings, or refusing them."""

    def __init__(self, product, journal):
        self.product, self.deaf, self.refusing, self.kept = product, set(), set(), []
        super().__init__(ALONE, product.stores, journal, self.kept.append)

    def client(self, on_exchange=None):
        return SimpleNamespace(send=self._answer)

    def _answer(self, method, path, body=None, *, raw=None, headers=None):
        job_id = path.rpartition("/")[2]
        if method == "POST":
            answer = replace(self.product.make(configured(body)).exchange, path=path)
        else:
            answer = exchange({}, 500 if job_id in self.refusing else 200, method=method, path=path)
            if job_id not in self.deaf | self.refusing:
                self.product.cancel(job_id)
        self._record(answer)
        return answer

    def request(self, *job_ids):
        for job_id in job_ids:
            self.send("POST", "/configure", job_id)


@pytest.fixture
def product():
    return Product()


@pytest.fixture
def journal():
    return Notes()


@pytest.fixture
def session(product, journal):
    return Scenario(product, journal)


@contextmanager
def fixture(ended):
    yield
    ended.append("ended")


def told(call):
    with pytest.raises(ExpectationFailed) as failure:
        call()
    return str(failure.value)


def test_every_job_is_cancelled_and_then_the_journal_says_so(session, product, journal):
    session.request(JOB_ID, SECOND)
    session.leave_nothing_behind()
    assert {record["status"] for record in product.records} == {"cancelled"}
    assert (product.jobs, product.pods, product.queues) == ([], [], {})
    assert journal.entries == [("created", JOB_ID), ("created", SECOND), ("settled",)]
    assert len(session.closed_with["task record"]) == 2


def test_what_no_answer_named_is_taken_away_too(session, product):
    product.make(configured())
    session.leave_nothing_behind()
    assert product.jobs == []


@pytest.mark.parametrize(
    ("how", "said"),
    [("deaf", f"the queue grpc-job-{SECOND} is still there"), ("refusing", f"cancelling DELETE /job/{SECOND} -> 500")],
)
def test_a_server_that_does_not_cancel_is_found_out_and_the_journal_stays_open(session, journal, how, said):
    session.request(JOB_ID, SECOND)
    getattr(session, how).add(SECOND)
    assert said in told(session.leave_nothing_behind)
    assert ("settled",) not in journal.entries


def test_a_clean_up_that_the_environment_broke_is_tried_again(session, product, journal):
    session.request(JOB_ID)
    names, product.stores.queues.names = product.stores.queues.names, broken

    with pytest.raises(EnvironmentBroken):
        session.leave_nothing_behind()
    product.stores.queues.names = names
    session.leave_nothing_behind()
    assert (product.jobs, journal.entries[-1]) == ([], ("settled",))


def broken():
    raise EnvironmentBroken("no answer")


def test_recordings_are_taken_away_and_what_was_done_to_them_is_told(session, product, journal):
    session.recorder.put(None, None)
    session.leave_nothing_behind()
    assert product.recordings.documents == []
    other = Scenario(product, journal)
    other.recorder.put(None, None)
    product.recordings.documents.clear()
    assert "was changed or removed" in told(other.leave_nothing_behind)


def test_what_a_scenario_had_is_given_back_and_what_it_disturbed_is_undone(session, product):
    broker, ended = LimitedBroker(), []
    product.stores.broker = broker
    session.enter(fixture(ended))
    session.disturbances.refuse_queues()
    session.leave_nothing_behind()
    assert (broker.limits, ended) == ([0, None], ["ended"])


def test_something_is_done_while_the_server_is_at_a_request(session, monkeypatch):
    both = threading.Barrier(2, timeout=5)
    monkeypatch.setattr(session, "request_job", lambda request: (both.wait(), f"attempt of {request}")[1])
    assert session.request_job_meanwhile("a request", both.wait) == "attempt of a request"


def test_what_fails_meanwhile_is_told_with_the_answer(session, monkeypatch):
    attempt = SimpleNamespace(exchange="POST /configure -> 500")
    monkeypatch.setattr(session, "request_job", lambda request: attempt)

    def fail():
        raise ExpectationFailed("expected an analyzer")

    message = told(lambda: session.request_job_meanwhile("a request", fail))
    assert message == "expected an analyzer\n  - answered in the end: POST /configure -> 500"


def test_it_is_asked_again_after_an_outage_until_it_is_answered_and_not_for_ever(session):
    answers = [exchange(status=503), exchange(status=503), exchange(status=200)]
    session.until_recovered("the job to be accepted", lambda: answers.pop(0), [200])
    assert answers == []
    assert [one.name for one in session.kept if "after the outage" in one.name]
    message = told(lambda: session.until_recovered("the job to be accepted", lambda: exchange(status=503), [200]))
    assert "expected the job to be accepted" in message
    assert "-> 503" in message
    assert "time_limits.recovered_s" in message


def test_what_was_sent_is_told_where_nothing_should_be(session):
    session.expect_nothing_sent()
    session.request(JOB_ID)
    assert "POST /configure -> 200" in told(session.expect_nothing_sent)


def test_what_comes_after_the_answer_and_was_not_stated_is_told(session):
    session.expect_nothing_else()
    session.request(JOB_ID)
    assert "task record: +1 instead of +0" in told(session.expect_nothing_else)


def test_evidence_of_every_kind_is_kept_before_it_is_cleaned_away(session):
    session.request(JOB_ID)
    session.leave_nothing_behind()
    kept = {one.name: one.body for one in session.kept}
    assert '"status": "configured"' in kept[f"task record of {JOB_ID}"]
    assert "phase: Running" in kept[f"analyzer pod of {JOB_ID}"]
    assert '"consumers": 1' in kept[f"work queue of {JOB_ID}"]
    assert "POST /configure: 200" in kept
