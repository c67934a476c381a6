"""The way to a cluster: certificates, names in them, proxies, IPv6."""

import base64
import os
import socket
import ssl
import threading
from contextlib import contextmanager
from types import SimpleNamespace
from urllib.parse import urlsplit

import pytest
import trustme

from kubeconfig import Cluster, KubeconfigError, read_context
from kubeconfig.api_request import ApiRequest
from kubeconfig.calls import ApiConnection, NoAnswer
from redaction import redact
from support.faults import gateway
from tests.kubernetes_stand_in import serving

PODS = ApiRequest("GET", "/api/v1/namespaces/focus/pods")
ANSWER = {"items": []}


@pytest.fixture(autouse=True)
def nothing_of_the_shell(monkeypatch):
    for name in list(os.environ):
        if name.lower().endswith("_proxy") or name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
            monkeypatch.delenv(name)


@pytest.fixture(scope="module")
def authority():
    return trustme.CA()


@pytest.fixture(scope="module")
def pem(authority):
    return authority.cert_pem.bytes()


@pytest.fixture
def connect(kubeconfig):
    def connect(server, user=None, **cluster):
        return ApiConnection(Cluster(read_context(kubeconfig(server, user, **cluster)), limit_s=5), 5)

    return connect


@contextmanager
def secure(authority, *names, clients=None):
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*names).configure_cert(tls)
    if clients is not None:
        clients.configure_trust(tls)
        tls.verify_mode = ssl.CERT_REQUIRED

    def answer(request):
        certificate = request.handler.connection.getpeercert()
        shown = dict(part[0] for part in certificate["subject"]).get("commonName") if certificate else None
        return 200, {**ANSWER, "shown": shown}

    with serving(answer, tls) as server:
        yield server


def data(text):
    return base64.b64encode(text).decode()


def test_an_authority_is_given_as_data_or_as_a_file_with_remarks(authority, pem, connect, tmp_path):
    with secure(authority, "127.0.0.1") as server:
        for cluster in ({"certificate-authority-data": data(pem)}, {"certificate-authority": "ca/root.pem"}):
            (tmp_path / "ca").mkdir(exist_ok=True)
            (tmp_path / "ca" / "root.pem").write_bytes("Ünsere Wurzel\n".encode() + pem)
            assert connect(server.address, **cluster).ask(PODS)["items"] == []
        with pytest.raises(NoAnswer, match="certificate is not trusted"):
            connect(server.address, **{"certificate-authority-data": data(trustme.CA().cert_pem.bytes())}).ask(PODS)
        assert connect(server.address, **{"insecure-skip-tls-verify": True}).ask(PODS)["items"] == []


@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"])
def test_where_the_kubeconfig_names_no_authority_the_environment_does(
    authority, pem, connect, tmp_path, monkeypatch, variable
):
    (tmp_path / "bundle.pem").write_bytes(pem)
    monkeypatch.setenv(variable, str(tmp_path / "bundle.pem"))
    with secure(authority, "127.0.0.1") as server:
        assert connect(server.address).ask(PODS)["items"] == []


def test_the_name_in_a_certificate_may_be_another_than_that_of_the_address(authority, pem, connect):
    known = {"certificate-authority-data": data(pem)}
    with secure(authority, "kubernetes.example") as server:
        with pytest.raises(NoAnswer, match="certificate is not trusted"):
            connect(server.address, **known).ask(PODS)
        named = {**known, "tls-server-name": "kubernetes.example"}
        assert connect(server.address, **named).ask(PODS)["items"] == []


@pytest.fixture
def clients():
    return trustme.CA()


def identity(clients, name):
    issued = clients.issue_cert(f"{name}@example.org", common_name=name)
    return issued.cert_chain_pems[0].bytes(), issued.private_key_pem.bytes()


