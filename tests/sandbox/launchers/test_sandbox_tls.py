"""The certificate that Focus Servers get is good for this machine, and for those only who trust its authority."""

import asyncio
import socket
import ssl
import stat
import threading
from pathlib import Path

import pytest
import requests

from sandbox.launchers import tls


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    return asyncio.run(tls.issue(tmp_path_factory.mktemp("certificate")))


@pytest.fixture
def greet(certificate):
    """Connects to a server that has the certificate, as a client with this context, by this name."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate.certificate_file, certificate.key_file)

    def serve(connection: socket.socket) -> None:
        try:
            with context.wrap_socket(connection, server_side=True) as encrypted:
                encrypted.sendall(b"hello")
        except OSError:  # the client does not trust it
            connection.close()

    def connect(client: ssl.SSLContext, name: str) -> bytes:
        ours, theirs = socket.socketpair()
        serving = threading.Thread(target=serve, args=(theirs,))
        serving.start()
        try:
            with ours, client.wrap_socket(ours, server_hostname=name) as encrypted:
                return encrypted.recv(5)
        finally:
            ours.close()
            serving.join(10)

    return connect


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost"])
def test_it_is_verified_against_its_authority(certificate, greet, name):
    assert greet(ssl.create_default_context(cafile=certificate.ca_file), name) == b"hello"


def test_it_is_not_verified_against_those_of_the_system(greet):
    with pytest.raises(ssl.SSLCertVerificationError):
        greet(ssl.create_default_context(), "localhost")


def test_it_is_not_verified_against_the_authority_of_another_sandbox(greet, tmp_path):
    other = asyncio.run(tls.issue(tmp_path))
    with pytest.raises(ssl.SSLCertVerificationError):
        greet(ssl.create_default_context(cafile=other.ca_file), "localhost")


def test_it_is_good_for_no_other_machine(certificate, greet):
    with pytest.raises(ssl.SSLCertVerificationError):
        greet(ssl.create_default_context(cafile=certificate.ca_file), "focus.example")


def test_the_server_is_set_up_with_it_and_only_its_owner_can_read_the_key(warm_sandbox, sandbox_endpoints):
    environment = warm_sandbox.server_of(sandbox_endpoints).environ()
    certificate, key = (Path(environment[f"FOCUS_SERVER_TLS_{which}_FILE"]) for which in ("CERT", "KEY"))
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert warm_sandbox.temporary in key.resolve().parents
    ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key)
    assert [file for file in key.parent.iterdir() if file != key and b"PRIVATE" in file.read_bytes()] == []


def test_the_endpoints_name_the_authority_of_a_server_that_speaks_https(sandbox_endpoints):
    server = sandbox_endpoints["focus_server"]
    if not server["base_url"].startswith("https:"):
        assert "ca_file" not in server
        return
    assert requests.get(f"{server['base_url']}/ack", timeout=10, verify=server["ca_file"]).ok
    with pytest.raises(requests.exceptions.SSLError):
        requests.get(f"{server['base_url']}/ack", timeout=10)


def test_the_port_of_the_streams_is_the_one_that_the_server_is_set_up_with(warm_sandbox, sandbox_endpoints):
    environment = warm_sandbox.server_of(sandbox_endpoints).environ()
    assert environment["FOCUS_SERVER_STREAM_PORT"] == str(sandbox_endpoints["answers"]["stream_port"])
