import pytest

from support.contract.configuration import ConfigureRequest, generate_config_payload, with_value
from support.contract.limits import PARAMETERS, Limits
from support.core.errors import ValidationError

OTHERS = Limits(
    fft_length_min=256, fft_length_max=512, duration_max_s=9, height_max_px=8, sensors=7, sampling_rate_hz=6
)


@pytest.mark.parametrize(
    ("words", "by_contract", "by_others"),
    [
        ("FFT length", (128, 4096), (256, 512)),
        ("time axis duration", (1, 3600), (1, 9)),
        ("canvas height", (1, 10_000), (1, 8)),
        ("channel", (1, 2221), (1, 6)),
        ("first sensor", (0, 2221), (0, 6)),
        ("last sensor", (0, 2221), (0, 6)),
        ("lowest frequency", (0, 1000), (0, 3)),
        ("highest frequency", (0, 1000), (0, 3)),
        ("view type", (0, 2), (0, 2)),
    ],
)
def test_a_parameter_reaches_from_its_smallest_to_its_largest_value(words, by_contract, by_others):
    assert Limits().range_of(PARAMETERS[words]) == by_contract
    assert OTHERS.range_of(PARAMETERS[words]) == by_others


@pytest.mark.parametrize("words", ["FFT length", "time axis duration", "canvas height", "view type"])
def test_both_ends_are_accepted_and_nothing_beyond_them(words):
    smallest, largest = Limits().range_of(PARAMETERS[words])
    for end, beyond in ((smallest, smallest - 1), (largest, largest + 1)):
        ConfigureRequest(**with_value(generate_config_payload(), PARAMETERS[words], end))
        with pytest.raises(ValidationError):
            ConfigureRequest(**with_value(generate_config_payload(), PARAMETERS[words], beyond))


@pytest.mark.parametrize("words", ["canvas", "sensor range", "frequency range", "start time", "end time"])
def test_what_is_no_number_has_no_range(words):
    with pytest.raises(KeyError):
        Limits().range_of(PARAMETERS[words])
