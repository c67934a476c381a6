"""The ways to the stores can be broken and restored, in Toxiproxy's terms, and a Focus Server goes by them."""

import asyncio
import socket
import time
from contextlib import suppress
from types import SimpleNamespace
from urllib.parse import urlsplit

import pytest
import requests
import yaml
from aiohttp.test_utils import TestClient, TestServer

from kubeconfig import read_context
from sandbox.defects.sample_configuration import valid_configuration
from sandbox.emulators.toxiproxy.api import application
from sandbox.emulators.toxiproxy.relay import Proxy
from sandbox.emulators.toxiproxy.toxics import Latency, LatencyAttributes, Timeout, TimeoutAttributes
from sandbox.launchers.toxiproxy_access import Toxiproxy, relayed_kubeconfig

pytestmark = pytest.mark.timeout(60)

LATE_MS = 300
NEVER_MS = 3_600_000
BIG = bytes(range(256)) * 40_000  # 10 MB: more than all buffers on the way hold
JOB = valid_configuration()


@pytest.fixture
async def api():
    async with TestClient(TestServer(application())) as client:
        yield client


class Upstream:
    """A server that gives each connection to the test."""

    def __init__(self):
        self.accepted = asyncio.Queue()

    async def connection(self):
        return await self.accepted.get()


@pytest.fixture
async def upstream():
    upstream = Upstream()
    server = await asyncio.start_server(lambda *ends: upstream.accepted.put_nowait(ends), "127.0.0.1", 0)
    upstream.address = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
    yield upstream
    server.close()


@pytest.fixture
async def proxy(api, upstream):
    """The path of a proxy before the upstream; calling gives a connection: its client's and its server's streams."""
    answer = await api.post("/proxies", json={"name": "p", "listen": "127.0.0.1:0", "upstream": upstream.address})
    assert answer.status == 201
    port = int((await answer.json())["listen"].rpartition(":")[2])
    writers = []

    class Proxy:
        path = "/proxies/p"

        async def client(self):
            ends = await asyncio.open_connection("127.0.0.1", port)
            writers.append(ends[1])
            return ends

        async def connect(self):
            client = await self.client()
            server = await upstream.connection()
            writers.append(server[1])
            return client, server

        async def poison(self, kind, stream, **attributes):
            toxic = {"name": "t", "type": kind, "stream": stream, "attributes": attributes}
            answer = await api.post(f"{self.path}/toxics", json=toxic)
            assert answer.status == 200, await answer.text()

        async def cure(self):
            assert (await api.delete(f"{self.path}/toxics/t")).status == 204

        async def enable(self, enabled):
            answer = await api.post(self.path, json={"enabled": enabled})
            assert (answer.status, (await answer.json())["enabled"]) == (200, enabled)

    yield Proxy()
    for writer in writers:
        writer.transport.abort()


def along(stream, connection):
    """Who sends and who reads in that direction."""
    client, server = connection
    return (client[1], server[0]) if stream == "upstream" else (server[1], client[0])


def opposite(stream):
    return "downstream" if stream == "upstream" else "upstream"


async def passes(connection, stream, data=b"hello"):
    writer, reader = along(stream, connection)
    writer.write(data)
    return await reader.readexactly(len(data)) == data


async def is_closed(reader):
    with suppress(ConnectionResetError):
        return await reader.read() == b""
    return True


async def arrives(reader):
    """Read in the background, so that one can see that nothing comes."""
    task = asyncio.create_task(reader.read(100))
    await asyncio.sleep(0)
    return task


both_streams = pytest.mark.parametrize("stream", ["upstream", "downstream"])


@both_streams
async def test_bytes_pass_unchanged_and_the_other_way_stays_open_after_the_end_of_one(proxy, stream):
    connection = await proxy.connect()
    writer, reader = along(stream, connection)
    writer.write(BIG)
    writer.write_eof()
    assert await reader.read() == BIG
    assert await passes(connection, opposite(stream))
    answering, waiting = along(opposite(stream), connection)
    answering.write_eof()
    assert await waiting.read() == b""


async def flood(writer, written):
    for _ in range(20):
        writer.write(BIG)
        written.append(len(BIG))
        await writer.drain()


@both_streams
async def test_who_sends_more_than_is_read_has_to_wait(proxy, stream):
    writer, reader = along(stream, await proxy.connect())
    written = []
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(flood(writer, written), 0.5)
    assert len(await reader.readexactly(sum(written))) == sum(written)


