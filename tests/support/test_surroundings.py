"""What is of no kind of side effect, and must not change at all."""

from contextlib import closing, contextmanager
from types import SimpleNamespace

import pytest
from kubernetes_stand_in import serving, write_kubeconfig
from stand_ins import settings

from support.core.errors import EnvironmentBroken
from support.observers.kubernetes_api import Namespace
from support.observers.surroundings import Surroundings, change_problems
from support.profile.settings import Kubernetes

SETTINGS = settings()


class Store:
    """A database, a broker and a namespace in memory."""

    def __init__(self, own=SETTINGS):
        self.documents = {"tasks": [{"_id": 1}], "recordings": [{"_id": 2}], "system.views": [{"_id": 3}], "notes": []}
        self.exchanges, self.bindings, self.policies = [{"name": "theirs", "durable": True}], [], []
        self.objects = {"configmaps": [], "events": [], "leases.coordination.k8s.io": []}
        self.database = SimpleNamespace(
            collections=lambda: list(self.documents),
            collection=lambda name: SimpleNamespace(find=lambda query: self.documents[name]),
        )
        management = SimpleNamespace(
            definitions=lambda: {"exchanges": self.exchanges, "bindings": self.bindings, "policies": self.policies}
        )
        self.broker = SimpleNamespace(management=management)
        namespace = SimpleNamespace(
            other_kinds=lambda: [(kind, kind) for kind in self.objects], items=lambda path, **_: self.objects[path]
        )
        self.surroundings = Surroundings(own, self.database, self.broker, namespace)


@pytest.fixture
def store():
    return Store()


def config_map(name, value="a", **metadata):
    return {"metadata": {"name": name, **metadata}, "data": {"key": value}}


def add(*path):
    def change(store):
        kind, name, new = path
        getattr(store, kind)[name].append(new) if name else getattr(store, kind).append(new)

    return change


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (
            add("documents", "notes", {"_id": 4, "text": "made"}),
            "new document of the collection notes, 4: {'_id': 4, 'text'",
        ),
        (
            lambda store: store.documents.update(audit=[{"_id": 9}]),
            "there is a new document of the collection audit, 9",
        ),
        (add("exchanges", "", {"name": "mine"}), 'there is a new exchange, mine: {"name": "mine"}'),
        (
            add("bindings", "", {"source": "mine", "destination": "q", "routing_key": "k"}),
            "there is a new binding, mine -> q (k)",
        ),
        (add("policies", "", {"name": "limit"}), "there is a new policy, limit"),
        (lambda store: store.exchanges.clear(), "the exchange theirs is gone"),
        (lambda store: store.exchanges[0].update(durable=False), "the exchange theirs has changed"),
        (add("objects", "configmaps", config_map("left")), "there is a new object of Kubernetes (configmaps), left"),
    ],
)
def test_what_changes_is_told_with_its_content(store, change, told):
    before = store.surroundings.look()
    before = dict(before)
    change(store)
    (problem,) = change_problems(before, store.surroundings.look())
    assert told in problem


@pytest.mark.parametrize(
    "change",
    [
        lambda store: None,
        add("documents", "tasks", {"_id": 10}),
        add("documents", "recordings", {"_id": 10}),
        add("documents", "system.views", {"_id": 10}),
        add("objects", "events", config_map("an-event")),
        add("objects", "leases.coordination.k8s.io", config_map("a-leader")),
        add("objects", "configmaps", config_map("kube-root-ca.crt")),
    ],
)
def test_what_is_counted_or_changes_by_itself_is_left_alone(store, change):
    before = store.surroundings.look()
    change(store)
    assert change_problems(before, store.surroundings.look()) == []


def test_of_an_object_what_lasts_is_compared(store):
    store.objects["configmaps"].append(config_map("one", resourceVersion="1"))
    before = store.surroundings.look()
    store.objects["configmaps"][0] = {**config_map("one", resourceVersion="2"), "status": {"ready": True}}
    assert change_problems(before, store.surroundings.look()) == []
    store.objects["configmaps"][0] = config_map("one", "b")
    assert "has changed" in change_problems(before, store.surroundings.look())[0]


@pytest.fixture
def beside():
    """A store whose parts share the analyzers' namespace."""
    named = settings(workloads={"mongodb": "statefulset/mongodb", "focus_server": "deployment/server"})
    return Store(named)


def workload(name, replicas, image="one"):
    template = {"spec": {"containers": [{"image": image}]}}
    return {"metadata": {"name": name}, "spec": {"replicas": replicas, "template": template}}


