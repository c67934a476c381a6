"""What the server tells a client that asks for the metadata of a job: its first answer, and what was sent."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise
from typing import Any

from support.api.exchange import Exchange
from support.api.job import Job
from support.checks.job_effects import differences
from support.checks.refusals import status_problems
from support.checks.region_of_interest import region_of
from support.checks.waterfall import WaterfallRow
from support.core.errors import require
from support.observers.mongodb import Document

_PRECISION_S = 1e-5  # of epoch seconds as floating point numbers, with room


def expect_metadata_of(exchange: Exchange, job: Job, status: str) -> None:
    """Raise ExpectationFailed unless these are the metadata of a job whose region of interest was not changed."""
    told = exchange.answer()
    wanted = {
        **(job.exchange.answer() or {}),
        "status": status,
        "config": dict(job.payload),
        "roi": region_of(job).model_dump(),
    }
    problems = differences("metadata", wanted, told) if isinstance(told, dict) else ["they are no JSON object"]
    require(f"the metadata of {job.job_id}", status_problems(exchange, 200) + problems, exchange)


def expect_as_recorded(exchange: Exchange, records: Sequence[Document], client_task_id: str) -> None:
    """Raise ExpectationFailed unless metadata tell what the one record of the job holds."""
    problems = [] if len(records) == 1 else [f"there are {len(records)} records"]
    for record in records:
        recorded = {
            "job_id": record.get("task_id"),
            "task_id": record.get(client_task_id),
            "config": record.get("config"),
            "status": record.get("status"),
            "created_at": _moment(record.get("created_at")),
        }
        told = {name: exchange.told(name) for name in recorded}
        told["created_at"] = _moment(told["created_at"])
        problems += differences("metadata", recorded, told)
    require("metadata that agree with the record", problems, exchange)


def expect_rows_as_told(exchange: Exchange, rows: Sequence[WaterfallRow]) -> None:
    """Raise ExpectationFailed unless rows have the sensors, the frequencies and the step that metadata tell."""
    region, amount, step_s = exchange.told("roi"), exchange.told("frequencies_amount"), exchange.told("lines_dt")
    sensors = list(range(region["start"], region["end"])) if isinstance(region, dict) else []
    steps = [after.start_timestamp - before.start_timestamp for before, after in pairwise(rows)]
    problems = [] if steps else [f"there are {len(rows)} rows"]
    wrong = [step for step in steps if abs(step - step_s) > _PRECISION_S]
    problems += [f"rows are {step:.6f} s apart, lines_dt is {step_s}" for step in wrong]
    for row in rows:
        if [one.id for one in row.sensors] != sensors:
            problems.append(f"a row is of {len(row.sensors)} sensors, roi is {region}")
        if any(len(one.intensity) != amount for one in row.sensors):
            problems.append(f"a sensor has {len(row.sensors[0].intensity)} intensities, frequencies_amount is {amount}")
    require("rows that are as the metadata tell", list(dict.fromkeys(problems))[:5], exchange)


def _moment(told: Any) -> Any:
    try:
        return datetime.fromisoformat(told) if isinstance(told, str) else told
    except ValueError:
        return told