def test_a_client_certificate_is_shown_and_files_of_it_are_read_anew(authority, pem, clients, connect, tmp_path):
    trusted = {"certificate-authority-data": data(pem)}
    with secure(authority, "127.0.0.1", clients=clients) as server:
        certificate, key = identity(clients, "first")
        given = {"client-certificate-data": data(certificate), "client-key-data": data(key)}
        assert connect(server.address, given, **trusted).ask(PODS)["shown"] == "first"
        connection = connect(server.address, {"client-certificate": "c.pem", "client-key": "k.pem"}, **trusted)
        for name in ("first", "second"):
            certificate, key = identity(clients, name)
            (tmp_path / "c.pem").write_bytes(certificate)
            (tmp_path / "k.pem").write_bytes(key)
            assert connection.ask(PODS)["shown"] == name
        (tmp_path / "c.pem").write_bytes(identity(clients, "third")[0])  # The key is still to come.
        assert connection.ask(PODS)["shown"] == "second"


def test_a_plugin_gives_a_certificate_and_another_when_it_is_refused(authority, pem, clients, connect, plugin):
    trusted = {"certificate-authority-data": data(pem)}

    def print_one_of(authority, name):
        certificate, key = (part.decode() for part in identity(authority, name))
        plugin.prints(clientCertificateData=certificate, clientKeyData=key)

    with secure(authority, "127.0.0.1", clients=clients) as server:
        print_one_of(trustme.CA(), "first")  # Refused, as one that has ended is.
        connection = connect(server.address, plugin.user, **trusted)
        with pytest.raises(NoAnswer):
            connection.ask(PODS)
        print_one_of(clients, "second")
        assert [connection.ask(PODS)["shown"] for _ in range(3)] == ["second"] * 3
    assert plugin.asked() == 3


def test_a_plugin_that_gives_a_token_leaves_the_certificate_to_the_kubeconfig(authority, pem, clients, connect, plugin):
    certificate, key = identity(clients, "mine")
    user = {**plugin.user, "client-certificate-data": data(certificate), "client-key-data": data(key)}
    with secure(authority, "127.0.0.1", clients=clients) as server:
        answered = connect(server.address, user, **{"certificate-authority-data": data(pem)}).ask(PODS)
    assert answered["shown"] == "mine"
    assert server.asked[0].headers["Authorization"] == "Bearer plugin-token-1"


@pytest.mark.parametrize(
    ("user", "cluster", "told"),
    [
        ({"client-certificate-data": "AAAA"}, {}, "one is missing"),
        ({"client-certificate-data": "AAAA", "client-key-data": "AAAA"}, {}, "no pair"),
        ({"client-certificate": "/not/there", "client-key": "/not/there"}, {}, "client-certificate /not/there"),
        ({}, {"certificate-authority-data": "AAAA"}, "no certificate"),
        ({}, {"certificate-authority-data": "***"}, "not base64"),
        ({}, {"certificate-authority": "/not/there"}, "certificate-authority /not/there"),
    ],
)
def test_what_is_wrong_with_a_certificate_is_named(connect, user, cluster, told):
    with pytest.raises(KubeconfigError, match=told):
        connect("https://127.0.0.1:1", user, **cluster).ask(PODS)


def test_an_api_on_ipv6_and_below_a_path_is_reached(connect):
    with serving(lambda _: (200, ANSWER), host="::1") as server:
        assert connect(f"{server.address}/k8s/clusters/c-1/").ask(PODS) == ANSWER
    assert server.asked[0].path == f"/k8s/clusters/c-1{PODS.path}"


def test_a_login_in_the_address_is_shown_to_the_api_and_to_nobody_else(connect):
    with serving(lambda _: (200, ANSWER)) as server:
        connection = connect(server.address.replace("//", "//me:p%40ss-word@"))
        assert connection.ask(PODS) == ANSWER
    assert server.asked[0].headers["Authorization"] == "Basic " + data(b"me:p@ss-word")
    assert "ss-word" not in connection.cluster.server
    assert "ss-word" not in redact("me:p%40ss-word@ p@ss-word")


@contextmanager
def forwarding():
    """A proxy that tunnels (CONNECT), and notes what it was asked."""
    asked = []

    def answer(request):
        asked.append(request)
        handler = request.handler
        if request.method != "CONNECT":
            return 200, {**ANSWER, "by": "proxy"}
        host, _, port = request.path.rpartition(":")
        with socket.create_connection((host.strip("[]"), int(port))) as upstream:
            handler.wfile.write(b"HTTP/1.1 200 OK\r\n\r\n")
            back = threading.Thread(target=pass_on, args=(upstream, handler.connection))
            back.start()
            pass_on(handler.connection, upstream)
            back.join()
        return None

    with serving(answer) as server:
        yield SimpleNamespace(address=server.address, asked=asked)


