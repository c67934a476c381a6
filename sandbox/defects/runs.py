"""Defects that end a run, or outlast its scenarios: no scenario can be named for them, and tests of runs use them."""

from __future__ import annotations

import asyncio
import itertools
import os
from dataclasses import replace
from typing import Any

from sandbox.defects.jobs import launching_after_refusals
from sandbox.defects.registry import defect
from sandbox.focus_server.composition import Parts
from sandbox.focus_server.ports import JobRecord

AREA = "whole runs"


@defect
def gone_after_two_requests(parts: Parts) -> Parts:
    """The server ends after its second request for a job.

    All operators lose their views.
    """
    asked = itertools.count(1)

    class Mortal(parts.service):  # type: ignore[misc, name-defined]
        async def create(self, payload: Any, **more: Any) -> JobRecord:
            if next(asked) == 2:
                asyncio.get_running_loop().call_later(0.3, os._exit, 1)
            return await super().create(payload, **more)

    return replace(parts, service=Mortal)


@defect
def refused_request_launches_an_analyzer_too_late(parts: Parts) -> Parts:
    """A refused request launches an analyzer when its scenario is over.

    Pods appear that no request explains.
    """
    return launching_after_refusals(parts, delay_s=0.45)
