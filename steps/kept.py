"""What several step modules make of, and keep on, the context.

Steps are not imported from each other: behave reads each of their modules by itself, and would find theirs twice.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from behave.runner import Context

from steps.parameter_types import parse_parameter, parse_value
from support.checks import answers
from support.checks.waterfall import Waterfall
from support.contract.configuration import generate_config_payload, generate_playback_payload, with_value
from support.contract.limits import Parameter, ViewType
from support.profile.boundary_values import resolve

DEFAULT_CHANNEL = {"min": 7, "max": 7}
# With an FFT of 128 samples its last row ends with it.
PLAYBACK = timedelta(seconds=12)


def payload_of(context: Context, kind: str) -> dict[str, Any]:
    """A valid payload of a kind of job; a playback's recording is put for it."""
    if kind == "playback":
        start = context.session.recorder.free_time()
        context.recordings = [context.session.recorder.put(start, start + PLAYBACK)]
        context.window = (start, start + PLAYBACK)
        return generate_playback_payload(*context.window)
    if kind == "single channel job":
        return generate_config_payload(view_type=int(ViewType.SINGLE_CHANNEL), channels=DEFAULT_CHANNEL)
    return generate_config_payload()


def changed(context: Context, kind: str, parameter: Parameter, value: Any) -> dict[str, Any]:
    """A payload of a kind of job with one parameter set."""
    return with_value(payload_of(context, kind), parameter, resolve(value, parameter, context.run.settings))


def several_changed(context: Context, kind: str) -> dict[str, Any]:
    """A payload of a kind of job with the parameters of the step's table set."""
    payload = payload_of(context, kind)
    for row in context.table:
        parameter, value = parse_parameter(row["parameter"]), parse_value(row["value"])
        payload = with_value(payload, parameter, resolve(value, parameter, context.run.settings))
    return payload


def run_job(context: Context, payload: dict[str, Any]) -> None:
    """Have a job that runs."""
    context.configuration = context.session.configuration(payload)
    run_configuration(context)


def run_configuration(context: Context) -> None:
    """Have a job of the present configuration that runs."""
    context.attempts = [context.session.request_job(context.configuration)]
    accept(context)
    (context.job,) = context.jobs
    context.session.promises.expect_running_analyzer(context.job)


def accept(context: Context) -> None:
    """Read the answers to what was asked as those of accepted jobs."""
    settings = context.run.settings
    context.jobs = [answers.expect_accepted(attempt, settings.answers, settings.naming) for attempt in context.attempts]


def alone_or_skipped(context: Context) -> bool:
    """Whether the run has the environment to itself; if not, what would be felt by others is skipped."""
    if not context.run.settings.exclusive:
        context.scenario.skip("others would feel it: this needs an environment of one's own")
    return bool(context.run.settings.exclusive)


def rows_of_the_job(context: Context) -> Waterfall:
    """What was read of the present job's rows."""
    read: Waterfall | None = getattr(context, "waterfall", None)
    if read is None or read.job is not context.job:
        read = context.waterfall = context.session.waterfall(context.job)
    return read


def ask_for_recordings(context: Context, start: datetime, end: datetime) -> None:
    """Ask the server what was recorded between two moments."""
    times = {"start_time": int(start.timestamp()), "end_time": int(end.timestamp())}
    context.exchange = context.session.send("POST", context.run.settings.paths.recordings, times)
