"""What the controller of StatefulSets does, and what goes on where others run the pods: on the node `processes`."""

from __future__ import annotations

import pytest
from kubernetes.client.exceptions import ApiException

LABELS = {"app": "store"}


ON_PROCESSES = {"focus/node": "processes"}


def stateful_set(replicas=1, image="store:1", **spec):
    template = {"metadata": {"labels": LABELS}, "spec": {"containers": [{"name": "main", "image": image}]}}
    wanted = {"replicas": replicas, "serviceName": "store", "selector": {"matchLabels": LABELS}, "template": template}
    return {"metadata": {"name": "store"}, "spec": wanted | spec}


def named(*names):
    return lambda pods: sorted(pod.metadata.name for pod in pods) == list(names)


def is_ready(pod):
    return any(each.type == "Ready" and each.status == "True" for each in pod.status.conditions or [])


@pytest.fixture
def pods(cluster, namespace):
    return lambda holds: cluster.until(cluster.core.list_namespaced_pod, holds, namespace)


@pytest.fixture
def status(cluster, namespace):
    def become(holds):
        (found,) = cluster.until(
            cluster.apps.list_namespaced_stateful_set, lambda sets: len(sets) == 1 and holds(sets[0].status), namespace
        )
        return found.status

    return become


def test_its_pods_have_lasting_names_and_each_waits_for_the_one_before(cluster, namespace, pods, status):
    wanted = stateful_set(2)
    wanted["spec"]["template"]["spec"]["nodeSelector"] = ON_PROCESSES  # Nobody runs them there.
    made = cluster.apps.create_namespaced_stateful_set(namespace, wanted)
    assert (made.spec.pod_management_policy, made.status.replicas) == ("OrderedReady", 0)
    status(lambda found: found.replicas == 1)
    (first,) = pods(lambda found: len(found) == 1 and found[0].spec.node_name)
    assert (first.metadata.name, first.spec.hostname, first.spec.subdomain) == ("store-0", "store-0", "store")
    assert first.metadata.labels["statefulset.kubernetes.io/pod-name"] == "store-0"
    assert first.metadata.owner_references[0].uid == made.metadata.uid
    ready = {"status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}}
    cluster.core.patch_namespaced_pod_status("store-0", namespace, ready)
    pods(named("store-0", "store-1"))
    cluster.core.patch_namespaced_pod_status("store-1", namespace, ready)
    seen = status(lambda found: found.ready_replicas == 2)
    assert (seen.replicas, seen.current_replicas, seen.updated_replicas, seen.available_replicas) == (2, 2, 2, 2)
    for name in ("store-0", "store-1"):
        cluster.core.delete_namespaced_pod(name, namespace, grace_period_seconds=0)


def test_a_deleted_pod_is_made_again_under_its_name_once_it_has_gone(slow_to_stop):
    cluster, namespace = slow_to_stop, "default"
    cluster.apps.create_namespaced_stateful_set(namespace, stateful_set())

    def pods(holds):
        return cluster.until(cluster.core.list_namespaced_pod, holds, namespace)

    (first,) = pods(lambda found: len(found) == 1 and is_ready(found[0]))
    cluster.core.delete_namespaced_pod("store-0", namespace)
    (leaving,) = pods(lambda found: len(found) == 1 and found[0].metadata.deletion_timestamp)
    assert leaving.metadata.uid == first.metadata.uid
    cluster.until(cluster.apps.list_namespaced_stateful_set, lambda sets: not sets[0].status.ready_replicas, namespace)
    cluster.core.delete_namespaced_pod("store-0", namespace, grace_period_seconds=0)
    pods(lambda found: len(found) == 1 and is_ready(found[0]) and found[0].metadata.uid != first.metadata.uid)


def test_it_is_scaled_to_nothing_and_back(cluster, namespace, pods, status):
    cluster.apps.create_namespaced_stateful_set(namespace, stateful_set(2))
    pods(named("store-0", "store-1"))
    for replicas, names in ((1, ["store-0"]), (0, []), (1, ["store-0"])):
        scale = cluster.apps.patch_namespaced_stateful_set_scale("store", namespace, {"spec": {"replicas": replicas}})
        assert scale.spec.replicas == replicas
        pods(named(*names))
        status(lambda found, wanted=replicas: (found.ready_replicas or 0) == found.replicas == wanted)


def test_a_new_template_replaces_its_pods(cluster, namespace, pods):
    cluster.apps.create_namespaced_stateful_set(namespace, stateful_set(2))
    pods(named("store-0", "store-1"))
    template = stateful_set(image="store:2")["spec"]["template"]
    cluster.apps.patch_namespaced_stateful_set("store", namespace, {"spec": {"template": template}})
    pods(lambda found: [pod.spec.containers[0].image for pod in found if is_ready(pod)] == ["store:2", "store:2"])


def test_what_may_not_change_is_refused(cluster, namespace):
    cluster.apps.create_namespaced_stateful_set(namespace, stateful_set(0))
    with pytest.raises(ApiException) as refused:
        cluster.apps.patch_namespaced_stateful_set("store", namespace, {"spec": {"serviceName": "other"}})
    assert refused.value.status == 422
    assert "updates to statefulset spec" in refused.value.body


def test_pods_of_the_node_processes_are_left_to_those_who_run_them(cluster, namespace, pods, pod):
    body = pod("part")
    body["spec"]["nodeSelector"] = ON_PROCESSES
    cluster.core.create_namespaced_pod(namespace, body)
    cluster.core.create_namespaced_pod(namespace, pod("other"))
    seen = {each.metadata.name: each for each in pods(lambda found: any(map(is_ready, found)))}
    assert (seen["part"].spec.node_name, seen["part"].status.phase) == ("processes", "Pending")
    assert seen["other"].spec.node_name == "sandbox-node"
    cluster.core.delete_namespaced_pod("part", namespace)
    seen = {each.metadata.name for each in pods(lambda found: any(each.metadata.deletion_timestamp for each in found))}
    assert seen == {"part", "other"}
    cluster.core.delete_namespaced_pod("part", namespace, grace_period_seconds=0)
    pods(named("other"))


def test_a_deployment_that_recreates_makes_no_pod_before_the_old_one_has_gone(cluster, namespace, pods):
    def template(image):
        containers = [{"name": "main", "image": image}]
        return {"metadata": {"labels": LABELS}, "spec": {"containers": containers, "nodeSelector": ON_PROCESSES}}

    spec = {"selector": {"matchLabels": LABELS}, "template": template("1"), "strategy": {"type": "Recreate"}}
    cluster.apps.create_namespaced_deployment(namespace, {"metadata": {"name": "part"}, "spec": spec})
    (old,) = pods(lambda found: len(found) == 1 and found[0].spec.node_name)
    cluster.apps.patch_namespaced_deployment("part", namespace, {"spec": {"template": template("2")}})
    (leaving,) = pods(lambda found: any(each.metadata.deletion_timestamp for each in found))
    cluster.until(cluster.apps.list_namespaced_replica_set, lambda sets: len(sets) == 2, namespace)
    (there,) = cluster.core.list_namespaced_pod(namespace).items
    assert there.metadata.uid == leaving.metadata.uid == old.metadata.uid
    cluster.core.delete_namespaced_pod(old.metadata.name, namespace, grace_period_seconds=0)
    (new,) = pods(lambda found: len(found) == 1 and found[0].metadata.uid != old.metadata.uid)
    assert new.spec.containers[0].image == "2"
    cluster.apps.delete_namespaced_deployment("part", namespace)
    cluster.core.delete_namespaced_pod(new.metadata.name, namespace, grace_period_seconds=0)
