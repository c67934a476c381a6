"""What the observer of Kubernetes says when the API does not answer, or answers wrongly; and that it asks sparingly."""

import json
import re
import socket
import ssl
import threading
import time
from contextlib import contextmanager
from types import SimpleNamespace

import pytest
import trustme
from stand_ins import settings

from redaction import MASK, redact
from support.core.errors import EnvironmentBroken
from support.faults import gateway, store_writes
from support.observers.kubernetes import Analyzers
from support.observers.kubernetes_api import JOBS, PODS, Namespace
from tests.kubernetes_stand_in import serving, write_kubeconfig

TOKEN = "hush-token-of-the-test"
LIMIT_S = 0.5
SLOW = ("drip", "drip of headers", "half open")
POD = {"metadata": {"name": "p", "uid": "u"}, "spec": {}, "status": {}}


def with_metadata(**more):
    return {**POD, "metadata": {**POD["metadata"], **more}}


def status_object(code, reason, message):
    return {"kind": "Status", "apiVersion": "v1", "code": code, "reason": reason, "message": message}


@pytest.fixture
def observing(tmp_path):
    @contextmanager
    def observing(server, cluster=None, user=None, **group):
        file = write_kubeconfig(tmp_path / "kubeconfig", server, user or {"token": TOKEN}, **(cluster or {}))
        kubernetes = {"kubeconfig": file, "namespace": "focus", "timeout_s": 20, **group}
        namespace = Namespace(settings(kubernetes=kubernetes).kubernetes)
        try:
            yield namespace
        finally:
            namespace.close()

    return observing


def drip(request):
    handler = request.handler
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
    for _ in range(200):
        handler.wfile.write(b" ")
        handler.wfile.flush()
        time.sleep(0.05)


def drip_headers(request):
    for _ in range(200):
        request.handler.wfile.write(b"X")
        request.handler.wfile.flush()
        time.sleep(0.05)


def cut_off(request):
    request.handler.wfile.write(b'HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{"items": [')


def half_open(request):
    request.handler.connection.shutdown(socket.SHUT_RD)
    time.sleep(2 * LIMIT_S)


def broken(request):
    request.handler.connection.shutdown(socket.SHUT_RDWR)


WRONG = {
    "a page": ((200, b"<html><title>Log in</title></html>"), r"200 with what is not JSON: <html><title>Log in"),
    "a list": ((200, []), r"200 with what is not an object: \[\]"),
    "a number": ((200, 7), r"not an object: 7"),
    "nothing": ((200, b""), "not JSON: nothing at all"),
    "half of JSON": ((200, b'{"items": ['), r"not JSON: \{"),
    "no text": ((200, b"\xff\xfe\x00"), "not JSON"),
    "deeply nested": ((200, b"[" * 100_000), "not JSON"),
    "no items": ((200, {"kind": "Status", "status": "Success"}), "without a list of items, which has: kind, status"),
    "items that are none": ((200, {"items": {}}), "without a list of items"),
    "an item that is none": ((200, {"items": [None]}), "an item that is no object"),
    "an item without metadata": ((200, {"items": [{"spec": {}}]}), "an item that is no object"),
    "an item without a uid": ((200, {"items": [{"metadata": {"name": "p"}}]}), "an item that is no object"),
    "an item of wrong types": ((200, {"items": [{**POD, "status": "Running"}]}), "an item that is no object"),
    "odd labels": ((200, {"items": [with_metadata(labels=["a"])]}), r"no object of Kubernetes \(metadata\.labels: "),
    "an odd label": ((200, {"items": [with_metadata(labels={"a": {}})]}), r"no object .*\(metadata\.labels\.a: "),
    "odd owners": ((200, {"items": [with_metadata(ownerReferences="x")]}), r"no object .*\(metadata\.ownerRef"),
    "an odd owner": ((200, {"items": [with_metadata(ownerReferences=["x"])]}), r"no object .*ownerReferences\.0: "),
    "odd finalizers": ((200, {"items": [with_metadata(finalizers=7)]}), r"no object .*\(metadata\.finalizers: "),
    "an odd time": ((200, {"items": [with_metadata(creationTimestamp="today")]}), r"no object .*creationTimestamp: "),
    "an odd condition": ((200, {"items": [{**POD, "status": {"conditions": ["x"]}}]}), r"no object .*conditions\.0: "),
    "a redirect": ((302, b"", ("Location", "https://login.example/")), r"302 Found, to https://login.example/"),
    "unauthorized": (
        (401, status_object(401, "Unauthorized", "token has expired")),
        r"401 Unauthorized: token has expired.*The credentials of .*kubeconfig are not accepted",
    ),
    "forbidden": (
        (403, status_object(403, "Forbidden", "User cannot list resource")),
        r"403 Forbidden: User cannot list resource.*verb list for .*see deploy/kubernetes",
    ),
    "forbidden by a page": ((403, b"<html>no</html>"), r"403 Forbidden: <html>no"),
    "gone": ((410, status_object(410, "Expired", "too old resource version")), "410 Gone: too old resource version"),
    "too many": ((429, b"slow down", ("Retry-After", "60")), r"429 Too Many Requests: slow down"),
    "an error": ((500, b"etcd"), r"500 Internal Server Error: etcd"),
    "unavailable": ((503, status_object(503, "ServiceUnavailable", "apiserver is shutting down")), "503.*shutting"),
    "a secret": ((500, b"x" * 250 + TOKEN.encode()), rf"x{MASK}"),
    "half of a secret at the cut": ((500, b"x" * 255 + TOKEN.encode()), "500 Internal Server Error: xxx"),
    "drip": (drip, f"no whole answer within|nothing came back after {LIMIT_S}"),
    "drip of headers": (drip_headers, f"nothing came back after {LIMIT_S}"),
    "half open": (half_open, "no answer within"),
    "cut off": (cut_off, "IncompleteRead|not JSON"),
    "broken": (broken, "RemoteDisconnected|Connection"),
    "no HTTP": (lambda request: request.handler.wfile.write(b"SSH-2.0-x\r\n"), "BadStatusLine"),
}


