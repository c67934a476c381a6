import json
import random
import re
import time
from datetime import UTC, datetime
from functools import cache

import pytest

from support.contract.broken_rules import broken_rules
from support.contract.configuration import ConfigureRequest, generate_config_payload, point_in_time
from support.contract.limits import PARAMETERS, Limits
from support.core.errors import EnvironmentBroken, ExpectationFailed, ValidationError
from support.fuzzing.generated_requests import DEFAULT_SEED, WrongAnswer, expect_right_answers, strategies
from support.observers.request_marks import stamp

NAME = "the smallest request that shows it: "
WINDOW = (datetime(2005, 1, 1, tzinfo=UTC), datetime(2005, 1, 1, 0, 0, 12, tzinfo=UTC))
# Every rule of `ConfigureRequest`; of the values in a message, dots.
RULES = {
    "nfftSelection is not within … to …",
    "nfftSelection is not a power of two",
    "displayTimeAxisDuration: Input should be greater than …",
    "displayTimeAxisDuration is above …",
    "displayInfo.height: Input should be greater than …",
    "displayInfo.height is above …",
    "channels.min: Input should be greater than or equal to …",
    "channels.max is above …",
    "channels: channels.min is above channels.max",
    "frequencyRange.min: Input should be greater than or equal to …",
    "frequencyRange.max is above the Nyquist frequency, … Hz",
    "frequencyRange: frequencyRange.min is not below frequencyRange.max",
    "view_type: Input should be …, … or …",
    "channels of a single channel view differ",
    "channels of a single channel view count from …",
    "start_time and end_time are neither both null nor both set",
    "start_time is not before end_time",
    "end_time lies in the future",
    "start_time: ",
    "end_time: ",
    *(
        f"{'.'.join(parameter.path)}: Field required"
        for parameter in PARAMETERS.values()
        if not parameter.words.endswith(" time")
    ),
    *(f"{path}: Input should be a valid dictionary" for path in ("displayInfo", "channels", "frequencyRange")),
    *(
        f"{path}: Input should be a valid integer"
        for path in ("displayTimeAxisDuration", "nfftSelection", "displayInfo.height", "channels.min", "channels.max")
    ),
    "frequencyRange.min: Input should be a number",
    "frequencyRange.max: Input should be a number",
    "view_type: Input should be a whole number",
    "a time is neither epoch seconds nor yymmddHHMMSS",
    "a time is not a time after … and before …",
    "an unknown parameter",
    *(f"{path}: an unknown parameter" for path in ("displayInfo", "channels", "frequencyRange")),
    "Input should be a valid dictionary",
}
SHAPES = (
    (" or instance of .*", ""),
    ("^(start|end)_time: .* is ", "a time is "),
    (r"^(displayInfo|channels|frequencyRange)\..*: Extra inputs.*", r"\1: an unknown parameter"),
    ("^.*: Extra inputs.*", "an unknown parameter"),
    (r"(?<![\w.])-?\d+(\.\d+)?", "…"),
)


@cache
def requests_of(seed, count=60, limits=None, window=None):
    return generated(seed, count, limits, window)


def generated(seed, count=60, limits=None, window=None):
    seen = []
    expect_right_answers(count, seed, limits or Limits(), seen.append, window)
    return seen


def broken_by(request, limits=None):
    try:
        ConfigureRequest.model_validate(request.body, context=limits or Limits())
    except ValidationError as refusal:
        return [rule.words for rule in broken_rules(refusal)]
    return []


def is_valid(request, limits=None):
    return not broken_by(request, limits)


def smallest_of(failure):
    return json.loads(str(failure.value).partition(NAME)[2])


def test_a_seed_gives_the_same_requests_again_and_another_one_others():
    assert generated(7, 100) == generated(7, 100) != generated(8, 100)


