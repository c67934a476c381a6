"""The broker of a sandbox: an address of the settings, an installed server, or a Docker container."""

import asyncio
import base64
import hashlib
import json
import os
import secrets
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

from sandbox.launchers.processes import Launcher, PartFailed, RunningPart, accepts_connections, free_port, ready
from sandbox.launchers.rest import RequestFailed, RestApi, basic

URL_SETTING = "FOCUS_SANDBOX_RABBITMQ_URL"
MANAGEMENT_SETTING = "FOCUS_SANDBOX_RABBITMQ_MANAGEMENT_URL"
IMAGE = "rabbitmq:3-management"

_NODE_LIMIT = 60.0
_CONTAINER_LIMIT = 80.0  # the image may have to be fetched first; a run waits 90 s for its lease
_EPMD_LIMIT = 5.0
_ENGINE_LIMIT = 10.0
_ATTEMPT = 2.0
_USER = "focus"
# Debian puts a wrapper on PATH that changes to the user rabbitmq and to its directories.
_DEBIAN_WRAPPER = Path("/usr/sbin/rabbitmq-server")
_DEBIAN_SERVER = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")


@dataclass(frozen=True)
class Broker:
    """A broker, which need not be ready yet, and how to have virtual hosts on it."""

    parts: tuple[RunningPart, ...]
    host: str  # with the port
    user: str
    password: str = field(repr=False)
    management: str  # without credentials
    scheme: str = "amqp"
    limit: float = _NODE_LIMIT
    node: RunningPart | None = None
    """The node of the sandbox's own, which can be started again with its data; its statistics are 1.5 s late at most,
    not the usual five and more."""

    @property
    def management_url(self) -> str:
        """Address of the management API, credentials in it."""
        scheme, rest = self.management.split("://", 1)
        return f"{scheme}://{self._credentials}@{rest}"

    @property
    def interface(self) -> RestApi:
        """The management API."""
        return RestApi(self.management, basic(self.user, self.password))

    @property
    def _credentials(self) -> str:
        return f"{quote(self.user, safe='')}:{quote(self.password, safe='')}"

    def url(self, virtual_host: str) -> str:
        """AMQP address of a virtual host, credentials in it."""
        return f"{self.scheme}://{self._credentials}@{self.host}/{quote(virtual_host, safe='')}"

    async def create(self, virtual_host: str) -> None:
        """Make a virtual host and let the user in. Raises RequestFailed."""
        name, user = quote(virtual_host, safe=""), quote(self.user, safe="")
        await self.interface.send("PUT", f"/api/vhosts/{name}", {})
        everything = {"configure": ".*", "write": ".*", "read": ".*"}
        await self.interface.send("PUT", f"/api/permissions/{name}/{user}", everything)

    async def delete(self, virtual_host: str) -> None:
        """Remove a virtual host with all in it; none of that name is fine. Raises RequestFailed."""
        await self.interface.delete(f"/api/vhosts/{quote(virtual_host, safe='')}")

    async def wait_until_ready(self) -> None:
        """Return when both AMQP and the management API let the user in. Raises PartFailed."""
        if not self.parts:
            try:
                await self.interface.send("GET", "/api/whoami")
            except RequestFailed as failure:
                raise PartFailed(
                    f"rabbitmq: the broker of {URL_SETTING} cannot be used, its management API "
                    f"({MANAGEMENT_SETTING}) does not answer: {failure}"
                ) from failure
            return

        async def answers() -> bool | None:
            return await self.answers() or None

        expected = f"an AMQP connection to {self.host} and an answer of its management API at {self.management}"
        await ready(self.parts[-1], answers, limit=self.limit, expected=expected)

    async def answers(self) -> bool:
        """Whether both AMQP and the management API let the user in."""
        import aio_pika  # takes 0.3 s, while the broker needs several to boot

        # aio_pika complains in the log about every attempt that reaches nobody.
        if not await accepts_connections(int(self.host.rpartition(":")[2])):
            return False
        try:
            async with await aio_pika.connect(self.url("/"), timeout=_ATTEMPT):
                await self.interface.send("GET", "/api/whoami")
        except (OSError, TimeoutError, aio_pika.exceptions.AMQPError, RequestFailed):
            return False
        return True


