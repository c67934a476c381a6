"""Which broker a sandbox takes, and how it starts one in Docker."""

import os
from pathlib import Path

import pytest

from sandbox.launchers import rabbitmq
from sandbox.launchers.processes import Launcher, PartFailed
from sandbox.lifecycle.reaper import MARKER, Record, clear


@pytest.fixture
def record(tmp_path):
    record = Record(tmp_path / "record.json", "test-of-rabbitmq")
    yield record
    clear(record)


@pytest.fixture
def launcher(record):
    return Launcher(record.mark, record.add_command)


def program(path: Path, text: str) -> Path:
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


@pytest.fixture
def no_debian_server(monkeypatch, tmp_path):
    monkeypatch.setattr(rabbitmq, "_DEBIAN_WRAPPER", tmp_path / "none" / "rabbitmq-server")
    monkeypatch.setattr(rabbitmq, "_DEBIAN_SERVER", tmp_path / "none" / "server")


async def test_the_settings_come_first(launcher, tmp_path):
    program(tmp_path / "bin" / "rabbitmq-server", "exit 1")
    broker = await rabbitmq.launch(
        launcher,
        tmp_path,
        {
            "PATH": str(tmp_path / "bin"),
            rabbitmq.URL_SETTING: "amqps://us%2Fer:p%40ss@broker.example:5671/somewhere",
            rabbitmq.MANAGEMENT_SETTING: "https://broker.example/rabbit/",
        },
    )
    assert broker.parts == ()
    assert broker.url("focus-1") == "amqps://us%2Fer:p%40ss@broker.example:5671/focus-1"
    assert broker.management_url == "https://us%2Fer:p%40ss@broker.example/rabbit"
    assert "p@ss" not in repr(broker)


async def test_the_broker_may_be_at_an_ipv6_address(launcher, tmp_path):
    settings = {rabbitmq.URL_SETTING: "amqp://u:p@[::1]:5671/\n", rabbitmq.MANAGEMENT_SETTING: "http://u:p@[::1]:15672"}
    broker = await rabbitmq.launch(launcher, tmp_path, settings)
    assert broker.url("focus-1") == "amqp://u:p@[::1]:5671/focus-1"
    assert broker.management_url == "http://u:p@[::1]:15672"


@pytest.mark.parametrize(
    "url",
    [
        "amqp://u:x7q[@h",
        "amqp://u:x7q#@h",
        "amqp://u:x7q/@h",
        "amqp://u:x7q@h:port",
        "amqp://u:x7q@[::1",
        "http://u:x7q@h",
    ],
)
async def test_what_is_no_address_is_refused_by_name_and_not_shown(launcher, tmp_path, url):
    settings = {rabbitmq.URL_SETTING: url, rabbitmq.MANAGEMENT_SETTING: "http://h:15672"}
    with pytest.raises(PartFailed, match=rabbitmq.URL_SETTING) as refused:
        await rabbitmq.launch(launcher, tmp_path, settings)
    assert "x7q" not in str(refused.value)


async def test_settings_without_the_management_address_are_refused(launcher, tmp_path):
    with pytest.raises(PartFailed, match=rabbitmq.MANAGEMENT_SETTING):
        await rabbitmq.launch(launcher, tmp_path, {rabbitmq.URL_SETTING: "amqp://u:p@broker.example"})


async def test_a_broker_of_the_settings_that_does_not_answer_is_named(launcher, tmp_path):
    broker = await rabbitmq.launch(
        launcher,
        tmp_path,
        {
            rabbitmq.URL_SETTING: "amqp://u:secret@127.0.0.1:1",
            rabbitmq.MANAGEMENT_SETTING: "http://127.0.0.1:1",
        },
    )
    with pytest.raises(PartFailed, match=rabbitmq.URL_SETTING) as failure:
        await broker.wait_until_ready()
    assert "secret" not in str(failure.value)


def test_a_server_on_path_comes_before_debians(tmp_path):
    server = program(tmp_path / "bin" / "rabbitmq-server", "exit 1")
    assert rabbitmq.find_server(str(server.parent)) == server


def test_debians_wrapper_is_passed_by(monkeypatch, tmp_path):
    wrapper = program(tmp_path / "sbin" / "rabbitmq-server", "exit 1")
    server = program(tmp_path / "lib" / "rabbitmq-server", "exit 1")
    monkeypatch.setattr(rabbitmq, "_DEBIAN_WRAPPER", wrapper)
    monkeypatch.setattr(rabbitmq, "_DEBIAN_SERVER", server)
    assert rabbitmq.find_server("/nonexistent") == server


@pytest.mark.usefixtures("no_debian_server")
async def test_with_no_broker_to_be_had_one_message_says_what_to_do(launcher, tmp_path):
    program(tmp_path / "bin" / "docker", "exit 1")  # a client without an engine
    with pytest.raises(PartFailed) as failure:
        await rabbitmq.launch(launcher, tmp_path, {"PATH": str(tmp_path / "bin")})
    for way_out in ("apt-get install rabbitmq-server", "start Docker", rabbitmq.URL_SETTING):
        assert way_out in str(failure.value)


@pytest.mark.usefixtures("no_debian_server")
async def test_docker_runs_the_image_for_this_machine_only_and_is_removed(record, launcher, tmp_path, wait_for):
    calls = tmp_path / "calls"
    program(
        tmp_path / "bin" / "docker",
        f'printf "%s\\n" "$*" >>{calls}\n'
        f'if [ "$1" = run ]; then echo "$RABBITMQ_DEFAULT_PASS" >{calls}.password; exec sleep 60; fi',
    )
    path = f"{tmp_path / 'bin'}{os.pathsep}/usr/bin{os.pathsep}/bin"
    broker = await rabbitmq.launch(launcher, tmp_path, {"PATH": path})
    told = Path(f"{calls}.password")
    wait_for(lambda: told.exists() and told.read_text())
    broker.parts[0].check()
    assert broker.node is None
    clear(record)
    assert broker.parts[0].process.wait(10) < 0

    run, removed = calls.read_text().splitlines()[-2:]
    name = run.split("--name ")[1].split()[0]
    assert run.startswith("run --rm ")
    assert f"--publish 127.0.0.1:{broker.host.split(':')[1]}:5672" in run
    assert f"--publish 127.0.0.1:{broker.management.rsplit(':', 1)[1]}:15672" in run
    assert rabbitmq.IMAGE in run
    assert "rabbitmq_event_exchange" in run
    assert told.read_text().strip() == broker.password
    assert broker.password not in run
    assert removed == f"rm --force --volumes {name}"


def test_what_moved_to_another_session_is_ended_too(tmp_path):
    import subprocess

    record = Record(tmp_path / "record.json", f"moved-{os.getpid()}", [str(tmp_path / "data")])
    (tmp_path / "data" / "deep").mkdir(parents=True)
    moved = subprocess.Popen(["sleep", "60"], env={**os.environ, MARKER: record.marker}, start_new_session=True)
    try:
        clear(record)
        assert moved.wait(10) == -9
    finally:
        moved.kill()
    assert not (tmp_path / "data").exists()
