"""The process of a part, as a pod has it: it ends, and is started again as it was."""

import asyncio
from collections.abc import Awaitable, Callable

from sandbox.launchers.processes import RunningPart, heed_cancellation

_ANSWER_LIMIT = 1.0
_KILLED = 128  # what Kubernetes adds to the number of the signal that ended a container


class PartProcess:
    """One process at a time; ``running`` is the one that is there already.

    ``launch`` starts another one, with the same ports and data. ``is_ready`` asks one whether it can do its work.
    """

    def __init__(
        self,
        launch: Callable[[], RunningPart],
        is_ready: Callable[[RunningPart], Awaitable[bool]],
        running: RunningPart | None = None,
    ) -> None:
        self._launch = launch
        self._is_ready = is_ready
        self.part = running

    @property
    def is_alive(self) -> bool:
        """Whether there is a process, and it has not ended."""
        return self.part is not None and self.part.process.poll() is None

    @property
    def exit_code(self) -> int:
        """How the last one ended, as Kubernetes says it: 137 for one that was killed."""
        code = (self.part.process.returncode if self.part else None) or 0
        return code if code >= 0 else _KILLED - code

    def start(self) -> None:
        """Start it. Raises PartFailed if it cannot be run."""
        self.part = self._launch()

    def terminate(self) -> None:
        """Ask it to end."""
        if self.part is not None and self.is_alive:
            self.part.process.terminate()

    def kill(self) -> None:
        """Kill it and all that it started; returns when it is gone."""
        if self.part is not None and self.is_alive:
            self.part.kill()

    async def is_ready(self) -> bool:
        """Whether it answers, within a second."""
        if self.part is None:
            return False
        try:
            async with asyncio.timeout(_ANSWER_LIMIT):
                answers = await self._is_ready(self.part)
        except TimeoutError:
            answers = False
        heed_cancellation()
        return answers
