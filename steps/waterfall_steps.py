"""The rows of a job, and its stream."""

from datetime import datetime

from behave import given, then, when

from steps.scenario_state import Context
from support.checks import record_store, waterfall
from support.contract.limits import ViewType
from support.core.errors import require


def rows_to_judge(context: Context, at_least: int = 1) -> list[waterfall.WaterfallRow]:
    rows = context.state.waterfall.rows
    require(f"at least {at_least} rows to judge by", [] if len(rows) >= at_least else [f"there are {len(rows)}"])
    return rows


@when("the next {count:d} rows are asked for")
def the_next_rows_are_asked_for(context: Context, count: int) -> None:
    context.state.exchanges = [context.state.waterfall.expect_next_rows(count)]


@when("the next {count:d} rows of every job are asked for")
def the_next_rows_of_every_job(context: Context, count: int) -> None:
    context.state.waterfalls = [context.state.waterfall_of(job) for job in context.state.jobs]
    for waterfall_of_job in context.state.waterfalls:
        waterfall_of_job.expect_next_rows(count)


@given("its rows were asked for until there are {count:d}")
@when("its rows are asked for until there are {count:d}")
@when("its rows are asked for until there are {count:d}, {part:d} at a time")
def rows_are_asked_for_until(context: Context, count: int, part: int | None = None) -> None:
    figures = context.state.figures
    context.state.waterfall.expect_rows(count, part or count, figures)


@when("its rows are read to the end")
def rows_are_read_to_the_end(context: Context) -> None:
    context.state.waterfall.expect_end()


@when("its rows are read to the end by {readers:d} readers at once, {part:d} at a time")
def rows_are_read_by_several(context: Context, readers: int, part: int) -> None:
    context.state.waterfall.expect_end_by(readers, part)


@then("there are no rows yet")
def there_are_no_rows_yet(context: Context) -> None:
    context.state.waterfall.expect_none_before_its_time(context.state.exchange, context.state.figures)


@then("there are no rows yet, and more will come")
def there_are_none_yet_and_more_will_come(context: Context) -> None:
    context.state.waterfall.expect_none_yet(context.state.exchange)


@then("no more rows will come")
def no_more_rows_will_come(context: Context) -> None:
    context.state.waterfall.expect_over(context.state.exchange)


@then("no more rows come from then on")
def no_more_rows_come_from_then_on(context: Context) -> None:
    rows = context.state.waterfall
    rows.expect_end_of_live_job()
    rows.expect_over(rows.expect_next_rows(10))


@then("every row is of its sensors and frequencies")
@then("every row is of its sensors and frequencies, and as long as its window")
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


@then("the first row begins with its time")
def the_first_row_begins_with_its_time(context: Context) -> None:
    expect_first_row_at(context, "the playback", [context.state.window[0]])


@then("the first row begins with the job")
def the_first_row_begins_with_the_job(context: Context) -> None:
    records = context.state.stores.records.of_job(context.state.job.job_id)
    expect_first_row_at(context, "the job", record_store.expect_creation_times(records))


def expect_first_row_at(context: Context, what: str, moments: list[datetime]) -> None:
    begins, wanted = rows_to_judge(context)[0].start_timestamp, [moment.timestamp() for moment in moments]
    require(f"the first row to begin with {what}", [] if [begins] == wanted else [f"{begins} instead of {wanted}"])


@then("each row comes within the promised time of its own")
def each_row_comes_in_time(context: Context) -> None:
    rows_to_judge(context)
    rows = context.state.waterfall
    context.state.session.timing.chart("how late each row came", rows.late_s(), "rows_late_s")
    rows.expect_in_real_time()


@when("the playback is played back once more")
@when("the playback is played back once more, {part:d} rows at a time")
def the_playback_once_more(context: Context, part: int | None = None) -> None:
    context.state.shown_before = context.state.waterfall.rows
    context.state.run_job()
    context.state.waterfall.expect_end(part)


@when("the same time is played back of its last sensor alone")
def the_same_time_of_one_sensor(context: Context) -> None:
    context.state.shown_before = context.state.waterfall.rows
    payload = context.state.configuration.payload()
    channel = payload["channels"]["max"]
    payload |= {"view_type": int(ViewType.SINGLE_CHANNEL), "channels": {"min": channel, "max": channel}}
    context.state.run_job(payload)
    context.state.waterfall.expect_end()


@then("both show the same")
def both_show_the_same(context: Context) -> None:
    rows = rows_to_judge(context)
    require("the same rows of the same time", waterfall.difference_problems(context.state.shown_before, rows))


@then("both show the same of that sensor")
def both_show_the_same_of_that_sensor(context: Context) -> None:
    rows = rows_to_judge(context)
    sensors = {context.state.job.payload["channels"]["max"]}
    problems = waterfall.difference_problems(context.state.shown_before, rows, sensors)
    require("the same rows of the same sensor", problems)


@then("there are {count:d} of them")
def there_are_so_many(context: Context, count: int) -> None:
    there = len(context.state.waterfall.rows)
    require(f"{count} rows", [] if there == count else [f"there are {there}"])


@then("every row lies within what was recorded")
def every_row_lies_within(context: Context) -> None:
    rows = rows_to_judge(context)
    spans = [(start.timestamp(), end.timestamp()) for start, end in context.state.recorded]
    require("rows of what was recorded and of nothing else", waterfall.outside_problems(rows, spans))


@then("there are rows of each recording")
def there_are_rows_of_each_recording(context: Context) -> None:
    rows, figures = context.state.waterfall.rows, context.state.figures
    problems = waterfall.row_count_problems(rows, figures, context.state.window, context.state.recorded)
    require("the rows of each recording", problems)


@then("there are as many rows as fit into its time")
def there_are_as_many_rows_as_fit(context: Context) -> None:
    rows, figures = context.state.waterfall.rows, context.state.figures
    problems = waterfall.row_count_problems(rows, figures, context.state.window, [context.state.window])
    require("as many rows as fit into the time", problems)


@then("the stream of the job is served")
def the_stream_is_served(context: Context) -> None:
    context.state.session.promises.expect_stream_served(context.state.job)


@then("the stream of the job is served no longer")
def the_stream_is_served_no_longer(context: Context) -> None:
    context.state.session.promises.expect_stream_gone(context.state.job, context.state.job.job_id)


@then("an unknown job has no stream")
def an_unknown_job_has_no_stream(context: Context) -> None:
    context.state.session.promises.expect_stream_gone(context.state.job, context.state.settings.naming.unknown_job_id)
