"""A database that does not answer, or answers what no driver can decode."""

import ssl
import struct
import time
from contextlib import contextmanager
from datetime import UTC, datetime

import bson
import pytest
import trustme
from silent_servers import HTML, dripping, http, saying, serving, silent
from silent_servers import closing as hanging_up

from support.checks import record_store
from support.core.errors import EnvironmentBroken, ExpectationFailed
from support.faults import gateway
from support.faults.store_writes import insert, remove
from support.observers.mongodb import AccessRefused, Database, Recordings, TaskRecords, UnreadableValue

LIMIT_S = 0.4
PATIENT_S = 5


def message(number, document):
    """An answer of MongoDB's protocol (OP_MSG)."""
    body = struct.pack("<I", 0) + b"\x00" + document
    return struct.pack("<iiii", 16 + len(body), 1, number, 2013) + body


HELLO = {
    "ok": 1.0, "helloOk": True, "isWritablePrimary": True, "maxWireVersion": 21, "minWireVersion": 0,
    "maxBsonObjectSize": 16777216, "maxMessageSizeBytes": 48000000, "maxWriteBatchSize": 100000,
}  # fmt: skip


def answering(**answers):
    """Answer each command by its name, and what is not named not at all."""

    def exactly(connection, count):
        heard = b""
        while len(heard) < count:
            if not (more := connection.recv(count - len(heard))):
                raise OSError
            heard += more
        return heard

    def behave(connection):
        while True:
            length, number, _, _ = struct.unpack("<iiii", exactly(connection, 16))
            body = exactly(connection, length - 16)
            command = next(iter(bson.decode(body[5 : 5 + struct.unpack("<i", body[5:9])[0]])))
            if command in ("hello", "ismaster"):
                connection.sendall(message(number, bson.encode({**HELLO, **answers.get("hello", {})})))
            elif command in answers:
                answer = answers[command]
                connection.sendall(message(number, answer if isinstance(answer, bytes) else bson.encode(answer)))

    return behave


def database(port, *, host="127.0.0.1", timeout_s=LIMIT_S, query="", ca_file=None):
    return Database(f"mongodb://{host}:{port}/{query}", "focus", timeout_s, ca_file)


@contextmanager
def told_in_time(*parts, limit_s=LIMIT_S):
    started = time.monotonic()
    with pytest.raises(EnvironmentBroken) as failure:
        yield
    assert time.monotonic() - started < limit_s + 1.5
    for part in ("MongoDB cannot be read: asked for", f"mongodb.timeout_s = {limit_s:g} s", *parts):
        assert part in str(failure.value)


LOOKS = {
    "records": lambda of: of.collection("tasks").find({}),
    "a recording": lambda of: insert(of.collection("recordings"), {"uuid": "1"}),
    "a removal": lambda of: remove(of.collection("recordings"), ["1"]),
    "collections": lambda of: of.collections(),
    "indexes": lambda of: of.indexes("tasks"),
    "health": lambda of: of.check_health(),
}
WRONG = {
    "silent": silent,
    "hanging up": hanging_up,
    "dripping": dripping,
    "HTTP": http("200 OK", HTML),
    "zeros": saying(bytes(100)),
    "too much": saying(struct.pack("<iiii", 2**31 - 1, 1, 1, 2013)),
    "silent after its greeting": answering(),
}


@pytest.mark.parametrize("behaviour", WRONG.values(), ids=WRONG)
@pytest.mark.parametrize("look", ["records", "health"])
def test_whatever_it_says_is_told_within_the_limit_and_closing_raises_nothing(behaviour, look):
    with serving(behaviour) as port:
        observer = database(port)
        with told_in_time():
            LOOKS[look](observer)
        started = time.monotonic()
        observer.close()
        assert time.monotonic() - started < LIMIT_S + 1.5


@pytest.mark.parametrize("look", LOOKS.values(), ids=LOOKS)
def test_each_look_ends_in_time(look):
    with serving(answering()) as port, told_in_time():
        look(database(port))


