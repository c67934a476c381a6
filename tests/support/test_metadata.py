from datetime import UTC, datetime

import pytest
from stand_ins import exchange, job

from support.checks import metadata
from support.checks.waterfall import WaterfallRow
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


RECORD = {
    "task_id": "job_a1b2c3d4",
    "client_task_id": "client_1",
    "config": MADE.payload,
    "status": "configured",
    "created_at": datetime(2026, 1, 1, 0, 0, 0, 5000, tzinfo=UTC),
}
TOLD = {
    "job_id": "job_a1b2c3d4",
    "task_id": "client_1",
    "config": MADE.payload,
    "status": "configured",
    "created_at": "2026-01-01T00:00:00.005Z",
}


def test_metadata_are_what_is_recorded():
    metadata.expect_as_recorded(exchange(TOLD), [RECORD], "client_task_id")
    for name, wrong in (
        ("job_id", "job_00000000"),
        ("task_id", None),
        ("config", {**MADE.payload, "view_type": 2}),
        ("status", "cancelled"),
        ("created_at", "2026-01-01T00:00:00.006Z"),
        ("created_at", "yesterday"),
    ):
        with pytest.raises(ExpectationFailed, match=f"metadata.{name}"):
            metadata.expect_as_recorded(exchange({**TOLD, name: wrong}), [RECORD], "client_task_id")
    for records in ([], [RECORD, RECORD]):
        with pytest.raises(ExpectationFailed, match=f"there are {len(records)} records"):
            metadata.expect_as_recorded(exchange(TOLD), records, "client_task_id")


def rows(sensors=(7, 8), values=3, step_s=0.25, count=2):
    seen = [{"id": sensor, "intensity": [1.0] * values} for sensor in sensors]
    times = [{"start_timestamp": at * step_s, "end_timestamp": at * step_s + 1} for at in range(count)]
    return [WaterfallRow.model_validate({**one, "sensors": seen}) for one in times]


def test_rows_are_as_the_metadata_tell():
    told = exchange({"roi": {"start": 7, "end": 9}, "frequencies_amount": 3, "lines_dt": 0.25})
    metadata.expect_rows_as_told(told, rows())
    for wrong, problem in (
        (rows(sensors=(7,)), "a row is of 1 sensors"),
        (rows(sensors=(8, 7)), "a row is of 2 sensors"),
        (rows(values=2), "a sensor has 2 intensities, frequencies_amount is 3"),
        (rows(step_s=0.5), "rows are 0.500000 s apart, lines_dt is 0.25"),
        (rows(count=1), "there are 1 rows"),
    ):
        with pytest.raises(ExpectationFailed, match=problem):
            metadata.expect_rows_as_told(told, wrong)
