from contextlib import contextmanager

import pytest
from product import ALONE, Product, configured
from stand_ins import JOB_ID, LimitedBroker, exchange, settings

from support.api.client import FocusServerAPI
from support.contract.configuration import generate_config_payload
from support.core.errors import EnvironmentBroken, ExpectationFailed
from support.scenario.session import ScenarioSession

SECOND = "job_00000002"


class Notes:
    """A scenario's journal: what it is told, in order."""

    def __init__(self):
        self.entries = []

    def enter_exchange(self, exchange):
        if exchange.requested_job is not None:
            self.entries.append(("created", exchange.requested_job))

    def __getattr__(self, entry):
        return lambda *values: self.entries.append((entry, *values))


class Server(FocusServerAPI):
    """The product in memory; `deaf` to some cancellings, or refusing them."""

    def __init__(self, product, *subscribers):
        super().__init__(ALONE, *subscribers)
        self.product, self.deaf, self.refusing = product, set(), set()

    def send(self, method, path, body=None, *, raw=None, headers=None):
        job_id = path.rpartition("/")[2]
        if method == "POST":
            answer = self.product.make(configured(body)).exchange
        else:
            answer = exchange({}, 500 if job_id in self.refusing else 200, method=method, path=path)
            if job_id not in self.deaf | self.refusing:
                self.product.cancel(job_id)
        for publish_to in self._subscribers:
            publish_to(answer)
        return answer


class Scenario(ScenarioSession):
    """A scenario whose server is the product in memory."""

    def __init__(self, product, journal):
        self.kept = []
        super().__init__(ALONE, product.stores, journal, self.kept.append)
        self.server = self.client._own.client = Server(product, *self.client._subscribers)

    def request(self, *job_ids):
        for job_id in job_ids:
            self.client.send("POST", "/configure", job_id)


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


def test_the_key_of_a_marked_request_is_entered_in_the_ledger_and_in_the_journal(product, journal):
    looked_for = []
    product.stores.job_ids_carrying = lambda keys: looked_for.extend(keys) or set()
    session = ScenarioSession(settings(), product.stores, journal, lambda evidence: None)
    _, key = session.client.mark(generate_config_payload())
    session.ledger.snapshot()
    assert looked_for == [key]
    assert journal.entries == [("requested", key)]


@pytest.mark.parametrize(
    ("how", "said"),
    [("deaf", f"the queue grpc-job-{SECOND} is still there"), ("refusing", f"cancelling DELETE /job/{SECOND} -> 500")],
)
def test_a_server_that_does_not_cancel_is_found_out_and_the_journal_stays_open(session, journal, how, said):
    session.request(JOB_ID, SECOND)
    getattr(session.server, how).add(SECOND)
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
    session.fixtures.enter_context(fixture(ended))
    session.disturbances.refuse_queues()
    session.leave_nothing_behind()
    assert (broker.limits, ended) == ([0, None], ["ended"])


def test_the_server_is_brought_back_when_the_ways_to_its_stores_are_open(session, monkeypatch):
    ended = []
    monkeypatch.setattr(session.disturbances.outages, "end", lambda: ended.append("outages"))
    monkeypatch.setattr(session.disturbances.workloads, "undo", lambda: ended.append("parts"))
    session.leave_nothing_behind()
    assert ended[:2] == ["outages", "parts"]


def test_what_comes_after_the_answer_and_was_not_stated_is_told(session):
    session.ledger.expect_nothing_else()
    session.request(JOB_ID)
    assert "task record: +1 instead of +0" in told(session.ledger.expect_nothing_else)


def test_evidence_of_every_kind_is_kept_before_it_is_cleaned_away(session):
    session.request(JOB_ID)
    session.leave_nothing_behind()
    kept = {one.name: one.body for one in session.kept}
    assert '"status": "configured"' in kept[f"task record of {JOB_ID}"]
    assert "phase: Running" in kept[f"analyzer pod of {JOB_ID}"]
    assert '"consumers": 1' in kept[f"work queue of {JOB_ID}"]
    assert "POST /configure: 200" in kept