def pass_on(source, target):
    try:
        while received := source.recv(65536):
            target.sendall(received)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        return


def test_the_proxy_of_the_kubeconfig_is_used_and_logged_in_to(authority, pem, connect, monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")  # For the proxies of the environment only, as in kubectl.
    with secure(authority, "127.0.0.1") as server, forwarding() as proxy:
        url = proxy.address.replace("//", "//me:hush-hush@")
        trusted = {"certificate-authority-data": data(pem), "proxy-url": url}
        connection = connect(server.address, {"token": "secret-token"}, **trusted)
        assert connection.ask(PODS)["items"] == []
        connection.close()
        (tunnel,) = proxy.asked
        assert tunnel.path == urlsplit(server.address).netloc
        assert tunnel.headers["proxy-authorization"] == "Basic " + data(b"me:hush-hush")
        assert "secret-token" not in str(tunnel.headers)
    with serving(lambda _: (200, ANSWER)) as server, forwarding() as proxy:
        assert connect(server.address, **{"proxy-url": proxy.address}).ask(PODS)["by"] == "proxy"


def test_a_proxy_that_does_not_answer_is_told_without_its_password(connect):
    with gateway.unreachable() as nowhere:
        proxy = nowhere.address.replace("//", "//me:hush-hush@")
        connection = connect("https://far.example", **{"proxy-url": proxy})
        with pytest.raises(NoAnswer, match="the proxy that proxy-url names did not let through") as failure:
            connection.ask(PODS)
    assert "hush" not in str(failure.value)


@pytest.mark.parametrize("url", ["http://me:hush:hush@proxy:port", "ftp://me:hush@proxy:1", "http://", "://hush"])
def test_what_is_no_proxy_is_named_and_not_shown(connect, monkeypatch, url):
    with pytest.raises(KubeconfigError, match="proxy-url of the kubeconfig cannot be used: ") as failure:
        connect("https://far.example", **{"proxy-url": url})
    assert "hush" not in str(failure.value)
    monkeypatch.setenv("HTTPS_PROXY", url)
    with pytest.raises(KubeconfigError, match="HTTPS_PROXY cannot be used: ") as failure:
        connect("https://far.example")
    assert "hush" not in str(failure.value)


@pytest.mark.parametrize(
    ("server", "proxy"),
    [
        ("https://far.example", "http://proxy.example:3128"),
        ("https://near.example:6443", None),
        ("https://10.1.2.3:6443", None),
        ("https://127.0.0.1:6443", None),
        ("https://127.1.2.3", None),
        ("https://[::1]:6443", None),
        ("https://localhost", None),
        ("http://far.example", None),
    ],
)
def test_the_proxy_of_the_environment_is_for_what_is_far(connect, monkeypatch, server, proxy):
    monkeypatch.setenv("HTTPS_PROXY", "proxy.example:3128")
    monkeypatch.setenv("NO_PROXY", "near.example,10.0.0.0/8")
    assert connect(server).cluster.proxy == proxy


@pytest.mark.parametrize(
    ("question", "told"),
    [
        (ApiRequest("GET", "/api/v1/namespaces?limit=1"), "list namespaces"),
        (ApiRequest("GET", "/api/v1/namespaces/focus"), "get namespaces focus"),
        (ApiRequest("DELETE", "/api/v1/namespaces/focus"), "delete namespaces focus"),
        (ApiRequest("POST", "/api/v1/namespaces"), "create namespaces"),
        (PODS, "list pods in the namespace focus"),
        (
            ApiRequest("PATCH", "/api/v1/namespaces/focus/pods/p/status"),
            "patch pods/status p in the namespace focus",
        ),
        (
            ApiRequest("DELETE", "/apis/batch/v1/namespaces/focus/jobs/j"),
            "delete jobs.batch j in the namespace focus",
        ),
    ],
)
def test_a_question_is_told_in_the_words_of_access_rights(question, told):
    assert str(question) == told
