from dataclasses import replace

import pytest
from stand_ins import AS_JSON, exchange

from support.checks import refusals
from support.contract.configuration import ConfigureRequest, generate_config_payload
from support.contract.limits import PARAMETERS, ROW_COUNT, UNKNOWN
from support.core.errors import ExpectationFailed, ValidationError
from support.profile.settings import Answers

NFFT = PARAMETERS["FFT length"]
GOOD = {"detail": [{"loc": ["body", "nfftSelection"], "msg": "too small"}]}


def problem_of(check, *arguments):
    with pytest.raises(ExpectationFailed) as failure:
        check(*arguments)
    return str(failure.value)


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (GOOD, 422),
        (GOOD, 400),
        ({"detail": "nfftSelection is too small"}, 422),
        ({"detail": [{"loc": [], "msg": "it is the nfftSelection"}]}, 422),
    ],
)
def test_a_refusal_that_names_its_reason(answer, status):
    refusals.expect_refusal(exchange(answer, status), [NFFT], Answers())


@pytest.mark.parametrize(
    ("answer", "status", "headers", "told"),
    [
        (GOOD, 200, AS_JSON, "the status is 200 instead of 400 or 422"),
        (GOOD, 500, AS_JSON, "the status is 500"),
        (GOOD, 422, {}, "the content type is not given"),
        (GOOD, 422, {"Content-Type": "text/html; charset=utf-8"}, "the content type is text/html"),
        ("nfftSelection", 422, AS_JSON, "there is no detail"),
        ({}, 422, AS_JSON, "there is no detail"),
        ({"detail": ""}, 422, AS_JSON, "there is no detail"),
        ({"detail": []}, 422, AS_JSON, "there is no detail"),
        ({"detail": {"msg": "nfftSelection"}}, 422, AS_JSON, "there is no detail"),
        ({"detail": ["nfftSelection"]}, 422, AS_JSON, "there is no detail"),
        ({"detail": [{"loc": ["nfftSelection"]}]}, 422, AS_JSON, "there is no detail"),
        ({"detail": [{"msg": "nfftSelection"}]}, 422, AS_JSON, "there is no detail"),
        ({"detail": [*GOOD["detail"], {"msg": "and more"}]}, 422, AS_JSON, "there is no detail"),
        ({"detail": "Traceback (most recent call last): nfftSelection"}, 422, AS_JSON, "a stack trace"),
        ({**GOOD, "where": 'File "/srv/rules.py"'}, 422, AS_JSON, "a stack trace"),
        ({**GOOD, "job_id": "job_a1b2c3d4"}, 422, AS_JSON, "the answer names a job: job_a1b2c3d4"),
        ({"detail": "view_type is wrong", "input": "nfftSelection"}, 422, AS_JSON, "does not name nfftSelection"),
    ],
)
def test_a_refusal_that_is_none(answer, status, headers, told):
    message = problem_of(refusals.expect_refusal, exchange(answer, status, headers=headers), [NFFT], Answers())
    assert f"  - {told}" in message or told in message.partition("\nseen")[0]


CHANNELS, FIRST, VIEW = PARAMETERS["sensor range"], PARAMETERS["first sensor"], PARAMETERS["view type"]
START, END, HIGHEST = PARAMETERS["start time"], PARAMETERS["end time"], PARAMETERS["highest frequency"]
HEIGHT, LAST = PARAMETERS["canvas height"], PARAMETERS["last sensor"]

# What frameworks say by themselves: serde, Jackson, and the text of pydantic's error, with what was sent.
SERDE = "unknown field `zoom`, expected one of `displayTimeAxisDuration`, `nfftSelection`, `displayInfo`, `channels`"
JACKSON = (
    'Unrecognized field "zoom" (class ConfigureRequest), not marked as ignorable '
    '(7 known properties: "channels", "view_type", "start_time")'
)
ECHO = "[type=missing, input_value={'nfftSelection...': None, 'view_type': 0, 'end_time': 1}, input_type=dict]"


def at(*locs, msg="wrong"):
    return [{"loc": ["body", *loc.split(".")] if loc else [], "msg": msg} for loc in locs]


