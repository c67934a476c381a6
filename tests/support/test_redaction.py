"""Secrets: which there are, and that none gets out, whoever writes it and how."""

import base64
import io
import json
import logging
import time
import traceback
from urllib.parse import quote, urlsplit

import pytest
import requests
from urllib3.util import parse_url

from redaction import MASK, Redactor, guard
from redaction import errors as redaction_errors
from redaction import outlets as outlets_module
from redaction.environment import secrets_in
from support.core import errors


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        ("the password is s3cr3t/word", "s3cr3t/word"),
        ("in an address it is written s3cr3t%2Fword", "s3cr3t%2Fword"),
        ("or s3cr3t%2fword", "s3cr3t%2fword"),
        ("a parser cut it: 'svc:s3cr3t' is not a host", "s3cr3t"),
        ("amqp://guest:unknown-to-us@host:5672/", "unknown-to-us"),
        ("amqp://guest:unknown@to-us/too@host:5672/", "to-us/too"),
        ("Authorization: Bearer abc.def", "abc.def"),
        ('{"token": "abcdef"}', "abcdef"),
        ("sent with -H 'Bearer abc.def-123'", "abc.def-123"),
        ("Basic c3ZjOmh1c2g=", "c3ZjOmh1c2g"),
        ("it is eyJhbGciOiJub25lIn0.eyJzdWIiOiJhIn0.", "eyJzdWIiOiJhIn0"),
        ("password=abcdef other=1", "abcdef"),
        ("password: hunter2 is refused", "hunter2"),
        ("authorization: bearer abcdef is refused", "abcdef"),
        ("Passphrase = ab1cd2", "ab1cd2"),
        ("CLIENT_SECRET=ab1cd2", "ab1cd2"),
        ("pa\u017f\u017fword=ab1cd2", "ab1cd2"),  # To Python's patterns, a long s is one of the letters s.
    ],
)
def test_secrets_are_masked(text, hidden):
    shown = Redactor(["s3cr3t/word"])(text)
    assert hidden not in shown
    assert MASK in shown


ODD = [
    "s3cr\"t'",
    "tr<e>&",
    "Pässwörd",
    "秘密の言葉",
    "back\\slash",
    "with space",
    "line one of it\nline two of it",
    "per%cent",
]


@pytest.mark.parametrize("secret", ODD)
@pytest.mark.parametrize(
    "written",
    [str, repr, ascii, json.dumps, quote, lambda text: base64.b64encode(text.encode()).decode()],
    ids=["plain", "repr", "ascii", "json", "address", "base64"],
)
def test_a_secret_is_masked_in_every_way_to_write_it(secret, written):
    shown = Redactor([secret])(f"seen: {written(secret)}!")
    assert written(secret).strip("'\"") not in shown
    assert MASK in shown


def test_a_secret_within_another_leaves_nothing_of_the_longer_one():
    assert "tail" not in Redactor(["secret", "secret-tail"])("it is secret-tail")


def test_what_is_learnt_later_is_masked_in_errors_too(monkeypatch):
    learnt = Redactor()
    monkeypatch.setattr(redaction_errors, "redact", learnt)
    failure = errors.ExpectationFailed("the answer shows learnt-word")
    learnt.learn(["learnt-word"])
    assert str(failure) == f"the answer shows {MASK}"


ORDINARY = (
    "POST http://127.0.0.1:8080/focus-server/configure answered 200 at 10:20:30, nothing secret, 3 passed as words"
)


@pytest.mark.parametrize(
    ("secret", "text", "shown"),
    [
        ("focus", "http://focus.example/focus-server/: /home/focus/reports, focus_server", None),
        ("test", "tests of test-1.example, latest /tmp/test/x", None),
        ("localhost", "no answer from http://localhost:8080 (localhost:8080)", None),
        ("8080", "no answer from http://localhost:8080/health in 8080 ms", None),
        ("passed", "3 words-passed passedly", None),
        ("guest", "amqp://guest:guest@host, refused for guest", f"amqp://guest:{MASK}@host, refused for {MASK}"),
        ("guest", "'guest', \"guest\", =guest\\nguest.", f"'{MASK}', \"{MASK}\", ={MASK}\\n{MASK}."),
        ("8080", "user:8080@host has '8080'", f"user:{MASK}@host has '{MASK}'"),
        ("focus", "Authorization: Basic c3ZjOmZvY3Vz", f"Authorization: Basic {MASK}"),
    ],
)
def test_a_secret_that_is_an_ordinary_word_or_number_is_masked_in_its_place_only(secret, text, shown):
    assert Redactor(secrets_in({"HTTP_PROXY": f"http://svc:{secret}@host"}))(text) == (shown or text)


@pytest.mark.parametrize(
    "text",
    ["rabbitmq.password: no such setting", "FOCUS_PUBLISH_TOKEN: expected printable text", "x.token: missing; set it"],
)
def test_a_sentence_about_a_secret_stays(text):
    assert Redactor(["s3cr3t"])(text) == text


def test_the_example_of_an_address_stays():
    example = "expected http://user:password@host:port; bearer credentials, Basic authentication (RFC 7617)"
    assert Redactor(["s3cr3t"])(example) == example


def test_ordinary_text_stays():
    assert Redactor(["", "abc", "s3cr3t", "pass/word"])(ORDINARY) == ORDINARY


