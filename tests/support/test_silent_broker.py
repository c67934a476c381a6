"""A broker that does not answer, or answers something else: the environment's failure, within the time limit."""

import json
import re
import ssl
import struct
import time
from contextlib import contextmanager

import pytest
import trustme
from silent_servers import HTML, closing, dripping, http, saying, serving, silent
from stand_ins import settings

from support.core.errors import EnvironmentBroken
from support.faults import gateway
from support.faults.store_writes import delete_queue
from support.observers.rabbitmq import Broker, WorkQueues

LIMIT_S = 0.3
PATIENT_S = 5  # where an answer is expected
QUEUES = "/api/queues/focus"


def frame(kind, channel, payload):
    return struct.pack(">BHI", kind, channel, len(payload)) + payload + b"\xce"


def method(class_id, method_id, arguments=b"", channel=0):
    return frame(1, channel, struct.pack(">HH", class_id, method_id) + arguments)


def long_string(text):
    return struct.pack(">I", len(text)) + text


def table(**fields):
    """A field table of AMQP, of tables and truths."""
    body = b""
    for name, value in fields.items():
        shown = b"F" + table(**value) if isinstance(value, dict) else b"t" + bytes([value])
        body += bytes([len(name)]) + name.replace("_blocked", ".blocked").replace("_nack", ".nack").encode() + shown
    return long_string(body)


CAN = table(capabilities={"publisher_confirms": True, "basic_nack": True, "connection_blocked": True})
START = method(10, 10, b"\x00\x09" + CAN + long_string(b"PLAIN AMQPLAIN") + long_string(b"en_US"))
TUNE = method(10, 30, struct.pack(">HIH", 100, 131072, 0))
OPEN_OK = method(10, 41, b"\x00")
CHANNEL_OPEN_OK = method(20, 11, struct.pack(">I", 0), channel=1)
DECLARE_OK = method(50, 11, b"\x05queue" + struct.pack(">II", 3, 2), channel=1)
SELECT_OK = method(85, 11, channel=1)
BLOCKED = method(10, 60, b"\x06memory")
OPENED = [START, TUNE, OPEN_OK, CHANNEL_OPEN_OK]
# Each behaves well until then: what a run meets when a broker that it has been working with falls silent.
GREETINGS = [[], [START], [START, TUNE], [START, TUNE, OPEN_OK], [START, TUNE, OPEN_OK, CHANNEL_OPEN_OK]]


def greeting(frames, then=silent):
    """Say these as a broker would, one to each thing that is said, and then behave otherwise."""

    def behave(connection):
        for one in frames:
            heard = connection.recv(65536)
            while one is OPEN_OK and b"\x00\x0a\x00\x28" not in heard and heard:
                heard = connection.recv(65536)  # An answer to what was said of tuning comes before.
            connection.sendall(one)
        then(connection)

    return behave


def broker(port, *, scheme="amqp", host="127.0.0.1", timeout_s=LIMIT_S, **more):
    url = f"{scheme}://guest:s3cr3t@{host}:{port}/focus"
    return Broker(settings(rabbitmq={"url": url, "timeout_s": timeout_s, **more}).rabbitmq)


AMQP_LOOKS = {
    "a queue": lambda of: of.declared("queue"),
    "a message": lambda of: of.publish("queue", b""),
    "a reply": lambda of: of.ask("queue", b"", 0.1),
    "a deletion": lambda of: delete_queue(of, "queue"),
    "health": lambda of: of.check_health(),
}
WRONG = {
    "silent": silent,
    "hanging up": closing,
    "dripping": dripping,
    "HTTP": saying(b"HTTP/1.1 400 Bad Request\r\n\r\n"),
    "another protocol's version": saying(b"AMQP\x00\x01\x00\x00"),
    "an odd frame": saying(struct.pack(">BHI", 1, 0, 8) + b"\xff" * 8 + b"\xce"),
    "a frame that does not end": saying(struct.pack(">BHI", 1, 0, 4) + b"\x00\x0a\x00\x0a\x00"),
    "an unknown method": saying(method(77, 77)),
    "a cut method": saying(method(10, 10, b"\x00")),
    "zeros": saying(bytes(64)),
    **{f"silent after {len(said)} frames": greeting(said) for said in GREETINGS},
    **{f"hanging up after {len(said)} frames": greeting(said, closing) for said in GREETINGS},
    **{f"zeros after {len(said)} frames": greeting(said, saying(bytes(64))) for said in GREETINGS},
}


