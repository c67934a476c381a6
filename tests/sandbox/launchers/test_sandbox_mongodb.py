"""Which database server a sandbox takes, how it starts `mongod`, and whom it lets in."""

import os
import sys
from functools import partial
from itertools import pairwise
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from pymongo import MongoClient
from pymongo.errors import OperationFailure

from sandbox.launchers import mongodb
from sandbox.launchers.processes import Launcher
from sandbox.lifecycle.reaper import Record, clear

# Writes down how it was called, and has the other server do its work.
MONGOD = """#!/bin/sh
printf '%s\\n' "$@" >>{calls}
echo end >>{calls}
while [ $# -gt 0 ]; do
  case $1 in
    --port) port=$2 ;;
    --dbpath) data=$2 ;;
    --auth) login=--auth ;;
  esac
  shift
done
exec {server} --config {calls}.toml --host 127.0.0.1 --port "$port" --storage-path "$data" $login
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

    started = await mongodb.start(Launcher(record.mark, record.add_command), tmp_path, {"PATH": path})

    first, second = [call.splitlines() for call in calls.read_text().split("end\n")[:2]]
    for arguments in (first, second):
        options = dict(pairwise(arguments))
        assert options["--bind_ip"] == "127.0.0.1"
        assert options["--dbpath"].startswith(str(tmp_path))
        assert "--nounixsocket" in arguments
    assert ("--auth" in first, "--auth" in second) == (False, True)
    assert started.host == f"127.0.0.1:{options['--port']}"
    await started.drop("never-written-to")


def client(uri: str) -> MongoClient:
    return MongoClient(uri, serverSelectionTimeoutMS=5000)


@pytest.fixture
def found(sandbox_endpoints):
    return sandbox_endpoints["mongodb"]


@pytest.mark.parametrize("whose", ["uri", "server_uri"])
def test_the_users_of_the_endpoints_are_let_in(found, whose):
    with client(found[whose]) as allowed:
        written = allowed[found["database"]]["test_of_login"].insert_one({}).inserted_id
        assert allowed[found["database"]]["test_of_login"].delete_one({"_id": written}).deleted_count == 1


@pytest.mark.parametrize("credentials", ["", "suite:wrong@", "focus-server:wrong@", "admin:admin@"])
def test_nobody_else_is(found, credentials):
    host = found["uri"].partition("@")[2]
    with client(f"mongodb://{credentials}{host}") as refused, pytest.raises(OperationFailure) as refusal:
        refused[found["database"]]["tasks"].find_one()
    assert refusal.value.code in (13, 18)  # Unauthorized, AuthenticationFailed


def test_the_focus_server_logs_in_as_its_own_user_who_can_make_no_others(warm_sandbox, sandbox_endpoints, found):
    assert urlsplit(found["uri"]).username != urlsplit(found["server_uri"]).username
    environment = warm_sandbox.server_of(sandbox_endpoints).environ()
    assert environment["FOCUS_SERVER_MONGODB_URI"] == found["server_uri"]
    with client(found["server_uri"]) as server, pytest.raises(OperationFailure) as refusal:
        server.admin.command("createUser", "another", pwd="p", roles=["root"])
    assert refusal.value.code == 13


def test_the_focus_server_reaches_no_database_but_its_own(found):
    with client(found["server_uri"]) as server, client(found["uri"]) as suite:
        for database in (f"{found['database']}0", "job_notes", "admin", "local"):
            notes = server[database]["notes"]
            for reach in (partial(notes.insert_one, {}), notes.find_one, notes.drop):
                with pytest.raises(OperationFailure) as refusal:
                    reach()
                assert refusal.value.code == 13
        assert found["database"] in suite.list_database_names()
        assert "job_notes" not in suite.list_database_names()


async def test_the_user_of_a_server_goes_with_its_database(record, tmp_path):
    started = await mongodb.start(Launcher(record.mark, record.add_command), tmp_path, dict(os.environ))
    address = started.server_uri("focus_1")
    await started.admit("focus_1")
    with client(address) as server:
        server["focus_1"]["tasks"].insert_one({})
    await started.drop("focus_1")
    with client(address) as server, pytest.raises(OperationFailure) as refusal:
        server["focus_1"]["tasks"].find_one()
    assert refusal.value.code == 18


def test_nothing_of_the_set_up_without_login_is_left(warm_sandbox, found):
    def is_mongodb(process):
        return any("secantusd" in word or "mongod" in word for word in process.cmdline()[:2])

    assert warm_sandbox.processes(is_mongodb)
    assert not warm_sandbox.processes(lambda each: is_mongodb(each) and "--auth" not in each.cmdline())


def test_no_password_stands_in_a_log(warm_sandbox, found):
    passwords = [urlsplit(found[whose]).password.encode() for whose in ("uri", "server_uri")]
    files = [path for base in (warm_sandbox.runtime, warm_sandbox.temporary) for path in base.rglob("*.*")]
    logs = [path for path in files if path.suffix in (".log", ".out")]
    assert {"mongodb.log", "focus-server.log", "supervisor.log"} <= {path.name for path in logs}
    assert [path for path in logs if any(password in path.read_bytes() for password in passwords)] == []
