"""Up, status, down; side by side; and what is left when something goes wrong: nothing."""

import json
import os
import signal
import stat
from pathlib import Path

import pytest

from sandbox import directories, reaper


def status(sandboxes, *arguments):
    answer = sandboxes.run("status", "--json", *arguments)
    return answer.returncode, json.loads(answer.stdout)


def part(found, name):
    (pid,) = [entry["pid"] for entry in found["parts"] if entry["name"] == name]
    return pid


@pytest.fixture
def second(new_sandboxes, borrowed):
    """A place for more sandboxes, quick to start."""
    return new_sandboxes(**borrowed)


def test_up_twice_says_so_and_writes_the_endpoints_again(warm_sandbox, tmp_path):
    first, second = tmp_path / "first.json", tmp_path / "second.json"
    said = [warm_sandbox.run("up", "--json", str(file)) for file in (first, second)]
    assert [answer.returncode for answer in said] == [0, 0]
    assert "was up already" in said[1].stdout
    assert json.loads(first.read_text()) == json.loads(second.read_text())
    assert stat.S_IMODE(second.stat().st_mode) == 0o600


def test_passwords_are_in_the_file_only(warm_sandbox, tmp_path):
    file = tmp_path / "endpoints.json"
    said = warm_sandbox.run("up", "--json", str(file)).stdout
    said += warm_sandbox.run("status").stdout + warm_sandbox.run("status", "--json").stdout
    password = json.loads(file.read_text())["rabbitmq"]["url"].split(":")[2].split("@")[0]
    assert len(password) >= 16
    assert password not in said
    assert "focus:***@127.0.0.1" in said


def test_status_of_a_sandbox_that_is_up(warm_sandbox):
    code, found = status(warm_sandbox)
    assert (code, found["state"]) == (0, "ready")
    assert {entry["name"] for entry in found["parts"]} == {"epmd", "rabbitmq", "mongodb", "kubernetes"}
    assert all(entry["alive"] for entry in found["parts"])
    ours = {process.pid for process in warm_sandbox.processes()}
    assert {entry["pid"] for entry in found["parts"]} <= ours
    assert "up" in {tenant["use"] for tenant in found["tenants"]}


def test_status_and_down_where_nothing_is_up(new_sandboxes):
    sandboxes = new_sandboxes()
    assert status(sandboxes) == (3, {"name": directories.default_name(), "state": "down"})
    down = sandboxes.run("down")
    assert (down.returncode, "was not up" in down.stdout) == (0, True)
    assert sandboxes.left() == []


def test_two_names_side_by_side_one_without_focus_server(second, tmp_path):
    file = tmp_path / "one.json"
    one = second.run("up", "--name", "one", "--without", "focus-server", "--json", str(file))
    two = second.run("up", "--name", "two")
    assert (one.returncode, two.returncode) == (0, 0), one.stderr + two.stderr
    assert set(json.loads(file.read_text())) == {"exclusive", "time_limits", "mongodb", "rabbitmq", "kubernetes"}
    pids = [{entry["pid"] for entry in status(second, "--name", name)[1]["parts"]} for name in ("one", "two")]
    assert pids[0]
    assert not pids[0] & pids[1]

    again = second.run("up", "--name", "one")
    assert again.returncode == 1
    assert "is up without a Focus Server" in again.stderr

    assert second.run("down", "--name", "one").returncode == 0
    assert status(second, "--name", "one")[0] == 3
    assert status(second, "--name", "two")[1]["state"] == "ready"
    assert second.run("down", "--name", "two").returncode == 0
    assert second.left() == []


def test_a_part_that_died_is_named_and_the_supervisor_killed_leaves_nothing(second):
    assert second.run("up").returncode == 0
    _, found = status(second)
    os.kill(part(found, "mongodb"), signal.SIGKILL)
    _, broken = status(second)
    with second.start("lease") as refused:
        assert refused.wait(20) == 1
        said = refused.stderr.read()

    assert broken["state"].startswith("broken: mongodb has ended (signal SIGKILL)")
    assert "mongodb has ended" in said
    assert "`python -m sandbox down`" in said
    assert "listening on" in said  # the end of its log
    assert "Traceback" not in said

    os.kill(found["supervisor"], signal.SIGKILL)
    assert second.left_at_last() == []


