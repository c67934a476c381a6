import json
from types import SimpleNamespace

import pytest
from stand_ins import AS_JSON, exchange, settings

from support.contract.broken_rules import BrokenRule, broken_rules
from support.contract.configuration import generate_config_payload
from support.contract.limits import PARAMETERS, UNKNOWN, Limits, Parameter
from support.core.errors import ExpectationFailed
from support.fuzzing.generated_requests import DEFAULT_SEED, GeneratedRequest, expect_right_answers
from support.fuzzing.verdicts import RequestVerdicts, misnaming
from support.observers.side_effects import Effect, no_effects
from support.scenario.scenario_client import ScenarioClient

VALID = GeneratedRequest("multichannel", generate_config_payload())
INVALID = GeneratedRequest(
    "no power of two", generate_config_payload(nfftSelection=1000), frozenset({"nfftSelection"}), mistakes=1
)
NOTHING, LIST = GeneratedRequest("anything at all", None, None), GeneratedRequest("anything at all", [], None)


class Server:
    """A scenario with a server behind it that deals with requests rightly, but for what a test plants."""

    def __init__(
        self,
        *,
        accepts=None,
        refusal=None,
        traces=(),
        status="configured",
        broken=None,
        deaf=False,
        exclusive=True,
        keeps_refused=False,
    ):
        self.keeps_refused = keeps_refused
        self.settings, self.accepts = (
            settings(exclusive=exclusive),
            accepts or (lambda request: self.client.validation_error(request) is None),
        )
        self.refusal, self.traces, self.status, self.deaf = refusal, traces, status, deaf
        self.records, self.running, self.sent = [], set(), []
        self.keys = []
        self.client = ScenarioClient(self.settings, self.keys.append)
        self.client.send, self.client.cancel = self.send, self.cancel
        self.ledger = SimpleNamespace(snapshot=self.snapshot, jobs_carrying=lambda key: self.job_ids_carrying([key]))
        self.kept_configurations = []  # a record each, of what was refused
        kept = {
            name: self.kept(name, broken)
            for name in ("expect_complete_record", "expect_running_analyzer", "expect_consumers")
        }
        self.promises, self.kept_to = SimpleNamespace(**kept, expect_cancelled_jobs=self.expect_cancelled_jobs), []

    def kept(self, name, broken):
        def promise(of):
            self.kept_to.append(name)
            if name == broken:
                raise ExpectationFailed(f"{name} is broken")

        return promise

    def snapshot(self):
        found = {"task record": self.records, "work queue": self.running}
        return {k: frozenset(Effect(one, one, one) for one in found.get(k, ())) for k in no_effects()}

    def job_ids_carrying(self, keys):
        return {f"job_{n}" for n, one in enumerate(self.kept_configurations) if any(carries(one, key) for key in keys)}

    def send(self, method, path, body=None, *, raw=None, headers=None):
        assert (method, path, headers) == ("POST", "/configure", AS_JSON)
        self.sent.append(json.loads(raw))
        if not self.accepts(self.sent[-1]):
            self.records += self.traces
            if self.keeps_refused:
                self.kept_configurations.append(self.sent[-1])
            status, detail = self.refusal or (422, self.found_by_client(self.sent[-1]))
            return exchange({"detail": detail}, status)
        job_id = f"job_{len(self.records):08x}"
        self.records.append(job_id)
        self.running.add(job_id)
        answer = {"job_id": job_id, "stream_url": "grpc://x", "stream_port": 50051, "status": self.status}
        return exchange({**answer, "created_at": "2005-01-01T00:00:00Z"})

    def found_by_client(self, body):
        error = self.client.validation_error(body)
        return [{"loc": one["loc"], "msg": one["msg"]} for one in error.errors()] if error else "wrong"

    def cancel(self, job_id):
        if not self.deaf:
            self.running.discard(job_id)

    def expect_cancelled_jobs(self, job_ids):
        if not self.running.isdisjoint(job_ids):
            raise ExpectationFailed("it still runs")


def carries(configuration, key):
    for field, value in key.items():
        found = configuration
        for name in field.split("."):
            found = found.get(name) if isinstance(found, dict) else None
        if found != value:
            return False
    return True


def failure_of(verdicts, request):
    with pytest.raises(ExpectationFailed) as failure:
        verdicts.expect_right_answer(request)
    return str(failure.value)


