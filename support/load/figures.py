"""The figures of many answers, and what of them is beyond a limit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence

from pydantic import BaseModel, ConfigDict

from support.api.exchange import Exchange
from support.evidence.charts import percentile

METHOD = "nearest rank: the smallest latency that occurred and that is not exceeded by so many per cent of all"


class Sample(BaseModel):
    """One request: when it was due, when it was sent, and when it was answered, s after the beginning of the load."""

    model_config = ConfigDict(frozen=True)

    kind: str
    due_s: float
    sent_s: float
    ended_s: float
    error: str = ""

    @property
    def latency_s(self) -> float:
        """How long the answer took, from the moment at which the request was due."""
        return self.ended_s - self.due_s


class Figures(BaseModel):
    """The figures of the requests of one kind. Latencies are of those that succeeded, s."""

    number: int
    errors: dict[str, int]
    p50_s: float | None = None
    p95_s: float | None = None
    p99_s: float | None = None
    longest_s: float | None = None
    per_s: float

    @property
    def failed(self) -> int:
        """How many requests failed."""
        return sum(self.errors.values())

    @property
    def error_rate(self) -> float:
        """The share of requests that failed."""
        return self.failed / self.number if self.number else 0.0


def figures_of(samples: Sequence[Sample], *, after_s: float = 0.0) -> Figures:
    """The figures of some requests; those that were due before `after_s` belong to the warm-up and do not count."""
    counted = [sample for sample in samples if sample.due_s >= after_s]
    latencies = sorted(sample.latency_s for sample in counted if not sample.error)
    figures = Figures(
        number=len(counted),
        errors=dict(Counter(sample.error for sample in counted if sample.error)),
        per_s=len(latencies) / max(1e-9, max((sample.ended_s for sample in counted), default=0.0) - after_s),
    )
    if not latencies:
        return figures
    at = {f"p{percent}_s": percentile(latencies, percent) for percent in (50, 95, 99)}
    return figures.model_copy(update={**at, "longest_s": latencies[-1]})


def samples_of(exchanges: Sequence[Exchange], statuses: Collection[int]) -> list[Sample]:
    """The samples of requests that were sent one after another, each as soon as there was a client for it."""
    return [
        Sample(
            kind=exchange.method,
            due_s=0.0,
            sent_s=0.0,
            ended_s=exchange.elapsed_s,
            error="" if exchange.status in statuses else f"{exchange.status} {exchange.detail()}",
        )
        for exchange in exchanges
    ]


def by_kind(samples: Sequence[Sample], *, after_s: float = 0.0) -> dict[str, Figures]:
    """The figures of each kind of request."""
    kinds = dict.fromkeys(sample.kind for sample in samples)
    return {kind: figures_of([one for one in samples if one.kind == kind], after_s=after_s) for kind in kinds}


def limit_problems(what: str, figures: Figures, limits: Mapping[str, float], error_rate: float) -> list[str]:
    """Which figures are beyond their limits; `limits` has, by its setting's name, that of `p50_s`, `p95_s`, `p99_s`."""
    if not figures.number:
        return [f"{what}: none was sent after the warm-up, so nothing was measured"]
    problems = []
    if figures.error_rate > error_rate:
        told = "; ".join(f"{count} times {error}" for error, count in figures.errors.items())
        problems.append(f"{what}: {figures.failed} of {figures.number} failed, more than {error_rate:.1%}: {told}")
    for setting, limit_s in limits.items():
        name = setting.rpartition("_p")[2]
        value = getattr(figures, f"p{name}")
        if value is not None and value > limit_s:
            percent = name.removesuffix("_s")
            problems.append(
                f"{what}: {percent} in 100 of {figures.number} were answered within {value:.3f} s, "
                f"not within {limit_s:g} s (load.{setting})"
            )
    return problems
