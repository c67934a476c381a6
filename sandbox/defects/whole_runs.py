"""Defects that end a run or outlast its scenarios: no scenario is responsible for them; tests of runs use them."""

from __future__ import annotations

import asyncio
import itertools
import os
from typing import Any

from sandbox.defects.defect import Defect, defect, override
from sandbox.defects.jobs import launching_after_rejections
from sandbox.focus_server.composition import Parts
from sandbox.focus_server.ports import JobRecord

AREA = "whole runs"


@defect
def gone_after_two_requests(parts: Parts) -> Parts:
    """The server ends after its second request for a job.

    All operators lose their views.
    """
    requests = itertools.count(1)

    async def create_job(service: Any, create: Any, payload: Any, **more: Any) -> JobRecord:
        if next(requests) == 2:
            asyncio.get_running_loop().call_later(0.3, os._exit, 1)
        return await create(payload, **more)

    return override("service", create=create_job)(parts)


DEFECTS: tuple[Defect, ...] = (
    gone_after_two_requests,
    Defect(
        "refused_request_launches_an_analyzer_too_late",
        "A rejected request launches an analyzer when its scenario is over.",
        "Pods appear that no request explains.",
        launching_after_rejections(delay_s=0.45),
    ),
)
