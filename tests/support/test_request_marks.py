import random

from support.contract.configuration import ConfigureRequest, generate_config_payload
from support.contract.limits import Limits
from support.observers.request_marks import stamp

LIMITS = Limits()


def test_a_marked_configuration_is_still_valid_and_can_be_told_from_others():
    keys = set()
    for seed in range(300):
        marked, key = stamp(generate_config_payload(), frozenset(), LIMITS, random.Random(seed))
        ConfigureRequest(**marked)
        keys.add(tuple(sorted(key.items())))
    assert len(keys) == 300


def test_the_mark_survives_at_the_nyquist_frequency():
    payload = generate_config_payload(frequencyRange={"min": 0, "max": 1000})
    ConfigureRequest(**stamp(payload, frozenset(), LIMITS, random.Random(1))[0])


def test_fields_that_a_scenario_sets_are_left_alone():
    payload = generate_config_payload()
    marked, key = stamp(payload, frozenset({"displayInfo", "frequencyRange"}), LIMITS, random.Random(1))
    assert set(key) == {"displayTimeAxisDuration"}
    assert marked == payload | {"displayTimeAxisDuration": key["displayTimeAxisDuration"]}


def test_with_nothing_left_to_mark_the_configuration_is_its_own_key():
    payload = generate_config_payload()
    marked, key = stamp(payload, frozenset(payload), LIMITS, random.Random(1))
    assert marked == payload
    assert key["channels.max"] == 50
    assert key["nfftSelection"] == 1024
