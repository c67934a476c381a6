import json
import math
from datetime import UTC, datetime, timedelta

import pytest
from focus_server_fakes import NOW, payload

from sandbox.focus_server.errors import InvalidConfiguration
from sandbox.focus_server.limits import Limits
from sandbox.focus_server.rules import Validator

EPOCH = int(NOW.timestamp())


def refused_fields(body: object) -> set[str]:
    """Names of the fields that a body is refused for; empty when it is accepted."""
    try:
        Validator(Limits()).validate(body, NOW)
    except InvalidConfiguration as error:
        return {".".join(map(str, violation.loc)) for violation in error.violations}
    return set()


BOUNDARIES = [
    ("displayTimeAxisDuration", [1, 3600], [-1, 0, 3601]),
    ("nfftSelection", [128, 256, 512, 1024, 2048, 4096], [0, -128, 64, 127, 129, 1000, 4095, 4097, 8192]),
    ("displayInfo.height", [1, 10_000], [0, -1, 10_001]),
    ("channels.min", [0, 1, 50], [-1, 51]),
    ("channels.max", [1, 2221], [2222, 0]),
    ("frequencyRange.min", [0, 0.5, 499.999], [-0.001, 500, 501]),
    ("frequencyRange.max", [0.001, 999.5, 1000, 1000.0], [0, 1000.001, 10**400, 1e308]),
    ("view_type", [0, 2], [-1, 3]),
]


@pytest.mark.parametrize(("field", "value"), [(f, v) for f, good, _ in BOUNDARIES for v in good])
def test_values_up_to_the_boundary_are_accepted(field: str, value: object) -> None:
    assert refused_fields(payload(**{field: value})) == set()


@pytest.mark.parametrize(("field", "value"), [(f, v) for f, _, bad in BOUNDARIES for v in bad])
def test_values_past_the_boundary_are_refused_naming_the_field(field: str, value: object) -> None:
    named = {name.split(".")[0] for name in refused_fields(payload(**{field: value}))}
    assert named == {field.split(".")[0]}


INTEGERS = [
    "displayTimeAxisDuration",
    "nfftSelection",
    "displayInfo.height",
    "channels.min",
    "channels.max",
    "view_type",
]


@pytest.mark.parametrize("field", INTEGERS)
@pytest.mark.parametrize("wrong", [True, False, 1.0, 1024.0, "1", "1024", None, [1], {}])
def test_only_integers_are_integers(field: str, wrong: object) -> None:
    assert refused_fields(payload(**{field: wrong})) == {field}


@pytest.mark.parametrize("field", ["frequencyRange.min", "frequencyRange.max"])
@pytest.mark.parametrize("wrong", [True, "5", None, math.nan, math.inf, -math.inf])
def test_frequencies_are_finite_numbers(field: str, wrong: object) -> None:
    assert refused_fields(payload(**{field: wrong})) == {field}


@pytest.mark.parametrize("field", [*INTEGERS, "displayInfo", "channels", "frequencyRange", "frequencyRange.min"])
def test_required_fields_cannot_be_left_out(field: str) -> None:
    assert refused_fields(payload(**{field: ...})) == {field}


@pytest.mark.parametrize("field", ["extra", "channels.step", "displayInfo.width", "duration_s"])
def test_unknown_fields_are_refused(field: str) -> None:
    assert refused_fields(payload(**{field: 1})) == {field}


@pytest.mark.parametrize("body", [None, [], "text", 1, True, [payload()]])
def test_a_body_that_is_no_object_is_refused(body: object) -> None:
    assert refused_fields(body) == {""}


def test_a_field_name_that_is_no_unicode_is_refused() -> None:
    assert refused_fields(json.loads('{"\\ud800": 1}'))


def test_all_that_is_wrong_is_said_at_once() -> None:
    assert refused_fields(payload(**{"nfftSelection": 100, "displayInfo.height": 0})) == {
        "nfftSelection",
        "displayInfo.height",
    }


@pytest.mark.parametrize(
    ("channels", "fields"),
    [
        ((7, 7), set()),
        ((1, 1), set()),
        ((2221, 2221), set()),
        ((7, 8), {"channels"}),
        ((0, 0), {"channels.min"}),
        ((0, 1), {"channels", "channels.min"}),
    ],
)
def test_a_single_channel_is_one_channel_from_1_up(channels: tuple[int, int], fields: set[str]) -> None:
    body = payload(**{"view_type": 1, "channels.min": channels[0], "channels.max": channels[1]})
    assert refused_fields(body) == fields


def test_several_views_of_one_channel_may_be_channel_0() -> None:
    assert refused_fields(payload(**{"channels.min": 0, "channels.max": 0})) == set()


def text(moment: datetime) -> str:
    return moment.strftime("%y%m%d%H%M%S")


@pytest.mark.parametrize(
    ("start", "end"),
    [
        (EPOCH - 60, EPOCH),
        (EPOCH - 1, EPOCH),
        (text(NOW - timedelta(hours=1)), text(NOW)),
        (text(NOW - timedelta(hours=1)), EPOCH),
        (0, 1),
        ("240229235959", "240301000000"),
    ],
)
def test_a_window_in_the_past_is_accepted(start: object, end: object) -> None:
    assert refused_fields(payload(start_time=start, end_time=end)) == set()


@pytest.mark.parametrize(
    ("start", "end", "fields"),
    [
        (EPOCH - 60, None, {"end_time"}),
        (None, EPOCH - 60, {"start_time"}),
        (EPOCH - 60, EPOCH - 60, {"start_time"}),
        (EPOCH - 60, EPOCH - 61, {"start_time"}),
        (EPOCH - 60, EPOCH + 1, {"end_time"}),
        (EPOCH - 60, text(NOW + timedelta(seconds=1)), {"end_time"}),
        (EPOCH + 1, EPOCH + 2, {"start_time", "end_time"}),
        ("250101", EPOCH, {"start_time"}),
        ("251301000000", EPOCH, {"start_time"}),
        ("250229000000", EPOCH, {"start_time"}),
        ("2501010000000", EPOCH, {"start_time"}),
        ("٢٥٠١٠١٠٠٠٠٠٠", EPOCH, {"start_time"}),
        (" 250101000000", EPOCH, {"start_time"}),
        ("", EPOCH, {"start_time"}),
        (True, EPOCH, {"start_time"}),
        (1.5, EPOCH, {"start_time"}),
        (-1, EPOCH, {"start_time"}),
        (EPOCH - 60, 10**300, {"end_time"}),
    ],
)
def test_other_windows_are_refused(start: object, end: object, fields: set[str]) -> None:
    assert refused_fields(payload(start_time=start, end_time=end)) == fields


def test_a_window_may_end_now_to_the_very_moment() -> None:
    config = Validator(Limits()).validate(
        payload(start_time=EPOCH - 1, end_time=EPOCH), datetime.fromtimestamp(EPOCH, UTC)
    )
    assert config.window is not None


def test_times_may_be_left_out_of_a_live_configuration() -> None:
    assert refused_fields(payload(start_time=..., end_time=...)) == set()


def test_times_are_read_as_utc() -> None:
    config = Validator(Limits()).validate(payload(start_time="250601110000", end_time=EPOCH), NOW)
    assert config.window == (datetime(2025, 6, 1, 11, tzinfo=UTC), datetime(2025, 6, 1, 12, tzinfo=UTC))
