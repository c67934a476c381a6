"""Up, status, down; side by side; and what is left when something goes wrong: nothing."""

import asyncio
import json
import os
import signal
import socket
import stat
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pytest
import requests
from typer.testing import CliRunner

from redaction import MASK
from sandbox.__main__ import app
from sandbox.launchers import kubernetes_api
from sandbox.launchers.rabbitmq import find_server
from sandbox.lifecycle import control, directories, reaper


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
    endpoints = json.loads(file.read_text())
    addresses = (endpoints["rabbitmq"]["url"], endpoints["mongodb"]["uri"], endpoints["mongodb"]["server_uri"])
    for address in addresses:
        password = urlsplit(address).password
        assert len(password) >= 16
        assert password not in said
        assert f"{urlsplit(address).username}:{MASK}@127.0.0.1" in said


def test_status_of_a_sandbox_that_is_up(warm_sandbox):
    code, found = status(warm_sandbox)
    assert (code, found["state"]) == (0, "ready")
    assert {entry["name"] for entry in found["parts"]} == {
        "epmd",
        "rabbitmq",
        "mongodb",
        "kubernetes",
        "ssh",
        "toxiproxy",
    }
    assert all(entry["alive"] for entry in found["parts"])
    ours = {process.pid for process in warm_sandbox.processes()}
    assert {entry["pid"] for entry in found["parts"]} <= ours
    # Who ends that one ends the node itself.
    assert psutil.Process(part(found, "rabbitmq")).name() == "beam.smp"
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
    endpoints = json.loads(file.read_text())
    parts = {"mongodb", "rabbitmq", "kubernetes", "ssh", "toxiproxy"}
    assert set(endpoints) == {"exclusive", "time_limits", "stream", "signal", *parts}
    assert endpoints["time_limits"]["effect_appears_s"] == 15  # the broker could be one that tells late
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


def in_lent_stores(endpoints):
    """Names of the namespaces and virtual hosts that there are in the stores of a sandbox."""
    management = endpoints["rabbitmq"]["management_url"]
    hosts = {each["name"] for each in requests.get(f"{management}/api/vhosts", timeout=10).json()}
    interface = kubernetes_api.interface(endpoints["kubernetes"]["kubeconfig"])
    namespaces = asyncio.run(interface.send("GET", "/api/v1/namespaces"))["items"]
    return hosts | {each["metadata"]["name"] for each in namespaces}


def test_what_a_killed_supervisor_had_in_stores_that_were_lent_is_removed(second, sandbox_endpoints, wait_for):
    before = in_lent_stores(sandbox_endpoints)
    assert second.run("up", "--without", "focus-server").returncode == 0
    _, found = status(second)
    made = in_lent_stores(sandbox_endpoints) - before
    assert made >= {tenant["name"] for tenant in found["tenants"]} != set()
    records = list(second.runtime.glob("**/record.json"))
    assert [stat.S_IMODE(record.stat().st_mode) for record in records] == [0o600]
    os.kill(found["supervisor"], signal.SIGKILL)
    wait_for(lambda: not made & in_lent_stores(sandbox_endpoints))
    assert second.left_at_last() == []


def test_up_again_right_after_the_supervisor_was_killed(second):
    assert second.run("up", "--without", "focus-server").returncode == 0
    os.kill(status(second)[1]["supervisor"], signal.SIGKILL)
    again = second.run("up", "--without", "focus-server")
    assert again.returncode == 0, again.stderr
    assert status(second)[1]["state"] == "ready"
    assert second.run("down").returncode == 0
    assert second.left() == []


def kill_reaper(sandboxes):
    (watcher,) = sandboxes.running(reaper.__file__)
    watcher.kill()


def test_what_supervisor_and_reaper_left_is_swept_by_the_next(second, wait_for):
    assert second.run("up", "--without", "focus-server").returncode == 0
    _, found = status(second)
    kill_reaper(second)
    os.kill(found["supervisor"], signal.SIGKILL)
    wait_for(lambda: found["supervisor"] not in {process.pid for process in second.processes()})
    assert status(second)[0] == 3

    assert second.left() != []
    swept = second.run("down", "--name", "another")
    assert swept.returncode == 0
    assert f"Removed what was left of: {found['name']}" in swept.stdout
    assert second.left() == []


def test_without_its_reaper_the_supervisor_takes_everything_with_it(second):
    assert second.run("up", "--without", "focus-server").returncode == 0
    kill_reaper(second)
    os.kill(status(second)[1]["supervisor"], signal.SIGTERM)
    assert second.left_at_last() == []