@contextmanager
def told_in_time(*parts, limit_s=LIMIT_S):
    started = time.monotonic()
    with pytest.raises(EnvironmentBroken) as failure:
        yield
    assert time.monotonic() - started < limit_s + 1.5
    message = str(failure.value)
    for part in ("RabbitMQ", "asked for", f"rabbitmq.timeout_s = {limit_s:g} s", *parts):
        assert re.search(part, message) if isinstance(part, re.Pattern) else part in message
    assert "s3cr3t" not in message
    assert "\n" not in message


@pytest.mark.parametrize("behaviour", WRONG.values(), ids=WRONG)
@pytest.mark.parametrize("look", ["a queue", "a message"])
def test_whatever_it_says_over_amqp_is_told_within_the_limit_and_closing_raises_nothing(behaviour, look):
    with serving(behaviour) as port:
        observer = broker(port)
        with told_in_time("AMQP, 127.0.0.1"):
            AMQP_LOOKS[look](observer)
        observer.close()


@pytest.mark.parametrize("look", AMQP_LOOKS.values(), ids=AMQP_LOOKS)
def test_each_look_ends_in_time(look):
    with serving(greeting([START, TUNE, OPEN_OK])) as port, told_in_time("nothing came back after 0."):
        look(broker(port))


def test_a_broker_that_falls_silent_does_not_hold_up_closing(caplog):
    with serving(greeting([*OPENED, DECLARE_OK])) as port:
        observer = broker(port, timeout_s=1)
        assert observer.declared("queue") == (3, 2)
        started = time.monotonic()
        observer.close()
        assert time.monotonic() - started < 2.5
    assert "RabbitMQ cannot be read: asked for the end of the connection" in caplog.text


def test_after_a_broker_fell_silent_a_new_connection_is_made():
    said = iter([[*OPENED, DECLARE_OK], [*OPENED, DECLARE_OK, DECLARE_OK]])
    with serving(lambda connection: greeting(next(said))(connection)) as port:
        observer = broker(port, timeout_s=1)
        assert observer.declared("queue") == (3, 2)
        with told_in_time("nothing came back", limit_s=1):
            observer.declared("queue")
        assert [observer.declared("queue") for _ in range(2)] == [(3, 2)] * 2


def test_nobody_there_is_told():
    with gateway.unreachable() as nowhere:
        port = nowhere.address.rpartition(":")[2]
        with told_in_time("ConnectionRefused"):
            broker(port).declared("queue")


def test_a_name_that_is_never_resolved_is_given_up(monkeypatch):
    monkeypatch.setattr("socket.getaddrinfo", lambda *_, **__: time.sleep(3))
    with told_in_time("nothing came back"):
        broker(1, host="broker.invalid").declared("queue")


