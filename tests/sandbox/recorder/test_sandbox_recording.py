"""What the SEGY recorder writes while it runs, when it ends, and after it was killed or could not write."""

import asyncio
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from pymongo import AsyncMongoClient
from pymongo.errors import AutoReconnect

from sandbox.recorder.recorder import Recorder
from sandbox.recorder.recordings import recording

LENGTH = timedelta(seconds=0.1)
LONG = timedelta(hours=1)


@pytest.fixture
async def recordings(sandbox_endpoints):
    """A collection of the test's own."""
    mongodb = sandbox_endpoints["mongodb"]
    async with AsyncMongoClient(mongodb["uri"], tz_aware=True) as client:
        collection = client[mongodb["database"]]["recordings_of_a_test"]
        yield collection
        await collection.drop()


@asynccontextmanager
async def recording_on(collection, length):
    """A recorder that records; gives a function that waits until so many have been begun."""
    stop, begun = asyncio.Event(), asyncio.Semaphore(0)
    task = asyncio.create_task(Recorder(collection, length, stop).run(begun.release))

    async def until(number):
        async with asyncio.timeout(20):
            for _ in range(number):
                await begun.acquire()

    try:
        yield until
    finally:
        stop.set()
        await task


async def seen(collection):
    return await collection.find().sort("start_time").to_list()


async def test_one_recording_is_under_way_while_it_runs_and_none_when_it_has_ended(recordings):
    async with recording_on(recordings, LENGTH) as until:
        await until(3)
    found = await seen(recordings)
    assert len(found) >= 3
    assert all(set(each) == {"_id", "uuid", "start_time", "end_time", "deleted"} for each in found)
    assert all(one["end_time"] == following["start_time"] for one, following in pairwise(found))
    assert all(each["end_time"] >= each["start_time"] and not each["deleted"] for each in found)
    async with recording_on(recordings, LONG) as until:
        await until(1)
        assert [each["end_time"] for each in await seen(recordings)].count(None) == 1


async def test_what_a_killed_one_left_under_way_is_ended_and_lasts_no_longer_than_a_recording(recordings):
    begun, now = datetime(2026, 1, 1, tzinfo=UTC), datetime.now(UTC)
    left, deleted, recent = recording(begun, None), recording(begun, None, deleted=True), recording(now, None)
    await recordings.insert_many([left, deleted, recent])
    async with recording_on(recordings, LONG) as until:
        await until(1)
        found = {each["uuid"]: each["end_time"] for each in await seen(recordings)}
    assert found[left["uuid"]] == begun + LONG
    assert found[deleted["uuid"]] is None
    assert found[recent["uuid"]] <= datetime.now(UTC)


class Failing:
    """A collection of which every other write is not acknowledged, although it was done."""

    def __init__(self, collection):
        self._collection, self._calls = collection, 0

    def find(self, *arguments):
        return self._collection.find(*arguments)

    async def replace_one(self, *arguments, **options):
        return await self._unacknowledged(self._collection.replace_one(*arguments, **options))

    async def update_one(self, *arguments, **options):
        return await self._unacknowledged(self._collection.update_one(*arguments, **options))

    async def _unacknowledged(self, write):
        await write
        self._calls += 1
        if self._calls % 2:
            raise AutoReconnect("gone")


async def test_what_was_not_acknowledged_is_written_again_and_there_once(recordings):
    async with recording_on(Failing(recordings), LENGTH) as until:
        await until(2)
    found = await seen(recordings)
    assert all(one["end_time"] == following["start_time"] for one, following in pairwise(found))
    assert all(each["end_time"] for each in found)