def test_how_many_pods_a_part_is_to_have_may_change_and_nothing_else_of_it(beside):
    for kind, name in (("statefulsets.apps", "mongodb"), ("deployments.apps", "server"), ("deployments.apps", "more")):
        beside.objects.setdefault(kind, []).append(workload(name, 1))
    before = beside.surroundings.look()
    beside.objects["statefulsets.apps"] = [workload("mongodb", 0)]
    beside.objects["deployments.apps"] = [workload("server", 0), workload("more", 1)]
    assert change_problems(before, beside.surroundings.look()) == []
    beside.objects["statefulsets.apps"] = [workload("mongodb", 1, "two")]
    beside.objects["deployments.apps"] = [workload("server", 1), workload("more", 0)]
    more, mongodb = change_problems(before, beside.surroundings.look())
    assert "(deployments.apps) more has changed" in more
    assert "(statefulsets.apps) mongodb has changed" in mongodb


def test_what_kubernetes_makes_for_a_part_may_change(beside):
    owner = {"kind": "Deployment", "name": "server", "controller": True}
    beside.objects["replicasets.apps"] = []
    before = beside.surroundings.look()
    beside.objects["replicasets.apps"] += [config_map("server-5f4d", ownerReferences=[owner]), config_map("bare")]
    (problem,) = change_problems(before, beside.surroundings.look())
    assert "new object of Kubernetes (replicasets.apps), bare" in problem


def test_without_a_management_api_exchanges_are_not_seen(store):
    store.broker.management = None
    assert {kind for kind, _ in store.surroundings.look()} == set()


RESOURCES = {
    "/apis": {"groups": [{"preferredVersion": {"groupVersion": "batch/v1"}}]},
    "/api/v1": {
        "resources": [
            {"name": "pods", "namespaced": True, "verbs": ["list"]},
            {"name": "pods/log", "namespaced": True, "verbs": ["get", "list"]},
            {"name": "secrets", "namespaced": True, "verbs": ["get", "list"]},
            {"name": "configmaps", "namespaced": True, "verbs": ["list"]},
            {"name": "bindings", "namespaced": True, "verbs": ["create"]},
            {"name": "nodes", "namespaced": False, "verbs": ["list"]},
        ]
    },
    "/apis/batch/v1": {
        "resources": [
            {"name": "jobs", "namespaced": True, "verbs": ["list"]},
            {"name": "cronjobs", "namespaced": True, "verbs": ["list"]},
        ]
    },
}


@pytest.fixture
def namespace(tmp_path):
    """A namespace of an API that serves these kinds, with items by a part of their path; and what it was asked."""

    @contextmanager
    def of(items):
        def answer(request):
            if request.path in RESOURCES:
                return 200, RESOURCES[request.path]
            found = next((these for part, these in items.items() if part in request.path), [])
            return (403, {"kind": "Status"}) if "/secrets" in request.path else (200, {"items": found})

        with serving(answer) as api:
            file = write_kubeconfig(tmp_path / "kubeconfig", api.address)
            with closing(Namespace(Kubernetes(kubeconfig=file, namespace="ours"))) as namespace:
                yield namespace, api.asked

    return of


def test_kinds_are_those_that_may_be_listed_besides_the_counted_ones(namespace):
    with namespace({}) as (ours, asked):
        expected = [
            ("configmaps", "/api/v1/namespaces/ours/configmaps"),
            ("cronjobs.batch", "/apis/batch/v1/namespaces/ours/cronjobs"),
        ]
        assert ours.other_kinds() == expected
        count = len(asked)
        assert ours.other_kinds() == expected
        assert len(asked) == count


def test_an_object_that_is_stored_nowhere_has_no_uid_and_is_looked_at_all_the_same(store, namespace):
    """As what an aggregated API works out when it is asked."""
    with namespace({"/cronjobs": [{"metadata": {"name": "worked-out"}}]}) as (ours, _):
        seen = Surroundings(SETTINGS, store.database, store.broker, ours).look()
    assert ("object of Kubernetes (cronjobs.batch)", "worked-out") in seen


def test_an_object_without_a_name_is_no_answer(store, namespace):
    with (
        namespace({"/cronjobs": [{"metadata": {}}]}) as (ours, _),
        pytest.raises(EnvironmentBroken, match=r"metadata\.name"),
    ):
        Surroundings(SETTINGS, store.database, store.broker, ours).look()