MANAGED = {
    # On a busy machine the limit of the whole look passes before that of the request has been noticed.
    "silent": (silent, re.compile("Read timed out|nothing came back")),
    "hanging up": (closing, "ConnectionError"),
    "dripping": (dripping, re.compile(r"no whole answer within 0\.|nothing came back")),
    "a page to log in": (http("200 OK", HTML), "200 OK, but text/html instead of JSON: <html>"),
    "a way to log in": (http("302 Found", b"", more="Location: /login\r\n"), "302 Found to /login"),
    "unauthorized": (http("401 Unauthorized", b'{"error":"not_authorised"}', "application/json"), "401 Unauthorized"),
    "forbidden": (http("403 Forbidden", b""), "403 Forbidden"),
    "no plugin": (http("404 Not Found", b'"no such thing"'), "404 Not Found"),
    "an error": (http("500 Internal Server Error", b"oops"), "500 Internal Server Error: oops"),
    "unavailable": (http("503 Service Unavailable", HTML), "503 Service Unavailable"),
    "an object": (
        http("200 OK", b'{"error": "yes"}', "application/json"),
        'no list of queues with their names: {"error"',
    ),
    "a list of texts": (http("200 OK", b'["a"]', "application/json"), 'no list of queues with their names: ["a"]'),
    "queues without names": (http("200 OK", b'[{"messages": 1}]', "application/json"), "no list of queues"),
    "nothing": (http("200 OK", b"", "application/json"), "no list of queues"),
    "deep nesting": (http("200 OK", b"[" * 100_000, "application/json"), "instead of JSON"),
    "bytes that are no text": (http("200 OK", b"\xff\xfe", "application/json"), "instead of JSON"),
    "AMQP": (saying(START), "the driver said"),
}
MANAGEMENT_LOOKS = {
    "names": lambda of: WorkQueues(of).names(),
    "consumed": lambda of: WorkQueues(of).consumed("queue"),
}


@pytest.mark.parametrize(("behaviour", "told"), MANAGED.values(), ids=MANAGED)
@pytest.mark.parametrize("look", MANAGEMENT_LOOKS.values(), ids=MANAGEMENT_LOOKS)
def test_whatever_the_management_api_says_is_told_within_the_limit(behaviour, told, look):
    with serving(behaviour) as port:
        observer = broker(1, management_url=f"http://guest:s3cr3t@127.0.0.1:{port}/")
        with told_in_time(told, f"GET http://127.0.0.1:{port}{QUEUES}", "rabbitmq.management_url"):
            look(observer)
        observer.close()


@pytest.mark.parametrize(
    ("statistics", "consumed"),
    [
        ({}, None),
        ({"message_stats": {}}, None),
        ({"message_stats": None}, None),
        ({"message_stats": "none"}, None),
        ({"message_stats": {"publish": 0, "ack": 0}}, None),
        ({"message_stats": {"publish": 1}}, 0),
        ({"message_stats": {"deliver": 1, "ack": 0}}, 0),
        ({"message_stats": {"deliver": 1, "ack": 1}}, 1),
        ({"message_stats": {"deliver_no_ack": 2}}, 2),
        ({"messages_unacknowledged": 1}, 0),
        ({"messages_unacknowledged": 0}, None),
        ({"messages_unacknowledged": "many"}, None),
    ],
)
def test_what_the_statistics_do_not_tell_is_not_zero(statistics, consumed):
    body = json.dumps([{"name": "other", "message_stats": {"ack": 7}}, {"name": "queue", **statistics}]).encode()
    with serving(http("200 OK", body, "application/json")) as port:
        of = broker(1, management_url=f"http://127.0.0.1:{port}", timeout_s=PATIENT_S)
        assert WorkQueues(of).consumed("queue") == consumed


def test_without_a_management_api_it_is_not_known_what_was_consumed():
    assert WorkQueues(broker(1)).consumed("queue") is None
    assert "management_url is not set" in WorkQueues(broker(1)).lack_of_statistics()


@pytest.mark.parametrize("password", ["pässwörd", "пароль", "密码", "a:b@c/d%"])
def test_a_password_of_any_letters_is_sent_as_utf8(password):
    from base64 import b64decode
    from urllib.parse import quote

    heard = []

    def listen(connection):
        heard.append(connection.recv(65536).decode("ascii"))
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]")

    for written in (quote(password, safe=""), *([password] if not set(password) & set(":@/%") else [])):
        with serving(listen) as port:
            assert (
                WorkQueues(
                    broker(1, management_url=f"http://me:{written}@127.0.0.1:{port}", timeout_s=PATIENT_S)
                ).names()
                == []
            )
        encoded = heard.pop().split("Authorization: Basic ")[1].split("\r\n")[0]
        assert b64decode(encoded).decode() == f"me:{password}"


