"""The rows of a job, and its stream."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from behave import given, register_type, then, when

from steps.row_types import Extent, Readers, Replay
from steps.scenario_state import Context
from steps.words import choice
from support.api.exchange import Exchange
from support.api.job import Job
from support.checks import record_store, waterfall
from support.checks.figures import Figures
from support.checks.promises import Promises
from support.checks.waterfall import Waterfall
from support.contract.limits import ViewType
from support.core.errors import require
from support.load.rows import read_for


def rows_to_judge(context: Context, at_least: int = 1) -> list[waterfall.WaterfallRow]:
    rows = context.state.waterfall.rows
    require(f"at least {at_least} rows to judge by", [] if len(rows) >= at_least else [f"there are {len(rows)}"])
    return rows


@when("the next {count:d} rows of {jobs:Jobs} are asked for")
def the_next_rows_are_asked_for(context: Context, count: int, jobs: str) -> None:
    waterfalls = [context.state.waterfall_of(job) for job in context.state.jobs_called(jobs)]
    context.state.exchanges = [one.expect_next_rows(count) for one in waterfalls]


@when("its rows are asked for {extent:Extent}")
def rows_are_asked_for(context: Context, extent: Extent) -> None:
    rows = context.state.waterfall
    if extent.seconds:
        context.state.reading = read_for(rows, extent.seconds, context.state.settings.limits.rows_max)
    else:
        rows.expect_rows(extent.rows, extent.at_a_time or extent.rows, context.state.figures)


@when("its rows are read to the end{by:Readers}")
def rows_are_read_to_the_end(context: Context, by: Readers) -> None:
    if by.readers > 1:
        context.state.waterfall.expect_end_by(by.readers, by.at_a_time)
    else:
        context.state.waterfall.expect_end()


@then("there are no rows {expect:NoRows}")
def there_are_no_rows(context: Context, expect: Callable[[Waterfall, Exchange, Figures], None]) -> None:
    expect(context.state.waterfall, context.state.exchange, context.state.figures)


@then("no more rows come from then on")
def no_more_rows_come_from_then_on(context: Context) -> None:
    rows = context.state.waterfall
    rows.expect_end_of_live_job()
    rows.expect_over(rows.expect_next_rows(10))


@then("every row is of its sensors, frequencies and length")
def every_row_is_of_its_sensors(context: Context) -> None:
    rows, figures = rows_to_judge(context), context.state.figures
    require("rows of the job's sensors and frequencies", waterfall.row_problems(rows, figures, figures.channels))


@given("a running {kind:Kind} around a signal that is known to be on the fibre")
def a_job_around_a_signal(context: Context, kind: str) -> None:
    sensor, _ = known_signal(context)
    # Not in the middle: a view that is the wrong way round must not show it in the right place.
    around = {"min": max(0, sensor - 3), "max": min(sensor + 6, context.state.settings.limits.last_sensor)}
    nyquist_hz = context.state.settings.limits.nyquist_hz
    changes = {"channels": around, "frequencyRange": {"min": 0, "max": nyquist_hz}, "nfftSelection": 128}
    context.state.run_job(context.state.payload_of(kind) | changes)


def known_signal(context: Context) -> tuple[int, float]:
    signal = context.state.settings.signal
    named = signal.sensor is not None and signal.frequency_hz is not None
    context.state.skip_unless(named, "signal.sensor and signal.frequency_hz are not set: no signal is known")
    assert signal.sensor is not None
    assert signal.frequency_hz is not None
    return signal.sensor, signal.frequency_hz


@then("every row is strongest at the sensor and the frequency of the signal")
def every_row_shows_the_signal(context: Context) -> None:
    problems = waterfall.signal_problems(rows_to_judge(context), context.state.figures, *known_signal(context))
    require("the known signal at its sensor and frequency (signal.sensor, signal.frequency_hz)", problems)


@when("its stream is opened, and {count:d} rows are read from it")
def its_stream_is_read(context: Context, count: int) -> None:
    context.state.skip_unless(context.state.settings.stream.call, "stream.call is not set: how to read is not known")
    context.state.waterfall.expect_streamed(count, context.state.figures)


@then("the rows follow each other at its output rate")
def the_rows_follow_each_other(context: Context) -> None:
    rows = rows_to_judge(context, at_least=2)
    require("rows at the output rate", waterfall.order_problems(rows, context.state.figures))


def its_time(context: Context) -> waterfall.Window:
    start, _ = context.state.window
    return start, start


def after_its_job(context: Context) -> waterfall.Window:
    """A row begins with the job, or when its analyzer is ready: which of them, the contract does not say."""
    moments = record_store.expect_creation_times(context.state.stores.records.of_job(context.state.job.job_id))
    problems = [] if len(moments) == 1 else [f"there are {len(moments)}"]
    require("one record that says when the job was created", problems)
    stored_to = timedelta(milliseconds=1)  # dates in MongoDB; whoever rounds them up is right, too
    return moments[0] - stored_to, moments[0] + timedelta(seconds=context.state.settings.time_limits.analyzer_runs_s)


BEGINNINGS = {"its time": its_time, "the job": after_its_job}
register_type(Beginning=choice("With what a first row begins.", BEGINNINGS))


@then("the first row begins with {what:Beginning}")
def the_first_row_begins_with(context: Context, what: Callable[[Context], waterfall.Window]) -> None:
    problems = waterfall.beginning_problems(rows_to_judge(context)[0], what(context))
    require("the first row to begin at the right time", problems)


@then("each row comes within the promised time of its own")
def each_row_comes_in_time(context: Context) -> None:
    rows_to_judge(context)
    rows = context.state.waterfall
    context.state.session.timing.chart("how late each row came", rows.late_s(), "rows_late_s")
    rows.expect_in_real_time()


@when("the playback is played back once more{replay:Replay}")
def the_playback_once_more(context: Context, replay: Replay) -> None:
    context.state.other_job, payload = context.state.job, context.state.configuration.payload()
    if replay.of_last_sensor:
        channel = payload["channels"]["max"]
        payload |= {"view_type": int(ViewType.SINGLE_CHANNEL), "channels": {"min": channel, "max": channel}}
    context.state.run_job(payload)
    context.state.waterfall.expect_end(replay.at_a_time)


@then("both show the same")
def both_show_the_same(context: Context) -> None:
    """Of the sensors that the second one shows, if these are fewer."""
    job, before, rows = context.state.job, context.state.other_job, rows_to_judge(context)
    same_sensors = job.payload["channels"] == before.payload["channels"]
    sensors = None if same_sensors else context.state.figures.channels
    shown_before = context.state.waterfall_of(before).rows
    require("the same rows of the same time", waterfall.difference_problems(shown_before, rows, sensors))


@then("every row lies within what was recorded")
def every_row_lies_within(context: Context) -> None:
    rows = rows_to_judge(context)
    spans = [(start.timestamp(), end.timestamp()) for start, end in context.state.recorded]
    require("rows of what was recorded and of nothing else", waterfall.outside_problems(rows, spans))


@then("there are {count:RowCount}")
def there_are_so_many(context: Context, count: int | None) -> None:
    rows = context.state.waterfall.rows
    if count is not None:
        require(f"{count} rows", [] if len(rows) == count else [f"there are {len(rows)}"])
        return
    window, recorded = context.state.window, context.state.recorded
    problems = waterfall.row_count_problems(rows, context.state.figures, window, recorded)
    require("as many rows as fit into what was recorded", problems)


@then("the stream of {jobs:Jobs} {expect:Served}")
def the_stream_is_served(context: Context, jobs: str, expect: Callable[[Promises, Job, str], None]) -> None:
    for job_id in context.state.ids_of(jobs):
        expect(context.state.session.promises, context.state.job, job_id)
