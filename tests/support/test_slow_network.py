"""The journal knows of a slow network, and of the profiler, before they are made."""

from types import SimpleNamespace

import pytest

from support.core.errors import EnvironmentBroken
from support.faults import slow_network
from support.load import slow_queries
from support.profile.settings import FocusServer, Toxiproxy
from tests.support.stand_ins import Journal

SERVER = FocusServer(base_url="https://127.0.0.1:5000/focus")
TOXIPROXY = Toxiproxy(url="http://127.0.0.1:8474")


@pytest.fixture
def journal():
    return Journal()


def test_a_slow_network_is_made_by_a_proxy_that_the_journal_knows_and_goes_at_the_end(journal, monkeypatch):
    def ask(toxiproxy, method, path, body=None):
        journal.entries.append((method, path.replace(name(), "NAME") if journal.entries else path))
        return {"listen": "127.0.0.1:4711"}

    def name():
        return journal.entries[0][1]

    monkeypatch.setattr(slow_network, "ask_toxiproxy", ask)
    with slow_network.slowed(SERVER, TOXIPROXY, 100, journal) as network:
        assert network.server.base_url == "https://127.0.0.1:4711/focus"
        assert network.round_trip_s == 0.2
    assert journal.entries == [
        ("proxy made", name()),
        ("POST", ""),
        ("POST", "/NAME/toxics"),
        ("POST", "/NAME/toxics"),
        ("DELETE", "/NAME"),
    ]


class Database:
    """Notes what it is told; its profiler has one slow query of the server's, and one of the suite's own."""

    def __init__(self, journal, refuses=False):
        self.journal, self.refuses = journal, refuses

    def profile(self, level, slow_ms=None):
        self.journal.entries.append(("profiler", level))
        if self.refuses:
            raise EnvironmentBroken("not for you")

    def drop(self, collection):
        self.journal.entries.append(("drop", collection))

    def collection(self, name):
        noted = [
            {"user": "server@admin", "op": "query", "ns": "focus.tasks", "millis": 250},
            {"user": "suite@admin", "op": "query", "ns": "focus.tasks", "millis": 900},
        ]
        return SimpleNamespace(find=lambda query: noted)


def settings(exclusive=True):
    uri = SimpleNamespace(get_secret_value=lambda: "mongodb://suite:word@127.0.0.1:1")
    load = SimpleNamespace(slow_query_s=0.1)
    return SimpleNamespace(exclusive=exclusive, mongodb=SimpleNamespace(uri=uri), load=load)


def test_slow_queries_of_the_server_are_found_and_the_profiler_is_off_at_the_end(journal):
    with slow_queries.watched(settings(), Database(journal), journal) as slow:
        assert journal.entries == ["profiler on", ("profiler", 1)]
    assert journal.entries[2:] == [("profiler", 0), ("drop", "system.profile")]
    assert (slow.found, slow.unseen) == (["query in tasks took 0.250 s"], None)


def test_a_profiler_that_may_not_be_used_is_said(journal):
    with slow_queries.watched(settings(), Database(journal, refuses=True), journal) as slow:
        pass
    assert slow.found == []
    assert "not for you" in slow.unseen


def test_the_profiler_of_others_is_left_alone(journal):
    with slow_queries.watched(settings(exclusive=False), Database(journal), journal) as slow:
        pass
    assert journal.entries == []
    assert "others use this MongoDB" in slow.unseen
