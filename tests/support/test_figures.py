from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from stand_ins import job

from support.checks.figures import FIGURES, expect_figure, figures_of
from support.contract.configuration import generate_config_payload
from support.contract.limits import Limits
from support.core.errors import ExpectationFailed
from support.profile.settings import Answers

T = datetime(2005, 1, 1, tzinfo=UTC)


def figures(answers=None, limits=None, **overrides):
    return figures_of(generate_config_payload(**overrides), limits or Limits(), answers or Answers())


# Worked out by hand: 2000 Hz; resolution 2000 / NFFT, window NFFT / 2000, half of it from one row to the next.
@pytest.mark.parametrize(
    ("length", "resolution", "bins", "window_s", "lines_dt_s"),
    [
        (128, 15.625, 33, 0.064, 0.032),
        (1024, 1.953125, 257, 0.512, 0.256),
        (4096, 0.48828125, 1025, 2.048, 1.024),
    ],
)
def test_figures_of_a_band_from_0_to_500_hz(length, resolution, bins, window_s, lines_dt_s):
    found = figures(nfftSelection=length)
    assert found.resolution_hz == resolution
    assert found.frequencies_hz.tolist() == [number * resolution for number in range(bins)]
    assert (found.window_s, found.lines_dt_s) == (window_s, lines_dt_s)
    assert found.values_per_row == 50 * bins


@pytest.mark.parametrize(
    ("low", "high", "frequencies"),
    [
        (1.953125, 3.90625, [1.953125, 3.90625]),
        (1.953126, 3.906249, []),
        (1.953126, 3.90625, [3.90625]),
        (0, 4, [0, 1.953125, 3.90625]),
        (998, 1000, [998.046875, 1000]),
        (0.5, 1.5, []),
    ],
)
def test_a_band_holds_the_bins_within_it_both_ends_included(low, high, frequencies):
    assert figures(frequencyRange={"min": low, "max": high}).frequencies_hz.tolist() == frequencies


def test_the_whole_band_has_one_bin_more_than_half_the_window():
    assert len(figures(frequencyRange={"min": 0, "max": 1000}).frequencies_hz) == 513


@pytest.mark.parametrize(
    ("view", "shared", "mapping"),
    [
        (0, "one each", {"7": 0, "8": 1, "9": 2}),
        (2, "one each", {"7": 0, "8": 1, "9": 2}),
        (0, "shared", {"7": 0, "8": 0, "9": 0}),
    ],
)
def test_channels_have_streams_of_their_own_unless_the_profile_says_that_they_share_one(view, shared, mapping):
    found = figures(Answers(multichannel_streams=shared), view_type=view, channels={"min": 7, "max": 9})
    assert found.channel_to_stream == mapping
    assert (len(found.channels), found.streams) == (3, len(set(mapping.values())))


def test_a_single_channel_has_the_first_stream():
    found = figures(view_type=1, channels={"min": 9, "max": 9})
    assert (found.channel_to_stream, found.streams) == ({"9": 0}, 1)


def test_sampling_rate_and_overlap_are_the_profiles():
    found = figures(limits=Limits(sampling_rate_hz=1000, overlap=0.75))
    assert (found.resolution_hz, found.window_s, found.lines_dt_s) == (0.9765625, 1.024, 0.256)


# Rows of 0.512 s, one each 0.256 s.
@pytest.mark.parametrize(
    ("begun", "start", "end", "rows"),
    [
        (None, 0, 1.024, 3),
        (None, 0, 1.023, 2),
        (None, 0, 0.512, 1),
        (None, 0, 0.511, 0),
        (None, 0, 0, 0),
        (0, 0.1, 1.1, 2),
        (0, 0.256, 1.024, 2),
        (0, 0.257, 1.024, 1),
        (0, 100.096, 100.608, 1),
        (0, 5, 4, 0),
    ],
)
def test_whole_rows_between_two_moments(begun, start, end, rows):
    def at(seconds):
        return None if seconds is None else T + timedelta(seconds=seconds)

    assert figures().rows_within(at(start), at(end), at(begun)) == rows