async def test_a_client_whose_upstream_refuses_is_closed(api, proxy, upstream):
    reserved = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
    port = reserved.sockets[0].getsockname()[1]
    reserved.close()
    answer = await api.post("/proxies", json={"name": "q", "upstream": f"127.0.0.1:{port}"})
    host, _, listening = (await answer.json())["listen"].rpartition(":")
    reader, writer = await asyncio.open_connection(host, int(listening))
    assert await is_closed(reader)
    writer.close()


class Impatient(asyncio.Transport):
    """A client's transport that reads on whatever it is told: a pause cannot be relied on."""

    def __init__(self):
        super().__init__()
        self.given = b""
        self.closed = asyncio.Event()

    def pause_reading(self):
        pass

    resume_reading = pause_reading

    def write(self, data):
        self.given += data

    def write_eof(self):
        self.closed.set()

    close = abort = write_eof


@pytest.fixture
def impatient(upstream):
    """Begins a connection whose client has sent these bytes, in such pieces, before there is an upstream."""

    def begin(said, piece=4, toxics=(), finished=False, address=upstream.address):
        relay = Proxy("q", "127.0.0.1:0", address)
        for toxic in toxics:
            relay.add(toxic)
        transport, client = Impatient(), relay.client()
        client.connection_made(transport)
        for start in range(0, len(said), piece):
            client.data_received(said[start : start + piece])
        if finished:
            client.eof_received()
        return relay, client, transport

    return begin


@pytest.mark.parametrize(("said", "piece"), [(b"AMQP", 4), (b"in many pieces", 1), (BIG, 1 << 18)])
@pytest.mark.parametrize("late_ms", [0, 50])
async def test_what_comes_before_the_upstream_is_there_reaches_it(impatient, upstream, said, piece, late_ms):
    late = Latency(type="latency", stream="upstream", attributes=LatencyAttributes(latency=late_ms))
    _, client, transport = impatient(said, piece, [late] if late_ms else [])
    reader, writer = await upstream.connection()
    assert await reader.readexactly(len(said)) == said
    client.data_received(b"more")
    assert await reader.readexactly(4) == b"more"
    client.eof_received()
    assert await reader.read() == b""
    writer.write(b"answer")
    writer.write_eof()
    await transport.closed.wait()
    assert transport.given == b"answer"
    writer.close()


@pytest.mark.parametrize("said", [b"", b"AMQP", BIG])
async def test_a_client_may_end_before_the_upstream_is_there(impatient, upstream, said):
    _, _, transport = impatient(said, 1 << 18, finished=True)
    reader, writer = await upstream.connection()
    assert await reader.read() == said
    writer.write(b"answer")
    writer.write_eof()
    await transport.closed.wait()
    assert transport.given == b"answer"
    writer.close()


async def test_what_comes_before_the_upstream_is_there_meets_a_timeout(impatient, upstream):
    never = Timeout(type="timeout", stream="upstream", attributes=TimeoutAttributes(timeout=LATE_MS))
    _, _, transport = impatient(b"lost", toxics=[never])
    reader, writer = await upstream.connection()
    assert await reader.read() == b""
    await transport.closed.wait()
    writer.close()


async def test_a_client_that_speaks_at_once_is_closed_when_its_upstream_refuses(impatient):
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        _, _, transport = impatient(BIG, 1 << 18, address=f"127.0.0.1:{reserved.getsockname()[1]}")
        await transport.closed.wait()
    assert transport.given == b""


async def test_of_a_client_that_goes_before_the_upstream_is_there_nothing_is_left(impatient):
    before = asyncio.all_tasks()
    relay, client, _ = impatient(b"AMQP")
    connecting = asyncio.all_tasks() - before
    client.connection_lost(ConnectionResetError())
    await asyncio.wait(connecting)
    assert not relay.connections


async def test_a_client_that_was_accepted_just_before_the_proxy_was_disabled_goes_no_further(upstream):
    relay = Proxy("q", "127.0.0.1:0", upstream.address)
    await relay.enable()
    client, transport = relay.client(), Impatient()
    relay.disable()
    client.connection_made(transport)
    assert transport.closed.is_set()
    assert not relay.connections


async def test_disabled_it_refuses_and_closes_and_enabled_it_listens_where_it_did(proxy):
    (reader, _), (server_reader, _) = await proxy.connect()
    await proxy.enable(False)
    assert await is_closed(reader)
    assert await is_closed(server_reader)
    with pytest.raises(ConnectionRefusedError):
        await proxy.client()
    await proxy.enable(True)
    assert await passes(await proxy.connect(), "upstream")