@pytest.mark.parametrize(
    ("causes", "detail"),
    [
        ([FIRST], at("channels.min")),
        ([FIRST], at("channels.min.int")),  # what a server says of one of several types
        ([CHANNELS], at("channels.min")),
        ([CHANNELS], at("channels", msg="channels.min must equal channels.max when view_type is 1")),
        ([CHANNELS], [*at("view_type", msg="of one channel"), *at("channels")]),
        ([START], at("start_time", msg="start_time must be before end_time")),
        ([START], "start_time must be before end_time"),
        ([NFFT, VIEW], at("nfftSelection", "view_type")),
        ([NFFT], at("", msg="nfftSelection is too small")),
        ([NFFT], at("configuration.nfftSelection")),
        ([FIRST], "channels are wrong"),
        ([UNKNOWN], at("zoom")),
        ([UNKNOWN], at("channels.zoom")),
        ([NFFT], "nfftSelection is too small for the nfftSelections"),
        ([FIRST], at("channels.min", msg="channels.min must be no higher than channels.max")),
        ([FIRST], "channels.min must be no higher than channels.max"),
        ([FIRST], "channels.max is given, and no min"),
        ([FIRST], at("channels.min", msg="must be 1 or higher when view_type is 1")),
        ([FIRST], at("channels.min", msg="Input should be at most 2221")),
        ([CHANNELS], "channels.min is above channels.max"),
        ([CHANNELS], "channels.max is beyond the fibre"),
        ([HIGHEST], at("frequencyRange.max", msg="frequencyRange.max is above the Nyquist frequency, 1000 Hz")),
        ([HIGHEST], "frequencyRange['max'] must be above frequencyRange['min']"),
        ([HEIGHT], at("displayInfo.height", msg="the height must be 1 to 10000 px")),
        ([HEIGHT], "height must be positive"),
        ([VIEW], at("view_type", msg="must be 0 (many channels), 1 or 2")),
        ([END], at("end_time", msg="end_time must be after start_time, and not in the future")),
        ([NFFT, VIEW], [*at("nfftSelection", msg="nfftSelection and view_type are wrong"), *at("view_type")]),
        ([UNKNOWN], "zoom is no field of channels"),
        ([UNKNOWN], at("", msg="channels.zoom is unknown; there are channels.min and channels.max")),
        ([UNKNOWN], at("displayInfo.zoom", msg='zoom is unknown (1 known property: "height")')),
        ([FIRST], [{"loc": "body.channels.min", "msg": "wrong"}]),
        ([FIRST], [{"loc": ["body", "channels.min"], "msg": "wrong"}]),
        ([FIRST], [{"loc": ["body/channels/min"], "msg": "wrong"}]),
        ([NFFT], at("nfftSelection", msg="must be 256, 512, 1024 or 2048 for many channels")),
        ([NFFT], at("nfftSelection", msg="must be 256, 512, 1024 or 2048 when view_type is 0")),
        ([NFFT], at("nfftSelection", msg="must be 256 to 2048 for many channels, when view_type is 0")),
        ([NFFT], at("nfftSelection", msg="must fit displayInfo.height")),
        ([NFFT], "nfftSelection must be 256, 512, 1024 or 2048 for many channels"),
        ([NFFT], "nfftSelection must be 256 to 2048 when view_type is 0"),
        ([NFFT], at("", msg="nfftSelection is too small for many channels")),
        ([NFFT], "nfftSelection: must fit displayInfo.height"),
        ([HEIGHT], "displayInfo.height: lines_dt = displayTimeAxisDuration / height is too small"),
        ([HEIGHT], at("displayInfo.height", msg="lines_dt = displayTimeAxisDuration / height is too small")),
        ([HEIGHT], "displayInfo.height is too large for displayTimeAxisDuration"),
        ([UNKNOWN], SERDE),
        ([UNKNOWN], at("zoom", msg=SERDE)),
        ([UNKNOWN], at("channels", msg="unknown field `zoom`, expected `min` or `max`")),
        ([UNKNOWN], at("zoom", msg="unknown field, expected one of `nfftSelection`, `displayInfo`")),
        ([UNKNOWN], JACKSON),
        ([UNKNOWN], at("zoom", msg=JACKSON)),
        ([NFFT], f"1 validation error for ConfigureRequest\nnfftSelection\n  Field required {ECHO}"),
        ([NFFT], at("nfftSelection", msg=f"Field required {ECHO}")),
        ([LAST], at("channels", msg="Value error, the range is beyond the fibre")),
        ([LAST], at("channels", msg="max must be 2221 or lower")),
        ([FIRST], at("channels", msg="'min' is a required property")),
        ([HIGHEST], at("frequencyRange", msg="Value error, above the Nyquist frequency")),
        ([HEIGHT], at("displayInfo", msg="height")),
    ],
)
def test_a_reason_that_names_what_is_wrong_and_nothing_else(causes, detail):
    refusals.expect_refusal(exchange({"detail": detail}, 422), causes, Answers())