async def launch(launcher: Launcher, directory: Path, environment: Mapping[str, str]) -> Broker:
    """Choose a broker and start it, without waiting until it is ready. Raises PartFailed.

    The order: an address in the settings, a server on PATH or where Debian puts it, a Docker engine.
    """
    if environment.get(URL_SETTING):
        return existing(environment)
    if server := find_server(environment.get("PATH", os.defpath)):
        return await _launch_node(launcher, server, directory / "rabbitmq", environment)
    if engine := await asyncio.to_thread(find_docker, environment):
        return _launch_container(launcher, engine, directory, environment)
    raise PartFailed(
        "rabbitmq: no broker to be had. Looked for an address in "
        f"{URL_SETTING}, for rabbitmq-server on PATH, in /usr/sbin and in {_DEBIAN_SERVER.parent}, and for "
        "a Docker engine that answers. Do one of: `apt-get install rabbitmq-server`; start Docker; set "
        f"{URL_SETTING}=amqp://… and {MANAGEMENT_SETTING}=http://…"
    )


def find_server(search_path: str) -> Path | None:
    """Find the program that starts a RabbitMQ node as the present user."""
    places = os.pathsep.join([search_path, str(_DEBIAN_WRAPPER.parent), str(_DEBIAN_SERVER.parent)])
    found = shutil.which("rabbitmq-server", path=places)
    if found is None:
        return None
    wrapper = Path(found).resolve() == _DEBIAN_WRAPPER.resolve()
    return _DEBIAN_SERVER if wrapper and _DEBIAN_SERVER.exists() else Path(found)


