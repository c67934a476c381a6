"""Which database server a sandbox takes, and how it starts `mongod`."""

import os
import sys
from itertools import pairwise
from pathlib import Path

import pytest

from sandbox import mongodb
from sandbox.processes import Launcher
from sandbox.reaper import Record, clear

# Writes down how it was called, and has the other server do its work.
MONGOD = """#!/bin/sh
printf '%s\\n' "$@" >{calls}
while [ $# -gt 0 ]; do
  case $1 in
    --port) port=$2 ;;
    --dbpath) data=$2 ;;
  esac
  shift
done
exec {server} --config {calls}.toml --host 127.0.0.1 --port "$port" --storage-path "$data"
"""


@pytest.fixture
def record(tmp_path):
    record = Record(tmp_path / "record.json", f"test-of-mongodb-{os.getpid()}")
    yield record
    clear(record)


async def test_mongod_comes_first_and_listens_on_this_machine_only(record, tmp_path):
    calls, mongod = tmp_path / "calls", tmp_path / "bin" / "mongod"
    mongod.parent.mkdir()
    mongod.write_text(MONGOD.format(calls=calls, server=Path(sys.executable).with_name("secantusd-py")))
    mongod.chmod(0o755)
    Path(f"{calls}.toml").touch()
    path = f"{mongod.parent}{os.pathsep}{os.environ['PATH']}"

    started = await mongodb.start(Launcher(record), tmp_path, {"PATH": path})

    arguments = calls.read_text().splitlines()
    options = dict(pairwise(arguments))
    assert options["--bind_ip"] == "127.0.0.1"
    assert options["--dbpath"].startswith(str(tmp_path))
    assert "--nounixsocket" in arguments
    assert started.uri == f"mongodb://127.0.0.1:{options['--port']}"
    await started.drop("never-written-to")
