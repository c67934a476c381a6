"""Watches of Kubernetes: what is told late, or not in a readable form, is told as missed and blames nobody."""

import json
import threading
from queue import SimpleQueue
from types import SimpleNamespace

import pytest
from stand_ins import settings

from kubeconfig.calls import NoAnswer, Refused
from support.core.errors import EnvironmentBroken
from support.observers import kubernetes_watch
from support.observers.history import History
from support.observers.kubernetes_api import JOBS, PODS
from support.observers.kubernetes_watch import Watches


def event(kind, name, version):
    metadata = {"name": name, "uid": name, "namespace": "n", "resourceVersion": str(version), "labels": {}}
    return {"type": kind, "object": {"metadata": metadata, "spec": {}, "status": {}}}


def bookmark(version):
    return {"type": "BOOKMARK", "object": {"metadata": {"resourceVersion": str(version)}}}


class Stream:
    """Tells what it is given, until it is ended; an exception is raised."""

    def __init__(self):
        self.lines_to_tell = SimpleQueue()

    def tell(self, *lines):
        for line in lines:
            self.lines_to_tell.put(line if isinstance(line, bytes | Exception | None) else json.dumps(line).encode())

    def lines(self):
        while (line := self.lines_to_tell.get()) is not None:
            if isinstance(line, Exception):
                raise line
            yield line

    def end(self):
        self.lines_to_tell.put(None)


class Namespace:
    """A namespace at version 1; every watch of Jobs that is begun is in `begun`, after the version that it was at.

    `others` are the other kinds that may be listed, each with what its watch tells; None: it may not be watched.
    """

    def __init__(self):
        self.versions = {JOBS: 1}
        self.begun = SimpleQueue()
        self.last: list[object] = []
        self.pods: list[object] = []
        self.others: dict[str, list[object] | None] = {}

    def other_kinds(self):
        return [(kind, kind) for kind in self.others]

    def version(self, path):
        return self.versions.get(path, 0)

    def items(self, path):
        return []

    def watch(self, path, version, ends_after_s=None):
        stream = Stream()
        if ends_after_s is not None:
            stream.tell(*(self.last if path == JOBS else ()), None)
        elif path == JOBS:
            self.begun.put((version, stream))
        elif path == PODS:
            stream.tell(*self.pods)
        elif path in self.others:
            if (told := self.others[path]) is None:
                raise EnvironmentBroken(f"to watch {path} is forbidden")
            stream.tell(*told)
        return stream


@pytest.fixture
def namespace(monkeypatch):
    monkeypatch.setattr(kubernetes_watch, "_REACHED_WITHIN_S", 0.2)
    monkeypatch.setattr(kubernetes_watch, "_BETWEEN_ATTEMPTS_S", 0.01)
    return Namespace()


@pytest.fixture
def missed():
    return []


@pytest.fixture
def watches(namespace, missed):
    watches = Watches(namespace, settings(), missed.append)
    yield watches
    watches.close()


@pytest.fixture
def stream(namespace, watches):
    return namespace.begun.get(timeout=2)[1]


def told(watches, **options):
    return [(one.event, one.effect.name) for one in watches.read(**options)]


PARTS = settings(workloads={"mongodb": "statefulset/mongodb"})
ALONE = settings(exclusive=True)


def reach(namespace, watches, version):
    """Have read everything up to a version."""
    namespace.versions[JOBS] = version
    return told(watches)


def test_what_happens_is_read_up_to_the_last_look(namespace, watches, stream, missed):
    threading.Timer(0.05, lambda: stream.tell(event("ADDED", "a", 2), event("DELETED", "a", 3))).start()
    assert reach(namespace, watches, 3) == [("came", "a"), ("went", "a")]
    assert missed == []


def test_pods_of_parts_come_and_go_unheard(namespace, missed):
    of_a_part = event("ADDED", "mongodb-0", 2)
    owner = {"kind": "StatefulSet", "name": "mongodb", "uid": "m", "controller": True}
    of_a_part["object"]["metadata"]["ownerReferences"] = [owner]
    late = {**of_a_part, "type": "DELETED"}  # Of before the reading that is over: not even told as missed.
    namespace.versions[PODS], namespace.pods = 1, [of_a_part, event("ADDED", "leaked", 3)]
    watches = Watches(namespace, PARTS, missed.append)
    namespace.versions[PODS] = 3
    assert told(watches) == [("came", "leaked")]
    watches._watches[1]._take(late, None)
    namespace.versions[PODS] = 2
    assert (told(watches), missed) == ([], [])
    watches.close()


