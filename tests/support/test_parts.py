"""Parts of the product beside the analyzers: which pods are theirs, and that they are no analyzer's."""

import time
from contextlib import ExitStack, closing

import pytest
from stand_ins import settings

from support.observers.kubernetes import Analyzers
from support.observers.kubernetes_api import Namespace
from support.observers.kubernetes_watch import Watches
from support.observers.parts import Parts, is_pod_of
from support.observers.workloads import state_of
from support.profile.settings import Kubernetes, Naming
from tests.workloads_stand_in import workload

NAMED = {"mongodb": "statefulset/mongodb", "focus_server": "deployment/server"}
TEMPLATE_HASH = {"pod-template-hash": "5f4d"}


def pod(*owners, **labels):
    owned = [{"kind": kind, "name": name, "uid": name, "controller": True} for kind, name in owners]
    return {"metadata": {"name": "p", "uid": "p", "labels": labels or TEMPLATE_HASH, "ownerReferences": owned}}


@pytest.mark.parametrize(
    ("one", "owns"),
    [
        (pod(("StatefulSet", "mongodb")), True),
        (pod(("ReplicaSet", "server-5f4d")), True),
        (pod(("StatefulSet", "mongodb-2")), False),
        (pod(("ReplicaSet", "server-more-5f4d")), False),
        (pod(("ReplicaSet", "server-5f4d"), other="label"), False),
        (pod(("Job", "server-5f4d")), False),
        (pod(("Job", "mongodb")), False),
        (pod(), False),
    ],
)
def test_a_pod_is_one_of_a_part_if_its_workload_controls_it(one, owns):
    assert any(is_pod_of(named, one) for named in NAMED.values()) is owns
    assert Parts(frozenset(NAMED.values())).own_pod(one) is owns


def test_an_owner_that_does_not_control_a_pod_does_not_make_it_a_parts():
    one = pod(("StatefulSet", "mongodb"))
    one["metadata"]["ownerReferences"][0]["controller"] = False
    assert not is_pod_of("statefulset/mongodb", one)


@pytest.mark.parametrize(("namespace", "named"), [(None, 2), ("focus", 2), ("parts", 0)])
def test_only_parts_in_the_namespace_of_the_analyzers_are_beside_them(namespace, named):
    assert len(Parts.beside_analyzers(settings(workloads={**NAMED, "namespace": namespace})).workloads) == named


@pytest.fixture
def namespace(sandbox_endpoints):
    """The namespace of the sandbox's analyzers."""
    with closing(Namespace(Kubernetes.model_validate(sandbox_endpoints["kubernetes"]))) as namespace:
        yield namespace


@pytest.fixture
def beside(namespace):
    """A StatefulSet and a Deployment beside the analyzers, each with a pod; all that is made goes again."""
    with ExitStack() as made:
        for named in NAMED.values():
            made.enter_context(workload(namespace, named))
        yield lambda named: made.enter_context(workload(namespace, named))


def until(condition):
    ends = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < ends
        time.sleep(0.02)


def test_a_part_that_is_restarted_beside_the_analyzers_is_no_change_of_theirs_and_a_leaked_pod_is(namespace, beside):
    parts, missed = Parts(frozenset(NAMED.values())), []

    def is_there(named):
        return state_of(namespace, named).problems() == []

    until(lambda: all(map(is_there, NAMED.values())))
    analyzers = Analyzers(namespace, Naming(), parts)
    before = analyzers.pods()
    everything = Analyzers(namespace, Naming()).pods()
    assert len(everything.items) == len(before.items) + 2
    watches = Watches(namespace, settings(workloads=NAMED), missed.append)
    with closing(watches):
        for named in NAMED.values():
            for one in state_of(namespace, named).pods:
                namespace.remove("/api/v1/namespaces/{namespace}/pods", one.name, {"gracePeriodSeconds": 0})
        until(lambda: all(map(is_there, NAMED.values())))
        assert {one["metadata"]["uid"] for one in analyzers.pods().items} == {
            one["metadata"]["uid"] for one in before.items
        }
        assert [one for one in watches.read() if one.kind == "analyzer pod"] == []
        beside("statefulset/leaked")
        until(lambda: is_there("statefulset/leaked"))
        assert [one["metadata"]["name"] for one in analyzers.pods().items if one not in before.items] == ["leaked-0"]
        assert {one.effect.name for one in watches.read() if one.event == "came"} == {"leaked-0"}
    assert missed == []