def test_valid_ones_are_carried_out_and_cancelled_and_invalid_ones_refused():
    server = Server()
    verdicts = RequestVerdicts(server)
    for request in (VALID, INVALID, NOTHING, VALID, LIST, INVALID):
        verdicts.expect_right_answer(request)
    assert server.sent[:3] == [VALID.body, INVALID.body, None]
    assert verdicts.counts == {
        "multichannel": {"accepted": 2},
        "no power of two": {"refused": 2, "for one rule alone": 2},
        "anything at all": {"refused": 2, "for one rule alone": 2},
    }
    assert (len(server.records), server.running) == (2, set())
    assert server.kept_to == 2 * ["expect_complete_record", "expect_running_analyzer", "expect_consumers"]
    verdicts.expect_each_kind(["multichannel"], ["no power of two"])


def test_a_kind_that_never_came_or_never_alone_shows_too_little():
    verdicts = RequestVerdicts(Server())
    two = generate_config_payload(displayInfo={"height": 0}, view_type=3)
    for request in (VALID, INVALID, GeneratedRequest("height", VALID.body), GeneratedRequest("view", two)):
        verdicts.expect_right_answer(request)
    with pytest.raises(ExpectationFailed) as failure:
        verdicts.expect_each_kind(["multichannel", "playback"], ["no power of two", "height", "view", "duration"])
    assert str(failure.value).splitlines()[1:] == [
        "  - playback: never accepted",
        "  - height: never refused for it alone",
        "  - view: never refused for it alone",
        "  - duration: never refused for it alone",
    ]


@pytest.mark.parametrize(
    ("planted", "request_", "told"),
    [
        ({"accepts": lambda request: True}, INVALID, "expected a refusal\n  - nfftSelection is not a power of two"),
        ({"accepts": lambda request: True}, NOTHING, "expected a refusal"),
        ({"accepts": lambda request: False}, VALID, "  - it is a valid configuration"),
        ({"refusal": (500, "wrong")}, INVALID, "  - the status is 500"),
        ({"refusal": (422, "")}, INVALID, "  - there is no detail"),
        ({"traces": ["left"]}, INVALID, "  - task record: +1 instead of +0; new: left"),
        ({"status": ""}, VALID, "status is ''"),
        ({"broken": "expect_complete_record"}, VALID, "expect_complete_record is broken"),
        ({"broken": "expect_running_analyzer"}, VALID, "expect_running_analyzer is broken"),
        ({"broken": "expect_consumers"}, VALID, "expect_consumers is broken"),
    ],
)
def test_a_request_that_is_answered_wrongly_is_found_and_leaves_nothing_running(planted, request_, told):
    server = Server(**planted)
    assert told in failure_of(RequestVerdicts(server), request_)
    assert server.running == set()


def test_an_accepted_one_that_is_not_cancelled_is_found_but_does_not_hide_what_was_wrong_before():
    assert "it still runs" in failure_of(RequestVerdicts(Server(deaf=True)), VALID)
    verdicts = RequestVerdicts(Server(deaf=True, accepts=lambda request: True))
    assert "expected a refusal" in failure_of(verdicts, INVALID)


def test_what_one_request_left_is_not_held_against_the_next():
    for server, first in ((Server(traces=["left"]), INVALID), (Server(accepts=lambda request: request), INVALID)):
        verdicts = RequestVerdicts(server)
        failure_of(verdicts, first)
        server.traces, server.accepts = (), lambda request: False
        verdicts.expect_right_answer(NOTHING)


def test_the_request_that_is_named_in_the_end_is_one_that_was_answered_wrongly():
    verdicts = RequestVerdicts(Server(accepts=lambda request: isinstance(request, dict)))
    with pytest.raises(ExpectationFailed, match="expected a refusal\n") as failure:
        expect_right_answers(100, DEFAULT_SEED, Limits(), verdicts.expect_right_answer)
    assert isinstance(json.loads(str(failure.value).rpartition("shows it: ")[2]), dict)


def test_where_the_environment_is_shared_what_is_not_mistaken_is_marked():
    server = Server(exclusive=False)
    verdicts = RequestVerdicts(server)
    for request in (VALID, INVALID):
        verdicts.expect_right_answer(request)
    for sent, key, request in zip(server.sent, server.keys, (VALID, INVALID), strict=True):
        assert carries(sent, key)
        assert not carries(request.body, key)
        assert len(key) == 3
    assert server.sent[1]["nfftSelection"] == 1000


