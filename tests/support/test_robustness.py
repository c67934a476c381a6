import json
from types import SimpleNamespace

import pytest
from stand_ins import AS_JSON, exchange, settings

from support.case import Case
from support.configuration import generate_config_payload
from support.contract import Limits
from support.errors import ExpectationFailed
from support.generated import DEFAULT_SEED, try_all
from support.robustness import Judge
from support.side_effects import Effect, no_effects

VALID, INVALID = generate_config_payload(), generate_config_payload(nfftSelection=1000)


class Server:
    """A scenario with a server behind it that deals with requests rightly, but for what a test plants."""

    refusal_of = Case.refusal_of

    def __init__(
        self, *, accepts=None, refusal=(422, "wrong"), traces=(), status="configured", broken=None, deaf=False
    ):
        self.settings, self.accepts = settings(), accepts or (lambda request: self.refusal_of(request) is None)
        self.refusal, self.traces, self.status, self.deaf = refusal, traces, status, deaf
        self.records, self.running, self.sent = [], set(), []
        self.books = SimpleNamespace(census=self.census)
        kept = {
            name: self.kept(name, broken) for name in ("record_is_complete", "analyzer_runs", "queues_have_consumers")
        }
        self.promises, self.kept_to = SimpleNamespace(**kept, are_cancelled=self.are_cancelled), []

    def kept(self, name, broken):
        def promise(of):
            self.kept_to.append(name)
            if name == broken:
                raise ExpectationFailed(f"{name} is broken")

        return promise

    def census(self):
        found = {"task record": self.records, "work queue": self.running}
        return {k: frozenset(Effect(one, one, one) for one in found.get(k, ())) for k in no_effects()}

    def send(self, method, path, body=None, *, raw=None, headers=None):
        assert (method, path, headers) == ("POST", "/configure", AS_JSON)
        self.sent.append(json.loads(raw))
        if not self.accepts(self.sent[-1]):
            self.records += self.traces
            status, detail = self.refusal
            return exchange({"detail": detail}, status)
        job_id = f"job_{len(self.records):08x}"
        self.records.append(job_id)
        self.running.add(job_id)
        answer = {"job_id": job_id, "stream_url": "grpc://x", "stream_port": 50051, "status": self.status}
        return exchange({**answer, "created_at": "2005-01-01T00:00:00Z"})

    def cancel(self, job_id):
        if not self.deaf:
            self.running.discard(job_id)

    def are_cancelled(self, job_ids):
        if not self.running.isdisjoint(job_ids):
            raise ExpectationFailed("it still runs")


def failure_of(judge, request):
    with pytest.raises(ExpectationFailed) as failure:
        judge(request)
    return str(failure.value)


def test_valid_ones_are_carried_out_and_cancelled_and_invalid_ones_refused():
    server = Server()
    judge = Judge(server)
    for request in (VALID, INVALID, None, VALID, [], INVALID):
        judge(request)
    assert (judge.accepted, judge.refused) == (2, 4)
    assert server.sent[:3] == [VALID, INVALID, None]
    assert (len(server.records), server.running) == (2, set())
    assert server.kept_to == 2 * ["record_is_complete", "analyzer_runs", "queues_have_consumers"]
    judge.expect_both_kinds()


@pytest.mark.parametrize(("request_", "told"), [(VALID, "1 accepted, 0 refused"), (INVALID, "0 accepted, 1 refused")])
def test_requests_of_one_kind_alone_show_too_little(request_, told):
    judge = Judge(Server())
    judge(request_)
    with pytest.raises(ExpectationFailed, match=told):
        judge.expect_both_kinds()


@pytest.mark.parametrize(
    ("planted", "request_", "told"),
    [
        ({"accepts": lambda request: True}, INVALID, "expected a refusal\n  - : nfftSelection is no power of two"),
        ({"accepts": lambda request: True}, None, "expected a refusal"),
        ({"accepts": lambda request: False}, VALID, "  - it is a valid configuration"),
        ({"refusal": (500, "wrong")}, INVALID, "  - the status is 500"),
        ({"refusal": (422, "")}, INVALID, "  - there is no detail"),
        ({"traces": ["left"]}, INVALID, "  - task record: +1 instead of +0; new: left"),
        ({"status": ""}, VALID, "status is ''"),
        ({"broken": "record_is_complete"}, VALID, "record_is_complete is broken"),
        ({"broken": "analyzer_runs"}, VALID, "analyzer_runs is broken"),
        ({"broken": "queues_have_consumers"}, VALID, "queues_have_consumers is broken"),
    ],
)
def test_a_request_that_is_dealt_with_wrongly_is_found_and_leaves_nothing_running(planted, request_, told):
    server = Server(**planted)
    assert told in failure_of(Judge(server), request_)
    assert server.running == set()


def test_an_accepted_one_that_is_not_cancelled_is_found_but_does_not_hide_what_was_wrong_before():
    assert "it still runs" in failure_of(Judge(Server(deaf=True)), VALID)
    judge = Judge(Server(deaf=True, accepts=lambda request: True))
    assert "expected a refusal" in failure_of(judge, INVALID)


def test_what_one_request_left_is_not_held_against_the_next():
    for server, first in ((Server(traces=["left"]), INVALID), (Server(accepts=lambda request: request), INVALID)):
        judge = Judge(server)
        failure_of(judge, first)
        server.traces, server.accepts = (), lambda request: False
        judge(None)


def test_the_request_that_is_named_in_the_end_is_one_that_was_dealt_with_wrongly():
    judge = Judge(Server(accepts=lambda request: isinstance(request, dict)))
    with pytest.raises(ExpectationFailed, match="expected a refusal\n") as failure:
        try_all(100, DEFAULT_SEED, Limits(), judge)
    assert isinstance(json.loads(str(failure.value).rpartition("shows it: ")[2]), dict)
