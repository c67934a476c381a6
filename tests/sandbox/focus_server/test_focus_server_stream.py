import asyncio
import json
import socket
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import grpc
import httpx
import pytest
from focus_server_fakes import NOW, World, payload, settings
from google.protobuf.wrappers_pb2 import StringValue
from grpc_health.v1 import health_pb2, health_pb2_grpc

from sandbox.focus_server.answers import Answers
from sandbox.focus_server.calculation import Calculation
from sandbox.focus_server.composition import create_app
from sandbox.focus_server.errors import DependencyUnavailable
from sandbox.focus_server.grpc_stream import HealthStream
from sandbox.focus_server.limits import Limits

JOB_ID = "job_a1b2c3d4"


@pytest.fixture
async def stream() -> AsyncIterator[HealthStream]:
    made = HealthStream("127.0.0.1", 0)
    await made.start()
    yield made
    await made.aclose()


@pytest.fixture
async def health(stream: HealthStream) -> AsyncIterator[Any]:
    async with grpc.aio.insecure_channel(f"127.0.0.1:{stream.port}") as channel:
        yield health_pb2_grpc.HealthStub(channel)


async def status(health: Any, service: str) -> str:
    """What the health service answers, or the code of its error."""
    try:
        answer = await health.Check(health_pb2.HealthCheckRequest(service=service), timeout=10)
    except grpc.aio.AioRpcError as error:
        return str(error.code().name)
    return str(health_pb2.HealthCheckResponse.ServingStatus.Name(answer.status))


async def test_a_stream_is_served_until_it_is_withdrawn(stream: HealthStream, health: Any) -> None:
    assert await status(health, JOB_ID) == "NOT_FOUND"
    await stream.serve(JOB_ID)
    assert await status(health, JOB_ID) == "SERVING"
    assert await status(health, "job_00000000") == "NOT_FOUND"
    for _ in range(2):
        await stream.withdraw(JOB_ID)
        assert await status(health, JOB_ID) == "NOT_FOUND"


async def test_the_server_itself_is_always_serving(stream: HealthStream, health: Any) -> None:
    assert await status(health, "") == "SERVING"
    await stream.withdraw(JOB_ID)
    assert await status(health, "") == "SERVING"


async def test_who_watches_is_told(stream: HealthStream, health: Any) -> None:
    await stream.serve(JOB_ID)
    watch = health.Watch(health_pb2.HealthCheckRequest(service=JOB_ID), timeout=10)
    assert (await watch.read()).status == health_pb2.HealthCheckResponse.SERVING
    await stream.withdraw(JOB_ID)
    assert (await watch.read()).status == health_pb2.HealthCheckResponse.SERVICE_UNKNOWN
    watch.cancel()


async def test_a_port_that_is_taken_cannot_be_had(stream: HealthStream) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        for port in (taken.getsockname()[1], stream.port):
            with pytest.raises(OSError, match="Failed to bind"):
                await HealthStream("127.0.0.1", port).start()


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
async def client(world: World, stream: HealthStream) -> AsyncIterator[httpx.AsyncClient]:
    answers = Answers(Calculation(Limits()), "http://stream.example", stream)
    parts = replace(world.parts, stream=stream, answers=answers)
    transport = httpx.ASGITransport(create_app(settings(), parts), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://server/focus-server/") as made:
        yield made


async def test_a_job_has_a_stream_where_the_answer_says(
    client: httpx.AsyncClient, stream: HealthStream, health: Any
) -> None:
    answer = (await client.post("configure", json=payload())).json()
    assert answer["stream_port"] == stream.port > 0
    assert await status(health, answer["job_id"]) == "SERVING"
    await client.delete(f"job/{answer['job_id']}")
    assert await status(health, answer["job_id"]) == "NOT_FOUND"


@pytest.mark.parametrize("step", ["insert", "launch", "open"])
async def test_a_job_that_was_not_made_has_none(
    client: httpx.AsyncClient, world: World, health: Any, step: str
) -> None:
    world.journal.fail[step] = ValueError("a defect")
    await client.post("configure", json=payload())
    assert await status(health, "job_00000001") == "NOT_FOUND"


async def test_a_stream_that_cannot_be_served_is_no_job() -> None:
    world = World()
    world.journal.fail["serve"] = ValueError("a defect")
    transport = httpx.ASGITransport(create_app(settings(), world.parts), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://server/focus-server/") as client:
        assert (await client.post("configure", json=payload())).status_code == 500
    assert world.is_empty()


async def streamed(stream: HealthStream, job_id: str, count: int) -> list[dict[str, Any]]:
    """The first rows of a job's stream, or all where there are fewer."""
    async with grpc.aio.insecure_channel(f"127.0.0.1:{stream.port}") as channel:
        call = channel.unary_stream(
            "/focus.stream.v1.JobStream/Rows", StringValue.SerializeToString, StringValue.FromString
        )
        opened = call(StringValue(value=job_id), timeout=10)
        rows: list[dict[str, Any]] = []
        async for message in opened:
            rows.append(json.loads(message.value))
            if len(rows) == count:
                break
        opened.cancel()
        return rows


async def test_a_playback_is_streamed_to_its_end_and_takes_no_rows_from_others(
    client: httpx.AsyncClient, stream: HealthStream, world: World
) -> None:
    start = int(NOW.timestamp()) - 60
    world.recordings.spans = [(datetime.fromtimestamp(start, UTC), datetime.fromtimestamp(start + 1, UTC))]
    made = await client.post("configure", json=payload(start_time=start, end_time=start + 1))
    job_id = made.json()["job_id"]
    rows = await streamed(stream, job_id, 100)
    assert [row["start_timestamp"] for row in rows] == [start, start + 0.256]
    assert rows == (await client.get(f"waterfall/{job_id}/100")).json()["rows"]


async def test_a_live_job_is_streamed_from_now_on(
    client: httpx.AsyncClient, stream: HealthStream, world: World
) -> None:
    job_id = (await client.post("configure", json=payload())).json()["job_id"]
    world.clock.moment += timedelta(seconds=60)
    streaming = asyncio.create_task(streamed(stream, job_id, 1))
    while not streaming.done():
        world.clock.moment += timedelta(seconds=0.1)
        await asyncio.sleep(0.01)
    (row,) = await streaming
    assert row["start_timestamp"] >= NOW.timestamp() + 60


async def test_an_unknown_job_has_no_rows_to_stream(client: httpx.AsyncClient, stream: HealthStream) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as error:
        await streamed(stream, "job_ffffffff", 1)
    assert error.value.code() is grpc.StatusCode.NOT_FOUND


async def test_without_its_stores_nothing_is_streamed(
    client: httpx.AsyncClient, stream: HealthStream, world: World
) -> None:
    job_id = (await client.post("configure", json=payload())).json()["job_id"]
    world.journal.fail["running"] = DependencyUnavailable("Kubernetes", "gone")
    with pytest.raises(grpc.aio.AioRpcError) as error:
        await streamed(stream, job_id, 1)
    assert error.value.code() is grpc.StatusCode.UNAVAILABLE
