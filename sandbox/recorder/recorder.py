"""Recording: one recording after another, each begun when the one before has ended."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

from pymongo.asynchronous.collection import AsyncCollection
from pymongo.errors import PyMongoError

from sandbox.recorder.recordings import recording

_TRY_AGAIN = 0.2
_LAST_TRIES = 2.0  # seconds that a write may still take when the recorder is to end

log = logging.getLogger(__name__)


class Recorder:
    """Keeps one recording under way, each ``length`` long, until ``stop`` is set.

    While MongoDB cannot be written to, each write is tried again: no recording is lost, and none is there twice.
    """

    def __init__(self, collection: AsyncCollection[dict[str, Any]], length: timedelta, stop: asyncio.Event) -> None:
        self._collection = collection
        self._length = length
        self._stop = stop

    async def run(self, began: Callable[[], None]) -> None:
        """Record; ``began`` is called when a recording has been begun in MongoDB."""
        await self._insist(self._close_left_open)
        moment = _now()
        while not self._stop.is_set():
            moment = await self._record(moment, began)

    async def _record(self, start: datetime, began: Callable[[], None]) -> datetime:
        """Make one recording; returns when it ended."""
        begun = recording(start, None)
        identity = {"uuid": begun["uuid"]}
        if await self._insist(lambda: self._collection.replace_one(identity, begun, upsert=True)):
            began()
        with suppress(TimeoutError):
            await asyncio.wait_for(self._stop.wait(), self._length.total_seconds())
        end = _now()
        await self._insist(lambda: self._collection.update_one(identity, {"$set": {"end_time": end}}))
        return end

    async def _close_left_open(self) -> None:
        """End what a recorder that was killed has left under way: it has recorded a full length at most."""
        async for left in self._collection.find({"end_time": None, "deleted": {"$ne": True}}):
            end = min(left["start_time"] + self._length, _now())
            await self._collection.update_one({"_id": left["_id"]}, {"$set": {"end_time": end}})

    async def _insist(self, write: Callable[[], Awaitable[object]]) -> bool:
        """Do it, over and over if need be; False if the recorder is to end, and there is no more time."""
        ends: float | None = None
        while True:
            try:
                await write()
            except PyMongoError as failure:
                log.warning("not written, again in %s s: %s", _TRY_AGAIN, failure)
            else:
                return True
            if self._stop.is_set():
                ends = ends or time.monotonic() + _LAST_TRIES
                if time.monotonic() > ends:
                    return False
            await asyncio.sleep(_TRY_AGAIN)


def _now() -> datetime:
    """The moment, as exact as MongoDB keeps it."""
    now = datetime.now(UTC)
    return now.replace(microsecond=now.microsecond // 1000 * 1000)