@pytest.mark.parametrize(
    ("causes", "detail"),
    [
        ([START, END], at("start_time")),
        ([START, END], at("end_time", msg="must be null for a live job")),
        ([START, END], "end_time is too early"),
        ([CHANNELS, VIEW], at("view_type", msg="a single channel view shows one channel")),
        ([CHANNELS, VIEW], at("channels", msg="must be one when view_type is 1")),
        ([CHANNELS, VIEW], at("channels.min", msg="must be 1 or higher")),
    ],
)
def test_where_one_rule_is_about_both_either_may_be_named(causes, detail):
    refusals.expect_refusal(exchange({"detail": detail}, 422), causes, Answers(), either=True)


@pytest.mark.parametrize(
    ("detail", "told"),
    [(at("channels"), "does not name start_time"), (at("start_time", "channels"), "names channels, which is right")],
)
def test_where_either_may_be_named_one_must_be_and_no_other(detail, told):
    with pytest.raises(ExpectationFailed, match=rf"because of the start time or the end time[\s\S]*{told}"):
        refusals.expect_refusal(exchange({"detail": detail}, 422), [START, END], Answers(), either=True)


EVERY = "one of nfftSelection, displayInfo, channels, frequencyRange, start_time, end_time, view_type is wrong"


@pytest.mark.parametrize(
    ("causes", "detail", "told"),
    [
        ([NFFT], EVERY, "names channels, which is right"),
        ([NFFT], at("", msg=EVERY), "names channels, which is right"),
        ([NFFT], at("nfftSelection", "view_type"), "names view_type, which is right"),
        ([NFFT], at("nfftSelection", "task_id"), "names task_id, which is right"),
        ([FIRST], at("channels.min", "channels.max"), "names channels.max, which is right"),
        ([FIRST], at("channels"), "points at channels, not at channels.min"),
        ([NFFT, VIEW], at("nfftSelection"), "does not name view_type"),
        (
            [NFFT, VIEW],
            at("nfftSelection", "view_type", "channels", "displayInfo"),
            "names displayInfo, which is right",
        ),
        ([FIRST], at("channels", msg="max is wrong"), "points at channels, not at channels.min"),
        ([LAST], at("channels", msg="min is below the range"), "points at channels, not at channels.max"),
        ([HIGHEST], at("frequencyRange", msg="frequencyRange is wrong"), "not at frequencyRange.max"),
        ([NFFT], at("nfftSelection", msg=EVERY), "names channels, which is right"),
        ([NFFT], at("nfftSelection", msg="see displayInfo and start_time"), "names displayInfo, which is right"),
        ([NFFT], "nfftSelection: see displayInfo and start_time", "names displayInfo, which is right"),
        ([NFFT], "channels or nfftSelection is wrong", "names channels, which is right"),
        ([NFFT], "nfftSelection or 'channels' is wrong", "names channels, which is right"),
        ([NFFT], "nfftSelection or channels.max is wrong", "names channels.max, which is right"),
        ([NFFT], "nfftSelection, channels, start_time", "names channels, which is right"),
        ([VIEW], "nfftSelection or view_type is wrong", "names nfftSelection, which is right"),
        ([NFFT], ECHO, "does not name nfftSelection"),
        ([START], at("start_time", msg=EVERY), "names channels, which is right"),
        ([CHANNELS], at("channels", msg=EVERY), "names start_time, which is right"),
        ([NFFT, VIEW], [*at("nfftSelection"), *at("view_type", msg=EVERY)], "names frequencyRange, which is right"),
        ([FIRST], "channels.max is wrong", "names channels.max, which is right"),
        ([FIRST], at("", msg="channels/max is wrong"), "names channels.max, which is right"),
        ([FIRST], "channels -> max is wrong", "names channels.max, which is right"),
        ([FIRST], 'channels["max"] is wrong', "names channels.max, which is right"),
        ([HIGHEST], "frequencyRange: frequencyRange.min is wrong", "names frequencyRange.min, which is right"),
        ([NFFT], "nfftSelection does not fit the height", "names displayInfo.height, which is right"),
        ([NFFT], "nfftSelection and displayInfo.height are wrong", "names displayInfo.height, which is right"),
        ([UNKNOWN], "zoom is wrong, or channels, or displayInfo", "names displayInfo, which is right"),
        ([UNKNOWN], "zoom is wrong, or nfftSelection", "names nfftSelection, which is right"),
        ([ROW_COUNT], f"rows is wrong, or {EVERY}", "names view_type, which is right"),
        ([ROW_COUNT], "rows is wrong: view_type is", "names view_type, which is right"),
        ([UNKNOWN], "zoom or view_type is unknown", "names view_type, which is right"),
        ([UNKNOWN], "view_type is unknown, not zoom", "names view_type, which is right"),
        ([UNKNOWN], at("zoom", "view_type", msg=SERDE), "names view_type, which is right"),
        ([FIRST], [{"loc": "body.channels.max", "msg": "wrong"}], "names channels.max, which is right"),
        ([FIRST], [{"loc": ["body", "channels.max"], "msg": "min"}], "names channels.max, which is right"),
        ([FIRST], [{"loc": ["/channels/max"], "msg": "wrong"}], "names channels.max, which is right"),
        ([FIRST], "channels.max is wrong (min 0)", "names channels.max, which is right"),
        ([FIRST], "channels.max is wrong, min is 0", "names channels.max, which is right"),
    ],
)
def test_a_reason_that_names_too_much_or_not_to_the_leaf(causes, detail, told):
    assert told in problem_of(refusals.expect_refusal, exchange({"detail": detail}, 422), causes, Answers())