def test_a_supervisor_that_hangs_is_reported_and_killed(second, monkeypatch):
    assert second.run("up", "--without", "focus-server").returncode == 0
    supervisor = status(second)[1]["supervisor"]
    os.kill(supervisor, signal.SIGSTOP)
    monkeypatch.setattr(control, "_ANSWER_LIMIT", 0.5)

    hung = CliRunner().invoke(app, ["status"], env=second.environment)
    assert (hung.exit_code, f"(pid {supervisor}) has not answered" in hung.stderr) == (1, True)
    ended = CliRunner().invoke(app, ["down"], env=second.environment)
    assert (ended.exit_code, "is gone" in ended.stdout) == (0, True), ended.stderr
    assert second.left_at_last() == []


def failing_server(directory: Path) -> str:
    directory.mkdir()
    server = directory / "rabbitmq-server"
    server.write_text("#!/bin/sh\necho the disk is made of cheese >&2\nexit 7\n")
    server.chmod(0o755)
    return f"{directory}{os.pathsep}{os.environ['PATH']}"


def late_server(directory: Path) -> str:
    """A broker that boots when a file `go` is there."""
    directory.mkdir()
    server = directory / "rabbitmq-server"
    real = find_server(os.environ["PATH"])
    server.write_text(f'#!/bin/sh\nuntil [ -e "{directory}/go" ]; do sleep 0.1; done\nexec {real} "$@"\n')
    server.chmod(0o755)
    return f"{directory}{os.pathsep}{os.environ['PATH']}"


def test_the_first_server_is_loaded_while_the_broker_boots_and_begins_when_its_virtual_host_is_there(
    new_sandboxes, tmp_path, wait_for
):
    sandboxes = new_sandboxes(PATH=late_server(tmp_path / "bin"))
    with sandboxes.start("lease") as starting:
        wait_for(lambda: [out for out in sandboxes.temporary.glob("**/focus-server.out") if out.read_text()])
        (out,) = sandboxes.temporary.glob("**/focus-server.out")
        assert out.read_text() == "held\n"
        (tmp_path / "bin" / "go").touch()
        endpoints = json.loads(starting.stdout.readline())
        server = endpoints["focus_server"]
        assert requests.get(f"{server['base_url']}/ack", verify=server["ca_file"], timeout=10).status_code == 200
        assert out.read_text().startswith("held\nready ")
        starting.stdin.close()
    assert sandboxes.left_at_last() == []


def test_while_the_broker_boots_a_start_can_be_ended_and_leaves_nothing(new_sandboxes, tmp_path, wait_for):
    sandboxes = new_sandboxes(PATH=late_server(tmp_path / "bin"))
    with sandboxes.start("lease") as starting:
        wait_for(lambda: sandboxes.running("sandbox.focus_server"))
        starting.stdin.close()
        assert starting.wait(30) == 1
    assert sandboxes.left_at_last() == []


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


def test_interrupting_up_leaves_nothing(new_sandboxes, wait_for):
    sandboxes = new_sandboxes()
    with sandboxes.start("up") as starting:
        wait_for(lambda: sandboxes.named("epmd"))
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


@pytest.fixture
def impostor(new_sandboxes):
    """A place with somebody's socket in it, where a sandbox would have its own."""
    sandboxes = new_sandboxes()
    sandboxes.environment  # noqa: B018 - makes the directories
    place = directories.home(None, sandboxes.runtime / "focus-sandbox")
    place.directory.mkdir(parents=True)
    place.root.chmod(0o700)
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(place.socket))
        listening.listen()
        listening.setblocking(False)
        yield sandboxes, place, listening


@pytest.mark.parametrize("command", ["up", "lease", "status", "down"])
@pytest.mark.parametrize(
    "spoil",
    [
        lambda root: root.chmod(0o755),
        pytest.param(
            lambda root: os.chown(root, 65534, -1),
            marks=pytest.mark.skipif(os.getuid() != 0, reason="only root gives directories away"),
        ),
    ],
    ids=["mode", "owner"],
)
def test_a_runtime_directory_of_others_is_refused_and_nobody_in_it_asked(impostor, command, spoil):
    sandboxes, place, listening = impostor
    spoil(place.root)
    refused = sandboxes.run(command)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert f"{place.root} must be a directory of your own with mode 0700" in refused.stderr
    assert len(refused.stderr.splitlines()) == 1
    with pytest.raises(BlockingIOError):
        listening.accept()


def test_an_answer_from_another_user_is_not_wanted(impostor, monkeypatch):
    _, place, listening = impostor
    monkeypatch.setattr(os, "getuid", lambda: place.root.stat().st_uid + 1)
    with pytest.raises(control.Failure, match="not by yours"):
        control.connect(place)
    assert listening.accept()[0].recv(100) == b""


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
