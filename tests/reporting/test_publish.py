"""Publishing, against a server on this machine that checks what Xray would."""

import json
import logging
import ssl
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import trustme
from jsonschema import Draft202012Validator, FormatChecker
from pydantic import ValidationError

from reporting.publish import PublishFailed, XrayTarget, as_dry_run, publish
from reporting.xray import Dialect, Execution, as_xray
from support.faults.local_server import serving

TOKEN = "s3cret-token"
SECRET = 'cl1ent"sécret'
AUTHENTICATE = "/jira/api/v2/authenticate"
PATHS = {Dialect.SERVER: "/jira/rest/raven/2.0/api/import/execution", Dialect.CLOUD: "/jira/api/v2/import/execution"}


@dataclass
class Xray:
    """Answers as told, at last with the key of an execution, when all is as the documentation says."""

    ca_file: Path
    schemas: Any
    answers: list[Any] = field(default_factory=list)
    seen: list[str] = field(default_factory=list)
    port: int = 0
    token: str = TOKEN
    limit: int = 10**9

    def answer(self, path: str, headers: Any, body: bytes) -> tuple[int, dict[str, str], Any]:
        self.seen.append(path)
        if self.answers:
            status, more, *said = self.answers.pop(0)
            return status, more, said[0] if said else {"error": f"not now, {headers['Authorization']}"}
        if path == AUTHENTICATE:
            given = json.loads(body)
            if given != {"client_id": "the-client", "client_secret": SECRET}:
                return 401, {}, {"error": f"no client has the secret {given['client_secret']}"}
            return 200, {}, self.token
        dialect = next((one for one, wanted in PATHS.items() if wanted == path), None)
        if dialect is None:
            return 404, {}, {"error": "no such path"}
        if headers["Authorization"] != f"Bearer {self.token}":
            return 401, {}, {"error": f"who are you, {headers['Authorization']}?"}
        if len(body) > self.limit:
            return 413, {}, {"error": "too large"}
        if headers["Content-Type"] != "application/json":
            return 415, {}, {"error": "no JSON"}
        schema = self.schemas(f"xray-{dialect}")
        wrong = [
            one.message
            for one in Draft202012Validator(schema, format_checker=FormatChecker()).iter_errors(json.loads(body))
        ]
        if wrong:
            return 400, {}, {"error": wrong}
        made = {"id": "1", "key": "PZ-20001", "self": "https://jira.example.com/1"}
        return 200, {}, {"testExecIssue": made} if dialect is Dialect.SERVER else made

    def target(self, dialect: Dialect = Dialect.SERVER, **other: Any) -> XrayTarget:
        url = f"https://localhost:{self.port}/jira"
        return XrayTarget(
            **{"url": url, "token": TOKEN, "dialect": dialect, "ca_file": self.ca_file, "timeout_s": 5, **other}
        )


