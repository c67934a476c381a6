"""Processes are started again as they were, and not at all when the sandbox ends; each has ports of its own."""

import asyncio
import socket
import subprocess
import sys

import pytest

from sandbox.launchers import processes
from sandbox.launchers.processes import Launcher, PartFailed, free_port


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


async def test_a_part_that_is_held_begins_when_it_is_let_go_and_at_once_when_it_is_started_again(tmp_path):
    waiting = [sys.executable, "-c", "import sys; print('loaded', flush=True); sys.stdin.read(); print('begun')"]
    part = Launcher({}, lambda _: None).launch("part", waiting, tmp_path, environment={}, held=True)
    async with asyncio.timeout(20):
        while not part.stdout.read_text():
            await asyncio.sleep(0.01)
    assert (part.process.poll(), part.stdout.read_text()) == (None, "loaded\n")
    part.let_go()
    assert await ended(part) == "loaded\nbegun\n"
    assert await ended(part.again()) == "loaded\nbegun\nloaded\nbegun\n"


def test_when_the_sandbox_ends_nothing_is_started(tmp_path):
    launcher = Launcher({}, lambda _: None, ends=lambda: True)
    with pytest.raises(PartFailed, match="the sandbox ends"):
        launcher.launch("part", [sys.executable, "-c", ""], tmp_path, environment={})
    assert list(tmp_path.iterdir()) == []


CHOOSING = """
import sys
from sandbox.launchers import processes
processes._CHOICES = iter(map(int, sys.argv[1:]))
print(processes.free_port(), flush=True)
sys.stdin.read()
"""


@pytest.fixture
def ports(monkeypatch):
    """Three ports that are free, which come next in this sandbox."""
    found = [free_port() for _ in range(3)]
    while processes._CHOSEN:
        processes._CHOSEN.pop().close()
    monkeypatch.setattr(processes, "_CHOICES", iter(found))
    return found


def test_a_port_that_another_sandbox_has_chosen_is_left_to_it_though_nobody_listens_yet(ports):
    with subprocess.Popen(
        [sys.executable, "-c", CHOOSING, *map(str, ports)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout.readline() == f"{ports[0]}\n"
        assert free_port() == ports[1]


def test_one_that_somebody_listens_on_is_passed_over(ports):
    with socket.create_server(("127.0.0.1", ports[0])):
        assert free_port() == ports[1]


def test_only_the_last_choices_are_kept(ports, monkeypatch):
    monkeypatch.setattr(processes, "_MOST_CHOSEN", 1)
    assert [free_port(), free_port()] == ports[:2]
    assert len(processes._CHOSEN) == 1