LIST_PODS = (lambda namespace: namespace.items(PODS), "list pods in the namespace focus")
ELSEWHERE = [
    (lambda namespace: Analyzers(namespace, settings().naming).of_job("job"), "list jobs.batch in the namespace focus"),
    (Namespace.check_health, "list jobs.batch in the namespace focus"),
]
MOMENTS = [
    *[(name, *LIST_PODS) for name in WRONG],
    *[(name, *place) for name in ("a page", "forbidden", "drip", "broken", "no items") for place in ELSEWHERE],
]


@pytest.mark.parametrize(("name", "look", "asked"), MOMENTS)
def test_whatever_comes_is_told_once_and_in_time(observing, name, look, asked):
    answer, told = WRONG[name]

    def answering(request):
        if request.path.endswith("/namespaces/focus"):
            return 200, {"metadata": {"name": "focus"}}
        return answer(request) if callable(answer) else answer

    limit_s = LIMIT_S if name in SLOW else 20
    with serving(answering) as server, observing(server.address, timeout_s=limit_s) as namespace:
        started = time.monotonic()
        with pytest.raises(EnvironmentBroken) as failure:
            look(namespace)
        assert time.monotonic() - started < 10
    message = str(failure.value)
    assert re.search(rf"^Kubernetes cannot be read: asked for `{asked}`", message)
    assert re.search(told, message)
    assert message.count("Kubernetes cannot be read") == 1
    assert len(message) < 1500
    assert TOKEN[:6] not in message
    assert f"kubernetes.timeout_s = {limit_s:g} s" in message


def test_who_never_answers_at_all_is_told_in_time(observing):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}"
        for scheme in ("http", "https"):  # Over TLS it is the handshake that does not come.
            with observing(address.replace("http", scheme), timeout_s=LIMIT_S) as namespace:
                started = time.monotonic()
                with pytest.raises(EnvironmentBroken, match=r"no answer within|nothing came back"):
                    namespace.items(PODS)
                assert time.monotonic() - started < 10


def test_what_nobody_listens_at_is_told(observing):
    refused = pytest.raises(EnvironmentBroken, match=r"no answer came: .*refused")
    with gateway.unreachable() as nowhere, observing(nowhere.address) as namespace, refused:
        namespace.items(PODS)
    with observing("http://nowhere.invalid:1") as namespace, pytest.raises(EnvironmentBroken, match=r"no answer came"):
        namespace.items(PODS)


def test_a_certificate_that_nobody_knows_is_told_and_a_ca_file_makes_it_known(observing, tmp_path):
    authority = trustme.CA()
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(tls)
    ca_file = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(ca_file))
    with serving(lambda _: (200, {"items": [POD]}), tls) as server:
        with (
            observing(server.address) as namespace,
            pytest.raises(EnvironmentBroken, match=r"certificate.*kubernetes\.ca_file"),
        ):
            namespace.items(PODS)
        with observing(server.address, ca_file=ca_file) as namespace:
            assert namespace.items(PODS) == [POD]