@pytest.fixture
def xray(tmp_path: Path, schema: Any) -> Iterator[Xray]:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    told = Xray(tmp_path / "ca.pem", schema)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            status, headers, answer = told.answer(self.path, self.headers, body)
            if status == 0:
                self.connection.close()
                return
            content = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
            self.send_response(status)
            for name, value in {"Content-Length": str(len(content)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: Any) -> None:
            """Nobody reads it."""

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    listening = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    listening.socket = context.wrap_socket(listening.socket, server_side=True)
    with serving(listening) as server:
        told.port = server.server_port
        yield told


@pytest.fixture
def waited() -> list[float]:
    return []


def document(traced, dialect=Dialect.SERVER):
    return as_xray(traced, dialect, execution=Execution())


@pytest.mark.parametrize("dialect", Dialect)
def test_an_execution_is_made_and_its_key_told(xray, traced, dialect):
    assert publish(document(traced, dialect), xray.target(dialect)) == "PZ-20001"
    assert xray.seen == [PATHS[dialect]]


def test_what_is_meant_for_the_other_xray_is_refused_and_not_sent_again(xray, traced, waited):
    with pytest.raises(PublishFailed, match=r"seen 400 .*evidence.*dry-run"):
        publish(document(traced, Dialect.CLOUD), xray.target(), sleep=waited.append)
    assert (len(xray.seen), waited) == (1, [])


@pytest.mark.parametrize(
    ("answers", "waits"),
    [
        ([(503, {})], [1.0]),
        ([(500, {}), (502, {})], [1.0, 2.0]),
        ([(429, {"Retry-After": "7"})], [7.0]),
        ([(429, {"Retry-After": "9999"})], [60.0]),
        ([(429, {"Retry-After": "Thu, 01 Jan 1970 00:00:00 GMT"})], [0.0]),
        ([(429, {"Retry-After": "soon"})], [1.0]),
        ([(429, {"Retry-After": "Fri, 31 Dec 99999 23:59:59 GMT"})], [1.0]),
        ([(429, {"Retry-After": "9" * 5000})], [1.0]),
        ([(429, {"Retry-After": "Fri, 31 Dec 99999999999999999999 23:59:59 GMT"})], [1.0]),
        ([(0, {})], [1.0]),
    ],
)
def test_what_may_pass_is_tried_again(xray, traced, waited, answers, waits):
    xray.answers = answers
    assert publish(document(traced), xray.target(), sleep=waited.append) == "PZ-20001"
    assert waited == waits


def test_it_gives_up_after_five_times(xray, traced, waited):
    xray.answers = [(503, {})] * 9
    with pytest.raises(PublishFailed, match=r"seen 5 times no success, at last: 503"):
        publish(document(traced), xray.target(), sleep=waited.append)
    assert (len(xray.seen), waited) == (5, [1.0, 2.0, 4.0, 8.0])


@pytest.mark.parametrize(
    ("status", "advice"),
    [(400, "dry-run"), (401, "not expired"), (403, "May the owner"), (404, "FOCUS_PUBLISH_DIALECT"), (302, "leads to")],
)
def test_a_refusal_is_final_and_says_what_to_do(xray, traced, waited, status, advice):
    xray.answers = [(status, {"Location": "http://localhost/elsewhere"})]
    with pytest.raises(PublishFailed, match=advice):
        publish(document(traced), xray.target(), sleep=waited.append)
    assert (len(xray.seen), waited) == (1, [])


@pytest.mark.parametrize("answer", [401, 503, 0])
def test_the_token_is_in_no_message_and_no_log(xray, traced, caplog, answer):
    caplog.set_level(logging.DEBUG)
    xray.answers = [(answer, {})] * 5
    with pytest.raises(PublishFailed) as failed:
        publish(document(traced), xray.target(), sleep=lambda _: None)
    shown = [str(failed.value), repr(failed.value), repr(xray.target()), as_dry_run(document(traced), xray.target())]
    chain, error = [], failed.value
    while error is not None:
        chain.append(str(error))
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    assert [text for text in (*shown, *chain, caplog.text) if TOKEN in text] == []


def test_a_line_of_netrc_does_not_take_the_tokens_place(xray, traced, tmp_path, monkeypatch):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine localhost login somebody password else\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    assert publish(document(traced), xray.target()) == "PZ-20001"


@pytest.fixture
def _no_surroundings(monkeypatch):
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR", "FOCUS_PUBLISH_CA_FILE"):
        monkeypatch.delenv(name, raising=False)
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy", "NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.usefixtures("_no_surroundings")
@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"])
def test_an_empty_ca_file_is_none_and_then_counts_what_counts_elsewhere(xray, traced, monkeypatch, variable):
    monkeypatch.setenv("FOCUS_PUBLISH_CA_FILE", "")
    monkeypatch.setenv(variable, str(xray.ca_file))
    target = XrayTarget(url=f"https://localhost:{xray.port}/jira", token=TOKEN)
    assert target.ca_file is None
    assert publish(document(traced), target) == "PZ-20001"


@pytest.mark.usefixtures("_no_surroundings")
def test_certificates_that_are_not_there_are_named(xray, traced, monkeypatch):
    with pytest.raises(ValidationError, match=r"ca_file\s+expected a file .* but /nowhere/ca.pem is not there"):
        xray.target(ca_file="/nowhere/ca.pem")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/nowhere/ca.pem")
    with pytest.raises(PublishFailed, match=r"^REQUESTS_CA_BUNDLE: .*/nowhere/ca.pem is not there"):
        publish(document(traced), xray.target(ca_file=None))
    assert xray.seen == []


@pytest.mark.usefixtures("_no_surroundings")
@pytest.mark.parametrize(
    ("proxy", "said"),
    [
        ("http://svq:Zq4[Zq9@127.0.0.1:9", "variable HTTPS_PROXY cannot be used"),
        ("http://svq:Zq4Zq9@127.0.0.1:99999", "variable HTTPS_PROXY cannot be used"),
        ("http://svq:Zq4Zq9@127.0.0.1:9", "not reached through the proxy that HTTPS_PROXY names: NewConnectionError"),
    ],
)
def test_a_proxy_that_does_not_lead_to_xray_is_named_without_its_password(xray, traced, monkeypatch, proxy, said):
    monkeypatch.setenv("HTTPS_PROXY", proxy)
    assert publish(document(traced), xray.target()) == "PZ-20001"  # It is on this machine.
    with pytest.raises(PublishFailed, match=said) as failed:
        publish(document(traced), xray.target(url="https://jira.example"), sleep=lambda _: None)
    assert not [secret for secret in ("svq", "Zq4", "Zq9") if secret in str(failed.value)]


def test_a_certificate_of_nobody_known_is_final(xray, traced, waited):
    with pytest.raises(PublishFailed, match="FOCUS_PUBLISH_CA_FILE"):
        publish(document(traced), xray.target(ca_file=None), sleep=waited.append)
    assert (xray.seen, waited) == ([], [])


def test_an_address_that_is_none_is_final(xray, traced, waited):
    with pytest.raises(PublishFailed, match="Set FOCUS_PUBLISH_URL right"):
        publish(document(traced), xray.target(url="https://*.example"), sleep=waited.append)
    assert waited == []


def test_an_answer_without_a_key_is_no_success(xray, traced):
    xray.answers = [(200, {})]
    with pytest.raises(PublishFailed, match=r"Expected .* to answer the key"):
        publish(document(traced), xray.target())


@pytest.mark.parametrize(
    "url",
    ["http://jira.example.com", "jira.example.com", "https://user:pass@jira.example.com", "https://j.example/?a=1"],
)
def test_only_https_and_nothing_secret_in_the_address(url):
    with pytest.raises(ValidationError, match="expected an address") as refused:
        XrayTarget(url=url, token=TOKEN)
    assert "pass@" not in str(refused.value)


@pytest.mark.parametrize("token", ["", '""', f"{TOKEN}\n{TOKEN}", f"{TOKEN} x", f"{TOKEN}é"])
def test_a_token_that_no_header_holds_is_refused_unseen(token):
    with pytest.raises(ValidationError) as refused:
        XrayTarget(url="https://jira.example.com", token=token)
    assert TOKEN not in str(refused.value)


def by_client(xray, **other):
    url = f"https://localhost:{xray.port}/jira"
    client = {"client_id": "the-client", "client_secret": SECRET, "ca_file": xray.ca_file}
    return XrayTarget(**{"url": url, "dialect": Dialect.CLOUD, **client, **other})


IMPORT = PATHS[Dialect.CLOUD]


def test_a_client_of_xray_cloud_gets_a_token_for_its_secret(xray, traced):
    assert publish(document(traced, Dialect.CLOUD), by_client(xray)) == "PZ-20001"
    assert xray.seen == [AUTHENTICATE, IMPORT]


def test_a_token_that_has_ended_is_asked_for_once_more(xray, traced):
    old, xray.token = xray.token, "an0ther-token"
    xray.answers = [(200, {}, old)]
    assert publish(document(traced, Dialect.CLOUD), by_client(xray)) == "PZ-20001"
    assert xray.seen == [AUTHENTICATE, IMPORT, AUTHENTICATE, IMPORT]


def test_a_new_token_that_is_refused_too_is_final(xray, traced, waited):
    xray.answers = [(200, {}, "first-t0ken"), (401, {}), (200, {}, "second-t0ken"), (401, {})]
    with pytest.raises(PublishFailed, match="a new one too: may this client import results") as failed:
        publish(document(traced, Dialect.CLOUD), by_client(xray), sleep=waited.append)
    assert (xray.seen, waited) == ([AUTHENTICATE, IMPORT] * 2, [])
    assert "t0ken" not in str(failed.value)


@pytest.mark.parametrize("status", [400, 401])
def test_a_wrong_secret_is_told_as_that_and_not_shown(xray, traced, waited, status):
    if status == 400:
        xray.answers = [(400, {}, {"error": f"no such client with {SECRET}"})]
    wrong = by_client(xray, client_secret="wr0ng-secret")
    with pytest.raises(
        PublishFailed, match="Are FOCUS_PUBLISH_CLIENT_ID and FOCUS_PUBLISH_CLIENT_SECRET right"
    ) as failed:
        publish(document(traced, Dialect.CLOUD), wrong, sleep=waited.append)
    assert (xray.seen, waited) == ([AUTHENTICATE], [])
    assert "wr0ng-secret" not in str(failed.value)


def test_a_token_that_comes_with_a_refusal_is_not_shown(xray, traced):
    xray.answers = [(401, {}, "eyJhbGciOiJIUzI1NiJ9.t0ken")]
    with pytest.raises(PublishFailed, match="seen 401 a text of 26 characters") as failed:
        publish(document(traced, Dialect.CLOUD), by_client(xray))
    assert "t0ken" not in str(failed.value)


def test_authenticating_is_tried_again_too(xray, traced, waited):
    xray.answers = [(503, {}), (429, {"Retry-After": "2"})]
    assert publish(document(traced, Dialect.CLOUD), by_client(xray), sleep=waited.append) == "PZ-20001"
    assert waited == [1.0, 2.0]


@pytest.mark.parametrize("said", [b"", b'""', b"<html><title>Log in</title></html>", b'{"token": "a b"}', b"\xff\x00"])
def test_an_answer_that_is_no_token_is_told(xray, traced, said):
    xray.answers = [(200, {}, said)]
    with pytest.raises(PublishFailed, match="to answer a token"):
        publish(document(traced, Dialect.CLOUD), by_client(xray))


@pytest.mark.parametrize(
    "token",
    [f'"{TOKEN}"', f"'{TOKEN}'", f" {TOKEN}\n", f"Bearer {TOKEN}", f'bearer "{TOKEN}"', f'"Bearer {TOKEN}"\r\n'],
)
def test_a_token_is_taken_as_it_is_meant(xray, traced, token):
    assert publish(document(traced, Dialect.CLOUD), xray.target(Dialect.CLOUD, token=token)) == "PZ-20001"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"token": TOKEN}, "are both set"),
        ({"client_id": None}, "FOCUS_PUBLISH_CLIENT_SECRET is set without FOCUS_PUBLISH_CLIENT_ID"),
        ({"client_secret": None}, "FOCUS_PUBLISH_CLIENT_ID is set without FOCUS_PUBLISH_CLIENT_SECRET"),
        ({"dialect": Dialect.SERVER}, "FOCUS_PUBLISH_DIALECT=cloud"),
    ],
)
def test_contradicting_credentials_are_refused_unseen(xray, given, said):
    with pytest.raises(ValidationError, match=said) as refused:
        by_client(xray, **given)
    assert SECRET not in str(refused.value)
    assert TOKEN not in str(refused.value)