@pytest.mark.parametrize("seed", [DEFAULT_SEED, 1, 2])
def test_each_kind_comes_and_nearly_all_of_them_break_one_rule(seed):
    seen = requests_of(seed, 300, window=WINDOW)
    groups = strategies(Limits(), WINDOW)
    assert 280 <= len(seen) <= 300
    by_kind = {kind: [one for one in seen if one.kind == kind] for group in groups.values() for kind in group}
    assert sum(map(len, by_kind.values())) == len(seen)
    assert all(by_kind.values())
    valid, refused = [one for one in seen if is_valid(one)], [one for one in seen if not is_valid(one)]
    assert 0.08 < len(valid) / len(seen) < 0.20
    assert {one.kind for one in valid} == set(groups["valid"])
    assert all(is_valid(one) for kind in groups["valid"] for one in by_kind[kind])
    for group, mistakes in (("valid", 0), ("one violation", 1), ("two violations", 2), ("anything at all", 0)):
        assert {one.mistakes for kind in groups[group] for one in by_kind[kind]} == {mistakes}
    assert sum(len(broken_by(one)) == 1 for one in refused) > 0.8 * len(refused)
    for kind in groups["one violation"]:
        assert any(len(broken_by(one)) == 1 for one in by_kind[kind]), kind
    shares = [len(by_kind[kind]) for kind in groups["one violation"]]
    assert 3 <= min(shares) <= max(shares) <= min(shares) + 1


def test_each_rule_is_broken_alone():
    alone = [rules[0] for rules in map(broken_by, requests_of(DEFAULT_SEED, 300)) if len(rules) == 1]
    for pattern, shape in SHAPES:
        alone = [re.sub(pattern, shape, rule, flags=re.DOTALL) for rule in alone]
    assert set(alone) == RULES


def test_valid_ones_are_of_each_view_and_play_back_what_was_recorded():
    valid = [one.body for one in requests_of(DEFAULT_SEED, 300, window=WINDOW) if is_valid(one)]
    assert {body["view_type"] for body in valid} == {0, 1, 2}
    played = [body for body in valid if body["start_time"] is not None]
    assert len(played) >= 5
    for body in played:
        start, end = point_in_time(body["start_time"]), point_in_time(body["end_time"])
        assert WINDOW[0] <= start < end <= WINDOW[1]
    assert {type(body["start_time"]) for body in played} == {int, str}


def test_without_a_recording_nothing_valid_is_played_back():
    valid = [one.body for one in requests_of(DEFAULT_SEED, 300) if is_valid(one)]
    assert valid
    assert all(body["start_time"] is None for body in valid)


def test_all_of_them_are_json_and_some_are_no_object():
    seen = requests_of(DEFAULT_SEED, 300)
    assert all(json.loads(json.dumps(one.body)) == one.body for one in seen)
    assert any(not isinstance(one.body, dict) for one in seen)


@pytest.mark.parametrize("seed", range(3))
def test_what_is_not_mistaken_can_be_marked_and_then_it_is_refused_for_the_same(seed):
    for request in requests_of(seed, 300, window=WINDOW):
        assert (request.violating is None) is (request.kind == "anything at all")
        if request.violating is not None:
            marked, key = stamp(request.body, request.violating, Limits(), random.Random(seed))
            assert broken_by(request._replace(body=marked)) == broken_by(request)
            assert key
            assert request.violating or is_valid(request)
            assert all(marked[name] == request.body[name] for name in request.violating & marked.keys())


@pytest.mark.parametrize(
    "limits",
    [
        Limits(fft_length_min=64, fft_length_max=64, duration_max_s=2, height_max_px=2, sensors=3),
        Limits(fft_length_min=100, fft_length_max=2000, fft_length_power_of_two=False, single_channel_min=0),
    ],
)
def test_the_limits_are_those_of_the_profile(limits):
    seen, groups = requests_of(1, 300, limits), strategies(limits)
    assert all(is_valid(one, limits) is (one.kind in groups["valid"]) for one in seen)
    for kind in groups["one violation"]:
        assert any(len(broken_by(one, limits)) == 1 for one in seen if one.kind == kind), kind
    assert "FFT length that is no power of two" not in groups["one violation"]