async def test_a_deleted_proxy_is_closed_and_gone(api, proxy):
    (reader, _), _ = await proxy.connect()
    assert (await api.delete(proxy.path)).status == 204
    assert await is_closed(reader)
    assert (await api.get(proxy.path)).status == 404
    with pytest.raises(ConnectionRefusedError):
        await proxy.client()


@both_streams
@pytest.mark.parametrize("existing", [True, False])
async def test_a_timeout_drops_one_direction_and_removed_closes(proxy, stream, existing):
    connection = await proxy.connect() if existing else None
    await proxy.poison("timeout", stream, timeout=0)
    connection = connection or await proxy.connect()
    writer, reader = along(stream, connection)
    writer.write(b"lost")
    coming = await arrives(reader)
    assert await passes(connection, opposite(stream))
    await proxy.cure()
    assert await coming == b""
    assert await is_closed(along(opposite(stream), connection)[1])
    assert await passes(await proxy.connect(), stream)


@both_streams
@pytest.mark.parametrize("existing", [True, False])
async def test_a_timeout_of_some_milliseconds_closes_after_them(proxy, stream, existing):
    connection = await proxy.connect() if existing else None
    started = time.monotonic()
    await proxy.poison("timeout", stream, timeout=LATE_MS)
    (reader, _), (server_reader, _) = connection or await proxy.connect()
    assert await is_closed(reader)
    assert time.monotonic() - started >= LATE_MS / 1000
    assert await is_closed(server_reader)


@both_streams
@pytest.mark.parametrize("existing", [True, False])
async def test_latency_delays_one_direction_in_order(proxy, stream, existing):
    connection = await proxy.connect() if existing else None
    await proxy.poison("latency", stream, latency=LATE_MS)
    connection = connection or await proxy.connect()
    writer, reader = along(stream, connection)
    started = time.monotonic()
    writer.write(BIG)
    writer.write_eof()
    assert await reader.readexactly(1) == BIG[:1]
    assert time.monotonic() - started >= LATE_MS / 1000
    assert await reader.read() == BIG[1:]


@both_streams
async def test_latencies_add_up(api, proxy, stream):
    connection = await proxy.connect()
    for name in "ab":
        toxic = {"name": name, "type": "latency", "stream": stream, "attributes": {"latency": LATE_MS}}
        assert (await api.post(f"{proxy.path}/toxics", json=toxic)).status == 200
    started = time.monotonic()
    assert await passes(connection, stream)
    assert time.monotonic() - started >= 2 * LATE_MS / 1000


async def test_an_end_that_latency_holds_for_a_client_that_was_reset_stops_nothing(impatient, upstream):
    late = Latency(type="latency", stream="downstream", attributes=LatencyAttributes(latency=NEVER_MS))
    relay, _, transport = impatient(b"AMQP", toxics=[late])
    reader, writer = await upstream.connection()
    assert await reader.readexactly(4) == b"AMQP"
    writer.write_eof()
    (connection,) = relay.connections
    while not connection.sides["downstream"]._held:
        await asyncio.sleep(0)

    def reset():
        raise OSError("Transport endpoint is not connected")

    transport.write_eof = reset
    relay.remove(late)
    assert list(relay.all_toxics()) == []
    relay.disable()
    writer.close()


@both_streams
async def test_what_latency_holds_goes_on_when_it_is_removed(proxy, stream):
    connection = await proxy.connect()
    await proxy.poison("latency", stream, latency=NEVER_MS)
    writer, reader = along(stream, connection)
    writer.write(b"held")
    coming = await arrives(reader)
    assert await passes(connection, opposite(stream))
    assert not coming.done()
    await proxy.cure()
    assert await coming == b"held"
    assert await passes(connection, stream)


@both_streams
async def test_a_timeout_drops_what_latency_holds(api, proxy, stream):
    writer, reader = along(stream, await proxy.connect())
    late = {"name": "late", "type": "latency", "stream": stream, "attributes": {"latency": LATE_MS}}
    assert (await api.post(f"{proxy.path}/toxics", json=late)).status == 200
    writer.write(b"lost")
    await writer.drain()
    await proxy.poison("timeout", stream, timeout=2 * LATE_MS)
    assert await reader.read() == b""