NOW = {"start_time": 1_700_000_000, "end_time": 1_700_000_060}


@pytest.mark.parametrize(
    ("causes", "detail", "request_body", "told"),
    [
        ([CHANNELS], at("channels", "view_type"), {"view_type": 1}, None),
        ([CHANNELS], at("channels", "view_type"), {"view_type": "1"}, None),
        ([CHANNELS], at("channels", "view_type"), {"view_type": True}, None),
        ([CHANNELS], at("channels", "view_type"), {}, None),
        ([CHANNELS], at("channels", "view_type"), '{"view_type": 0}', None),  # as much as was kept of a body
        ([CHANNELS], at("channels", "view_type"), {"view_type": 0}, "view_type"),
        ([CHANNELS], at("channels", msg="of view_type 0"), {"view_type": 0}, None),
        ([VIEW], at("view_type", "channels"), {"view_type": 9}, "channels"),
        ([VIEW], at("view_type", "channels.min"), {"view_type": 9}, "channels.min"),
        ([END], at("end_time", "start_time"), NOW, "start_time"),
        ([END], at("end_time", "start_time"), {**NOW, "end_time": "380101000000"}, "start_time"),
        ([END], at("end_time", msg="start_time and end_time must not be in the future"), NOW, None),
        ([END], at("end_time", "start_time"), {**NOW, "end_time": NOW["start_time"]}, None),
        ([END], at("end_time", "start_time"), {**NOW, "end_time": None}, None),
        ([END], at("end_time", "start_time"), {**NOW, "end_time": -1}, None),
        ([END], at("end_time", "start_time"), {**NOW, "end_time": True}, None),
        ([START, END], at("end_time", "start_time"), NOW, None),
    ],
)
def test_a_reason_points_at_a_field_that_is_judged_together_where_both_can_be_at_fault(
    causes, detail, request_body, told
):
    answer = replace(exchange({"detail": detail}, 422), request_body=request_body)
    if told is None:
        refusals.expect_refusal(answer, causes, Answers())
    else:
        assert f"names {told}, which is right" in problem_of(refusals.expect_refusal, answer, causes, Answers())


