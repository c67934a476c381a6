import pytest
from stand_ins import exchange, job

from support.checks import metadata
from support.core.errors import ExpectationFailed

MADE = job({"job_id": "job_a1b2c3d4", "status": "configured", "lines_dt": 0.256, "frequencies_list": [0, 1.953125]})
RIGHT = {**MADE.exchange.answer(), "config": MADE.payload, "roi": {"start": 1, "end": 51}}


def test_metadata_are_what_the_maker_was_told_and_what_was_sent():
    metadata.expect_metadata_of(exchange(RIGHT), MADE, "configured")
    metadata.expect_metadata_of(exchange({**RIGHT, "status": "cancelled"}), MADE, "cancelled")


@pytest.mark.parametrize(
    ("answer", "status", "told"),
    [
        (RIGHT, 201, "the status is 201 instead of 200"),
        ([RIGHT], 200, "they are no JSON object"),
        ("<html>", 200, "they are no JSON object"),
        ({**RIGHT, "status": "cancelled"}, 200, "metadata.status is 'cancelled' instead of 'configured'"),
        ({**RIGHT, "lines_dt": 0.2561}, 200, "metadata.lines_dt is 0.2561"),
        ({**RIGHT, "frequencies_list": [0, 2]}, 200, "metadata.frequencies_list"),
        ({**RIGHT, "config": {**MADE.payload, "nfftSelection": 1024.0}}, 200, "metadata.config.nfftSelection"),
        ({**RIGHT, "config": {**MADE.payload, "end_time": 1}}, 200, "metadata.config.end_time"),
        ({**RIGHT, "roi": {"start": 1, "end": 50}}, 200, "metadata.roi.end"),
        ({k: v for k, v in RIGHT.items() if k != "roi"}, 200, "metadata.roi is missing"),
        ({**RIGHT, "host": "10.0.0.1"}, 200, "metadata.host is '10.0.0.1' and was not asked for"),
    ],
)
def test_metadata_that_differ_are_found(answer, status, told):
    with pytest.raises(ExpectationFailed) as failure:
        metadata.expect_metadata_of(exchange(answer, status), MADE, "configured")
    assert f"\n  - {told}" in str(failure.value)
