"""The database of a sandbox: ``mongod`` if it is installed, SecantusDB otherwise."""

import os
import re
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pymongo import AsyncMongoClient
from pymongo.errors import PyMongoError

from sandbox.processes import Launcher, Part, PartFailed, free_port, ready

_LIMIT = 30.0
_ATTEMPT = 500  # milliseconds that one attempt to reach the server may take
_DROP_LIMIT = 10_000  # milliseconds
_LISTENING = re.compile(r"listening on 127\.0\.0\.1:(\d+)")


@dataclass(frozen=True)
class MongoDB:
    """A database server, and how to remove one database from it."""

    part: Part
    uri: str

    async def drop(self, database: str) -> None:
        """Remove a database; no error if it was never written to. Raises PartFailed."""
        try:
            async with _client(self.uri, _DROP_LIMIT) as client:
                await client.drop_database(database)
        except PyMongoError as failure:
            raise PartFailed(f"mongodb: {self.uri} did not drop database {database}: {failure}") from failure


async def start(launcher: Launcher, directory: Path, environment: Mapping[str, str]) -> MongoDB:
    """Start a database server of its own; returns when it answers. Raises PartFailed."""
    data = directory / "mongodb"
    data.mkdir()
    mongod = shutil.which("mongod", path=environment.get("PATH", os.defpath))
    if mongod:
        port = free_port()
        command = [mongod, "--dbpath", str(data), "--bind_ip", "127.0.0.1", "--port", str(port)]
        part = launcher.launch("mongodb", [*command, "--nounixsocket"], directory, environment=environment, grace=0.0)
    else:
        part = _start_secantus(launcher, directory, data, environment)

        async def port_in_log() -> int | None:
            found = _LISTENING.search(part.log.read_text(errors="replace"))
            return int(found[1]) if found else None

        port = await ready(part, port_in_log, limit=_LIMIT, expected="its log to say where it listens")
    uri = f"mongodb://127.0.0.1:{port}"

    async def answers() -> bool | None:
        try:
            async with _client(uri, _ATTEMPT) as client:
                await client.admin.command("ping")
        except PyMongoError:
            return None
        return True

    await ready(part, answers, limit=_LIMIT, expected=f"an answer to a ping at {uri}")
    return MongoDB(replace(part, address=uri), uri)


def _start_secantus(launcher: Launcher, directory: Path, data: Path, environment: Mapping[str, str]) -> Part:
    daemon = Path(sys.executable).with_name("secantusd-py")
    if not daemon.exists():
        raise PartFailed(
            f"mongodb cannot be started: there is neither mongod on PATH nor {daemon}. "
            "Install MongoDB, or the sandbox's own dependencies (`make acceptance` does)."
        )
    settings = directory / "secantusd.toml"  # naming one keeps the daemon from looking for the user's own
    settings.touch()
    # Without --sync-on-commit a kill loses acknowledged writes.
    options = ["--host", "127.0.0.1", "--port", "0", "--sync-on-commit", "--cache-size", "256M"]
    command = [str(daemon), "--config", str(settings), *options, "--storage-path", str(data)]
    return launcher.launch("mongodb", command, directory, environment=environment)


def _client(uri: str, limit: int) -> AsyncMongoClient[dict[str, Any]]:
    return AsyncMongoClient(uri, serverSelectionTimeoutMS=limit, connectTimeoutMS=limit)
