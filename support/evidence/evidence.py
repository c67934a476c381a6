"""What the report of a scenario shows beside its steps: requests with their answers, and what the stores held."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Sequence
from typing import Any, Literal, NamedTuple

import yaml

from support.api.exchange import Exchange
from support.core.characters import allowed_document, encodable
from support.core.errors import EnvironmentBroken
from support.evidence.charts import distribution, timeline
from support.evidence.timeline import arrivals_of
from support.observers.side_effects import KINDS, Look
from support.observers.sightings import SightingLog
from support.observers.stores import Stores
from support.profile.settings import Settings

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


class ScenarioEvidence:
    """Keeps what explains one scenario; `keep` puts each piece into the report."""

    def __init__(
        self, settings: Settings, stores: Stores, sightings: SightingLog, keep: Callable[[Evidence], None]
    ) -> None:
        self._settings, self._stores, self._sightings, self._keep = settings, stores, sightings, keep
        self._exchanges: list[Exchange] = []
        self._shown_exchanges = 0
        self._asked: dict[str, Exchange] = {}  # by job id, what asked for it
        log_file = settings.focus_server.log_file
        self._log_start = log_file.stat().st_size if log_file is not None and log_file.is_file() else 0

    def note_exchange(self, exchange: Exchange) -> None:
        """Note a request with its answer. It is put into the report later, so that a load does not wait for that."""
        if exchange.requested_job is not None:
            self._asked.setdefault(exchange.requested_job, exchange)
        self._exchanges.append(exchange)

    def keep_exchanges(self) -> None:
        """Keep what was noted since the last time; only the first ones of many."""
        while self._shown_exchanges < min(len(self._exchanges), SHOWN_EXCHANGES):
            self._keep(of_exchange(self._exchanges[self._shown_exchanges]))
            self._shown_exchanges += 1

    def keep_durations(self, title: str, durations_s: Sequence[float], limit_s: float, setting: str) -> None:
        """Keep a chart of how long something took each time, s, with its limit: the setting `time_limits.{setting}`."""
        self._keep(Evidence(title, distribution(title, durations_s, limit_s, f"time_limits.{setting}"), "svg"))

    def keep_server_log(self, job_ids: Collection[str]) -> None:
        """Keep what the server, if its log is known, has logged since the scenario began: about these jobs, if any."""
        log_file = self._settings.focus_server.log_file
        if log_file is None:
            return
        try:
            with log_file.open("rb") as log:
                log.seek(self._log_start)
                lines = log.read().decode("utf-8", errors="replace").splitlines()
        except OSError as error:
            lines = [f"could not be read: {error}"]
        else:
            lines = [line for line in lines if not job_ids or any(job_id in line for job_id in job_ids)]
        self._keep_lines("server log", lines[-LOG_LINES:] or ["it has no line about this"])

    def keep_all(self, unseen: Collection[str]) -> None:
        """Keep what the stores hold, before it is cleaned up, how long requests took, and what could not be seen."""
        self.keep_exchanges()
        look = Look(self._stores, self._sightings)
        for job_id in list(self._asked)[:SHOWN_JOBS]:
            self._keep_effects_of(job_id, look)
        if len(self._exchanges) > 1:
            lines = ["request,sent,status,seconds"]
            for one in self._exchanges:
                lines.append(f"{one.method} {one.path},{one.sent_at.isoformat()},{one.status},{one.elapsed_s:.4f}")
            self._keep_lines(f"latency of {len(self._exchanges)} requests", lines)
        if unseen:
            self._keep_lines("what could not be seen", [f"cannot be seen: {one}" for one in unseen])

    def _keep_lines(self, name: str, lines: Sequence[str]) -> None:
        self._keep(Evidence(name, "\n".join(lines), "text"))

    def _keep_effects_of(self, job_id: str, look: Look) -> None:
        """Keep every side effect of a job as it is now, and when each came."""
        found: dict[str, list[Any]] = {}
        for kind in KINDS:
            name = f"{kind.name} of {job_id}"
            try:
                documents = found[kind.name] = list(kind.of_job(look, self._settings.naming, job_id))
            except EnvironmentBroken as error:
                self._keep_lines(name, [f"could not be read: {error}"])
                continue
            if documents:
                in_yaml = kind.in_kubernetes
                self._keep(
                    Evidence(name, (_as_yaml if in_yaml else _as_json)(documents), "yaml" if in_yaml else "json")
                )
            elif getattr(self._settings.effects_of_a_job, kind.setting):
                self._keep_lines(name, ["there is none"])
        title = f"when the effects of {job_id} came"
        self._keep(Evidence(title, timeline(title, arrivals_of(self._asked[job_id], self._sightings, found)), "svg"))


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


def _cut(text: str) -> str:
    left_out = len(text) - SHOWN_CHARACTERS
    return text if left_out <= 0 else f"{text[:SHOWN_CHARACTERS]} … and {left_out} characters more"


def _as_json(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False, default=str)


def _as_yaml(documents: list[Any]) -> str:
    return yaml.dump_all(allowed_document(documents, encodable), Dumper=_YAML, sort_keys=False, allow_unicode=True)
