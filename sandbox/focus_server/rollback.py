"""Rollback of a job that could not be created as a whole (contract, "failure half way")."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial

from sandbox.focus_server.back_off import BackOff
from sandbox.focus_server.errors import StepFailed

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Undo:
    """How one effect is taken back; harmless where there is no effect."""

    what: str
    do: Callable[[], Awaitable[None]]

    async def attempt(self, limit_s: float) -> bool:
        """Try it once, for at most `limit_s` seconds; log the outcome and return whether it worked."""
        try:
            async with asyncio.timeout(limit_s):
                await self.do()
        except Exception as error:
            log.warning(
                "undo of %s failed: %s",
                self.what,
                str(error) or type(error).__name__,
                exc_info=not isinstance(error, StepFailed | TimeoutError),  # Where it is a defect of ours.
            )
            return False
        log.info("undone: %s", self.what)
        return True


class RollBack:
    """Remembers the steps done, and undoes them last one first."""

    def __init__(self, limit_s: float) -> None:
        self._limit_s = limit_s
        self._undos: list[Undo] = []
        self._doubtful: list[Undo] = []

    @asynccontextmanager
    async def step(self, what: str, undo: Callable[[], Awaitable[None]]) -> AsyncIterator[None]:
        """Do one step inside.

        A step that fails is to be undone too: it may have taken effect all the same, as when only the
        answer was lost. Not so when it says that it had no effect.
        """
        begun = Undo(what, undo)
        self._undos.append(begun)
        try:
            yield
        except Exception as error:
            if isinstance(error, StepFailed) and error.no_effect:
                self._undos.remove(begun)
            else:
                self._doubtful.append(begun)
            raise

    async def run(self) -> list[Undo]:
        """Undo everything, in reverse; return what has to be undone once more.

        That is what could not be undone, and what was in doubt: a step that was given up may take effect
        after it has been undone.
        """
        failed = [undo for undo in reversed(self._undos) if not await undo.attempt(self._limit_s)]
        return failed + [undo for undo in self._doubtful if undo not in failed]


class Leftovers:
    """Undoes later, in the background, what is not certain to be undone: its dependency was out of reach."""

    # Undone twice: a store that comes back may carry out our belated request after the first undo.
    _TIMES = 2

    def __init__(self, *, back_off: BackOff, limit_s: float) -> None:
        self._back_off = back_off
        self._limit_s = limit_s
        self._tasks: set[asyncio.Task[None]] = set()

    def add(self, undo: Undo) -> None:
        """Keep trying this undo until it has worked, or the server stops."""
        task = asyncio.create_task(self._until_done(undo))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _until_done(self, undo: Undo) -> None:
        try:
            for _ in range(self._TIMES):
                await asyncio.sleep(self._back_off.first_s)
                await self._back_off.until_done(partial(undo.attempt, self._limit_s))
        except asyncio.CancelledError:
            log.error("the server stops, and it is not certain that %s is undone", undo.what)
            raise

    async def aclose(self) -> None:
        """Stop trying; each effect that stays behind is logged."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