REFUSED = {"ok": 0.0, "errmsg": "not authorized", "code": 13, "codeName": "Unauthorized"}


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ({"ok": 0.0, "errmsg": "No space left on device", "code": 14031}, "No space left on device"),
        ({"ok": 0.0, "errmsg": "not primary", "code": 10107, "codeName": "NotWritablePrimary"}, "not primary"),
        ({"ok": 0.0, "errmsg": "node is recovering", "code": 11600}, "recovering"),
        (REFUSED, "it refused that: not authorized"),
        ({"ok": 1.0, "n": 0, "writeErrors": [{"index": 0, "code": 14031, "errmsg": "no space"}]}, "no space"),
        ({"ok": 1.0, "n": 1, "writeConcernError": {"code": 64, "errmsg": "timed out"}}, "timed out"),
    ],
)
def test_a_database_that_answers_reads_but_takes_no_writes_is_told(answer, told):
    found = {"ok": 1.0, "cursor": {"id": 0, "ns": "focus.tasks", "firstBatch": []}}
    with serving(answering(insert=answer, find=found, ping={"ok": 1.0})) as port:
        observer = database(port, timeout_s=PATIENT_S, query="?directConnection=true&retryWrites=false")
        assert observer.collection("tasks").find({}) == []
        with told_in_time(told, limit_s=PATIENT_S):
            insert(observer.collection("recordings"), {"uuid": "1"})


def test_who_is_refused_is_told_apart():
    with serving(answering(find=REFUSED)) as port, pytest.raises(AccessRefused):
        database(port, timeout_s=PATIENT_S).collection("tasks").find({})


def test_one_that_is_no_primary_is_told():
    hello = {"isWritablePrimary": False, "secondary": True, "setName": "s", "hosts": ["a:1"]}
    with serving(answering(hello=hello, ping={"ok": 1.0})) as port:
        observer = database(port, timeout_s=PATIENT_S, query="?directConnection=true")
        with told_in_time("takes no writes (it is no primary)", limit_s=PATIENT_S):
            observer.check_health()


def test_nobody_there_is_told_with_the_reason():
    with gateway.unreachable() as nowhere, told_in_time("Connection refused", limit_s=2):
        database(nowhere.address.rpartition(":")[2], timeout_s=2).check_health()


def test_a_name_that_is_never_resolved_is_given_up(monkeypatch):
    monkeypatch.setattr("socket.getaddrinfo", lambda *_, **__: time.sleep(3))
    with told_in_time():
        database(1, host="database.invalid").check_health()


@pytest.mark.parametrize(("name", "known"), [("127.0.0.1", True), ("127.0.0.1", False), ("elsewhere.test", True)])
def test_a_certificate_is_verified_with_the_authority_that_is_set(tmp_path, name, known):
    authorities = [trustme.CA(), trustme.CA()]
    files = [tmp_path / f"{number}.pem" for number in range(2)]
    for authority, file in zip(authorities, files, strict=True):
        authority.cert_pem.write_to_path(file)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authorities[0].issue_cert(name).configure_cert(context)

    def behave(connection):
        with context.wrap_socket(connection, server_side=True) as secured:
            answering(ping={"ok": 1.0})(secured)

    with serving(behave) as port:
        if known and name == "127.0.0.1":
            for query in ("", "?tls=true"):
                database(port, timeout_s=PATIENT_S, query=query, ca_file=files[0]).check_health()
        else:
            with told_in_time("CERTIFICATE_VERIFY_FAILED", "mongodb.ca_file must name", limit_s=2):
                database(port, timeout_s=2, ca_file=files[0] if known else files[1]).check_health()


def test_an_address_of_ipv6_is_one_like_any_other():
    with serving(answering(ping={"ok": 1.0}), "::1") as port:
        database(port, host="[::1]", timeout_s=PATIENT_S).check_health()


def element(kind, name, value):
    return bytes([kind]) + name.encode() + b"\x00" + value


def text(value):
    return struct.pack("<i", len(value) + 1) + value + b"\x00"


def raw(*elements):
    body = b"".join(elements) + b"\x00"
    return struct.pack("<i", len(body) + 4) + body


