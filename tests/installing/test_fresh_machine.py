"""A fresh machine: what making it needs is said once, and it is taken away whatever happens."""

import signal
import subprocess
import time

import psutil
import pytest

from .conftest import Machine

TARGETS = "echo http://mirror.invalid/debian bookworm"
COMMAND = (".ci/fresh_machine", "bookworm", "logs")


@pytest.fixture
def maker(machine: Machine) -> Machine:
    """Root on a machine with all that is needed; instead of namespaces there is a script of the test's own."""
    machine.is_root(True)
    scripts = machine.place / "debootstrap" / "scripts"
    scripts.mkdir(parents=True)
    (scripts / "bookworm").touch()
    machine.settings["DEBOOTSTRAP_DIR"] = str(scripts.parent)
    machine.settings["MIRROR"] = "http://mirror.invalid/debian"
    machine.has("debootstrap", "true")
    machine.has("apt-get", TARGETS)
    machine.has("unshare", 'mkdir -p "$root/etc" && touch "$root/etc/file"')
    machine.has("git", "true")
    return machine


def left(machine: Machine) -> list[str]:
    return [path.name for path in (machine.place / "tmp").iterdir()]


@pytest.mark.parametrize("status", [0, 3])
def test_it_is_taken_away_and_the_status_tells(maker, status):
    maker.has("unshare", f'mkdir -p "$root/etc" && touch "$root/etc/file" {maker.place}/was-made; exit {status}')
    assert maker.run(*COMMAND)[0] == status
    assert (maker.place / "was-made").exists()
    assert left(maker) == []


def start_and_wait(maker: Machine) -> tuple["subprocess.Popen[str]", int]:
    """Start one that takes its time; the script, and the process in its machine."""
    pid = maker.place / "pid"
    maker.has("unshare", f'mkdir -p "$root/etc"; echo $$ >{pid}.new; mv {pid}.new {pid}; exec sleep 60')
    process = maker.start(*COMMAND)
    while not pid.exists():
        assert process.poll() is None, process.communicate()
        time.sleep(0.02)
    return process, int(pid.read_text())


def lives(pid: int) -> bool:
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE


@pytest.mark.parametrize(("name", "status"), [("SIGINT", 130), ("SIGTERM", 143), ("SIGHUP", 143)])
def test_it_is_taken_away_when_it_is_interrupted(maker, name, status):
    process, inside = start_and_wait(maker)
    process.send_signal(getattr(signal, name))
    process.communicate(timeout=20)
    assert (process.returncode, left(maker), lives(inside)) == (status, [], False)


def test_what_a_killed_one_leaves_is_taken_away_by_the_next_and_what_runs_is_not(maker, wait_for):
    killed, inside = start_and_wait(maker)
    killed.kill()
    killed.communicate(timeout=20)
    wait_for(lambda: not lives(inside))
    assert len(left(maker)) == 1
    (maker.place / "pid").unlink()
    running, _ = start_and_wait(maker)
    assert len(left(maker)) == 1
    maker.has("unshare", "true")
    assert maker.run(*COMMAND)[0] == 0
    assert len(left(maker)) == 1
    running.terminate()
    running.communicate(timeout=20)
    assert left(maker) == []


def not_root(machine: Machine) -> None:
    machine.is_root(False)


def no_debootstrap(machine: Machine) -> None:
    (machine.bin / "debootstrap").unlink()


def no_such_release(machine: Machine) -> None:
    (machine.place / "debootstrap" / "scripts" / "bookworm").unlink()


def no_mirror(machine: Machine) -> None:
    del machine.settings["MIRROR"]
    machine.has("apt-get", "true")


@pytest.mark.parametrize(
    ("without", "words"),
    [
        (not_root, "only root can"),
        (no_debootstrap, "apt-get install debootstrap"),
        (no_such_release, "knows no release 'bookworm'"),
        (no_mirror, "MIRROR="),
    ],
)
def test_what_it_needs_is_said_in_one_message(maker, without, words):
    without(maker)
    status, said = maker.run(*COMMAND)
    assert status == 1
    assert words in said, said
    assert len(said.splitlines()) == 1, said
    assert left(maker) == []


def test_a_release_must_be_named(maker):
    status, said = maker.run("make", "fresh-machine")
    assert status == 2
    assert "make fresh-machine RELEASE=bookworm" in said