def test_where_it_is_shared_and_too_little_is_left_nothing_is_marked():
    server = Server(exclusive=False)
    verdicts = RequestVerdicts(server)
    high = generate_config_payload(displayInfo={"height": 0}, frequencyRange={"min": 0, "max": 0})
    for request in (
        NOTHING,
        LIST,
        GeneratedRequest("two mistakes", high, frozenset({"displayInfo", "frequencyRange"})),
    ):
        verdicts.expect_right_answer(request)
    assert server.sent == [None, [], high]
    assert server.keys == []


def test_where_it_is_shared_what_a_refused_request_left_is_found_by_its_mark():
    server = Server(exclusive=False, keeps_refused=True)
    server.kept_configurations.append(generate_config_payload())  # another user's
    assert "  - a job was made of it: job_1" in failure_of(RequestVerdicts(server), INVALID)


def test_where_it_is_shared_all_generated_requests_are_marked_but_those_that_cannot_be():
    server = Server(exclusive=False)
    expect_right_answers(300, DEFAULT_SEED, Limits(), RequestVerdicts(server).expect_right_answer)
    assert len(server.keys) > 0.9 * len(server.sent)
    assert len({json.dumps(key) for key in server.keys}) == len(server.keys)
    server = Server(exclusive=False, keeps_refused=True)
    with pytest.raises(ExpectationFailed, match="a job was made of it: job_0"):
        expect_right_answers(300, DEFAULT_SEED, Limits(), RequestVerdicts(server).expect_right_answer)


def rules_of(**fields):
    return broken_rules(Server().client.validation_error(generate_config_payload(**fields)))


def test_the_rules_that_are_broken_are_each_named_once():
    def broken(**fields):
        return [rule.words for rule in rules_of(**fields)]

    assert broken(start_time=True) == ["start_time: "]
    assert broken(displayInfo={"height": 0}, view_type=True) == [
        "displayInfo.height: Input should be greater than 0",
        "view_type: Input should be a whole number",
    ]
    assert broken(nfftSelection=100, displayTimeAxisDuration=4000) == [
        "nfftSelection is not within 128 to 4096",
        "nfftSelection is not a power of two",
        "displayTimeAxisDuration is above 3600",
    ]


PAST, FUTURE = 1_000_000_000, 4_000_000_000


@pytest.mark.parametrize(
    ("fields", "about"),
    [
        ({"nfftSelection": 1000}, ["nfftSelection"]),
        ({"nfftSelection": None}, ["nfftSelection"]),
        ({"displayInfo": {}}, ["displayInfo.height"]),
        ({"displayInfo": {"height": 20_000}}, ["displayInfo.height"]),
        ({"displayInfo": {"height": 1, "a.b": 1}}, ["displayInfo.a.b"]),
        ({"channels": {"min": 1, "max": 2, "view_type": 1}}, ["channels.view_type"]),
        ({"channels": 1}, ["channels"]),
        ({"channels": {"min": -1, "max": 0}}, ["channels.min"]),
        ({"channels": {"min": 2, "max": 1}}, ["channels"]),
        ({"channels": {"min": 1, "max": 2222}}, ["channels.max"]),
        ({"channels": {"min": 2222, "max": 2223}}, ["channels"]),
        ({"frequencyRange": {"min": 0, "max": 1001}}, ["frequencyRange.max"]),
        ({"frequencyRange": {"min": 1001, "max": 1002}}, ["frequencyRange"]),
        ({"frequencyRange": {"min": 1, "max": 1}}, ["frequencyRange"]),
        ({"view_type": 3}, ["view_type"]),
        ({"view_type": 1}, ["channels", "view_type"]),
        ({"view_type": 1, "channels": {"min": 0, "max": 0}}, ["channels", "view_type"]),
        ({"start_time": True}, ["start_time"]),
        ({"start_time": PAST}, ["start_time", "end_time"]),
        ({"start_time": PAST, "end_time": PAST}, ["start_time", "end_time"]),
        ({"start_time": PAST, "end_time": FUTURE}, ["end_time"]),
        ({"start_time": PAST, "end_time": "now"}, ["end_time"]),
        ({"start_time": -1, "end_time": PAST}, ["start_time"]),
    ],
)
def test_each_broken_rule_says_what_it_is_about(fields, about):
    (rule,) = rules_of(**fields)
    assert [".".join(one.path) for one in rule.about] == about


