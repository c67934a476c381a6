import json
import time

import pytest

from support import generated
from support.configuration import ConfigureRequest, generate_config_payload
from support.contract import Limits
from support.errors import EnvironmentBroken, ExpectationFailed, ValidationError
from support.generated import DEFAULT_SEED, try_all

NAME = "the smallest request that shows it: "


def requests_of(seed, count=60, limits=None):
    seen = []
    try_all(count, seed, limits or Limits(), seen.append)
    return seen


def is_valid(request, limits=None):
    try:
        ConfigureRequest.model_validate(request, context=limits or Limits())
    except ValidationError:
        return False
    return True


def smallest_of(failure):
    return json.loads(str(failure.value).partition(NAME)[2])


def test_a_seed_gives_the_same_requests_again_and_another_one_others():
    assert requests_of(7) == requests_of(7) != requests_of(8)


def test_valid_ones_come_and_invalid_ones_and_some_that_are_no_object():
    seen = requests_of(DEFAULT_SEED, 200)
    assert len(seen) == 200
    valid = [request for request in seen if is_valid(request)]
    assert 10 <= len(valid) <= 100
    assert {request["view_type"] for request in valid} == {0, 1, 2}
    assert any(not isinstance(request, dict) for request in seen)
    usual = set(generate_config_payload())
    assert sum(isinstance(request, dict) and bool(usual & set(request)) for request in seen) > 120
    assert all(json.loads(json.dumps(request)) == request for request in seen)


def test_valid_ones_are_valid_by_the_limits_of_the_profile():
    limits = Limits(fft_length_min=64, fft_length_max=64, duration_max_s=2, height_max_px=2, sensors=3)
    valid = [request for request in requests_of(1, 100, limits) if is_valid(request, limits)]
    assert len(valid) >= 5
    assert {request["nfftSelection"] for request in valid} == {64}


def test_a_request_that_was_dealt_with_wrongly_is_shrunk_and_named():
    judged = []

    def judge(request):
        judged.append(request)
        duration = request.get("displayTimeAxisDuration") if isinstance(request, dict) else None
        if isinstance(duration, int) and duration > 3:
            raise ExpectationFailed("expected a refusal")

    with pytest.raises(ExpectationFailed, match="expected a refusal") as failure:
        try_all(100, DEFAULT_SEED, Limits(), judge)
    assert smallest_of(failure)["displayTimeAxisDuration"] == 4
    assert smallest_of(failure) in judged


def test_anything_at_all_is_shrunk_to_the_simplest_thing():
    def judge(request):
        raise ExpectationFailed("expected an answer")

    with pytest.raises(ExpectationFailed) as failure:
        try_all(100, DEFAULT_SEED, Limits(), judge)
    assert len(json.dumps(smallest_of(failure))) < 250


def test_where_each_try_takes_its_time_the_smallest_so_far_is_named(monkeypatch):
    monkeypatch.setattr(generated, "_SHRINKING_S", 0.2)
    failed = []

    def judge(request):
        if isinstance(request, dict) and len(request) > 5:
            time.sleep(0.05)
            failed.append(request)
            raise ExpectationFailed("no answer within its time")

    started = time.monotonic()
    with pytest.raises(ExpectationFailed, match="no answer within its time") as failure:
        try_all(100, DEFAULT_SEED, Limits(), judge)
    assert time.monotonic() - started < 2
    assert 2 <= len(failed) <= 8
    assert smallest_of(failure) in failed


def test_an_environment_that_breaks_ends_it_at_once():
    judged = []

    def judge(request):
        judged.append(request)
        if len(judged) >= 5:
            raise EnvironmentBroken("MongoDB is gone")

    with pytest.raises(EnvironmentBroken, match="MongoDB is gone"):
        try_all(100, DEFAULT_SEED, Limits(), judge)
    assert len(judged) == 5
