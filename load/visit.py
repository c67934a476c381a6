"""What one user does: asks for a job, looks at its metadata, reads rows, and cancels it once it has been looked at."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

from support.api.client import FocusServerAPI
from support.api.exchange import Exchange
from support.core.errors import APIError
from support.load.figures import Sample
from support.profile.settings import Settings

FIRST_ROWS_AFTER_S = 0.5
ROWS = 5


class Visit:
    """One user's way through one job after another; each request becomes a `Sample`."""

    def __init__(
        self,
        settings: Settings,
        now: Callable[[], float],
        tell: Callable[[Sample], None],
        ask: Callable[[Exchange], None],
    ) -> None:
        """`now` gives the time since the load began, s; `ask` is told of requests that make or end a job."""
        self._answers, self._paths, self._now = settings.answers, settings.paths, now
        self._tell, self._ask = tell, ask
        self._last: Exchange | None = None
        self._client = FocusServerAPI(settings, self._keep)

    def connect(self) -> None:
        """Have a connection before the load begins, as a client has that is there already."""
        self._client.connect()

    def open(self, payload: dict[str, Any], due_s: float) -> str | None:
        """Ask for a job; gives its id if it was accepted."""
        accepted = self._answers.accepted_statuses
        exchange = self._request("create", due_s, accepted, lambda: self._client.request_job(payload))
        made = exchange is not None and exchange.status in accepted
        return exchange.job_id() if exchange is not None and made else None

    def watch(self, job_id: str) -> None:
        """Look at the job's metadata, and read rows a little later."""
        metadata = self._paths.metadata.format(job_id=job_id)
        self._request("metadata", self._now(), (200,), lambda: self._client.send("GET", metadata))
        time.sleep(FIRST_ROWS_AFTER_S)
        rows = self._paths.waterfall.format(job_id=job_id, rows=ROWS)
        good = (self._answers.rows_status, self._answers.no_rows_yet_status)
        self._request("rows", self._now(), good, lambda: self._client.send("GET", rows))

    def close(self, job_id: str) -> None:
        """Cancel the job."""
        self._request(
            "cancel", self._now(), self._answers.cancelled_statuses, lambda: self._client.request_cancellation(job_id)
        )

    def _keep(self, exchange: Exchange) -> None:
        self._last = exchange

    def _request(
        self, kind: str, due_s: float, statuses: Sequence[int], send: Callable[[], Exchange]
    ) -> Exchange | None:
        sent_s, error = self._now(), ""
        self._last = None
        try:
            exchange = send()
            if exchange.status not in statuses:
                error = f"{exchange.status} {exchange.detail()}".strip()
        except APIError as failure:
            error = "no answer" if not failure.unreachable else "cannot be reached"
        self._tell(Sample(kind=kind, due_s=due_s, sent_s=sent_s, ended_s=self._now(), error=error))
        if self._last is not None and (self._last.asks_for_job or kind == "cancel"):
            self._ask(self._last)
        return self._last