def test_what_a_server_could_leak_is_watched_where_the_run_is_alone_and_what_changes_by_itself_is_left_out(
    namespace, missed
):
    leaked = [event("ADDED", "leaked", 3), event("DELETED", "leaked", 4)]
    namespace.others = {
        "configmaps": [event("ADDED", "kube-root-ca.crt", 2), *leaked],
        "persistentvolumeclaims": [event("ADDED", "claim", 2), event("MODIFIED", "claim", 4)],
        "serviceaccounts": [event("ADDED", "default", 3), bookmark(4)],
    }
    namespace.versions |= dict.fromkeys(namespace.others, 1)
    watches = Watches(namespace, ALONE, missed.append)
    namespace.versions |= dict.fromkeys(namespace.others, 4)
    found = {(one.event, one.kind, one.effect.name) for one in watches.read()}
    assert found == {
        ("came", "object of Kubernetes (configmaps)", "leaked"),
        ("went", "object of Kubernetes (configmaps)", "leaked"),
        ("came", "object of Kubernetes (persistentvolumeclaims)", "claim"),
    }
    assert (watches.unwatched, missed) == ({}, [])
    watches.close()


def test_a_kind_that_may_be_listed_and_not_watched_is_told_and_the_others_are_watched(namespace, missed):
    namespace.others = {"secrets": None, "configmaps": [event("ADDED", "leaked", 2)]}
    namespace.versions["configmaps"] = 1
    watches = Watches(namespace, ALONE, missed.append)
    namespace.versions["configmaps"] = 2
    assert told(watches) == [("came", "leaked")]
    assert watches.unwatched == {"secrets": "to watch secrets is forbidden"}
    watches.close()


def test_the_report_says_which_kinds_are_only_looked_at_and_why():
    source = SimpleNamespace(unwatched={"secrets": "it is forbidden"}, close=lambda: None)
    history = History({"Kubernetes": lambda missed: source})
    assert history.description() == "told by Kubernetes; Kubernetes (secrets) is only looked at: it is forbidden"
    history.close()


@pytest.mark.parametrize(
    "own",
    [settings(), settings(exclusive=True, kubernetes={"left_alone": ["secrets"]})],
    ids=["others work there", "the whole kind changes by itself"],
)
def test_other_kinds_are_not_watched_where(namespace, missed, own):
    namespace.others = {"secrets": None, "leases.coordination.k8s.io": None}
    watches = Watches(namespace, own, missed.append)
    assert watches.unwatched == {}
    watches.close()


def test_what_is_told_after_its_reading_is_missed_and_not_the_next_ones(namespace, watches, stream, missed):
    assert reach(namespace, watches, 5) == []
    assert not watches.is_prompt
    assert "did not say that it told all" in missed.pop()
    stream.tell(event("ADDED", "late", 5), event("ADDED", "own", 6), bookmark(6))
    for watch in watches._watches[:1]:
        assert watch.reach(6, 2)
    assert told(watches) == [("came", "own")]
    (gap,) = missed
    assert "late came: Kubernetes told it late" in gap


@pytest.mark.parametrize(
    ("metadata", "why"),
    [
        ({"name": "odd", "uid": "odd"}, "no version can be read"),
        ({"name": "odd", "uid": "odd", "resourceVersion": "2", "labels": 5}, "labels"),
    ],
)
def test_an_object_that_cannot_be_read_is_told_and_the_next_ones_are_read(
    namespace, watches, stream, missed, metadata, why
):
    odd = {"type": "ADDED", "object": {"metadata": metadata}}
    stream.tell(odd, event("ADDED", "a", 3))
    assert reach(namespace, watches, 3) == [("came", "a")]
    (gap,) = missed
    assert why in gap
    assert namespace.begun.empty()


@pytest.mark.parametrize("odd", [b"no json", {"type": "ADDED"}, {"type": "BOOKMARK", "object": None}])
def test_a_last_reading_that_cannot_be_read_is_told(namespace, watches, missed, odd):
    watches.is_prompt = False
    namespace.last = [event("ADDED", "a", 2), odd]
    assert told(watches, is_last=True) == [("came", "a")]
    (gap,) = missed
    assert "what came and went last" in gap


def test_the_last_reading_that_fails_is_told(namespace, watches, stream, missed):
    watches.is_prompt = False
    namespace.last = [event("ADDED", "a", 2), NoAnswer("it broke off")]
    assert told(watches, is_last=True) == [("came", "a")]
    (gap,) = missed
    assert "it broke off" in gap


@pytest.mark.parametrize(
    ("odd", "why"),
    [
        (b"no json", "cannot be read"),
        ({"type": "BOOKMARK", "object": {"metadata": {}}}, "cannot be read"),
        ({"type": "ERROR", "object": {"code": 410, "message": "too old"}}, "no longer tells"),
    ],
)
def test_after_what_cannot_be_read_it_goes_on_from_now(namespace, watches, stream, missed, odd, why):
    namespace.versions[JOBS] = 9
    stream.tell(odd)
    version, _ = namespace.begun.get(timeout=2)
    assert version == 9
    (gap,) = missed
    assert why in gap


@pytest.mark.parametrize("failure", [NoAnswer("it was cut"), Refused("not now", 503)])
def test_after_a_cut_it_goes_on_where_it_was(namespace, watches, stream, missed, failure):
    stream.tell(event("ADDED", "a", 4), failure)
    version, again = namespace.begun.get(timeout=2)
    assert version == 4
    again.tell(event("DELETED", "a", 5))
    assert reach(namespace, watches, 5) == [("came", "a"), ("went", "a")]
    assert missed == []
