"""The database server of a sandbox: ``mongod`` if it is installed, else SecantusDB, always with a login."""

import os
import secrets
import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from pymongo import AsyncMongoClient
from pymongo.errors import PyMongoError

from sandbox.launchers.processes import Launcher, PartFailed, RunningPart, free_port, ready

_LIMIT = 30.0
_ATTEMPT = 500  # milliseconds that one attempt to reach the server may take
_REQUEST_LIMIT = 10_000  # milliseconds
_MONGOD_GRACE = 10.0  # killed, it would have to recover before it serves again


@dataclass(frozen=True)
class User:
    """Somebody who can log in."""

    name: str
    role: str
    database: str = "admin"
    """Where the role counts."""
    password: str = field(default_factory=lambda: secrets.token_urlsafe(18), repr=False)

    def uri(self, host: str) -> str:
        """Address of a server with this user's credentials in it."""
        # Of a replica set, which SecantusDB says it is, a driver would go on to the host that the server calls itself,
        # and would drop the server for good when it says that it is none, as it does while it ends.
        return f"mongodb://{self.name}:{self.password}@{host}/?authSource=admin&directConnection=true"

    async def make(self, client: AsyncMongoClient[dict[str, Any]]) -> None:
        """Let this user in, with the rights of a client."""
        roles = [{"role": self.role, "db": self.database}]
        await client.admin.command("createUser", self.name, pwd=self.password, roles=roles)


@dataclass(frozen=True)
class MongoDB:
    """A database server, and what a tenant needs done in it."""

    part: RunningPart
    host: str  # with the port
    suite: User
    servers: dict[str, User] = field(default_factory=dict)
    """The users of Focus Servers, by the database that each has to itself."""

    @property
    def uri(self) -> str:
        """Address for the suite, credentials in it."""
        return self.suite.uri(self.host)

    def server_uri(self, database: str) -> str:
        """Address that the Focus Server of a database is set up with, credentials in it; see `admit`."""
        return self._server_of(database).uri(self.host)

    def _server_of(self, database: str) -> User:
        return self.servers.setdefault(database, User(f"focus-server-{database}", "readWrite", database))

    async def admit(self, database: str) -> None:
        """Let in the Focus Server of a database, which may write there and nowhere else. Raises PartFailed."""
        try:
            async with _client(self.uri, _REQUEST_LIMIT) as client:
                await self._server_of(database).make(client)
        except PyMongoError as failure:
            raise PartFailed(f"mongodb: {self.host} made no user for {database}: {failure}") from failure

    async def answers(self) -> bool:
        """Whether it lets the suite in."""
        return await _answers(self.uri)

    async def insert(self, database: str, collection: str, documents: Sequence[Mapping[str, Any]]) -> None:
        """Write documents. Raises PartFailed."""
        try:
            async with _client(self.uri, _REQUEST_LIMIT) as client:
                await client[database][collection].insert_many([dict(document) for document in documents])
        except PyMongoError as failure:
            raise PartFailed(f"mongodb: {self.host} did not take documents for {database}: {failure}") from failure

    async def drop(self, database: str) -> None:
        """Remove a database, and the user of its server; no error if there is none. Raises PartFailed."""
        try:
            async with _client(self.uri, _REQUEST_LIMIT) as client:
                await client.drop_database(database)
                if server := self.servers.pop(database, None):
                    await client.admin.command("dropUser", server.name)
        except PyMongoError as failure:
            raise PartFailed(f"mongodb: {self.host} did not drop database {database}: {failure}") from failure


async def start(
    launcher: Launcher, directory: Path, environment: Mapping[str, str], *, durable: bool = False
) -> MongoDB:
    """Start a database server of its own; returns when it lets its users in. Raises PartFailed.

    What a ``durable`` one has acknowledged outlives a kill.
    """
    (directory / "mongodb").mkdir()
    suite = User("suite", "root")
    # The first user can be made only where no login is required yet. All of this goes on while the broker boots.
    # A kill (SIGTERM takes 2 s) loses what is not synced. That user must last; what tenants write need not always.
    setup, host = await _serve(launcher, "mongodb-setup", directory, environment, durable=True)
    try:
        async with _client(f"mongodb://{host}", _REQUEST_LIMIT) as client:
            await suite.make(client)
    except PyMongoError as failure:
        raise PartFailed(f"mongodb: {host} did not make its first user: {failure}") from failure
    await setup.stop()
    part, host = await _serve(launcher, "mongodb", directory, environment, user=suite, durable=durable)
    return MongoDB(part, host, suite)


async def _serve(
    launcher: Launcher,
    name: str,
    directory: Path,
    environment: Mapping[str, str],
    user: User | None = None,
    *,
    durable: bool,
) -> tuple[RunningPart, str]:
    """Start a server on the sandbox's data; returns it and its host when it answers ``user``, None for anybody."""
    port = free_port()
    data = directory / "mongodb"
    login = ["--auth"] if user else []
    if mongod := shutil.which("mongod", path=environment.get("PATH", os.defpath)):
        command = [mongod, "--dbpath", str(data), "--bind_ip", "127.0.0.1", "--port", str(port), "--nounixsocket"]
        grace = 0.0 if user else _MONGOD_GRACE
        part = launcher.launch(name, [*command, *login], directory, environment=environment, grace=grace)
    else:
        durably = ["--sync-on-commit"] if durable else []
        command = [*_secantus_command(directory, port), "--storage-path", str(data), *durably]
        part = launcher.launch(name, [*command, *login], directory, environment=environment)
    host = f"127.0.0.1:{port}"
    uri = user.uri(host) if user else f"mongodb://{host}"

    async def answers() -> bool | None:
        return await _answers(uri) or None

    who = f" by {user.name}" if user else ""
    await ready(part, answers, limit=_LIMIT, expected=f"an answer to a ping{who} at {host}")
    return replace(part, address=f"mongodb://{host}"), host


async def _answers(uri: str) -> bool:
    try:
        async with _client(uri, _ATTEMPT) as client:
            await client.admin.command("ping")
    except PyMongoError:
        return False
    return True


def _secantus_command(directory: Path, port: int) -> list[str]:
    daemon = Path(sys.executable).with_name("secantusd-py")
    if not daemon.exists():
        raise PartFailed(
            f"mongodb cannot be started: there is neither mongod on PATH nor {daemon}. "
            "Install MongoDB, or the sandbox's own dependencies (`make acceptance` does)."
        )
    settings = directory / "secantusd.toml"  # naming one keeps the daemon from looking for the user's own
    settings.touch()
    options = ["--host", "127.0.0.1", "--port", str(port), "--cache-size", "256M"]
    return [str(daemon), "--config", str(settings), *options]


def _client(uri: str, limit: int) -> AsyncMongoClient[dict[str, Any]]:
    return AsyncMongoClient(uri, serverSelectionTimeoutMS=limit, connectTimeoutMS=limit)