@pytest.mark.parametrize(
    ("stores", "broken", "detail", "told"),
    [
        (["MongoDB"], (), "MongoDB is not available: no answer within 3 s", None),
        (["MongoDB"], (), "mongodb is not available", None),
        (["MongoDB", "RabbitMQ"], (), "RabbitMQ is not available", None),
        (["MongoDB", "RabbitMQ"], (), "MongoDB and RabbitMQ are not available", None),
        (["RabbitMQ"], {"MongoDB", "Kubernetes"}, "RabbitMQ, MongoDB and Kubernetes are not available", None),
        (["MongoDB"], (), "MongoDB is not available: the cluster has no primary", None),
        (["Kubernetes"], (), "K8s API is not reachable", None),
        (["RabbitMQ"], (), "RabbitMQ is not available (MongoDB: ok, Kubernetes: ok)", None),
        (["RabbitMQ"], (), "RabbitMQ is not available; what was begun on Kubernetes and in MongoDB is undone", None),
        (["RabbitMQ"], (), "MongoDB is ok, RabbitMQ is not", None),
        (["RabbitMQ"], (), [{"loc": ["rabbitmq"], "msg": "down"}, {"loc": ["mongodb"], "msg": "ok"}], None),
        (["RabbitMQ"], (), [{"loc": ["rabbitmq"], "msg": "no"}, {"loc": ["mongodb"], "msg": "no"}], "names MongoDB"),
        (["RabbitMQ"], (), "a store is not available; MongoDB or RabbitMQ", "names MongoDB, which can be used"),
        (["RabbitMQ"], (), "MongoDB and RabbitMQ are not available; try again", "names MongoDB, which can be used"),
        (["MongoDB"], (), "a store is not available", "does not name MongoDB"),
        (["MongoDB", "RabbitMQ"], (), "a store is not available", "does not name MongoDB or RabbitMQ"),
        (["MongoDB"], (), "MongoDB, RabbitMQ or Kubernetes is not available", "names RabbitMQ, which can be used"),
        (["MongoDB"], (), "MongoDB, the broker or k8s is not available", "names Kubernetes, which can be used"),
        (["MongoDB"], {"RabbitMQ"}, "MongoDB, RabbitMQ or Kubernetes", "names Kubernetes, which can be used"),
        (["Kubernetes"], (), "Kubernetes, mongo", "names MongoDB, which can be used"),
        (["RabbitMQ"], {"MongoDB"}, "MongoDB is not available", "does not name RabbitMQ"),
    ],
)
def test_of_the_stores_those_are_named_that_cannot_be_used(stores, broken, detail, told):
    answer = exchange({"detail": detail}, 503)
    if told is None:
        refusals.expect_unavailable(answer, stores, Answers(), broken)
    else:
        assert told in problem_of(refusals.expect_unavailable, answer, stores, Answers(), broken)


def test_that_a_store_cannot_be_used_is_told_with_its_status():
    answer = exchange({"detail": "MongoDB"}, 500)
    assert "500 instead of 503" in problem_of(refusals.expect_unavailable, answer, ["MongoDB"], Answers())


def test_what_is_turned_away_has_one_of_the_statuses_and_names_what_it_must():
    answer = exchange({"detail": "rows is no number"}, 400)
    refusals.expect_error_response(answer, (400,), "a refusal", ROW_COUNT.field)
    refusals.expect_error_response(answer, (404, 400), "a refusal")
    assert "instead of 404" in problem_of(refusals.expect_error_response, answer, (404,), "a refusal")
    assert "does not name zoom" in problem_of(refusals.expect_error_response, answer, (400,), "a refusal", "zoom")


@pytest.mark.parametrize(("status", "is_one"), [(399, False), (400, True), (499, True), (500, False), (None, False)])
def test_a_mistake_of_the_client_is_told_as_one(status, is_one):
    if is_one:
        refusals.expect_client_error(exchange(GOOD, status))
        assert "no detail" in problem_of(refusals.expect_client_error, exchange({}, status))
    else:
        assert "not 400 to 499" in problem_of(refusals.expect_client_error, exchange(GOOD, status))


def test_a_number_of_rows_is_refused_with_a_status_of_its_own():
    answers = Answers(bad_row_count_statuses=[422], refused_statuses=[400])
    refused = {"detail": [{"loc": ["query", "rows"], "msg": "rows: too many"}]}
    refusals.expect_refusal(exchange(refused, 422), [ROW_COUNT], answers)
    assert "the status is 400" in problem_of(refusals.expect_refusal, exchange(refused, 400), [ROW_COUNT], answers)


