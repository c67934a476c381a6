import pytest
from focus_server_fakes import payload

from sandbox.focus_server.calculation import Calculation
from sandbox.focus_server.configuration import Configuration
from sandbox.focus_server.limits import Limits


def figures(**changes: object):
    return Calculation(Limits()).figures(Configuration.model_validate(payload(**changes)))


def test_frequencies_are_the_bins_of_the_fft_within_the_band() -> None:
    # 2000 Hz / 1024 samples = 1.953125 Hz a bin; the sixth bin, 9.765625 Hz, is above 9.7 Hz.
    made = figures(**{"frequencyRange.min": 0, "frequencyRange.max": 9.7})
    assert made.frequencies_hz == [0.0, 1.953125, 3.90625, 5.859375, 7.8125]


def test_both_ends_of_the_band_are_included() -> None:
    made = figures(**{"frequencyRange.min": 1.953125, "frequencyRange.max": 3.90625})
    assert made.frequencies_hz == [1.953125, 3.90625]


def test_a_band_between_two_bins_has_no_frequency() -> None:
    assert figures(**{"frequencyRange.min": 2, "frequencyRange.max": 3}).frequencies_hz == []


@pytest.mark.parametrize(("nfft", "bins"), [(128, 65), (1024, 513), (4096, 2049)])
def test_the_full_band_holds_half_the_fft_and_one(nfft: int, bins: int) -> None:
    made = figures(**{"nfftSelection": nfft, "frequencyRange.max": 1000})
    assert len(made.frequencies_hz) == bins
    assert made.frequencies_hz[-1] == 1000


@pytest.mark.parametrize(("nfft", "seconds"), [(128, 0.032), (1024, 0.256), (4096, 1.024)])
def test_lines_are_half_a_window_apart(nfft: int, seconds: float) -> None:
    assert figures(nfftSelection=nfft).lines_dt_s == pytest.approx(seconds, rel=1e-12)


def test_each_of_several_channels_has_its_stream() -> None:
    made = figures(**{"channels.min": 5, "channels.max": 7})
    assert made.channel_to_stream_index == {"5": 0, "6": 1, "7": 2}
    assert (made.channel_amount, made.stream_amount) == (3, 3)


def test_a_single_channel_has_stream_0() -> None:
    made = figures(**{"view_type": 1, "channels.min": 9, "channels.max": 9})
    assert made.channel_to_stream_index == {"9": 0}
    assert (made.channel_amount, made.stream_amount) == (1, 1)