def test_a_list_in_pages_is_read_whole_and_begun_anew_when_its_rest_has_gone(observing):
    pods = [{"metadata": {"name": f"p{number}", "uid": str(number)}} for number in range(3)]
    expired = iter([True])

    def pages(request):
        number = int((re.findall("continue=([0-9]+)", request.path) or ["0"])[0])
        if number == 2 and next(expired, False):
            return 410, status_object(410, "Expired", "the continue parameter is too old")
        rest = {"continue": str(number + 1)} if number < 2 else {}
        return 200, {"metadata": rest, "items": [pods[number]]}

    with serving(pages) as server, observing(server.address) as namespace:
        assert namespace.items(PODS) == pods
        assert len(server.asked) == 6
        seen = Analyzers(namespace, settings().naming).of_job("job")
        assert [each["metadata"]["name"] for each in seen.jobs] == ["p0", "p1", "p2"]
        assert all("labelSelector=" in request.path for request in server.asked[6:])


def test_a_list_without_end_ends_in_time(observing):
    def endless(request):
        return 200, {"metadata": {"continue": "more"}, "items": []}

    with (
        serving(endless) as server,
        observing(server.address, timeout_s=LIMIT_S) as namespace,
        pytest.raises(EnvironmentBroken, match="nothing came back"),
    ):
        namespace.items(PODS)


@pytest.mark.parametrize("items", [None, []])
def test_a_list_of_nothing_is_none(observing, items):
    with (
        serving(lambda _: (200, {"kind": "PodList", "items": items})) as server,
        observing(server.address) as namespace,
    ):
        assert namespace.items(PODS) == []


FORBIDDEN = (403, status_object(403, "Forbidden", 'User "u" cannot get resource "namespaces"'))


@pytest.mark.parametrize(
    ("items", "review", "warned"),
    [
        ([POD], None, False),  # What has something in it is there.
        ([], (201, {"status": {"allowed": False}}), False),  # The rights are kept in the namespace.
        ([], (201, {"status": {"allowed": True}}), True),
        ([], (403, {}), True),
        ([], (404, b"404: Not Found"), True),
    ],
)
def test_rights_in_the_namespace_are_enough(observing, caplog, items, review, warned):
    def answer(request):
        if request.method == "POST":
            assert request.body["spec"] == {
                "resourceAttributes": {"verb": "list", "group": "batch", "resource": "jobs"}
            }
            return review
        return FORBIDDEN if request.path.endswith("/namespaces/focus") else (200, {"items": items})

    with serving(answer) as server, observing(server.address) as namespace:
        namespace.check_health()
    assert ("whether there is a namespace focus could not be told" in caplog.text) == warned


def test_a_namespace_that_is_not_there_is_told(observing):
    def answer(request):
        missing = request.path.endswith("/namespaces/focus")
        return (
            (404, status_object(404, "NotFound", 'namespaces "focus" not found')) if missing else (200, {"items": []})
        )

    with (
        serving(answer) as server,
        observing(server.address) as namespace,
        pytest.raises(EnvironmentBroken, match=r"get namespaces focus.*404.*not found.*There is no such namespace"),
    ):
        namespace.check_health()


@pytest.mark.parametrize("refused", ["pods", "services", "jobs"])
def test_a_right_that_is_missing_is_told_before_any_scenario(observing, refused):
    def answer(request):
        if request.path.endswith(f"/{refused}"):
            return 403, status_object(403, "Forbidden", f'User "u" cannot list resource "{refused}"')
        return 200, {"items": []}

    with (
        serving(answer) as server,
        observing(server.address) as namespace,
        pytest.raises(
            EnvironmentBroken, match=rf"cannot list resource.*verb list for {refused}.*see deploy/kubernetes"
        ),
    ):
        namespace.check_health()


def test_what_is_asked_of_one_object_is_judged_as_well(observing):
    def answer(request):
        return (500, b"no") if request.method in ("DELETE", "PATCH") else (200, {"items": [POD]})

    with serving(answer) as server, observing(server.address) as namespace:
        stores = SimpleNamespace(namespace=namespace, analyzers=Analyzers(namespace, settings().naming))
        with pytest.raises(EnvironmentBroken, match=r"`delete jobs.batch p in the namespace focus`, it answered 500"):
            store_writes.delete_analyzer(stores, "job")
        with pytest.raises(EnvironmentBroken, match=r"`patch pods/status p in the namespace focus`, it answered 500"):
            store_writes.finish_analyzer(stores, "job", "Failed")


