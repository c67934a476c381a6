"""The agent of the node follows its pods, and goes on when something fails."""

import asyncio
from contextlib import asynccontextmanager

import pytest

from sandbox.launchers.rest import RequestFailed
from sandbox.nodes.node_agent import NodeAgent


def pod(part):
    return {"metadata": {"labels": {"app.kubernetes.io/name": part}}}


class Runner:
    """Notes which pods it was given; the first look fails."""

    def __init__(self):
        self.looks = []
        self.seen = asyncio.Event()

    async def step(self, pods):
        self.looks.append(pods)
        if len(self.looks) == 1:
            raise RequestFailed("no answer")
        if pods:
            self.seen.set()


class Node:
    """Watches of it break once, then say what pods there are."""

    def __init__(self, *pods):
        self._pods, self.watches = pods, 0

    async def follow(self, tell):
        self.watches += 1
        if self.watches == 1:
            raise RequestFailed("no answer")
        tell(self._pods)
        await asyncio.Event().wait()


@asynccontextmanager
async def running(agent):
    task = asyncio.create_task(agent.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])


async def test_each_part_is_given_its_own_pods_after_failures_too(monkeypatch):
    monkeypatch.setattr("sandbox.nodes.node_agent._TRY_AGAIN", 0.0)
    one, other = pod("one"), pod("other")
    runners = {"one": Runner(), "other": Runner()}
    async with running(NodeAgent(Node(one, other), runners)), asyncio.timeout(20):
        await asyncio.gather(*(runner.seen.wait() for runner in runners.values()))
    assert runners["one"].looks[-1] == [one]
    assert runners["other"].looks[-1] == [other]


async def test_a_defect_of_its_own_ends_it():
    class Defective:
        async def step(self, pods):
            raise KeyError("metadata")

    async with asyncio.timeout(20):
        with pytest.raises(ExceptionGroup) as ended:
            await NodeAgent(Node(pod("one")), {"one": Defective()}).run()
    assert list(map(repr, ended.value.exceptions)) == ["KeyError('metadata')"]