@pytest.mark.parametrize(
    ("words", "status", "detail"),
    [
        ("there is no such job", 404, "unknown"),
        ("there is no live source", 404, "nothing is live"),
        ("nothing was recorded then", 400, "there is no recording"),
        ("there was an internal error", 500, "internal error"),
    ],
)
def test_what_is_told_has_its_status_and_its_word(words, status, detail):
    told = refusals.TOLD[words]
    refusals.expect_told(exchange({"detail": detail}, status), told, Answers())
    assert "the status is 503" in problem_of(refusals.expect_told, exchange({"detail": detail}, 503), told, Answers())
    if told.naming:
        nothing_named = exchange({"detail": "no"}, status)
        assert f"does not name {told.naming}" in problem_of(refusals.expect_told, nothing_named, told, Answers())


def test_a_refused_method_is_405_and_names_those_that_are_not():
    def refusal(status, allow, method="POST"):
        answer = {} if method == "HEAD" else {"detail": "not so"}
        return exchange(answer, status, method=method, headers=AS_JSON | ({"Allow": allow} if allow else {}))

    refusals.expect_method_refused(refusal(405, "GET, HEAD"))
    refusals.expect_method_refused(refusal(405, "GET", "HEAD"))
    assert "404 instead of 405" in problem_of(refusals.expect_method_refused, refusal(404, "GET"))
    assert "there is no detail" in problem_of(
        refusals.expect_method_refused, exchange({}, 405, method="PUT", headers=AS_JSON)
    )
    for allow in ("", "HEAD", "GET, POST", "GETS"):
        assert "the header Allow names" in problem_of(refusals.expect_method_refused, refusal(405, allow))


@pytest.mark.parametrize(
    ("why", "statuses"),
    [
        ("unreadable", (400,)),
        ("no configuration", (400, 422)),
        ("of the wrong type", (415,)),
        ("too large", (413,)),
    ],
)
def test_what_is_turned_away_has_the_statuses_of_its_reason(why, statuses):
    for status in (400, 413, 415, 422):
        answer = exchange({"detail": "not so"}, status)
        if status in statuses:
            refusals.TURNED_AWAY[why](answer, Answers())
        else:
            assert f"to be turned away as {why}" in problem_of(refusals.TURNED_AWAY[why], answer, Answers())


def test_a_wrong_method_is_turned_away_by_the_methods_that_are_allowed():
    assert "the header Allow names" in problem_of(
        refusals.TURNED_AWAY["a wrong method"], exchange({"detail": "not so"}, 405, method="PUT"), Answers()
    )


def refused(**fields):
    with pytest.raises(ValidationError) as refusal:
        ConfigureRequest(**generate_config_payload(**fields))
    return refusal.value


@pytest.mark.parametrize(
    ("fields", "causes"),
    [
        ({"nfftSelection": 0}, []),
        ({"nfftSelection": 0}, [NFFT]),
        ({"nfftSelection": 0, "displayTimeAxisDuration": 4000}, [NFFT, PARAMETERS["time axis duration"]]),
        ({"channels": {"min": 50, "max": 1}}, [CHANNELS]),
        ({"channels": {"min": "1", "max": 50}}, [FIRST]),
        ({"view_type": 1}, [CHANNELS]),
        ({"start_time": 1_700_000_000}, [END]),
        ({"start_time": -1, "end_time": 1_700_000_000}, [START]),
        ({"start_time": 4_000_000_000, "end_time": 4_000_000_001}, [START, END]),
        ({"channels": {"min": 1, "max": 50, "zoom": 1}}, [UNKNOWN]),
    ],
)
def test_the_client_refuses_for_the_reasons_that_are_named(fields, causes):
    refusals.expect_client_refusal(refused(**fields), causes)


@pytest.mark.parametrize(
    ("fields", "causes", "told"),
    [
        ({"nfftSelection": 0}, [VIEW], "does not name view_type"),
        ({"nfftSelection": 0}, [NFFT, VIEW], "does not name view_type"),
        (
            {"nfftSelection": 0, "displayTimeAxisDuration": 4000},
            [NFFT],
            "names displayTimeAxisDuration, which is right",
        ),
        ({"channels": {"min": "1", "max": "50"}}, [FIRST], "names channels.max, which is right"),
    ],
)
def test_a_client_that_refuses_for_less_or_for_more_is_told(fields, causes, told):
    message = problem_of(refusals.expect_client_refusal, refused(**fields), causes)
    assert told in message
    assert "seen: " in message


def test_a_client_that_does_not_refuse_is_told():
    assert "it did not" in problem_of(refusals.expect_client_refusal, None)
