"""A load in which jobs come and go: each is cancelled when it was found whole in all three stores."""

from __future__ import annotations

import time
from collections.abc import Callable

from support.api.job import Attempt
from support.load.open_loop import OpenLoop
from support.load.store_check import StoreCheck


def sustain(
    loop: OpenLoop[Attempt],
    request: Callable[[int], Attempt],
    cancel: Callable[[str], object],
    check: StoreCheck,
    read_history: Callable[[], object],
    look_every_s: float,
) -> list[Attempt]:
    """Carry out the loop, and look at its jobs meanwhile; gives all attempts. `check` has what is wrong with jobs.

    The history of the stores is read at each look: what happens in an hour is more than a store can tell at once.

    Raises what `request` or `cancel` raises.
    """
    loop.start(request)
    attempts: list[Attempt] = []
    while True:
        was_over = loop.is_over
        new = loop.taken()
        attempts += new
        for attempt in new:
            check.acknowledged(attempt)
        for job_id in check.look():
            cancel(job_id)
        read_history()
        if was_over and not check.waiting:
            break
        time.sleep(look_every_s)
    return attempts + loop.join()