def find_docker(environment: Mapping[str, str]) -> Path | None:
    """Find the Docker client, if it reaches an engine."""
    client = shutil.which("docker", path=environment.get("PATH", os.defpath))
    if client is None:
        return None
    try:
        subprocess.run(
            [client, "version", "--format", "{{.Server.Version}}"],
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_ENGINE_LIMIT,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return Path(client)


def container_command(engine: Path, name: str, amqp: int, management: int) -> list[str]:
    """Build the command that runs the broker in a container, reachable from this machine only.

    The password comes from the environment of the command (``--env`` without a value), not its arguments.
    """
    return [
        *[str(engine), "run", "--rm", "--name", name],
        *["--publish", f"127.0.0.1:{amqp}:5672", "--publish", f"127.0.0.1:{management}:15672"],
        *["--env", "RABBITMQ_DEFAULT_USER", "--env", "RABBITMQ_DEFAULT_PASS"],
        *[IMAGE, "sh", "-c"],
        "rabbitmq-plugins enable --offline rabbitmq_event_exchange && exec docker-entrypoint.sh rabbitmq-server",
    ]


def existing(environment: Mapping[str, str]) -> Broker:
    """The broker that the settings name. Raises PartFailed if they are no addresses of one."""
    url, management = environment.get(URL_SETTING, ""), environment.get(MANAGEMENT_SETTING, "")
    wrong = PartFailed(
        f"rabbitmq: {URL_SETTING} must be amqp://user:password@host:port and {MANAGEMENT_SETTING} "
        "http://host:port of the same broker; one of them is missing or is no such address (in a password, special "
        "characters are written as %23, %2F, …; an IPv6 address stands in brackets)."
    )
    try:
        found, api = urlsplit(url.strip()), urlsplit(management.strip())
        ports_are_numbers = 0 not in (found.port, api.port)
    except ValueError:
        raise wrong from None
    if found.scheme not in ("amqp", "amqps") or api.scheme not in ("http", "https") or not ports_are_numbers:
        raise wrong
    if not found.hostname or not api.hostname or found.fragment or api.fragment or "@" in found.path + api.path:
        raise wrong
    return Broker(
        parts=(),
        host=found.netloc.rpartition("@")[2],
        user=unquote(found.username or "guest"),
        password=unquote(found.password or "guest"),
        management=f"{api.scheme}://{api.netloc.rpartition('@')[2]}{api.path.rstrip('/')}",
        scheme=found.scheme,
    )


async def _launch_node(launcher: Launcher, server: Path, directory: Path, environment: Mapping[str, str]) -> Broker:
    directory.mkdir()
    amqp, management, distribution, names = (free_port() for _ in range(4))
    password = secrets.token_urlsafe(18)
    variables = _node_variables(directory, distribution, names, environment)
    _write_configuration(directory, amqp, management, password)
    parts = []
    epmd = shutil.which("epmd", path=environment.get("PATH", os.defpath))
    if epmd is None:
        raise PartFailed(f"rabbitmq: {server} is there, but epmd of Erlang is not on PATH.")
    # Started by a node, epmd would turn into a daemon and stay behind.
    command = [epmd, "-port", str(names), "-address", "127.0.0.1"]
    parts.append(launcher.launch("epmd", command, directory, environment=variables, address=f"127.0.0.1:{names}"))
    await ready(parts[0], lambda: accepts_connections(names), limit=_EPMD_LIMIT, expected=f"port {names} to be open")
    host = f"127.0.0.1:{amqp}"
    parts.append(launcher.launch("rabbitmq", [server], directory, environment=variables, address=f"amqp://{host}"))
    return Broker(tuple(parts), host, _USER, password, f"http://127.0.0.1:{management}", node=parts[-1])


def _node_variables(directory: Path, distribution: int, names: int, environment: Mapping[str, str]) -> dict[str, str]:
    kept = {name: value for name, value in environment.items() if not name.startswith(("RABBITMQ_", "ERL_"))}
    return kept | {
        "LC_ALL": "C.UTF-8",  # in C alone, a path with other letters than English ones ends the boot
        "HOME": str(directory),  # the Erlang cookie is kept there
        "RABBITMQ_CONF_ENV_FILE": os.devnull,  # instead of the one in /etc
        "RABBITMQ_CONFIG_FILE": str(directory / "rabbitmq.conf"),
        "RABBITMQ_CONFIG_FILES": str(directory / "conf.d" / "*.conf"),
        "RABBITMQ_ADVANCED_CONFIG_FILE": str(directory / "advanced.config"),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(directory / "enabled_plugins"),
        "RABBITMQ_MNESIA_BASE": str(directory / "mnesia"),
        "RABBITMQ_LOG_BASE": str(directory / "log"),
        "RABBITMQ_PID_FILE": str(directory / "pid"),
        "RABBITMQ_NODENAME": "focus@localhost",
        "RABBITMQ_DIST_PORT": str(distribution),
        "RUNNING_UNDER_SYSTEMD": "true",  # the script becomes the node: no shell is left that could end without it
        "RABBITMQ_SCHEDULER_BIND_TYPE": "u",  # side by side, nodes must not insist on the same cores
        "ERL_EPMD_PORT": str(names),
        "ERL_EPMD_ADDRESS": "127.0.0.1",
        # For the node and the helper that it starts to look for epmd alike.
        "ERL_FLAGS": "-start_epmd false -kernel inet_dist_use_interface {127,0,0,1}",
    }


def _write_configuration(directory: Path, amqp: int, management: int, password: str) -> None:
    salt = secrets.token_bytes(4)
    digest = hashlib.sha256(salt + password.encode()).digest()
    user = {
        "name": _USER,
        "password_hash": base64.b64encode(salt + digest).decode(),
        "hashing_algorithm": "rabbit_password_hashing_sha256",
        "tags": "administrator",
    }
    everything = {"user": _USER, "vhost": "/", "configure": ".*", "write": ".*", "read": ".*"}
    definitions = {"users": [user], "vhosts": [{"name": "/"}], "permissions": [everything]}
    (directory / "definitions.json").write_text(json.dumps(definitions), "utf-8")
    (directory / "enabled_plugins").write_text("[rabbitmq_management,rabbitmq_event_exchange].\n", "utf-8")
    # Acknowledgements show in the management API only: within 1.5 s, instead of the usual five and more.
    policies = "[{global, [{60, 1}]}, {basic, [{60, 1}]}, {detailed, [{60, 1}]}]"
    (directory / "advanced.config").write_text(
        f"[{{rabbitmq_management, [{{sample_retention_policies, {policies}}}]}},\n"
        f" {{rabbitmq_management_agent, [{{sample_retention_policies, {policies}}}]}}].\n",
        "utf-8",
    )
    (directory / "rabbitmq.conf").write_text(
        f"listeners.tcp.1 = 127.0.0.1:{amqp}\n"
        "management.tcp.ip = 127.0.0.1\n"
        f"management.tcp.port = {management}\n"
        f"load_definitions = {directory / 'definitions.json'}\n"
        "collect_statistics_interval = 500\n"
        "log.file = false\n"
        "log.console = true\n"
        "log.console.level = info\n",
        "utf-8",
    )


def _launch_container(launcher: Launcher, engine: Path, directory: Path, environment: Mapping[str, str]) -> Broker:
    amqp, management = free_port(), free_port()
    name, password = f"focus-sandbox-{secrets.token_hex(6)}", secrets.token_urlsafe(18)
    # Written down first: the container outlives the client that started it.
    launcher.remove_later([str(engine), "rm", "--force", "--volumes", name])
    part = launcher.launch(
        "rabbitmq",
        container_command(engine, name, amqp, management),
        directory,
        environment={**environment, "RABBITMQ_DEFAULT_USER": _USER, "RABBITMQ_DEFAULT_PASS": password},
        address=f"amqp://127.0.0.1:{amqp}",
    )
    return Broker(
        parts=(part,),
        host=f"127.0.0.1:{amqp}",
        user=_USER,
        password=password,
        management=f"http://127.0.0.1:{management}",
        limit=_CONTAINER_LIMIT,
    )