PASSWORDS = [
    "Tr4in#Spotting",
    "p4ss/w0rd#1",
    "br[acket]s1",
    "two@at5igns",
    "a sp4ce here",
    "qu?estion1",
    "c:olon99",
    "pl4in-word",
]
ADDRESSES = ["http://svc:{}@127.0.0.1:3128", "amqp://svc:{}@host/vhost", "svc:{}@127.0.0.1:3128", "http:/svc:{}@host"]


def told_by_parsers(address):
    """What libraries say of an address that they cannot read, and what they make of it."""
    yield address
    for read in (
        lambda: urlsplit(address),
        lambda: urlsplit(address).port,
        lambda: requests.Request("GET", address).prepare().url,
        lambda: parse_url(address),
    ):
        try:
            yield repr(read())
        except ValueError as error:  # those of requests are such, too
            yield "".join(traceback.format_exception_only(error))


@pytest.mark.parametrize("password", PASSWORDS)
@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize("variable", ["HTTP_PROXY", "https_proxy", "ALL_PROXY", "FOCUS__RABBITMQ__URL"])
def test_of_a_password_in_an_address_nothing_is_told(variable, address, password):
    whole = address.format(password)
    redactor = Redactor(secrets_in({variable: whole}))
    parts = [part for mark in "#/[]@?: " for part in password.split(mark) if len(part) > 3] + [password]
    for said in told_by_parsers(whole):
        shown = redactor(said)
        assert not [part for part in parts if part in shown]
    for said in (quote(password), base64.b64encode(f"svc:{password}".encode()).decode()):
        assert redactor(f"seen {said}") == f"seen {MASK}"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("FOCUS_PUBLISH_TOKEN", "t0k3n"),
        ("FOCUS_PUBLISH_CLIENT_SECRET", "hush"),
        ("PGPASSWORD", "correct-horse"),
        ("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI"),
        ("SSH_PASS", "batteries"),
        ("Some_Api_Key", "0123456789"),
        ("FOCUS_PUBLISH_TOKEN", ' "t0k3n-in-quotes"\n'),
    ],
)
def test_a_variable_whose_name_says_so_is_a_secret(name, value):
    bare = value.strip().strip('"')
    assert Redactor(secrets_in({name: value}))(f"Bearer {bare}!") == f"Bearer {MASK}!"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PWD", "/home/somebody/focus"),
        ("KUBE_TOKEN_FILE", "/run/secrets/token"),
        ("SSH_KEY", "~/.ssh/id_ed25519"),
        ("FOCUS_PUBLISH_PROJECT_KEY", "focus"),
        ("MONKEY", "scenario"),
        ("TOKEN_CHECK", "false"),
        ("MAIL", "somebody@example.com"),
        ("PATH", "/usr/bin:/opt/a@1/bin"),
        ("GIT_AUTHOR_IDENT", "Some: Body <some@example.com>"),
        ("HTTP_PROXY", "http://proxy.example.com:3128"),
        ("LS_COLORS", "rs=0:di=01;34"),
    ],
)
def test_what_is_no_secret_is_shown(name, value):
    assert Redactor(secrets_in({name: value}))(f"{name}={value} {ORDINARY}") == f"{name}={value} {ORDINARY}"


@pytest.fixture
def stream(monkeypatch):
    """A guarded stream, and what has come out of it."""
    monkeypatch.setattr(outlets_module, "redact", Redactor(["hush-hush", "Tr4in#Spotting"]))
    stream = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True)
    guard(stream)
    guard(stream)
    return stream


def failing_with_everything():
    try:
        try:
            raise KeyError("hush-hush")
        except KeyError as inner:
            inner.add_note("a note on hush-hush")
            raise ValueError("invalid port 'Tr4in'") from inner
    except ValueError as error:
        return error


@pytest.mark.parametrize(
    "write",
    [
        lambda stream: stream.write("it is hush-hush\n"),
        lambda stream: print("it is", "hush-hush", file=stream),
        lambda stream: stream.writelines(["it is ", "hush-hush"]),
        lambda stream: traceback.print_exception(failing_with_everything(), file=stream),
        lambda stream: logging.StreamHandler(stream).emit(
            logging.LogRecord("pika", logging.ERROR, __file__, 1, "to %s", ("hush-hush",), None)
        ),
    ],
    ids=["write", "print", "writelines", "traceback", "logging"],
)
def test_nothing_secret_gets_out_of_a_guarded_stream(stream, write):
    write(stream)
    out = stream.buffer.getvalue().decode()
    assert MASK in out
    assert "Tr4in" not in out
    assert "hush-hush" not in out


def test_a_guarded_stream_tells_how_much_was_written(stream):
    assert stream.write("it is hush-hush\n") == len("it is hush-hush\n")


@pytest.mark.parametrize(
    "text",
    ["x" * 100_000, "a" * 50_000 + "://" + "b" * 50_000, "http://h:1/" * 10_000, "x@" * 50_000, "token" * 20_000],
)
def test_a_long_text_without_spaces_is_gone_through_in_no_time(text):
    started = time.perf_counter()
    Redactor()(text)
    assert time.perf_counter() - started < 20  # seconds; it took minutes


@pytest.mark.parametrize("scheme", ["amqps", "1http", "mongodb+srv", "x-http", "a.b"])
def test_any_scheme_may_be_before_a_password(scheme):
    assert "s3cret" not in Redactor()(f"see {scheme}://user:s3cret@host, ({scheme}://user:s3cret@host)")
