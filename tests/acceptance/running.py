"""Running behave on the sandbox as a user does."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from proof.behave_runs import BehaveRun, read_run, report_options
from proof.processes import QUICK, RUN_LIMIT_S
from support.core.files import ROOT

# As on a defective server, but nearer to the profile's own pace.
LIMITS = QUICK | {"FOCUS__TIME_LIMITS__SETTLING_S": "0.3", "FOCUS__TIME_LIMITS__POLL_INTERVAL_S": "0.02"}


def behave(
    arguments: tuple[str, ...],
    variables: Mapping[str, str],
    place: Path,
    limit_s: float = RUN_LIMIT_S,
    cwd: Path = ROOT,
) -> BehaveRun:
    """Run behave in a process of its own."""
    process = subprocess.run(
        [sys.executable, "-m", "behave", *report_options(place), *arguments],
        cwd=cwd,
        env=variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=limit_s,
    )
    return read_run(process.returncode, process.stdout, place)
