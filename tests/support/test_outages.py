"""What Toxiproxy is told to do, seen from its side, and what is left of it at the end."""

import json
import re
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from support.core.errors import EnvironmentBroken
from support.faults.local_server import serving
from support.faults.outages import NoSuchProxy, Outages, restore
from support.profile.settings import Toxiproxy


class Proxies(ThreadingHTTPServer):
    """Two proxies as Toxiproxy keeps them: whether each is enabled, and its toxics."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.enabled = {"way-to-mongodb": True, "way-to-rabbitmq": True}
        self.toxics = {name: {} for name in self.enabled}
        self.unknown, self.deaf, self.odd = set(), False, None

    @property
    def settings(self):
        url = f"http://127.0.0.1:{self.server_port}"
        return Toxiproxy(url=url, mongodb="way-to-mongodb", rabbitmq="way-to-rabbitmq")

    def do(self, method, steps, body):
        """The status and the answer to a request."""
        if steps[0] != "proxies" or steps[1] not in self.enabled or steps[1] in self.unknown:
            return 404, {"error": "proxy not found", "status": 404}
        match method, steps[2:]:
            case "POST", []:
                if not self.deaf:
                    self.enabled[steps[1]] = body["enabled"]
                return 200, {"name": steps[1], "enabled": self.enabled[steps[1]]}
            case "POST", ["toxics"]:
                self.toxics[steps[1]][body["name"]] = body
                return 200, body
            case "GET", ["toxics"] if self.odd is not None:
                return 200, self.odd
            case "GET", ["toxics"]:
                return 200, list(self.toxics[steps[1]].values())
            case "DELETE", ["toxics", toxic]:
                del self.toxics[steps[1]][toxic]
                return 204, None
        return 405, None


class Handler(BaseHTTPRequestHandler):
    def _answer(self):
        length = int(self.headers.get("Content-Length", 0))
        body = json.loads(self.rfile.read(length)) if length else None
        status, answer = self.server.do(self.command, self.path.strip("/").split("/"), body)
        content = b"" if answer is None else json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = do_DELETE = _answer

    def log_message(self, *_):
        """Say nothing."""


@pytest.fixture
def proxies():
    with serving(Proxies()) as server:
        yield server


@pytest.fixture
def announced():
    return []


@pytest.fixture
def outages(proxies, announced):
    return Outages(proxies.settings, announced.append)


def test_who_is_cut_off_cannot_connect_until_the_end(outages, proxies, announced):
    outages.cut_off("MongoDB")
    assert proxies.enabled == {"way-to-mongodb": False, "way-to-rabbitmq": True}
    outages.end()
    assert proxies.enabled == {"way-to-mongodb": True, "way-to-rabbitmq": True}
    assert announced == ["way-to-mongodb"]


@pytest.mark.parametrize(
    ("outage", "toxic"),
    [
        ("silence", ("timeout", "upstream", {"timeout": 0})),
        ("lose_answers", ("timeout", "downstream", {"timeout": 0})),
        ("slow_down", ("latency", "downstream", {"latency": 300})),
        ("slow_down_by_a_second", ("latency", "downstream", {"latency": 1000})),
    ],
)
def test_what_is_dropped_or_late_is_so_in_one_direction_and_no_connection_is_closed(outages, proxies, outage, toxic):
    getattr(outages, outage)("RabbitMQ")
    assert proxies.toxics["way-to-mongodb"] == {}
    (seen,) = proxies.toxics["way-to-rabbitmq"].values()
    assert (seen["type"], seen["stream"], seen["attributes"]) == toxic
    assert all(proxies.enabled.values())
    outages.end()
    assert proxies.toxics["way-to-rabbitmq"] == {}


def test_several_outages_end_together(outages, proxies):
    outages.cut_off("MongoDB")
    outages.silence("RabbitMQ")
    outages.lose_answers("RabbitMQ")
    outages.end()
    assert all(proxies.enabled.values())
    assert not any(proxies.toxics.values())


def test_one_of_several_outages_ends_and_the_others_go_on(outages, proxies):
    outages.cut_off("MongoDB")
    outages.slow_down("RabbitMQ")
    outages.cut_off("RabbitMQ")
    assert outages.broken() == {"MongoDB", "RabbitMQ"}
    outages.reopen("RabbitMQ")
    assert proxies.enabled == {"way-to-mongodb": False, "way-to-rabbitmq": True}
    assert outages.broken() == {"MongoDB"}
    outages.end()
    assert all(proxies.enabled.values())
    assert outages.broken() == set()


def test_it_is_announced_before_anything_is_done(proxies):
    seen = []
    outages = Outages(proxies.settings, lambda proxy: seen.append(proxies.enabled[proxy]))
    outages.cut_off("MongoDB")
    assert seen == [True]


def test_without_an_outage_nothing_is_asked_and_after_one_only_once(outages, proxies):
    outages.cut_off("MongoDB")
    outages.end()
    proxies.unknown.add("way-to-mongodb")
    outages.end()


def test_one_that_does_not_end_is_named_keeps_no_other_from_ending_and_is_ended_by_the_next_try(outages, proxies):
    outages.cut_off("MongoDB")
    outages.cut_off("RabbitMQ")
    proxies.unknown.add("way-to-mongodb")
    with pytest.raises(EnvironmentBroken, match="'way-to-mongodb'") as failure:
        outages.end()
    assert "way-to-rabbitmq" not in str(failure.value)
    assert proxies.enabled == {"way-to-mongodb": False, "way-to-rabbitmq": True}
    proxies.unknown.clear()
    outages.end()
    assert proxies.enabled["way-to-mongodb"]


@pytest.mark.parametrize(("outage", "state"), [("cut_off", "disabled"), ("end", "enabled")])
def test_a_proxy_that_is_not_switched_though_it_was_told_so_is_no_proxy_to_rely_on(outages, proxies, outage, state):
    if outage == "end":
        outages.cut_off("MongoDB")
    proxies.deaf = True
    with pytest.raises(EnvironmentBroken, match=f"expected the proxy 'way-to-mongodb' to be {state}"):
        outages.cut_off("MongoDB") if outage == "cut_off" else outages.end()


def test_one_that_was_refused_may_have_been_made_and_is_ended(outages, proxies):
    proxies.unknown.add("way-to-mongodb")
    with pytest.raises(EnvironmentBroken, match=r"(?s)404.*settings toxiproxy"):
        outages.cut_off("MongoDB")
    proxies.unknown.clear()
    proxies.enabled["way-to-mongodb"] = False
    outages.end()
    assert proxies.enabled["way-to-mongodb"]


def test_possible_is_what_has_a_proxy_and_of_the_rest_it_is_said_why_not(outages, proxies):
    assert [outages.impossible(name) for name in ("MongoDB", "RabbitMQ")] == [None, None]
    assert outages.impossible("Kubernetes") == "toxiproxy.kubernetes is not set"
    nowhere = Outages(proxies.settings.model_copy(update={"url": None}), print)
    assert nowhere.impossible("MongoDB") == "toxiproxy.url is not set"
    told = Outages(proxies.settings.model_copy(update={"not_relayed": {"kubernetes": "it is far"}}), print)
    assert told.impossible("Kubernetes") == "it is far"


def test_a_proxy_that_another_run_has_broken_is_restored_and_an_operators_toxics_stay(outages, proxies):
    outages.silence("MongoDB")
    outages.cut_off("MongoDB")
    by_hand = {"timeout_upstream": {"name": "timeout_upstream"}}
    proxies.toxics["way-to-mongodb"] |= by_hand
    restore(proxies.settings, "way-to-mongodb")
    assert proxies.enabled["way-to-mongodb"]
    assert proxies.toxics["way-to-mongodb"] == by_hand


def test_a_proxy_that_is_not_known_is_told_apart_from_one_that_cannot_be_told(proxies):
    for toxiproxy in (proxies.settings, proxies.settings.model_copy(update={"url": None})):
        with pytest.raises(NoSuchProxy):
            restore(toxiproxy, "another")
    with pytest.raises(EnvironmentBroken) as failure:
        restore(Toxiproxy(url="http://127.0.0.1:9"), "another")
    assert not isinstance(failure.value, NoSuchProxy)


def test_that_nobody_is_there_is_said_with_the_address():
    outages = Outages(Toxiproxy(url="http://127.0.0.1:9", mongodb="m"), lambda proxy: None)
    with pytest.raises(EnvironmentBroken, match=re.escape("http://127.0.0.1:9/proxies/m")):
        outages.cut_off("MongoDB")


@pytest.mark.parametrize("odd", [{"toxics": []}, ["timeout"], [{"type": "timeout"}], "none", 7])
def test_what_answers_something_else_is_no_toxiproxy_and_named_as_that(proxies, odd):
    proxies.odd = odd
    with pytest.raises(EnvironmentBroken, match=r"expected a list of the toxics.*\n.*seen: .*\n.*toxiproxy\.url"):
        restore(proxies.settings, "way-to-mongodb")
