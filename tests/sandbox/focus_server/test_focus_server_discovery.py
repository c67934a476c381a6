from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from focus_server_fakes import NOW, World, settings

from sandbox.focus_server.composition import create_app
from sandbox.focus_server.errors import DependencyUnavailable
from sandbox.focus_server.limits import Limits

EPOCH = int(NOW.timestamp())


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
async def client(world: World) -> AsyncIterator[httpx.AsyncClient]:
    parts = replace(world.parts, limits=Limits(sensors=5, sampling_rate_hz=500))
    transport = httpx.ASGITransport(create_app(settings(max_body_bytes=200), parts))
    async with httpx.AsyncClient(transport=transport, base_url="http://server/focus-server/") as made:
        yield made


async def test_channels_and_sensors_count_from_0(client: httpx.AsyncClient, world: World) -> None:
    assert (await client.get("channels")).json() == {"lowest_channel": 0, "highest_channel": 4}
    assert (await client.get("sensors")).json() == {"sensors": [0, 1, 2, 3, 4]}
    assert world.journal.calls == []


async def test_the_live_source_is_the_recording_under_way(client: httpx.AsyncClient, world: World) -> None:
    world.recordings.live_since = datetime(2025, 6, 1, 11, tzinfo=UTC)
    reply = await client.get("live_metadata")
    assert (reply.status_code, reply.json()) == (
        200,
        {"sampling_rate": 500, "sensors": 5, "started_at": "2025-06-01T11:00:00.000Z"},
    )


async def test_there_is_no_live_source(client: httpx.AsyncClient) -> None:
    reply = await client.get("live_metadata")
    assert reply.status_code == 404
    assert "live source" in reply.json()["detail"]


async def test_recordings_are_told_in_epoch_seconds(client: httpx.AsyncClient, world: World) -> None:
    start = datetime(2025, 6, 1, 11, tzinfo=UTC)
    world.recordings.spans = [(start, start + timedelta(hours=1)), (start, start + timedelta(seconds=1.25))]
    reply = await client.post("recordings_in_time_range", json={"start_time": "250601110000", "end_time": EPOCH + 9})
    assert reply.status_code == 200
    assert reply.text == "[[1748775600,1748779200],[1748775600,1748775601.25]]"


async def test_there_are_no_recordings(client: httpx.AsyncClient) -> None:
    reply = await client.post("recordings_in_time_range", json={"start_time": 0, "end_time": 1})
    assert (reply.status_code, reply.json()) == (200, [])


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({}, ["start_time", "end_time"]),
        ({"start_time": 1}, ["end_time"]),
        ({"start_time": None, "end_time": 2}, ["start_time"]),
        ({"start_time": 1, "end_time": None}, ["end_time"]),
        ({"start_time": 1.0, "end_time": 2}, ["start_time"]),
        ({"start_time": True, "end_time": 2}, ["start_time"]),
        ({"start_time": "250229000000", "end_time": 2}, ["start_time"]),
        ({"start_time": -1, "end_time": 2}, ["start_time"]),
        ({"start_time": 2, "end_time": 2}, ["start_time"]),
        ({"start_time": 3, "end_time": 2}, ["start_time"]),
        ({"start_time": 1, "end_time": 2, "deleted": True}, ["deleted"]),
    ],
)
async def test_a_refused_time_range_names_the_field(
    client: httpx.AsyncClient, world: World, body: object, fields: list[str]
) -> None:
    reply = await client.post("recordings_in_time_range", json=body)
    assert reply.status_code == 422
    assert [each["loc"] for each in reply.json()["detail"]] == [["body", field] for field in fields]
    assert world.journal.calls == []


@pytest.mark.parametrize("body", [[], None, "text", 1])
async def test_a_time_range_that_is_no_object(client: httpx.AsyncClient, body: object) -> None:
    content = {"content": "null"} if body is None else {"json": body}
    headers = {"content-type": "application/json"}
    reply = await client.post("recordings_in_time_range", headers=headers, **content)
    assert reply.status_code == 422


async def test_its_body_is_read_as_that_of_a_configuration(client: httpx.AsyncClient) -> None:
    for content, content_type, status in (
        (b"{", "application/json", 400),
        (b'{"start_time": 1, "start_time": 1, "end_time": 2}', "application/json", 400),
        (b"{}", "text/plain", 415),
        (b" " * 201, "application/json", 413),
    ):
        headers = {"content-type": content_type}
        reply = await client.post("recordings_in_time_range", content=content, headers=headers)
        assert reply.status_code == status


async def test_mongodb_out_of_reach(client: httpx.AsyncClient, world: World) -> None:
    outage = DependencyUnavailable("MongoDB", "no answer within 1 s")
    world.journal.fail = {"under way": outage, "between": outage}
    replies = [
        await client.get("live_metadata"),
        await client.post("recordings_in_time_range", json={"start_time": 1, "end_time": 2}),
    ]
    for reply in replies:
        assert reply.status_code == 503
        assert "MongoDB" in reply.json()["detail"]


@pytest.mark.parametrize("path", ["channels", "sensors", "live_metadata", "recordings_in_time_range"])
async def test_each_takes_its_one_method(client: httpx.AsyncClient, path: str) -> None:
    wrong = "GET" if path == "recordings_in_time_range" else "POST"
    for method in (wrong, "PUT", "DELETE", "PATCH"):
        assert (await client.request(method, path)).status_code == 405
