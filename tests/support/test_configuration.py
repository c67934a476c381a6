import re
import time
from copy import deepcopy
from datetime import UTC, datetime, timedelta

import pytest

from support.contract.configuration import (
    ConfigureRequest,
    ConfigureResponse,
    ViewType,
    different_payloads,
    fields_set,
    generate_config_payload,
    generate_playback_payload,
    generate_task_id,
    is_task_id,
    point_in_time,
    with_neighbour,
    with_value,
    without,
)
from support.contract.limits import PARAMETERS, Limits
from support.core.errors import ValidationError


def request(parameter, value):
    return ConfigureRequest(**with_value(generate_config_payload(), PARAMETERS[parameter], value))


def test_the_generated_payload_is_accepted_and_sent_as_it_is():
    payload = generate_config_payload()
    assert ConfigureRequest(**payload).payload() == payload


def test_a_generated_payload_is_not_shared():
    generate_config_payload()["channels"]["min"] = 99
    assert generate_config_payload()["channels"]["min"] == 1


def test_an_override_replaces_a_field_and_must_be_one():
    assert generate_config_payload(nfftSelection=512)["nfftSelection"] == 512
    with pytest.raises(TypeError, match="nfft_selection"):
        generate_config_payload(nfft_selection=512)


def test_a_task_id_has_prefix_time_and_eight_hex_digits():
    assert re.fullmatch(r"smoke_\d{14}_[0-9a-f]{8}", generate_task_id("smoke"))
    assert generate_task_id("smoke") != generate_task_id("smoke")


# The "accepted" column of the contract's field table, at its edges.
@pytest.mark.parametrize(
    ("parameter", "value"),
    [
        ("FFT length", 128),
        ("FFT length", 4096),
        ("time axis duration", 1),
        ("time axis duration", 3600),
        ("canvas height", 1),
        ("canvas height", 10_000),
        ("first sensor", 0),
        ("last sensor", 2221),
        ("sensor range", {"min": 7, "max": 7}),
        ("highest frequency", 1000),
        ("highest frequency", 0.25),
        ("view type", 2),
        ("view type", ViewType.WATERFALL),
    ],
)
def test_what_the_contract_accepts(parameter, value):
    request(parameter, value)


@pytest.mark.parametrize(
    ("parameter", "value"),
    [
        ("FFT length", 64),
        ("FFT length", 8192),
        ("FFT length", 129),
        ("FFT length", 0),
        ("FFT length", -1024),
        ("FFT length", "1024"),
        ("FFT length", 1024.0),
        ("FFT length", True),
        ("FFT length", None),
        ("time axis duration", 0),
        ("time axis duration", 3601),
        ("canvas height", 0),
        ("canvas height", 10_001),
        ("first sensor", -1),
        ("last sensor", 2222),
        ("sensor range", {"min": 8, "max": 7}),
        ("lowest frequency", -0.5),
        ("highest frequency", 1000.001),
        ("highest frequency", float("nan")),
        ("highest frequency", float("inf")),
        ("frequency range", {"min": 500, "max": 500}),
        ("view type", -1),
        ("view type", 3),
        ("view type", "1"),
        ("view type", True),
        ("start time", 1_700_000_000),
    ],
)
def test_what_the_contract_refuses(parameter, value):
    with pytest.raises(ValidationError) as refusal:
        request(parameter, value)
    field = PARAMETERS[parameter].field
    assert any(field in str(one["loc"]) or field in one["msg"] for one in refusal.value.errors())


def test_a_job_without_times_is_live():
    payload = without(without(generate_config_payload(), PARAMETERS["start time"]), PARAMETERS["end time"])
    assert ConfigureRequest(**payload).payload() == generate_config_payload()


@pytest.mark.parametrize("parameter", sorted(set(PARAMETERS) - {"start time", "end time"}))
def test_every_other_field_is_required(parameter):
    with pytest.raises(ValidationError):
        ConfigureRequest(**without(generate_config_payload(), PARAMETERS[parameter]))


def test_an_unknown_field_is_refused():
    with pytest.raises(ValidationError, match="colour"):
        ConfigureRequest(**generate_config_payload(), colour="red")


@pytest.mark.parametrize("channels", [{"min": 1, "max": 2}, {"min": 0, "max": 0}])
def test_a_single_channel_is_one_and_not_the_zeroth(channels):
    with pytest.raises(ValidationError, match="single channel"):
        ConfigureRequest(**generate_config_payload(view_type=1, channels=channels))


@pytest.mark.parametrize(
    ("start", "end"),
    [
        (1_700_000_000, 1_700_000_001),
        ("231114221320", "231114221321"),
        (1_700_000_000, "231114221321"),
    ],
)
def test_a_historic_window_is_epoch_seconds_or_text(start, end):
    sent = ConfigureRequest(**generate_config_payload(start_time=start, end_time=end)).payload()
    assert (sent["start_time"], sent["end_time"]) == (start, end)


@pytest.mark.parametrize(
    ("start", "end"),
    [
        (1_700_000_000, None),
        (None, 1_700_000_000),
        (1_700_000_000, 1_700_000_000),
        (1_700_000_001, "231114221320"),
        ("yesterday", "231114221320"),
        ("231314221320", "231414221320"),
        (1_700_000_000, 1_795_755_646_742_907_720),
        (True, 1_700_000_000),
    ],
)
def test_a_historic_window_that_is_none(start, end):
    with pytest.raises(ValidationError):
        ConfigureRequest(**generate_config_payload(start_time=start, end_time=end))


