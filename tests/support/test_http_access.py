"""What is asked over HTTP besides the Focus Server is reached by the same rules: near directly, far by its proxy."""

import re
import threading

import pytest
import requests
import trustme
from forwarding import LOGIN, PASSWORD, forwarding
from silent_servers import saying, serving

from support.checks import health
from support.core.errors import EnvironmentBroken
from support.core.http_access import HttpAccess
from support.faults.outages import restore
from support.observers.rabbitmq_management import ManagementAPI
from support.profile.settings import RabbitMQ, Toxiproxy


def management(host):
    """Ask the management API for what any answer will do for."""
    settings = RabbitMQ(url=f"amqp://{host}", management_url=f"http://me:own@{host}:15672", timeout_s=5)
    ManagementAPI(settings, "/").has_statistics()


def toxiproxy(host):
    restore(Toxiproxy(url=f"http://{host}:8474"), "mongodb")


def in_the_clear(host):
    assert health.ask_in_plaintext(f"https://{host}/focus", "/ack", 5).status_code == 200


@pytest.fixture(autouse=True)
def _no_proxies_from_outside(monkeypatch):
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.mark.parametrize(
    ("ask", "asked"),
    [
        (management, "GET http://far.example:15672/api/overview"),
        (in_the_clear, "GET http://far.example/focus/ack"),
        (toxiproxy, "GET http://far.example:8474/proxies/mongodb/toxics"),
    ],
)
def test_what_is_far_is_asked_through_the_proxy(monkeypatch, ask, asked):
    with forwarding() as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        try:
            ask("far.example")
        except EnvironmentBroken:
            assert ask is toxiproxy  # The proxy in the test knows no POST.
    assert proxy.asked[0] == asked
    assert proxy.logins[0] == f"svc:{PASSWORD}"


@pytest.mark.parametrize("ask", [management, toxiproxy])
@pytest.mark.parametrize(("refuses", "told"), [(None, "NewConnectionError"), (407, "407")])
def test_that_the_proxy_does_not_lead_there_is_told_with_its_variable(monkeypatch, ask, refuses, told):
    with forwarding(refuses=refuses or 407) as proxy:
        monkeypatch.setenv("ALL_PROXY", proxy.url if refuses else f"http://{LOGIN}@127.0.0.1:9")
        with pytest.raises(EnvironmentBroken) as error:
            ask("far.example")
    message = str(error.value)
    assert re.search(rf"through the proxy that ALL_PROXY names.*{told}", message, re.DOTALL)
    assert "x7q" not in message


@pytest.mark.parametrize("ask", [management, toxiproxy])
def test_what_is_on_this_machine_is_asked_directly(monkeypatch, ask):
    with forwarding() as proxy:
        monkeypatch.setenv("ALL_PROXY", proxy.url)
        with pytest.raises(EnvironmentBroken):  # Nobody is there.
            ask("127.0.0.1")
        assert proxy.asked == []


def test_what_verifies_is_made_once_for_the_same_certificates(tmp_path):
    """Each scenario has sessions of its own, and to read certificates takes longer than to shake hands."""

    def what_verifies():
        session = HttpAccess.to("https://far.example", file, "focus_server.ca_file").session()
        pool = session.get_adapter("https://far.example").get_connection_with_tls_context(
            requests.Request("GET", "https://far.example").prepare(), verify=True
        )
        return pool.conn_kw["ssl_context"]

    file = tmp_path / "ca.pem"
    trustme.CA().cert_pem.write_to_path(str(file))
    first = what_verifies()
    assert what_verifies() is first
    assert first.get_ca_certs()
    assert first.check_hostname
    trustme.CA().cert_pem.write_to_path(str(file))
    assert what_verifies() is not first


def test_all_requests_of_a_caller_are_made_by_one_thread_and_each_caller_has_its_own():
    session = HttpAccess.to("http://127.0.0.1", None, "a setting").session()
    made_by = []
    session.hooks["response"].append(lambda *_, **__: made_by.append(threading.current_thread()))

    def ask_twice(port):
        for _ in range(2):
            session.get(f"http://127.0.0.1:{port}", timeout=5)

    with serving(saying(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")) as port:
        ask_twice(port)
        other = threading.Thread(target=ask_twice, args=(port,))
        other.start()
        other.join()
        session.close()
        made_by[0].join(10)
        assert not made_by[0].is_alive()
        ask_twice(port)
    first, again, of_other, again_of_other, after_close, _ = made_by
    assert first is again
    assert of_other is again_of_other
    assert len({first, of_other, after_close, threading.current_thread()}) == 4