BEYOND, BEFORE = (struct.pack("<q", ms) for ms in (253402300800000, -62135596800001))
ODD = {
    "a date beyond the year 9999": (element(9, "odd", BEYOND), "a date outside of the years 1 to 9999"),
    "a date before the year 1": (element(9, "odd", BEFORE), "a date outside of the years 1 to 9999"),
    "the last date there is": (element(9, "odd", struct.pack("<q", 2**63 - 1)), "a date outside of the years"),
    "invalid UTF-8": (element(2, "odd", text(b"a\xff\xfe")), r"text that is no UTF-8, b'a\xff\xfe'"),
    "a field twice": (
        element(16, "odd", struct.pack("<i", 1)) + element(16, "odd", struct.pack("<i", 2)),
        "two values of one name, 1 and 2",
    ),
    "an odd date below": (element(3, "odd", raw(element(9, "deep", BEYOND))), "a date outside of the years 1 to 9999"),
    "a type that nobody knows": (element(0x42, "odd", b""), "what cannot be decoded"),
}
KEPT = {
    "an Int64": (element(18, "odd", struct.pack("<q", 7)), 7),
    "a decimal": (element(0x13, "odd", bytes(16)), bson.Decimal128(bson.Decimal128.from_bid(bytes(16)).to_decimal())),
    "a binary subtype": (element(5, "odd", struct.pack("<iB", 2, 0x99) + b"ab"), bson.Binary(b"ab", 0x99)),
    "a regular expression": (element(11, "odd", b"a\x00i\x00"), bson.Regex("a", "i")),
}


def finding(*documents):
    """Answer a look with these documents, raw BSON. To one that wants a part of them, with as much as can be read."""
    listed = b"".join(element(3, str(number), one) for number, one in enumerate(documents))
    cursor = raw(
        element(18, "id", bytes(8)), element(2, "ns", text(b"focus.tasks")), element(4, "firstBatch", raw(listed))
    )
    return raw(element(3, "cursor", cursor), element(1, "ok", struct.pack("<d", 1.0)))


@pytest.mark.parametrize(("odd", "told"), ODD.values(), ids=ODD)
def test_a_value_without_a_form_is_told_with_its_document(odd, told):
    identity = element(2, "_id", text(b"d7"))
    with serving(answering(find=finding(raw(identity, element(2, "task_id", text(b"job")), odd)))) as port:
        if "decoded" in told:  # The stand-in gives the same document whatever is asked; see the sandbox's for more.
            with told_in_time(limit_s=PATIENT_S):
                database(port, timeout_s=PATIENT_S).collection("tasks").find({})
            return
        for look in (TaskRecords.all, lambda records: records.of_job("job")):
            (record,) = look(TaskRecords(database(port, timeout_s=PATIENT_S).collection("tasks")))
            value = record["odd"]
            value = value["deep"] if isinstance(value, dict) else value
            assert isinstance(value, UnreadableValue)
            assert told in str(value)
            assert "in the document d7 of tasks" in str(value)


@pytest.mark.parametrize(("stored", "seen"), KEPT.values(), ids=KEPT)
def test_a_value_of_a_rare_type_stays_what_it_is(stored, seen):
    with serving(answering(find=finding(raw(element(16, "_id", bytes(4)), stored)))) as port:
        ((_, value),) = [
            (record["_id"], record["odd"])
            for record in database(port, timeout_s=PATIENT_S).collection("tasks").find({})
        ]
    assert value == seen
    assert type(value) is type(seen)


def test_a_recording_with_a_date_that_cannot_be_is_judged_and_named():
    odd = raw(element(2, "_id", text(b"r7")), element(2, "uuid", text(b"1")), element(9, "start_time", BEYOND))
    with serving(answering(find=finding(odd))) as port:
        recordings = Recordings(database(port, timeout_s=PATIENT_S).collection("recordings"))
        for look in (
            recordings.latest,
            recordings.under_way,
            lambda: recordings.between(datetime.now(UTC), datetime.now(UTC)),
        ):
            with pytest.raises(
                ExpectationFailed, match=r"_id r7.*start_time is <a date outside of the years 1 to 9999"
            ):
                record_store.expect_complete_recordings(look())
