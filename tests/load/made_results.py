"""Results of loads as tests make them up."""

from datetime import UTC, datetime

from load.messages import Worker
from load.result import Result, Usage
from load.shapes import read_shapes
from support.load.figures import Sample, by_kind
from support.profile.settings import Load

BEGUN = datetime(2026, 11, 27, 5, 0, tzinfo=UTC)


def sample(kind, number):
    return Sample(kind=kind, due_s=5 + number / 2, sent_s=5 + number / 2, ended_s=5 + number / 2 + 0.1 + number / 1000)


def result(**changes):
    samples = [sample(kind, number) for kind in ("create", "metadata", "rows", "cancel") for number in range(60)]
    values = {
        "name": "spike",
        "environment": "local",
        "started": BEGUN,
        "shape": read_shapes()["spike"],
        "workers": 0,
        "acknowledged": 60,
        "whole": 60,
        "limits": Load(),
        "figures": by_kind(samples, after_s=5),
        "generators": [Worker(name="one", cpu_shares=[0.2, 0.5, 0.4], requested=60)],
        "server": [Usage(at_s=second, memory_mb=100 + second, cpu_s=second / 2) for second in range(30)],
        "samples": samples,
    }
    return Result(**values | changes)
