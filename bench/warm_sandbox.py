"""A sandbox of the benchmark's own."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

from bench.processes import run


@contextmanager
def warm_sandbox() -> Iterator[dict[str, str]]:
    """Have a warm sandbox; the value is the environment in which runs find it. It is gone at the end."""
    # Short: the path of a Unix socket is limited to 107 bytes.
    with tempfile.TemporaryDirectory(prefix="fb-", dir="/tmp") as directory:
        environment = {"XDG_RUNTIME_DIR": directory}
        try:
            run([sys.executable, "-m", "sandbox", "up"], environment=environment)
            yield environment
        finally:
            run([sys.executable, "-m", "sandbox", "down"], environment=environment)
