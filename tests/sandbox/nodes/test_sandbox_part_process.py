"""Whether the process of a part is ready, when that is not told at once."""

import asyncio
import sys

import pytest

from sandbox.launchers.processes import Launcher
from sandbox.nodes import part_process
from sandbox.nodes.part_process import PartProcess


@pytest.fixture
def process(tmp_path):
    """Makes a process that is asked in this way whether it is ready."""
    launcher = Launcher({}, lambda _: None)
    running = launcher.launch("part", [sys.executable, "-c", ""], tmp_path, environment={})
    yield lambda is_ready: PartProcess(running.again, is_ready, running)
    running.process.wait()


async def silent(_):
    await asyncio.Event().wait()


async def test_one_that_does_not_answer_in_time_is_not_ready(process, monkeypatch):
    monkeypatch.setattr(part_process, "_ANSWER_LIMIT", 0.01)
    assert await process(silent).is_ready() is False


async def test_a_look_that_is_cancelled_ends_also_where_the_driver_tells_of_a_failure_instead(process):
    async def failing(part):
        try:
            await silent(part)
        except asyncio.CancelledError:
            return False

    look = asyncio.create_task(process(failing).is_ready())
    await asyncio.sleep(0)
    look.cancel()
    await asyncio.wait([look])
    assert look.cancelled()
