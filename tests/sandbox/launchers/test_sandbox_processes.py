"""Processes are started again as they were, and not at all when the sandbox ends."""

import asyncio
import sys

import pytest

from sandbox.launchers.processes import Launcher, PartFailed


async def ended(part):
    async with asyncio.timeout(20):
        while part.process.poll() is None:
            await asyncio.sleep(0.01)
    return part.stdout.read_text()


async def test_a_part_is_started_again_with_the_same_settings(tmp_path):
    launcher = Launcher({"MARK": "m"}, lambda _: None)
    tell = [sys.executable, "-c", "import os; print(os.environ['MARK'], os.environ['SETTING'])"]
    part = launcher.launch("part", tell, tmp_path, environment={"SETTING": "s"}, separate_output=True, address="here")
    assert await ended(part) == "m s\n"
    again = part.again()
    assert await ended(again) == "m s\nm s\n"
    assert (again.name, again.address, again.process.pid != part.process.pid) == ("part", "here", True)


def test_when_the_sandbox_ends_nothing_is_started(tmp_path):
    launcher = Launcher({}, lambda _: None, ends=lambda: True)
    with pytest.raises(PartFailed, match="the sandbox ends"):
        launcher.launch("part", [sys.executable, "-c", ""], tmp_path, environment={})
    assert list(tmp_path.iterdir()) == []
