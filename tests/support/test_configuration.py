import re
import time
from copy import deepcopy

import pytest

from support.configuration import (
    ConfigureRequest,
    ConfigureResponse,
    ViewType,
    generate_config_payload,
    generate_task_id,
    with_value,
    without,
)
from support.contract import PARAMETERS, Limits
from support.errors import ValidationError


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
        (1_700_000_000, time.time_ns()),
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