def test_a_plugin_that_fails_or_hangs_is_the_environments_failure(observing, tmp_path):
    script = tmp_path / "plugin.sh"
    user = {"exec": {"apiVersion": "client.authentication.k8s.io/v1", "command": str(script)}}
    with (
        serving(lambda _: (200, {"items": []})) as server,
        observing(server.address, user=user, timeout_s=2) as namespace,
    ):
        for commands, told in (
            ("echo 'run: cloud login' >&2; exit 1", "run: cloud login"),
            ("sleep 60", "did not end"),
        ):
            script.write_text(f"#!/bin/sh\n{commands}\n")
            script.chmod(0o755)
            started = time.monotonic()
            with pytest.raises(EnvironmentBroken, match=rf"no credentials for it: .*plugin.sh.*{told}"):
                namespace.items(PODS)
            assert time.monotonic() - started < 10
    assert not server.asked


def test_renewed_credentials_are_never_shown(observing, tmp_path):
    token = tmp_path / "token"
    token.write_text("first-hush-token\n")
    with (
        serving(lambda request: (500, request.headers["Authorization"].encode())) as server,
        observing(server.address, user={"tokenFile": str(token)}) as namespace,
    ):
        for secret in ("first-hush-token", "second-hush-token"):
            token.write_text(f"{secret}\n")
            with pytest.raises(EnvironmentBroken, match=f"Bearer {MASK}") as failure:
                namespace.items(PODS)
            assert secret not in str(failure.value)
            assert secret in redact.credentials
            assert server.asked[-1].headers["Authorization"] == f"Bearer {secret}"


def test_threads_may_look_at_once(observing):
    with serving(lambda _: (200, {"items": [POD]})) as server, observing(server.address) as namespace:
        seen = []
        threads = [threading.Thread(target=lambda: seen.append(namespace.items(PODS))) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert json.dumps(seen) == json.dumps([[POD]] * 8)


def test_the_secrets_that_nobody_may_show_are_those_of_the_kubeconfig(observing):
    with serving(lambda request: (200, {"items": []})) as server, observing(server.address) as namespace:
        namespace.items(JOBS)
        assert TOKEN in redact.credentials


def test_warnings_are_asked_for_by_what_they_are_about(observing):
    event = {"metadata": {"name": "e", "uid": "e"}, "reason": "FailedCreate", "message": "exceeded quota"}
    with serving(lambda request: (200, {"items": [event]})) as server, observing(server.address) as namespace:
        assert Analyzers(namespace, settings().naming).warnings_about("u") == [event]
    (asked,) = server.asked
    assert asked.path.startswith("/api/v1/namespaces/focus/events?")
    assert "involvedObject.uid%3Du%2Ctype%3DWarning" in asked.path


def test_that_events_may_not_be_listed_is_told(observing):
    refusal = status_object(403, "Forbidden", "events is forbidden")
    with (
        serving(lambda request: (403, refusal)) as server,
        observing(server.address) as namespace,
        pytest.raises(EnvironmentBroken, match="list events") as failure,
    ):
        Analyzers(namespace, settings().naming).warnings_about("u")
    assert "events is forbidden" in str(failure.value)


def test_a_far_api_is_reached_by_the_proxy_of_the_environment_and_a_near_one_is_not(observing, monkeypatch):
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    with serving(lambda _: (200, {"items": [POD]})) as near, serving(lambda _: (200, {"items": []})) as proxy:
        monkeypatch.setenv("http_proxy", proxy.address.replace("//", "//me:hush-hush@"))
        with observing(near.address) as namespace:
            assert namespace.items(PODS) == [POD]
        with observing("http://far.example") as namespace:
            assert namespace.items(PODS) == []
            assert "hush-hush" in redact.credentials
    assert [request.path for request in proxy.asked] == ["http://far.example/api/v1/namespaces/focus/pods"]


def test_a_proxy_that_is_none_is_named_and_not_shown(observing, monkeypatch):
    monkeypatch.setenv("https_proxy", "http://me:hush:hush@proxy:port")
    with (
        pytest.raises(EnvironmentBroken, match=r"Kubernetes cannot be used: .*https_proxy") as failure,
        observing("https://far.example"),
    ):
        pass
    assert "hush" not in str(failure.value)
    assert "kubeconfig" not in str(failure.value)  # It is not to blame.


def test_a_proxy_that_does_not_lead_there_is_told_by_its_variable(observing, monkeypatch):
    with gateway.unreachable() as nowhere:
        monkeypatch.setenv("https_proxy", nowhere.address.replace("//", "//me:hush-hush@"))
        with observing("https://far.example") as namespace, pytest.raises(EnvironmentBroken) as failure:
            namespace.items(PODS)
    assert "the proxy that https_proxy names" in str(failure.value)
    assert "kubeconfig" not in str(failure.value)
    assert "hush" not in str(failure.value)