def test_without_credentials_nothing_is_sent_and_a_dry_run_says_so(xray, traced):
    target = xray.target(token=None)
    assert "neither a token nor client id and secret are set yet" in as_dry_run(document(traced), target)
    with pytest.raises(PublishFailed, match="set FOCUS_PUBLISH_TOKEN, or for Xray Cloud FOCUS_PUBLISH_CLIENT_ID"):
        publish(document(traced), target)
    assert xray.seen == []


def test_what_is_too_large_is_told_with_its_size_and_what_to_leave_out(xray, traced, waited):
    xray.limit = 1000
    with pytest.raises(PublishFailed, match=r"seen 413 for [0-9.]+ kB: .*--evidence none"):
        publish(document(traced), xray.target(), sleep=waited.append)
    assert (len(xray.seen), waited) == (1, [])


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ((302, {"Location": "https://id.example/login?token=abcd1234"}, b""), "seen 302 to https://id.example/login"),
        ((200, {}, b"<!DOCTYPE html><html><head><title>Log in</title>"), "seen a page of HTML with the title 'Log in'"),
        ((404, {}, b"<html><title>Oops</title></html>"), r"seen 404 a page of HTML.*FOCUS_PUBLISH_DIALECT"),
        ((200, {}, b"[]"), "to answer the key"),
        ((200, {}, b"null"), "to answer the key"),
        ((200, {}, {"key": None, "testExecIssue": {"key": None}}), "to answer the key"),
        ((200, {}, b"\xff\xfe"), "to answer the key"),
        ((403, {}, b"\x1b[31mno\x00"), "May the owner of FOCUS_PUBLISH_TOKEN"),
    ],
)
@pytest.mark.parametrize("dialect", Dialect)
def test_an_odd_answer_is_told_once_with_what_to_do(xray, traced, waited, dialect, answer, said):
    xray.answers = [answer]
    with pytest.raises(PublishFailed, match=said) as failed:
        publish(document(traced, dialect), xray.target(dialect), sleep=waited.append)
    assert (len(xray.seen), waited) == (1, [])
    assert "abcd1234" not in str(failed.value)