def over_tls(authority, name, behaviour):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(context)

    def behave(connection):
        with context.wrap_socket(connection, server_side=True) as secured:
            behaviour(secured)

    return behave


@pytest.fixture(scope="module")
def authority():
    return trustme.CA()


@pytest.fixture
def ca_file(authority, tmp_path):
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    return tmp_path / "ca.pem"


TLS = {
    "amqps": (
        greeting([*OPENED, DECLARE_OK]),
        lambda port, **more: broker(port, scheme="amqps", **more).declared("queue"),
        (3, 2),
        "ca_file",
    ),
    "https": (
        http("200 OK", b"[]", "application/json"),
        lambda port, **more: WorkQueues(broker(1, management_url=f"https://127.0.0.1:{port}", **more)).names(),
        [],
        "management_ca_file",
    ),
}


@pytest.mark.parametrize(("behaviour", "look", "expected", "setting"), TLS.values(), ids=TLS)
@pytest.mark.parametrize(("name", "known"), [("127.0.0.1", True), ("127.0.0.1", False), ("elsewhere.test", True)])
def test_a_certificate_is_verified_with_the_authority_that_is_set(
    authority, ca_file, tmp_path, behaviour, look, expected, setting, name, known
):
    other = tmp_path / "other.pem"
    trustme.CA().cert_pem.write_to_path(other)
    with serving(over_tls(authority, name, behaviour)) as port:
        if known and name == "127.0.0.1":
            assert look(port, ca_file=ca_file, timeout_s=PATIENT_S) == expected
            if setting == "management_ca_file":
                assert look(port, ca_file=other, management_ca_file=ca_file, timeout_s=PATIENT_S) == expected
        else:
            with told_in_time("CERTIFICATE_VERIFY_FAILED", f"rabbitmq.{setting}", limit_s=PATIENT_S):
                look(port, ca_file=ca_file if known else other, timeout_s=PATIENT_S)


@pytest.mark.parametrize("scheme", ["amqps", "https"])
def test_a_handshake_that_hangs_is_given_up(scheme, ca_file):
    with serving(silent) as port, told_in_time():
        TLS[scheme][1](port, ca_file=ca_file)


def test_an_address_of_ipv6_is_one_like_any_other():
    with serving(http("200 OK", b"[]", "application/json"), "::1") as port:
        assert WorkQueues(broker(1, management_url=f"http://[::1]:{port}", timeout_s=PATIENT_S)).names() == []
    with serving(saying(HTML), "::1") as port, told_in_time("[::1]"):
        broker(port, host="[::1]").declared("queue")


def test_a_broker_that_takes_no_messages_for_want_of_space_is_told():
    with (
        serving(greeting([*OPENED, SELECT_OK, BLOCKED])) as port,
        told_in_time("takes no messages", "of disk space", limit_s=1),
    ):
        broker(port, timeout_s=1).publish("queue", b"")


def test_the_management_api_of_this_machine_is_never_asked_through_a_proxy(monkeypatch):
    with serving(silent) as proxy, serving(http("200 OK", b"[]", "application/json")) as port:
        monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{proxy}")
        assert WorkQueues(broker(1, management_url=f"http://127.0.0.1:{port}", timeout_s=PATIENT_S)).names() == []


def test_a_management_api_elsewhere_is_asked_through_the_proxy(monkeypatch):
    heard = []

    def proxy(connection):
        heard.append(connection.recv(65536))
        connection.sendall(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")

    with serving(proxy) as port:
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{port}")
        with told_in_time("403 Forbidden", "through the proxy that http_proxy names", limit_s=PATIENT_S):
            WorkQueues(broker(1, management_url="http://broker.invalid:15672", timeout_s=PATIENT_S)).names()
    assert heard[0].startswith(b"GET http://broker.invalid:15672/api/queues/focus")