async def test_proxies_and_toxics_are_told(api, proxy, upstream):
    answer = await api.post(f"{proxy.path}/toxics", json={"type": "latency", "attributes": {"latency": 5}})
    toxic = {
        "name": "latency_downstream",
        "type": "latency",
        "stream": "downstream",
        "toxicity": 1.0,
        "attributes": {"latency": 5, "jitter": 0},
    }
    assert await answer.json() == toxic
    assert await (await api.get(f"{proxy.path}/toxics")).json() == [toxic]
    (shown,) = (await (await api.get("/proxies")).json()).values()
    listen = shown.pop("listen")
    assert shown == {"name": "p", "upstream": upstream.address, "enabled": True, "toxics": [toxic]}
    assert int(listen.removeprefix("127.0.0.1:")) > 0


TOXICS = "/proxies/p/toxics"


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/proxies/x", None, 404),
        ("POST", "/proxies/x", '{"enabled": false}', 404),
        ("DELETE", "/proxies/x", None, 404),
        ("POST", "/proxies/x/toxics", '{"type": "latency"}', 404),
        ("DELETE", f"{TOXICS}/x", None, 404),
        ("GET", "/nothing", None, 404),
        ("POST", "/proxies", '{"name": "p", "upstream": "127.0.0.1:1"}', 409),
        ("POST", TOXICS, '{"type": "timeout", "name": "there"}', 409),
        ("POST", "/proxies", '{"name": "q"', 400),
        ("POST", "/proxies", '{"name": "q"}', 400),
        ("POST", "/proxies", '{"name": "q", "upstream": "127.0.0.1:65536"}', 400),
        ("POST", "/proxies/p", '{"enabled": 7}', 400),
        ("POST", TOXICS, "no JSON", 400),
        ("POST", TOXICS, '{"type": "bandwidth", "attributes": {"rate": 1}}', 400),
        ("POST", TOXICS, '{"type": "latency", "stream": "sideways"}', 400),
        ("POST", TOXICS, '{"type": "latency", "toxicity": 0.5}', 400),
        ("POST", TOXICS, '{"type": "latency", "attributes": {"latency": 5, "jitter": 1}}', 400),
        ("POST", TOXICS, '{"type": "timeout", "attributes": {"timeout": -1}}', 400),
    ],
)
async def test_what_is_wrong_is_refused_and_changes_nothing(api, proxy, method, path, body, status):
    assert (await api.post(TOXICS, json={"name": "there", "type": "latency"})).status == 200
    before = await (await api.get("/proxies")).json()
    answer = await api.request(method, path, data=body)
    told = await answer.json()
    assert (answer.status, told["status"]) == (status, status)
    assert told["error"]
    assert await (await api.get("/proxies")).json() == before


async def test_a_port_that_is_taken_is_refused(api, upstream):
    body = {"name": "q", "listen": upstream.address, "upstream": "127.0.0.1:1"}
    answer = await api.post("/proxies", json=body)
    assert answer.status == 409
    assert "cannot listen" in (await answer.json())["error"]
    assert await (await api.get("/proxies")).json() == {}


def test_a_relayed_kubeconfig_differs_in_nothing_but_host_and_place(tmp_path):
    def content(server, directory):
        cluster = {"server": server, "certificate-authority": f"{directory}ca.pem"}
        user = {"token": "secret", "client-certificate": "/there/own.pem", "client-key": f"{directory}own.key"}
        other = {"server": "https://127.0.0.1:2"}
        return {
            "current-context": "here",
            "contexts": [{"name": "here", "context": {"cluster": "one", "user": "me", "namespace": "n"}}],
            "clusters": [{"name": "one", "cluster": cluster}, {"name": "other", "cluster": other}],
            "users": [{"name": "me", "user": user}],
        }

    original = tmp_path / "kubeconfig"
    original.write_text(yaml.safe_dump(content("https://127.0.0.1:1/base", "")))
    relayed = tmp_path / "there" / "relayed"
    relayed.parent.mkdir()
    relayed.write_text(relayed_kubeconfig(original, "127.0.0.1:3"))
    expected = content("https://127.0.0.1:3/base", f"{tmp_path}/")
    described = read_context(relayed)
    assert described.cluster == expected["clusters"][0]["cluster"]
    assert described.user == expected["users"][0]["user"]


