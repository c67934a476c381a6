"""The server as a process of its own, its stores out of reach: what it says of itself, and where it listens."""

import os
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import grpc
import httpx
import pytest
import trustme
import yaml
from grpc_health.v1 import health_pb2, health_pb2_grpc

CHECKOUT = Path(__file__).parents[3]
LIMIT_S = 30


def free_port() -> int:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return int(held.getsockname()[1])


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with a certificate, `ca.pem`, `server.pem` and `server.key`, and a kubeconfig."""
    made = tmp_path_factory.mktemp("serving")
    authority = trustme.CA()
    certificate = authority.issue_cert("127.0.0.1")
    authority.cert_pem.write_to_path(made / "ca.pem")
    certificate.cert_chain_pems[0].write_to_path(made / "server.pem")
    certificate.private_key_pem.write_to_path(made / "server.key")
    kubeconfig = {
        "current-context": "it",
        "contexts": [{"name": "it", "context": {"cluster": "it", "user": "it"}}],
        "clusters": [{"name": "it", "cluster": {"server": "http://127.0.0.1:1"}}],
        "users": [{"name": "it", "user": {}}],
    }
    (made / "kubeconfig").write_text(yaml.safe_dump(kubeconfig))
    return made


def start(place: Path, stdin: int = subprocess.DEVNULL, **changes: str) -> "subprocess.Popen[str]":
    values: Mapping[str, str] = {
        "STREAM_PORT": "0",
        "MONGODB_URI": "mongodb://127.0.0.1:1",
        "MONGODB_DATABASE": "focus",
        "RABBITMQ_URL": "amqp://127.0.0.1:1",
        "KUBECONFIG": str(place / "kubeconfig"),
        "NAMESPACE": "focus",
    } | changes
    return subprocess.Popen(
        [sys.executable, "-m", "sandbox.focus_server"],
        cwd=CHECKOUT,
        env=os.environ | {f"FOCUS_SERVER_{name}": value for name, value in values.items()},
        stdin=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


STREAM_PORT = free_port()


def certificate(place: Path) -> dict[str, str]:
    return {"TLS_CERT_FILE": str(place / "server.pem"), "TLS_KEY_FILE": str(place / "server.key")}


@pytest.fixture(scope="module")
def address(place: Path) -> Iterator[str]:
    """Where a server with a certificate says that it is."""
    with start(place, STREAM_PORT=str(STREAM_PORT), **certificate(place)) as process:
        assert process.stdout is not None
        word, _, address = process.stdout.readline().strip().partition(" ")
        assert word == "ready"
        yield address
        process.terminate()
        process.communicate(timeout=LIMIT_S)
        assert process.returncode == 0


def test_it_serves_https_with_its_certificate(place: Path, address: str) -> None:
    assert address.startswith("https://127.0.0.1:")
    trusting = ssl.create_default_context(cafile=str(place / "ca.pem"))
    reply = httpx.get(f"{address}/ack", verify=trusting)
    assert reply.status_code == 200
    assert reply.headers["strict-transport-security"] == "max-age=31536000"
    assert "server" not in reply.headers
    with pytest.raises(httpx.ConnectError, match="certificate verify failed"):
        httpx.get(f"{address}/ack", verify=ssl.create_default_context())


def test_one_that_is_held_goes_to_none_of_its_stores_and_listens_only_when_it_is_let_go(place: Path) -> None:
    port = free_port()
    with socket.create_server(("127.0.0.1", 0)) as store:
        at = f"127.0.0.1:{store.getsockname()[1]}"
        stores = {"RABBITMQ_URL": f"amqp://{at}", "MONGODB_URI": f"mongodb://{at}"}
        with start(place, subprocess.PIPE, HELD="true", PORT=str(port), **stores) as process:
            assert process.stdin is not None
            assert process.stdout is not None
            assert process.stdout.readline() == "held\n"
            store.setblocking(False)
            with pytest.raises(BlockingIOError):
                store.accept()
            with pytest.raises(ConnectionRefusedError):
                socket.create_connection(("127.0.0.1", port))
            store.settimeout(LIMIT_S)
            process.stdin.close()
            store.accept()[0].close()
            assert process.stdout.readline() == f"ready http://127.0.0.1:{port}/focus-server\n"
            process.terminate()


def test_it_serves_nothing_but_https(address: str) -> None:
    with pytest.raises(httpx.HTTPError):
        httpx.get(f"{address.replace('https', 'http', 1)}/ack")


def test_its_stream_is_up_when_it_says_that_it_is_ready(address: str) -> None:
    with grpc.insecure_channel(f"127.0.0.1:{STREAM_PORT}") as channel:
        check = health_pb2_grpc.HealthStub(channel).Check
        answer = check(health_pb2.HealthCheckRequest(service=""), timeout=LIMIT_S)
        assert answer.status == health_pb2.HealthCheckResponse.SERVING
        with pytest.raises(grpc.RpcError) as failure:
            check(health_pb2.HealthCheckRequest(service="job_a1b2c3d4"), timeout=LIMIT_S)
        assert failure.value.code() == grpc.StatusCode.NOT_FOUND


def test_without_a_certificate_it_serves_plain_http_and_believes_no_client_that_says_otherwise(place: Path) -> None:
    with start(place) as process:
        assert process.stdout is not None
        address = process.stdout.readline().split()[1]
        assert address.startswith("http://127.0.0.1:")
        reply = httpx.get(f"{address}/ack", headers={"X-Forwarded-Proto": "https"})
        process.terminate()
        process.communicate(timeout=LIMIT_S)
    assert reply.status_code == 200
    assert "strict-transport-security" not in reply.headers


def test_a_client_that_keeps_its_tls_connection_does_not_keep_it_from_stopping(place: Path) -> None:
    with (
        start(place, **certificate(place)) as process,
        httpx.Client(verify=ssl.create_default_context(cafile=str(place / "ca.pem"))) as client,
    ):
        assert process.stdout is not None
        assert client.get(f"{process.stdout.readline().split()[1]}/ack").status_code == 200
        process.terminate()
        _, told = process.communicate(timeout=LIMIT_S)
    assert process.returncode == 0
    # What uvicorn says after it has waited for a second.
    assert "exceeded" not in told


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"STREAM_PORT": "{taken}"}, ["STREAM_PORT", "127.0.0.1:{taken}", "in use"]),
        ({"PORT": "{taken}"}, ["FOCUS_SERVER_PORT", "127.0.0.1:{taken}", "in use"]),
        ({"STREAM_PORT": "65536"}, ["STREAM_PORT"]),
        ({"TLS_CERT_FILE": "{place}/server.pem"}, ["TLS_KEY_FILE", "TLS_CERT_FILE", "together"]),
        ({"TLS_KEY_FILE": "{place}/server.key"}, ["TLS_KEY_FILE", "TLS_CERT_FILE", "together"]),
        ({"TLS_CERT_FILE": "{place}/none", "TLS_KEY_FILE": "{place}/server.key"}, ["TLS_CERT_FILE", "No such file"]),
        ({"TLS_CERT_FILE": "{place}/kubeconfig", "TLS_KEY_FILE": "{place}/server.key"}, ["TLS_CERT_FILE"]),
        ({"TLS_CERT_FILE": "{place}/ca.pem", "TLS_KEY_FILE": "{place}/server.key"}, ["TLS_CERT_FILE"]),
    ],
)
def test_a_setting_that_it_cannot_start_with_is_named_in_one_line(
    place: Path, changes: dict[str, str], words: list[str]
) -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        held.listen()
        known = {"taken": str(held.getsockname()[1]), "place": str(place)}
        with start(place, **{name: value.format(**known) for name, value in changes.items()}) as process:
            printed, told = process.communicate(timeout=LIMIT_S)
    assert (process.returncode, printed) == (2, "")
    (line,) = told.splitlines()
    for word in words:
        assert word.format(**known) in line
