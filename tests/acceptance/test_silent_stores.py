"""A store that falls silent while a run is at work, like behind a firewall that has forgotten its connections."""

import re
import socket
import threading
import time
from contextlib import contextmanager, suppress

import pytest

# What the suite says to the store when it looks at a job for the first time.
OF_A_JOB = b"job_"


@contextmanager
def falling_silent(upstream, marker):
    """Relay TCP until a client has said this; from then on nothing goes on, in any connection, and none is closed."""
    silent, sockets = threading.Event(), []

    def pump(source, target, watch):
        with suppress(OSError):
            while data := source.recv(65536):
                if watch and marker in data:
                    silent.set()
                if silent.is_set():
                    continue
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)

    def accept():
        with suppress(OSError):
            while True:
                client, _ = listener.accept()
                server = socket.create_connection(upstream)
                sockets.extend((client, server))
                for source, target, watch in ((client, server, True), (server, client, False)):
                    threading.Thread(target=pump, args=(source, target, watch), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=accept, daemon=True).start()
        try:
            yield f"127.0.0.1:{listener.getsockname()[1]}", silent
        finally:
            for one in (listener, *sockets):
                with suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)
                one.close()


@pytest.mark.parametrize(
    ("store", "group", "setting"),
    [("RabbitMQ", "rabbitmq", "url"), ("MongoDB", "mongodb", "uri")],
)
def test_a_store_that_falls_silent_ends_the_run_and_is_named(run_behave, feature, endpoints, store, group, setting):
    address = endpoints[group][setting]
    host, port = re.search(r"@([^/:]+):(\d+)", address).groups()
    with falling_silent((host, int(port)), OF_A_JOB) as (relay, silent):
        variables = {
            f"FOCUS__{group}__{setting}".upper(): address.replace(f"{host}:{port}", relay),
            f"FOCUS__{group}__TIMEOUT_S".upper(): "1",
        }
        started = time.monotonic()
        ran = run_behave(feature("Given a running job", "Then the side effects are those of one job"), **variables)
        took_s = time.monotonic() - started
    assert silent.is_set()
    assert ran.status == 1, ran.printed
    assert took_s < 120, ran.printed  # It never ended; the most of this is a busy machine.
    told = re.findall(rf"{store} cannot be read: asked for .* \(time limit {group}\.timeout_s = 1 s\)", ran.printed)
    assert len(told) == 1, ran.printed
    assert "Traceback" not in ran.printed, ran.printed
    assert "By user" not in ran.printed, ran.printed
    assert "error" in ran.scenarios["Of the test"][0], ran.printed
