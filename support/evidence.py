"""What is kept for the reader of a report: what was said, and what stood in the stores."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, NamedTuple

import yaml

from support.client import Exchange
from support.errors import EnvironmentBroken
from support.settings import Naming
from support.side_effects import KINDS, Kind
from support.stores import Stores

MediaType = Literal["json", "text", "yaml"]
SHOWN_JOBS = 12
SHOWN_EXCHANGES = 30
LOG_LINES = 200


class Evidence(NamedTuple):
    """One attachment of a report."""

    name: str
    body: str
    media_type: MediaType


def of_exchanges(exchanges: Sequence[Exchange]) -> list[Evidence]:
    """Each request with its answer, and the latencies where there are several."""
    kept = [_of_exchange(exchange) for exchange in exchanges[:SHOWN_EXCHANGES]]
    if len(exchanges) > 1:
        lines = ["request,sent,status,seconds"]
        lines += [f"{e.method} {e.path},{e.sent_at.isoformat()},{e.status},{e.elapsed_s:.4f}" for e in exchanges]
        kept.append(Evidence(f"latency of {len(exchanges)} requests", "\n".join(lines), "text"))
    return kept


def of_jobs(stores: Stores, naming: Naming, job_ids: Collection[str]) -> list[Evidence]:
    """Every side effect of each job as it stands now. What cannot be read is said instead of shown."""
    return [_side_effect(kind, stores, naming, job_id) for job_id in sorted(job_ids)[:SHOWN_JOBS] for kind in KINDS]


def of_log(log_file: Path | None, job_ids: Collection[str], since: datetime) -> list[Evidence]:
    """The server's log lines about these jobs; without a job its last lines, since a refusal names none."""
    if log_file is None:
        return []
    try:
        lines = log_file.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError as error:
        return [Evidence("server log", f"could not be read: {error}", "text")]
    about = [line for line in lines if any(job_id in line for job_id in job_ids)] if job_ids else lines
    return [Evidence(f"server log since {since:%H:%M:%S} UTC", "\n".join(about[-LOG_LINES:]), "text")]


def _of_exchange(exchange: Exchange) -> Evidence:
    answer: Any = exchange.answer()
    shown = {
        "request": {"method": exchange.method, "path": exchange.path, "body": exchange.request_body},
        "sent_at": exchange.sent_at.isoformat(),
        "elapsed_s": round(exchange.elapsed_s, 4),
        "answer": {"status": exchange.status, "body": exchange.answer_text if answer is None else answer},
        "failure": exchange.failure,
    }
    status = exchange.status or "no answer"
    return Evidence(f"{exchange.method} {exchange.path}: {status}", _as_json(shown), "json")


def _side_effect(kind: Kind, stores: Stores, naming: Naming, job_id: str) -> Evidence:
    name = f"{kind.name} of {job_id}"
    try:
        documents = kind.of_job(stores, naming, job_id)
    except EnvironmentBroken as error:
        return Evidence(name, f"could not be read: {error}", "text")
    if not documents:
        return Evidence(name, "there is none", "text")
    as_text = {"json": _as_json, "yaml": _as_yaml}[kind.shown_as]
    return Evidence(name, as_text(documents), kind.shown_as)


def _as_json(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False, default=str)


def _as_yaml(documents: list[Any]) -> str:
    return yaml.safe_dump_all(documents, sort_keys=False, allow_unicode=True)