@pytest.mark.parametrize(
    ("cluster", "name"),
    [
        ({"server": "https://localhost:6443"}, "localhost"),
        ({"server": "https://api.cluster.test"}, "api.cluster.test"),
        ({"server": "https://[::1]:6443"}, "::1"),
        ({"server": "https://10.0.0.1:6443", "tls-server-name": "api.cluster.test"}, "api.cluster.test"),
        ({"server": "https://127.0.0.1:6443", "tls-server-name": "api.cluster.test"}, "api.cluster.test"),
        ({"server": "https://127.0.0.1:6443"}, None),
        ({"server": "http://localhost:8001"}, None),
    ],
)
def test_the_certificate_of_a_cluster_is_held_against_the_name_that_it_was_before(tmp_path, cluster, name):
    original = tmp_path / "kubeconfig"
    content = {
        "current-context": "here",
        "contexts": [{"name": "here", "context": {"cluster": "one"}}],
        "clusters": [{"name": "one", "cluster": cluster}],
    }
    original.write_text(yaml.safe_dump(content))
    (relayed,) = yaml.safe_load(relayed_kubeconfig(original, "127.0.0.1:3"))["clusters"]
    assert urlsplit(relayed["cluster"]["server"]).netloc == "127.0.0.1:3"
    assert relayed["cluster"].get("tls-server-name") == name


@pytest.mark.parametrize(
    ("address", "upstream"),
    [
        ("amqp://localhost", "localhost:5672"),
        ("amqps://broker.test", "broker.test:5671"),
        ("amqps://[::1]:5", "[::1]:5"),
        ("https://api.cluster.test", "api.cluster.test:443"),
        ("http://[fe80::1]", "[fe80::1]:80"),
        ("mongodb://127.0.0.1:7", "127.0.0.1:7"),
    ],
)
async def test_every_address_of_a_store_is_relayed(address, upstream):
    asked = []

    async def send(method, path, body):
        asked.append(body["upstream"])
        return body

    toxiproxy = Toxiproxy(None, SimpleNamespace(send=send))
    assert (await toxiproxy.relay("p", address)).startswith("127.0.0.1:")
    assert asked == [upstream]


async def test_an_upstream_may_have_an_ipv6_address(api):
    async def greet(_, writer):
        writer.write(b"hello")
        writer.close()

    server = await asyncio.start_server(greet, "::1", 0)
    port = server.sockets[0].getsockname()[1]
    answer = await api.post("/proxies", json={"name": "six", "listen": "[::1]:0", "upstream": f"[::1]:{port}"})
    host, _, listens = (await answer.json())["listen"].rpartition(":")
    reader, writer = await asyncio.open_connection(host.strip("[]"), int(listens))
    assert await reader.read() == b"hello"
    writer.close()
    server.close()


@pytest.mark.parametrize(
    ("store", "named"), [("mongodb", "MongoDB"), ("rabbitmq", "RabbitMQ"), ("kubernetes", "Kubernetes")]
)
def test_a_server_reaches_its_stores_through_its_proxies(sandbox_endpoints, store, named):
    server, toxiproxy = sandbox_endpoints["focus_server"], sandbox_endpoints["toxiproxy"]
    proxy = f"{toxiproxy['url']}/proxies/{toxiproxy[store]}"
    configure, verify = f"{server['base_url']}/configure", server["ca_file"]
    requests.post(proxy, json={"enabled": False}, timeout=10).raise_for_status()
    try:
        refused = requests.post(configure, json=JOB, timeout=20, verify=verify)
    finally:
        requests.post(proxy, json={"enabled": True}, timeout=10).raise_for_status()
    assert refused.status_code == 503
    assert named in refused.text
    made = requests.post(configure, json=JOB, timeout=20, verify=verify)
    assert made.status_code == 200, made.text
    job = made.json()["job_id"]
    assert requests.delete(f"{server['base_url']}/job/{job}", timeout=20, verify=verify).ok


def test_the_proxies_go_with_their_tenant(leased, sandbox_endpoints):
    with leased() as endpoints:
        toxiproxy = dict(endpoints["toxiproxy"])
        url = toxiproxy.pop("url")
        assert set(toxiproxy) == {"mongodb", "rabbitmq", "kubernetes"}
        assert set(toxiproxy.values()) <= set(requests.get(f"{url}/proxies", timeout=10).json())
    assert url == sandbox_endpoints["toxiproxy"]["url"]
    assert not set(toxiproxy.values()) & set(requests.get(f"{url}/proxies", timeout=10).json())