def test_a_request_that_was_answered_wrongly_is_shrunk_and_named():
    tried = []

    def expect_right_answer(request):
        tried.append(request)
        duration = request.body.get("displayTimeAxisDuration") if isinstance(request.body, dict) else None
        if isinstance(duration, int) and duration > 3:
            raise ExpectationFailed("expected a refusal")

    with pytest.raises(ExpectationFailed, match="expected a refusal") as failure:
        expect_right_answers(100, DEFAULT_SEED, Limits(), expect_right_answer)
    assert smallest_of(failure) == generate_config_payload(
        displayTimeAxisDuration=4,
        nfftSelection=128,
        displayInfo={"height": 1},
        channels={"min": 0, "max": 0},
        frequencyRange={"min": 0, "max": 1},
    )
    assert smallest_of(failure) in [request.body for request in tried]


def test_anything_at_all_is_shrunk_to_the_simplest_thing():
    def expect_right_answer(request):
        raise ExpectationFailed("expected an answer")

    with pytest.raises(ExpectationFailed) as failure:
        expect_right_answers(100, DEFAULT_SEED, Limits(), expect_right_answer)
    assert len(json.dumps(smallest_of(failure))) < 250


def test_where_each_try_takes_its_time_the_smallest_so_far_is_named():
    failed = []

    def expect_right_answer(request):
        if request.body["displayInfo"]["height"] > 5:
            time.sleep(0.05)
            failed.append(request.body)
            raise ExpectationFailed("no answer within its time")

    with pytest.raises(ExpectationFailed, match="no answer within its time") as failure:
        expect_right_answers(100, DEFAULT_SEED, Limits(), expect_right_answer, smallest_found_s=0.2)
    assert 2 <= len(failed) <= 8
    assert smallest_of(failure) in failed


def test_an_environment_that_breaks_ends_it_at_once():
    tried = []

    def expect_right_answer(request):
        tried.append(request)
        if len(tried) >= 5:
            raise EnvironmentBroken("MongoDB is gone")

    with pytest.raises(EnvironmentBroken, match="MongoDB is gone"):
        expect_right_answers(100, DEFAULT_SEED, Limits(), expect_right_answer)
    assert len(tried) == 5


def test_an_environment_that_breaks_after_a_failure_does_not_hide_it():
    tried = []

    def expect_right_answer(request):
        tried.append(request)
        raise EnvironmentBroken("the server is gone") if len(tried) > 20 else ExpectationFailed("it fell over")

    with pytest.raises(WrongAnswer, match="it fell over"):
        expect_right_answers(100, DEFAULT_SEED, Limits(), expect_right_answer)
    assert len(tried) <= 21


@pytest.mark.parametrize("when", [1, 7, 60])
def test_a_failure_that_does_not_show_again_is_reported_all_the_same(when):
    tried = []

    def expect_right_answer(request):
        tried.append(request.body)
        if len(tried) == when:
            raise ExpectationFailed("once")

    with pytest.raises(WrongAnswer, match="once") as failure:
        expect_right_answers(100, DEFAULT_SEED, Limits(), expect_right_answer)
    assert json.loads(failure.value.request) == tried[when - 1]


def test_a_failure_that_shows_now_and_then_is_reported():
    chance = random.Random(3)

    def expect_right_answer(request):
        if chance.random() < 0.5:
            raise ExpectationFailed("now and then")

    with pytest.raises(WrongAnswer, match="now and then"):
        expect_right_answers(100, DEFAULT_SEED, Limits(), expect_right_answer)


def test_a_mistake_that_is_taken_is_shrunk_within_its_kind():
    def expect_right_answer(request):
        if request.kind == "canvas height null":
            raise ExpectationFailed("taken")

    with pytest.raises(WrongAnswer) as failure:
        expect_right_answers(300, DEFAULT_SEED, Limits(), expect_right_answer)
    assert smallest_of(failure)["displayInfo"] == {"height": None}
    assert smallest_of(failure)["displayTimeAxisDuration"] == 1
