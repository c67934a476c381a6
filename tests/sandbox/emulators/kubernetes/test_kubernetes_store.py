"""The history that watches look back on."""

from __future__ import annotations

import json

import pytest
from aiohttp.test_utils import TestClient, TestServer

from sandbox.emulators.kubernetes.errors import ApiError
from sandbox.emulators.kubernetes.handlers import application
from sandbox.emulators.kubernetes.kinds import NAMESPACES
from sandbox.emulators.kubernetes.registry import Registry
from sandbox.emulators.kubernetes.schemas import Schemas
from sandbox.emulators.kubernetes.store import Store


@pytest.fixture
def store():
    store = Store(history=2)
    for number in range(4):
        store.insert(NAMESPACES, {"metadata": {"name": f"n{number}", "uid": str(number)}})
    return store


def test_a_version_that_the_history_no_longer_reaches_is_gone(store):
    assert [change.version for change in store.since(2)] == [3, 4]
    assert store.since(4) == []
    with pytest.raises(ApiError) as gone:
        store.since(1)
    assert (gone.value.code, gone.value.status["reason"]) == (410, "Expired")


async def test_a_watch_from_a_version_that_is_gone_says_so_and_ends(store):
    app = application(Registry(store, Schemas()), "token")
    headers = {"Authorization": "Bearer token"}
    async with TestClient(TestServer(app)) as client:
        query = {"watch": "true", "resourceVersion": "1"}
        answer = await client.get("/api/v1/namespaces", params=query, headers=headers)
        (line,) = (await answer.text()).splitlines()
    event = json.loads(line)
    assert (answer.status, event["type"], event["object"]["code"]) == (200, "ERROR", 410)