def test_a_request_with_one_mistake_is_refused_because_of_that_and_nothing_else():
    for detail, told in (
        ([{"loc": ["body", "nfftSelection"], "msg": "end_time or start_time is wrong"}], "names end_time, which"),
        ("it is wrong", "does not name nfftSelection"),
    ):
        message = failure_of(RequestVerdicts(Server(refusal=(422, detail))), INVALID)
        assert f"the reason {told}" in message
        assert message.startswith("expected a refusal without a trace\n")


def test_of_a_request_with_more_than_one_mistake_only_the_form_of_its_refusal_is_judged():
    verdicts = RequestVerdicts(Server(refusal=(422, "view_type is wrong")))
    hidden = generate_config_payload(nfftSelection=None, view_type=1)  # The client sees the first mistake only.
    for request in (NOTHING, LIST, GeneratedRequest("two", hidden, frozenset({"nfftSelection", "view_type"}), 2)):
        verdicts.expect_right_answer(request)
    assert verdicts.counts["two"] == {"refused": 1, "for one rule alone": 1}


BOTH_TIMES = BrokenRule("start_time is not before end_time", (PARAMETERS["start time"], PARAMETERS["end time"]))


@pytest.mark.parametrize(
    ("rule", "detail", "told"),
    [
        (None, "view_type is wrong", []),
        (BrokenRule("Input should be a valid dictionary", ()), "it is no object", []),
        (BOTH_TIMES, "end_time is too early", []),
        (BOTH_TIMES, "start_time is too late", []),
        (BOTH_TIMES, "start_time must be before end_time", []),
        (BOTH_TIMES, "it is wrong", ["does not name start_time (start time)"]),
        (BOTH_TIMES, "start_time or view_type is wrong", ["names view_type, which is right"]),
        (UNKNOWN.field, "zoom is unknown", []),
        (UNKNOWN.field, "a field is unknown", ["does not name zoom (unknown parameter)"]),
        (UNKNOWN.field, "zoom or view_type is unknown", ["names view_type, which is right"]),
        ("$gt", "'$gt' is unknown", []),
        ('"\n', "a field is unknown", []),
        ("größe", "a field is unknown", []),
        ("größe", "view_type is unknown", ["names view_type, which is right"]),
    ],
)
def test_a_refusal_names_what_the_broken_rule_is_about(rule, detail, told):
    broken = BrokenRule("", (Parameter("unknown parameter", (rule,)),)) if isinstance(rule, str) else rule
    body = generate_config_payload(start_time=PAST, end_time=PAST)
    assert misnaming(exchange({"detail": detail}, 422), body, broken) == [f"the reason {one}" for one in told]


@pytest.mark.parametrize(
    ("path", "detail", "told"),
    [
        (("channels", "view_type"), [{"loc": ["body", "channels", "view_type"], "msg": "unknown"}], []),
        (("channels", "view_type"), "view_type is no field of channels", []),
        (("channels", "view_type"), [{"loc": ["body", "view_type"], "msg": "unknown"}], []),
        (("channels", "zoom"), "channels is wrong", ["does not name zoom (unknown parameter)"]),
        (("channels", "zoom"), [{"loc": ["body", "channels"], "msg": "unknown field `zoom`, expected `min`"}], []),
        (("channels", "zoom"), "displayInfo has no field zoom", ["names displayInfo, which is right"]),
        (("displayInfo", "a.b"), [{"loc": ["body", "displayInfo", "a.b"], "msg": "unknown"}], []),
        (("displayInfo", "min"), "min is unknown", []),
        (("displayInfo", "größe"), "gr\\u00f6\\u00dfe is unknown, expected height", []),
        (("größe",), "gr\\u00f6\\u00dfe is unknown, expected view_type, nfftSelection or start_time", []),
    ],
)
def test_an_unknown_field_is_named_by_its_name_wherever_it_stands(path, detail, told):
    broken = BrokenRule("", (Parameter("unknown parameter", path),))
    seen = misnaming(exchange({"detail": detail}, 422), generate_config_payload(), broken)
    assert seen == [f"the reason {one}" for one in told]