def test_up_again_right_after_the_supervisor_was_killed(second):
    assert second.run("up", "--without", "focus-server").returncode == 0
    os.kill(status(second)[1]["supervisor"], signal.SIGKILL)
    again = second.run("up", "--without", "focus-server")
    assert again.returncode == 0, again.stderr
    assert status(second)[1]["state"] == "ready"
    assert second.run("down").returncode == 0
    assert second.left() == []


def test_what_supervisor_and_reaper_left_is_swept_by_the_next(second):
    assert second.run("up", "--without", "focus-server").returncode == 0
    _, found = status(second)
    watcher = next(process for process in second.processes() if reaper.__file__ in process.cmdline())
    watcher.kill()
    os.kill(found["supervisor"], signal.SIGKILL)
    while found["supervisor"] in {process.pid for process in second.processes()}:
        pass
    assert status(second)[0] == 3

    assert second.left() != []
    swept = second.run("down", "--name", "another")
    assert swept.returncode == 0
    assert f"Removed what was left of: {found['name']}" in swept.stdout
    assert second.left() == []


def failing_server(directory: Path) -> str:
    directory.mkdir()
    server = directory / "rabbitmq-server"
    server.write_text("#!/bin/sh\necho the disk is made of cheese >&2\nexit 7\n")
    server.chmod(0o755)
    return f"{directory}{os.pathsep}{os.environ['PATH']}"


@pytest.mark.parametrize("command", ["up", "lease"])
def test_a_start_that_fails_names_the_part_and_leaves_nothing(new_sandboxes, tmp_path, command):
    sandboxes = new_sandboxes(PATH=failing_server(tmp_path / "bin"))
    with sandboxes.start(command) as failed:
        assert failed.wait(30) == 1
        said = failed.stderr.read()
    assert "rabbitmq has ended (exit status 7)" in said
    assert "the disk is made of cheese" in said
    assert "Traceback" not in said
    assert sandboxes.left() == []


def test_interrupting_up_leaves_nothing(new_sandboxes):
    sandboxes = new_sandboxes()
    with sandboxes.start("up") as starting:
        while not any(process.name() == "epmd" for process in sandboxes.processes()):
            assert starting.poll() is None
        starting.send_signal(signal.SIGINT)
        assert starting.wait(20) == 130
        assert "Interrupted" in starting.stderr.read()
    assert sandboxes.left() == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_to_the_supervisor_ends_all(second, number):
    assert second.run("up", "--without", "focus-server").returncode == 0
    os.kill(status(second)[1]["supervisor"], number)
    assert second.left_at_last() == []


@pytest.mark.parametrize("name", ["", "Upper", "with/slash", "..", "-x", "x" * 41])
def test_a_name_that_could_lead_elsewhere_is_refused(new_sandboxes, name):
    sandboxes = new_sandboxes()
    refused = sandboxes.run("status", f"--name={name}")
    assert refused.returncode == 1
    assert "A sandbox's name is" in refused.stderr


def test_a_runtime_directory_that_others_can_enter_is_refused(new_sandboxes):
    sandboxes = new_sandboxes()
    sandboxes.environment  # noqa: B018 - makes the directories
    (sandboxes.runtime / "focus-sandbox").mkdir(mode=0o755)
    refused = sandboxes.run("up")
    assert refused.returncode == 1
    assert "mode 0700" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_a_runtime_directory_too_long_for_a_socket_is_refused(new_sandboxes, tmp_path):
    refused = new_sandboxes(XDG_RUNTIME_DIR=str(tmp_path / ("d" * 100))).run("up")
    assert refused.returncode == 1
    assert "too long for a Unix socket" in refused.stderr


def test_each_checkout_has_its_own_default_name():
    assert directories.default_name(Path("/a")) != directories.default_name(Path("/b"))
    assert directories.default_name(Path("/a")) == directories.default_name(Path("/a"))


def test_endpoints_that_cannot_be_written_are_reported(warm_sandbox, tmp_path):
    refused = warm_sandbox.run("up", "--json", str(tmp_path / "missing" / "file.json"))
    assert refused.returncode == 1
    assert "cannot be written" in refused.stderr
    assert "Traceback" not in refused.stderr
