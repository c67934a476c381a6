from collections.abc import AsyncIterator

import httpx
import pytest
from focus_server_fakes import World, payload, settings

from sandbox.focus_server.composition import create_app
from sandbox.focus_server.rules import task_id_well_formed

TASK_ID = "client-7_20250601115959_0a1b2c3d"
WELL_FORMED = [
    TASK_ID,
    "a_20240229000000_00000000",
    f"{'A' * 32}_20250601115959_ffffffff",
    "9_x-__20250601115959_deadbeef",
    "a_00010101000000_00000000",
]
MALFORMED = [
    "_20250601115959_0a1b2c3d",
    "_a_20250601115959_0a1b2c3d",
    "-a_20250601115959_0a1b2c3d",
    f"{'A' * 33}_20250601115959_ffffffff",
    "a.b_20250601115959_0a1b2c3d",
    "é_20250601115959_0a1b2c3d",
    "a_20250229000000_0a1b2c3d",
    "a_20251301000000_0a1b2c3d",
    "a_20250601240000_0a1b2c3d",
    "a_20250601115960_0a1b2c3d",
    "a_00000101000000_0a1b2c3d",
    "a_2025060111595_0a1b2c3d",
    "a_202506011159590_0a1b2c3d",
    "a_٢٠٢٥٠٦٠١١١٥٩٥٩_0a1b2c3d",
    "a_20250601115959_0A1B2C3D",
    "a_20250601115959_0a1b2c3",
    "a_20250601115959_0a1b2c3d4",
    "a_20250601115959_0a1b2c3g",
    "a_20250601115959_0a1b2c3d\n",
    "a20250601115959_0a1b2c3d",
    "job_a1b2c3d4",
]


@pytest.mark.parametrize("text", WELL_FORMED)
def test_a_task_id(text: str) -> None:
    assert list(task_id_well_formed(text)) == []


@pytest.mark.parametrize("text", MALFORMED)
def test_no_task_id(text: str) -> None:
    (violation,) = task_id_well_formed(text)
    assert (violation.part, violation.loc) == ("path", ("task_id",))


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
async def client(world: World) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(create_app(settings(), world.parts))
    async with httpx.AsyncClient(transport=transport, base_url="http://server/focus-server/") as made:
        yield made


async def test_a_task_id_is_repeated_and_recorded(client: httpx.AsyncClient, world: World) -> None:
    reply = await client.post(f"configure/{TASK_ID}", json=payload())
    assert reply.status_code == 200
    answer = reply.json()
    (record,) = world.tasks.records.values()
    assert answer["task_id"] == record.client_task_id == TASK_ID
    assert answer["job_id"] == record.job_id
    metadata = (await client.get(f"metadata/{record.job_id}")).json()
    assert metadata["task_id"] == TASK_ID


async def test_without_one_there_is_none(client: httpx.AsyncClient, world: World) -> None:
    answer = (await client.post("configure", json=payload())).json()
    assert "task_id" not in answer
    assert "task_id" not in (await client.get(f"metadata/{answer['job_id']}")).json()
    assert world.tasks.records[answer["job_id"]].client_task_id is None


async def test_the_same_one_again_makes_another_job(client: httpx.AsyncClient, world: World) -> None:
    answers = [(await client.post(f"configure/{TASK_ID}", json=payload())).json() for _ in range(2)]
    assert {answer["task_id"] for answer in answers} == {TASK_ID}
    assert {answer["job_id"] for answer in answers} == set(world.tasks.records)
    assert len(world.tasks.records) == 2


async def test_a_wrong_one_is_refused_together_with_what_is_wrong_with_the_body(
    client: httpx.AsyncClient, world: World
) -> None:
    for body, fields in ((payload(), []), (payload(view_type=7), [["body", "view_type"]])):
        reply = await client.post("configure/no-task-id", json=body)
        assert reply.status_code == 422
        assert [each["loc"] for each in reply.json()["detail"]] == [["path", "task_id"], *fields]
    assert world.journal.calls == []


async def test_a_right_one_saves_no_wrong_body(client: httpx.AsyncClient, world: World) -> None:
    reply = await client.post(f"configure/{TASK_ID}", json=payload(view_type=7))
    assert [each["loc"] for each in reply.json()["detail"]] == [["body", "view_type"]]
    assert (await client.post(f"configure/{TASK_ID}", content="{}")).status_code == 415
    assert world.journal.calls == []


@pytest.mark.parametrize("path", ["configure/", f"configure/{TASK_ID}/", "configure/a/b", "configure/a%2Fb"])
async def test_no_path_of_the_server(client: httpx.AsyncClient, path: str) -> None:
    assert (await client.post(path, json=payload())).status_code == 404
