"""What is kept for the reader of a report: what was said, and what stood in the stores."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple

import yaml

from support.api.exchange import Exchange
from support.core.characters import allowed_document, encodable
from support.core.errors import EnvironmentBroken
from support.evidence.charts import distribution, timeline
from support.evidence.timeline import arrivals_of
from support.observers.side_effects import KINDS, Look
from support.profile.settings import EffectsOfAJob, Naming

MediaType = Literal["json", "svg", "text", "yaml"]
SHOWN_JOBS = 12
SHOWN_EXCHANGES = 50
LOG_LINES = 200
SHOWN_CHARACTERS = 20_000

# Libyaml's is four times as fast; a build of PyYAML may lack it.
_YAML = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


class Evidence(NamedTuple):
    """One attachment of a report."""

    name: str
    body: str
    media_type: MediaType


def of_exchange(exchange: Exchange) -> Evidence:
    """A request with its answer."""
    text = exchange.answer_text
    answer: Any = exchange.answer() if len(text) <= SHOWN_CHARACTERS else None
    shown = {
        "request": {"method": exchange.method, "path": exchange.path, "body": exchange.request_body},
        "sent_at": exchange.sent_at.isoformat(),
        "elapsed_s": round(exchange.elapsed_s, 4),
        "answer": {"status": exchange.status, "body": _cut(text) if answer is None else answer},
        "failure": exchange.failure,
    }
    status = exchange.status or "no answer"
    return Evidence(f"{exchange.method} {exchange.path}: {status}", _as_json(shown), "json")


def of_latencies(exchanges: Sequence[Exchange]) -> Evidence:
    """How long each of several requests took, as a table of comma separated values."""
    lines = ["request,sent,status,seconds"]
    lines += [f"{e.method} {e.path},{e.sent_at.isoformat()},{e.status},{e.elapsed_s:.4f}" for e in exchanges]
    return Evidence(f"latency of {len(exchanges)} requests", "\n".join(lines), "text")


def of_jobs(look: Look, naming: Naming, expected: EffectsOfAJob, asked: Mapping[str, Exchange]) -> Iterator[Evidence]:
    """Every side effect of each job as it stands now, and when it came; `asked` is, by job id, what asked for the job.

    What cannot be read is said instead of shown.
    """
    for job_id in list(asked)[:SHOWN_JOBS]:
        found: dict[str, list[Any]] = {}
        for kind in KINDS:
            name = f"{kind.name} of {job_id}"
            try:
                documents = found[kind.name] = list(kind.of_job(look, naming, job_id))
            except EnvironmentBroken as error:
                yield Evidence(name, f"could not be read: {error}", "text")
                continue
            if documents:
                in_yaml = kind.in_kubernetes
                yield Evidence(name, (_as_yaml if in_yaml else _as_json)(documents), "yaml" if in_yaml else "json")
            elif getattr(expected, kind.setting):
                yield Evidence(name, "there is none", "text")
        title = f"when the effects of {job_id} came"
        yield Evidence(title, timeline(title, arrivals_of(asked[job_id], look.sightings, found)), "svg")


def of_times(title: str, values_s: Sequence[float], limit_s: float, setting: str) -> Evidence:
    """How some durations, s, are distributed, and where their limit is: the setting `time_limits.{setting}`."""
    return Evidence(title, distribution(title, values_s, limit_s, f"time_limits.{setting}"), "svg")


def of_unseen(unseen: Collection[str]) -> Evidence:
    """What of the scenario's promises could not be seen, and why."""
    return Evidence("what could not be seen", "\n".join(f"cannot be seen: {one}" for one in unseen), "text")


def of_log(log_file: Path, start: int, job_ids: Collection[str]) -> Evidence:
    """What the server logged from byte `start` on: about these jobs, or all of it when there are none."""
    try:
        with log_file.open("rb") as log:
            log.seek(start)
            lines = log.read().decode("utf-8", errors="replace").splitlines()
    except OSError as error:
        return Evidence("server log", f"could not be read: {error}", "text")
    about = [line for line in lines if any(job_id in line for job_id in job_ids)] if job_ids else lines
    return Evidence("server log", "\n".join(about[-LOG_LINES:]) or "it has no line about this", "text")


def size_of(log_file: Path | None) -> int:
    """Where the log ends now, bytes; 0 when there is none."""
    return log_file.stat().st_size if log_file is not None and log_file.is_file() else 0


def _cut(text: str) -> str:
    left_out = len(text) - SHOWN_CHARACTERS
    return text if left_out <= 0 else f"{text[:SHOWN_CHARACTERS]} … and {left_out} characters more"


def _as_json(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False, default=str)


def _as_yaml(documents: list[Any]) -> str:
    return yaml.dump_all(allowed_document(documents, encodable), Dumper=_YAML, sort_keys=False, allow_unicode=True)