def test_a_window_that_ends_in_the_future_is_refused():
    now = int(time.time())
    with pytest.raises(ValidationError, match="future"):
        ConfigureRequest(**generate_config_payload(start_time=now - 10, end_time=now + 60))


def test_a_profile_may_decide_other_limits():
    payload = generate_config_payload(channels={"min": 1, "max": 3000})
    ConfigureRequest.model_validate(payload, context=Limits(sensors=4000))
    with pytest.raises(ValidationError):
        ConfigureRequest.model_validate(generate_config_payload(), context=Limits(sensors=40))


@pytest.mark.parametrize("missing", ["job_id", "stream_url", "stream_port"])
def test_an_answer_must_hold_what_the_client_needs(missing):
    answer = {"job_id": "job_a1b2c3d4", "stream_url": "grpc://localhost", "stream_port": 50051, "status": ""}
    ConfigureResponse.model_validate(answer)
    for broken in ({k: v for k, v in answer.items() if k != missing}, {**answer, missing: None}):
        with pytest.raises(ValidationError):
            ConfigureResponse.model_validate(deepcopy(broken))


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        pytest.param(generate_task_id("smoke"), True, id="a generated one"),
        ("9_20260228235959_0123abcd", True),
        ("A-b_c_20240229000000_00000000", True),
        ("a" * 32 + "_20260101000000_0123abcd", True),
        ("a" * 33 + "_20260101000000_0123abcd", False),
        ("_20260101000000_0123abcd", False),
        ("-a_20260101000000_0123abcd", False),
        ("ä_20260101000000_0123abcd", False),
        ("a_20260229000000_0123abcd", False),
        ("a_20260101240000_0123abcd", False),
        ("a_20260101000000_0123ABCD", False),
        ("a_20260101000000_0123abc", False),
        ("a_20260101000000_0123abcd\n", False),
        ("a_٢٠٢٦٠١٠١٠٠٠٠٠٠_0123abcd", False),
        ("none", False),
    ],
)
def test_a_task_id_is_of_its_form_and_of_a_real_moment(text, is_one):
    assert is_task_id(text) is is_one


@pytest.mark.parametrize(
    ("value", "moment"),
    [
        (0, datetime(1970, 1, 1, tzinfo=UTC)),
        (253_402_214_400, datetime(9999, 12, 31, tzinfo=UTC)),
        ("000101000000", datetime(2000, 1, 1, tzinfo=UTC)),
        ("691231235959", datetime(2069, 12, 31, 23, 59, 59, tzinfo=UTC)),
        ("991231235959", datetime(2099, 12, 31, 23, 59, 59, tzinfo=UTC)),
    ],
)
def test_a_point_in_time_is_of_this_century_and_in_utc(value, moment):
    assert point_in_time(value) == moment


@pytest.mark.parametrize(
    "value", [-1, 253_402_214_401, "", "1700000000", "2311142213200", "231114 21320", "٢٣١١١٤٢٢١٣٢٠", "230229000000"]
)
def test_a_point_in_time_that_is_none(value):
    with pytest.raises(ValueError, match=r"\S"):
        point_in_time(value)


@pytest.mark.parametrize(
    ("payload", "fields"),
    [
        (generate_config_payload(), set()),
        (generate_config_payload(nfftSelection=512, channels={"min": 1, "max": 49}), {"nfftSelection", "channels"}),
        (without(generate_config_payload(), PARAMETERS["canvas height"]), {"displayInfo"}),
        (without(generate_config_payload(), PARAMETERS["start time"]), {"start_time"}),
        ({**generate_config_payload(), "zoom": 1}, {"zoom"}),
    ],
)
def test_the_fields_that_a_scenario_sets_are_those_unlike_the_usual(payload, fields):
    assert fields_set(payload) == fields


@pytest.mark.parametrize(("words", "below"), [("view type", None), ("canvas height", "displayInfo")])
def test_a_neighbour_stands_beside_a_parameter_and_is_refused(words, below):
    payload = generate_config_payload()
    changed = with_neighbour(payload, PARAMETERS[words], "zoom")
    assert (changed[below] if below else changed).pop("zoom") == 1
    assert changed == payload == generate_config_payload()
    with pytest.raises(ValidationError, match="zoom"):
        ConfigureRequest(**with_neighbour(payload, PARAMETERS[words], "zoom"))


def test_a_channel_is_a_range_of_one_and_the_payload_given_stays_as_it_was():
    payload = generate_config_payload()
    assert with_value(payload, PARAMETERS["channel"], 9)["channels"] == {"min": 9, "max": 9}
    assert payload == generate_config_payload()


@pytest.mark.parametrize("value", [0.0, 1.0, True, False, "0", None])
def test_a_view_type_that_only_looks_like_one_is_refused(value):
    with pytest.raises(ValidationError, match="view_type"):
        request("view type", value)


def test_where_a_single_channel_counts_from_is_the_profiles_to_say():
    payload = generate_config_payload(view_type=1, channels={"min": 0, "max": 0})
    ConfigureRequest.model_validate(payload, context=Limits(single_channel_min=0))
    with pytest.raises(ValidationError, match="count from 1"):
        ConfigureRequest.model_validate(payload)


def test_payloads_that_differ_are_valid_and_no_two_alike():
    payloads = different_payloads(20)
    assert len({ConfigureRequest(**payload) for payload in payloads}) == 20


def test_a_playback_is_of_its_time_in_whole_seconds():
    start = datetime(2005, 1, 1, tzinfo=UTC)
    payload = ConfigureRequest(**generate_playback_payload(start, start + timedelta(seconds=10))).payload()
    assert (payload["start_time"], payload["end_time"]) == (1_104_537_600, 1_104_537_610)