PAYLOAD = generate_config_payload(channels={"min": 11, "max": 13}, frequencyRange={"min": 0, "max": 4})
RIGHT = {
    "frequencies_list": [0, 1.953125, 3.90625],
    "frequencies_amount": 3,
    "lines_dt": 0.256,
    "channel_amount": 3,
    "stream_amount": 3,
    "channel_to_stream_index": {"11": 0, "12": 1, "13": 2},
    "view_type": 0,
}
WANTED = figures_of(PAYLOAD, Limits(), Answers())
NEEDED = {
    "frequency resolution": ["frequencies_list"],
    "list of frequencies": ["frequencies_list", "frequencies_amount"],
    "highest frequency": ["frequencies_list"],
    "time between rows": ["lines_dt"],
    "number of channels": ["channel_amount"],
    "mapping of channels to streams": ["channel_to_stream_index"],
    "number of streams": ["stream_amount", "channel_to_stream_index"],
    "view type": ["view_type"],
}


@pytest.mark.parametrize("figure", FIGURES)
def test_a_figure_that_is_told_rightly(figure):
    expect_figure(figure, job(RIGHT, PAYLOAD), WANTED)


@pytest.mark.parametrize(("figure", "name"), [(figure, name) for figure in FIGURES for name in NEEDED[figure]])
@pytest.mark.parametrize("fault", ["missing", "null", "a text", "a list of lists", "zero"])
def test_a_figure_that_is_not_told_or_is_no_figure_is_the_products_failure(figure, name, fault):
    answer = {key: value for key, value in RIGHT.items() if key != name}
    if fault != "missing":
        answer[name] = {"null": None, "a text": "0.256", "a list of lists": [[0], [1, 2]], "zero": 0.0}[fault]
    with pytest.raises(ExpectationFailed, match=f"expected the {figure} that follows from the configuration"):
        expect_figure(figure, job(answer, PAYLOAD), WANTED)


@pytest.mark.parametrize(
    ("figure", "wrong"),
    [
        ("frequency resolution", {"frequencies_list": [0, 1.953126, 3.90625]}),
        ("frequency resolution", {"frequencies_list": [0, 1.953125]}),
        ("list of frequencies", {"frequencies_list": [0, 1.953125, 3.90625001]}),
        ("list of frequencies", {"frequencies_list": [1e-300, 1.953125, 3.90625]}),
        ("list of frequencies", {"frequencies_list": [0, 1.953125]}),
        ("list of frequencies", {"frequencies_list": [3.90625, 1.953125, 0]}),
        ("list of frequencies", {"frequencies_amount": 4}),
        ("list of frequencies", {"frequencies_amount": 3.0}),
        ("highest frequency", {"frequencies_list": [0, 1.953125, 4]}),
        ("highest frequency", {"frequencies_list": []}),
        ("time between rows", {"lines_dt": 0.256001}),
        ("time between rows", {"lines_dt": [0.256]}),
        ("number of channels", {"channel_amount": 2}),
        ("number of channels", {"channel_amount": 3.0}),
        ("mapping of channels to streams", {"channel_to_stream_index": {"11": 0, "12": 1}}),
        ("mapping of channels to streams", {"channel_to_stream_index": {"11": 0, "12": 2, "13": 1}}),
        ("mapping of channels to streams", {"channel_to_stream_index": {"11": 0, "12": 1.0, "13": 2}}),
        ("mapping of channels to streams", {"channel_to_stream_index": {"11": False, "12": 1, "13": 2}}),
        ("number of streams", {"stream_amount": 1}),
        ("number of streams", {"channel_to_stream_index": {"11": 0, "12": 0, "13": 0}}),
        ("view type", {"view_type": 1}),
        ("view type", {"view_type": False}),
    ],
)
def test_a_figure_that_is_a_little_wrong_is_found(figure, wrong):
    with pytest.raises(ExpectationFailed, match=f"expected the {figure} that follows"):
        expect_figure(figure, job({**RIGHT, **wrong}, PAYLOAD), WANTED)


def test_an_unknown_figure_names_the_known_ones():
    with pytest.raises(ValueError, match=r"there is no figure 'weight'.*time between rows"):
        expect_figure("weight", job(RIGHT, PAYLOAD), WANTED)


def test_the_frequencies_are_those_of_a_real_transform():
    bin_of_a_tone = np.abs(np.fft.rfft(np.sin(2 * np.pi * 250 * np.arange(1024) / 2000))).argmax()
    assert figures().frequencies_hz[bin_of_a_tone] == 250
