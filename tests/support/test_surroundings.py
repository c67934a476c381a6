"""What is of no kind of side effect, and must not change at all."""

from contextlib import closing, contextmanager
from types import SimpleNamespace

import pytest
from bson.objectid import ObjectId
from kubernetes_stand_in import serving, write_kubeconfig
from stand_ins import settings

from support.core.errors import EnvironmentBroken
from support.observers.kubernetes_api import Namespace
from support.observers.surroundings import Surroundings, change_problems, shown
from support.profile.settings import Kubernetes

SETTINGS = settings()
RECORDING = {"_id": 2, "uuid": "theirs", "start_time": 1, "end_time": 2, "deleted": False}


class Store:
    """A database, a broker and a namespace in memory."""

    def __init__(self, own=SETTINGS):
        self.documents = {"tasks": [{"_id": 1}], "recordings": [dict(RECORDING)], "system.views": [], "notes": []}
        self.exchanges, self.bindings, self.policies = [{"name": "theirs", "durable": True}], [], []
        self.objects = {"configmaps": [], "secrets": [], "events": [], "leases.coordination.k8s.io": []}
        self.own_documents = set()
        self.database = SimpleNamespace(
            collections=lambda: list(self.documents),
            collection=lambda name: SimpleNamespace(
                find=lambda query, limit: self.documents[name][:limit],
                count=lambda query: sum(one["_id"] not in query["_id"]["$nin"] for one in self.documents[name]),
            ),
        )
        management = SimpleNamespace(
            definitions=lambda: {"exchanges": self.exchanges, "bindings": self.bindings, "policies": self.policies}
        )
        self.broker = SimpleNamespace(management=management)
        namespace = SimpleNamespace(
            other_kinds=lambda: [(kind, kind) for kind in self.objects], items=lambda path, **_: self.objects[path]
        )
        self.surroundings = Surroundings(own, self.database, self.broker, namespace, self.own_documents)


@pytest.fixture
def store():
    return Store()


def test_of_very_many_documents_the_number_is_compared_without_those_of_the_suite(store):
    store.documents["recordings"] += [{**RECORDING, "_id": ObjectId()} for _ in range(2000)]
    before = store.surroundings.look()
    own = ObjectId()
    store.documents["recordings"].append({**RECORDING, "_id": own})
    store.own_documents.add(str(own))
    assert store.surroundings.look() == before
    store.documents["recordings"].append({**RECORDING, "_id": ObjectId()})
    after = store.surroundings.look()
    assert change_problems(before, after) == ["the recording number of those in recordings has changed: 2002"]
    assert change_problems(before, after, is_recorded=True) == []


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
        (lambda store: store.documents.update(empty=[]), "there is a new collection, empty"),
        (lambda store: store.documents.pop("notes"), "the collection notes is gone"),
        (
            add("documents", "recordings", {**RECORDING, "_id": 10}),
            "there is a new recording, 10: {'_id': 10, 'uuid': 'theirs'",
        ),
        (lambda store: store.documents["recordings"].clear(), "the recording 2 is gone: {'_id': 2, 'uuid': 'theirs'"),
        (lambda store: store.documents["recordings"][0].update(end_time=3), "the recording 2 has changed: {'_id': 2"),
        (
            add("documents", "recordings", {"_id": 11, "uuid": "a note"}),
            "there is a new document of the collection recordings, 11: {'_id': 11",
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
        add("documents", "system.views", {"_id": 10}),
        lambda store: store.documents.update({"system.profile": []}),
        add("objects", "events", config_map("an-event")),
        add("objects", "leases.coordination.k8s.io", config_map("a-leader")),
        add("objects", "configmaps", config_map("kube-root-ca.crt")),
    ],
)
def test_what_is_counted_or_changes_by_itself_is_left_alone(store, change):
    before = store.surroundings.look()
    change(store)
    assert change_problems(before, store.surroundings.look()) == []


def test_a_new_collection_is_told_and_so_is_what_is_in_it(store):
    before = store.surroundings.look()
    store.documents["audit"] = [{"_id": 9}]
    assert change_problems(before, store.surroundings.look()) == [
        "there is a new collection, audit",
        "there is a new document of the collection audit, 9: {'_id': 9}",
    ]


def test_the_collections_of_the_product_may_come_when_they_are_first_needed(store):
    there = {name: store.documents.pop(name) for name in ("tasks", "recordings")}
    before = store.surroundings.look()
    store.documents |= dict.fromkeys(there, ())
    assert change_problems(before, store.surroundings.look()) == []


def test_a_recording_that_the_suite_has_put_may_come_and_go_and_none_beside_it(store):
    before = store.surroundings.look()
    store.own_documents.add("20")
    store.documents["recordings"] += [{**RECORDING, "_id": 20}, {**RECORDING, "_id": 21}]
    (problem,) = change_problems(before, store.surroundings.look())
    assert "there is a new recording, 21" in problem


def test_while_a_recorder_is_at_work_recordings_come_and_end_and_nothing_else_does(store):
    before = store.surroundings.look()
    store.documents["recordings"][0]["end_time"] = 3
    store.documents["recordings"] += [{**RECORDING, "_id": 20}, {"_id": 21, "note": "none of a recorder's"}]
    (problem,) = change_problems(before, store.surroundings.look(), is_recorded=True)
    assert "there is a new document of the collection recordings, 21" in problem


def test_of_a_secret_no_value_is_told_but_whether_it_has_changed(store):
    def secret(value):
        copied = {"last-applied": value}
        return {"metadata": {"name": "one", "annotations": copied}, "data": {"password": value}, "stringData": None}

    before = store.surroundings.look()
    store.objects["secrets"].append(secret("aHVudGVyMg=="))
    with_it = store.surroundings.look()
    store.objects["secrets"][0] = secret("c29tZXRoaW5n")
    (came,) = change_problems(before, with_it)
    (changed,) = change_problems(with_it, store.surroundings.look())
    told = came + changed + shown("object of Kubernetes (secrets)", secret("aHVudGVyMg=="))
    assert "there is a new object of Kubernetes (secrets), one: " in came
    assert '"password": "<a value, ' in came
    assert "(secrets) one has changed" in changed
    assert "aHVudGVyMg==" not in told
    assert "c29tZXRoaW5n" not in told


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
    store.bindings.append({"source": "a", "destination": "b", "routing_key": "c"})
    assert {kind for kind, _ in store.surroundings.look()} == {"collection", "recording"}


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
