"""The loop that runs a controller: a change names the objects to look at, each of which is then reconciled."""

import asyncio
import logging
from collections.abc import Iterable
from typing import Protocol, TypeVar

from sandbox.emulators.kubernetes.store import Change, Store

_RETRY_SECONDS = 1.0
logger = logging.getLogger(__name__)

Key = TypeVar("Key")


class Controller(Protocol[Key]):
    """What a controller looks at, and what it does about it."""

    def concerns(self, change: Change) -> Iterable[Key]:
        """What a change touches."""

    def reconcile(self, key: Key) -> float | None:
        """Brings one such thing to order; the seconds until it is to be looked at again, if any."""


async def run(store: Store, controller: Controller[Key]) -> None:
    """Runs until cancelled.

    A call to `reconcile` sees the state of the moment, not the change: many changes, one call. A failure is
    logged and tried again.
    """
    waiting: dict[Key, None] = {}
    wake = asyncio.Event()
    loop = asyncio.get_running_loop()

    def ask(key: Key) -> None:
        waiting[key] = None
        wake.set()

    def hear(change: Change) -> None:
        for key in controller.concerns(change):
            ask(key)

    with store.listening(hear):
        while True:
            await wake.wait()
            wake.clear()
            while waiting:
                key = next(iter(waiting))
                del waiting[key]
                try:
                    again = controller.reconcile(key)
                except Exception:
                    logger.exception("%s failed for %s; again in %s s", type(controller).__name__, key, _RETRY_SECONDS)
                    again = _RETRY_SECONDS
                if again is not None:
                    loop.call_later(again, ask, key)
                await asyncio.sleep(0)  # Requests and other controllers get their turn.
