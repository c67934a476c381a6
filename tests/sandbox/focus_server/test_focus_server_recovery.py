"""What the start of a server makes of the jobs of earlier processes; with fakes."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta

import pytest
from focus_server_fakes import NOW, World, payload, settings
from focus_server_waiting import until

from sandbox.focus_server.composition import create_app
from sandbox.focus_server.errors import DependencyUnavailable
from sandbox.focus_server.ports import JobRecord
from sandbox.focus_server.region import Region

OLD = timedelta(minutes=1)
HALF_MADE = [{"record"}, {"record", "analyzer"}]
ONE, ANOTHER = "job_0000000a", "job_0000000b"


@pytest.fixture
def world() -> World:
    return World()


def left(world: World, *parts: str, job_id: str = ONE, age: timedelta = OLD, **changes: object) -> JobRecord:
    """An earlier process has left these parts of a job."""
    made = JobRecord(job_id, payload(), "configured", NOW - age, "automation")
    record = replace(made, **changes)
    if "record" in parts:
        world.tasks.records[job_id] = record
    if "analyzer" in parts:
        world.analyzers.configs[job_id] = payload()
    if "queue" in parts:
        world.queues.open_queues.add(job_id)
    return record


@asynccontextmanager
async def started(world: World, **changes: object) -> AsyncIterator[None]:
    """A server on all this, whose second look follows the first within moments."""
    quick = {"step_limit_s": 0.01, "undo_limit_s": 0.01, "retry_interval_s": 0.001, "longest_retry_interval_s": 0.001}
    parts = replace(world.parts, resources=(world.stream,))
    app = create_app(settings(**{"shares_stores": False} | quick | changes), parts)
    received = asyncio.Queue()
    sent = asyncio.Queue()
    running = asyncio.create_task(app({"type": "lifespan", "asgi": {}, "state": {}}, received.get, sent.put))
    await received.put({"type": "lifespan.startup"})
    assert (await sent.get())["type"] == "lifespan.startup.complete"
    try:
        yield
    finally:
        await received.put({"type": "lifespan.shutdown"})
        await running


def looks(world: World) -> int:
    return world.journal.calls.count("list analyzers")


@pytest.mark.parametrize("parts", HALF_MADE)
async def test_a_job_without_a_queue_is_undone(world: World, parts: set[str]) -> None:
    left(world, *parts, age=timedelta(milliseconds=1))
    async with started(world):
        await until(world.is_empty)


@pytest.mark.parametrize("parts", [{"analyzer"}, {"queue"}, {"analyzer", "queue"}])
async def test_what_has_no_record_is_taken_away(world: World, parts: set[str]) -> None:
    left(world, *parts)
    async with started(world):
        await until(world.is_empty)


@pytest.mark.parametrize("parts", [{"analyzer"}, {"queue"}, {"analyzer", "queue"}])
async def test_what_is_left_of_a_cancelled_job_is_taken_away_and_its_record_kept(world: World, parts: set[str]) -> None:
    record = left(world, "record", *parts, status="cancelled")
    async with started(world):
        await until(lambda: not (world.analyzers.configs or world.queues.open_queues))
        await until(lambda: looks(world) == 2)
    assert world.tasks.records == {ONE: record}


@pytest.mark.parametrize("parts", [{"analyzer", "queue"}, {"queue"}], ids=["whole", "its analyzer has ended"])
async def test_a_running_job_is_served_again_with_the_region_that_it_had(
    world: World, parts: set[str], caplog: pytest.LogCaptureFixture
) -> None:
    record = left(world, "record", *parts, roi=Region(start=3, end=30))
    async with started(world):
        await until(lambda: world.stream.served == {ONE})
        assert world.queues.served == {ONE}
        answer = await world.queues.handler(ONE, {"command": "change_roi", "roi": {"start": 900, "end": 901}})
        assert answer["roi"] == {"start": 3, "end": 30}
        await until(lambda: looks(world) == 2)
    assert world.tasks.records == {ONE: record}
    assert world.journal.calls.count("take up") == 1
    assert "not in order yet" not in caplog.text


async def test_its_queue_is_not_served_while_a_dead_process_still_has_its_consumer(world: World) -> None:
    left(world, "record", "analyzer", "queue")
    world.queues.served_elsewhere.add(ONE)
    async with started(world):
        await until(lambda: looks(world) == 3)
        assert not world.queues.served
        world.queues.served_elsewhere.clear()
        await until(lambda: world.queues.served == {ONE})


async def test_a_job_that_is_cancelled_while_it_is_taken_up_is_not_served(world: World) -> None:
    left(world, "record", "queue")
    world.queues.listed = False

    async def cancelled_meanwhile() -> None:
        world.tasks.records[ONE] = replace(world.tasks.records[ONE], status="cancelled")
        world.queues.open_queues.clear()

    world.journal.hang["take up"] = cancelled_meanwhile
    async with started(world):
        await until(lambda: looks(world) == 2)
    assert (world.queues.open_queues, world.stream.served) == (set(), set())


async def test_what_is_made_after_the_start_is_left_alone(world: World) -> None:
    left(world, "record", age=-OLD)
    left(world, "analyzer", job_id=ANOTHER)
    world.analyzers.recent.add(ANOTHER)
    async with started(world):
        await until(lambda: looks(world) == 2)
    assert (set(world.tasks.records), set(world.analyzers.configs)) == ({ONE}, {ANOTHER})


async def test_what_is_not_named_like_a_job_of_the_server_is_left_alone(world: World) -> None:
    left(world, "record", "analyzer", job_id="31-3633")
    left(world, "queue", job_id="somebody's")
    async with started(world):
        await until(lambda: looks(world) == 2)
    assert (len(world.tasks.records), len(world.analyzers.configs), len(world.queues.open_queues)) == (1, 1, 1)


@pytest.mark.parametrize("call", ["list records", "list analyzers", "list queues", "consumers", "close", "remove"])
async def test_it_is_tried_until_all_stores_answer_and_the_server_serves_meanwhile(world: World, call: str) -> None:
    left(world, "record", "analyzer")
    world.journal.fail[call] = DependencyUnavailable("It", "no")
    async with started(world):
        await until(lambda: world.journal.calls.count(call) == 3)
        assert not world.is_empty()
        world.journal.fail.clear()
        await until(world.is_empty)


async def test_a_record_that_cannot_be_read_keeps_no_other_from_being_put_right(world: World) -> None:
    left(world, "record", "queue", config={})
    left(world, "record", job_id=ANOTHER)
    async with started(world):
        await until(lambda: ANOTHER not in world.tasks.records)
        await until(lambda: looks(world) == 2)


async def test_a_defect_that_ends_it_is_told_at_once(world: World, caplog: pytest.LogCaptureFixture) -> None:
    world.journal.fail["list records"] = KeyError("created_at")
    async with started(world):
        await until(lambda: "KeyError: 'created_at'" in caplog.text)


@pytest.mark.parametrize("part", ["analyzer", "queue"])
async def test_what_comes_late_of_a_process_that_has_ended_is_undone_too(world: World, part: str) -> None:
    left(world, "record")
    async with started(world, shares_stores=True):
        await until(world.is_empty)
        left(world, part)
        await until(world.is_empty)


async def test_where_others_use_the_stores_too_they_have_time_to_finish(world: World) -> None:
    left(world, "record", age=timedelta(seconds=0.08))
    left(world, "record", job_id=ANOTHER)
    async with started(world, shares_stores=True):
        await until(lambda: ANOTHER not in world.tasks.records)
        await until(lambda: looks(world) == 2)
        assert set(world.tasks.records) == {ONE}


async def test_and_keep_their_queues_and_what_has_its_record_elsewhere(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    left(world, "record", "queue")
    world.queues.served_elsewhere.add(ONE)
    left(world, "analyzer", "queue", job_id=ANOTHER)
    async with started(world, shares_stores=True):
        await until(lambda: looks(world) == 2)
    assert (set(world.analyzers.configs), world.queues.open_queues) == ({ANOTHER}, {ONE, ANOTHER})
    assert not world.queues.served
    assert "not in order yet" not in caplog.text
