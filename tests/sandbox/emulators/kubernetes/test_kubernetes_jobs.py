"""What the Job controller, the kubelet and the garbage collector do, seen with the official client."""

from __future__ import annotations

import pytest
from kubernetes.client.exceptions import ApiException

LABELS = {"focus-server/job-id": "job_a1b2c3d4"}
SELECTOR = "focus-server/job-id=job_a1b2c3d4"


def running(pods):
    return len(pods) == 1 and pods[0].status.phase == "Running"


def service(name, **metadata):
    return {"metadata": {"name": name, **metadata}, "spec": {"ports": [{"port": 80}]}}


def none(items):
    return not items


def finish(cluster, pod, phase):
    cluster.core.patch_namespaced_pod_status(pod.metadata.name, pod.metadata.namespace, {"status": {"phase": phase}})


def condition(job, name):
    return next((each for each in job.status.conditions or [] if each.type == name and each.status == "True"), None)


@pytest.fixture
def started(cluster, namespace, job):
    made = cluster.batch.create_namespaced_job(namespace, job("analyzer", LABELS))
    (pod,) = cluster.until(cluster.core.list_namespaced_pod, running, namespace)
    return made, pod


def test_a_job_makes_one_pod_that_it_owns_and_that_runs(cluster, namespace, started):
    job, pod = started
    assert pod.metadata.name.startswith("analyzer-")
    assert len(pod.metadata.name) == len("analyzer-") + 5
    (owner,) = pod.metadata.owner_references
    assert (owner.kind, owner.name, owner.uid, owner.controller) == ("Job", "analyzer", job.metadata.uid, True)
    assert pod.metadata.labels == {
        **LABELS,
        "job-name": "analyzer",
        "batch.kubernetes.io/job-name": "analyzer",
        "controller-uid": job.metadata.uid,
        "batch.kubernetes.io/controller-uid": job.metadata.uid,
    }
    assert job.spec.selector.match_labels == {"batch.kubernetes.io/controller-uid": job.metadata.uid}
    assert pod.spec.node_name
    assert pod.status.pod_ip
    assert pod.status.start_time
    (state,) = pod.status.container_statuses
    assert (state.image, state.ready, state.started) == ("baby-analyzer:latest", True, True)
    assert state.state.running.started_at
    assert {each.type: each.status for each in pod.status.conditions} == dict.fromkeys(
        ("PodScheduled", "Initialized", "ContainersReady", "Ready"), "True"
    )


def test_a_job_says_how_many_of_its_pods_are_active_and_ready(cluster, namespace, started):
    (job,) = cluster.until(cluster.batch.list_namespaced_job, lambda jobs: jobs[0].status.ready == 1, namespace)
    assert (job.status.active, job.status.succeeded, job.status.failed) == (1, None, None)
    assert job.status.start_time


def test_a_job_completes_when_its_pod_succeeds(cluster, namespace, started):
    finish(cluster, started[1], "Succeeded")
    (job,) = cluster.until(cluster.batch.list_namespaced_job, lambda jobs: condition(jobs[0], "Complete"), namespace)
    assert (job.status.succeeded, job.status.active) == (1, None)
    assert job.status.completion_time
    (pod,) = cluster.core.list_namespaced_pod(namespace).items
    assert pod.status.phase == "Succeeded"


def test_a_failed_pod_is_replaced_until_the_backoff_limit(cluster, namespace, job):
    cluster.batch.create_namespaced_job(namespace, job(backoffLimit=1))
    (first,) = cluster.until(cluster.core.list_namespaced_pod, running, namespace)
    finish(cluster, first, "Failed")
    (second,) = cluster.until(
        cluster.core.list_namespaced_pod, running, namespace, field_selector="status.phase=Running"
    )
    finish(cluster, second, "Failed")
    (failed,) = cluster.until(cluster.batch.list_namespaced_job, lambda jobs: condition(jobs[0], "Failed"), namespace)
    assert failed.status.failed == 2
    assert condition(failed, "Failed").reason == "BackoffLimitExceeded"


def test_a_deleted_pod_of_an_active_job_is_replaced_and_counted_as_failed(cluster, namespace, started):
    gone = started[1].metadata
    cluster.core.delete_namespaced_pod(gone.name, namespace)
    (pod,) = cluster.until(
        cluster.core.list_namespaced_pod,
        lambda pods: running(pods) and pods[0].metadata.uid != gone.uid,
        namespace,
    )
    assert pod.metadata.name != gone.name
    assert cluster.batch.read_namespaced_job_status("analyzer", namespace).status.failed == 1


def test_parallelism_decides_how_many_pods_run(cluster, namespace, job):
    cluster.batch.create_namespaced_job(namespace, job(parallelism=3, completions=5))
    cluster.until(cluster.core.list_namespaced_pod, lambda pods: len(pods) == 3, namespace)
    cluster.batch.patch_namespaced_job("analyzer", namespace, {"spec": {"parallelism": 1}})
    cluster.until(cluster.core.list_namespaced_pod, lambda pods: len(pods) == 1, namespace)
    cluster.batch.patch_namespaced_job("analyzer", namespace, {"spec": {"parallelism": 0}})
    cluster.until(cluster.core.list_namespaced_pod, none, namespace)
    cluster.batch.patch_namespaced_job("analyzer", namespace, {"spec": {"parallelism": 1}})
    cluster.until(cluster.core.list_namespaced_pod, running, namespace)


def test_deleting_a_job_without_a_policy_leaves_its_pods_behind(cluster, namespace, started):
    cluster.batch.delete_namespaced_job("analyzer", namespace)
    cluster.until(cluster.batch.list_namespaced_job, none, namespace)
    (pod,) = cluster.until(cluster.core.list_namespaced_pod, lambda pods: not pods[0].metadata.finalizers, namespace)
    assert pod.metadata.uid == started[1].metadata.uid
    assert pod.metadata.owner_references is None
    assert pod.metadata.deletion_timestamp is None


def test_deleting_in_the_background_takes_the_job_at_once_and_the_pods_after(cluster, namespace, started):
    answer = cluster.batch.delete_namespaced_job("analyzer", namespace, propagation_policy="Background")
    assert (answer["kind"], answer["status"], answer["details"]["name"]) == ("Status", "Success", "analyzer")
    with pytest.raises(ApiException) as gone:
        cluster.batch.read_namespaced_job("analyzer", namespace)
    assert gone.value.status == 404
    cluster.until(cluster.core.list_namespaced_pod, none, namespace)


def test_deleting_in_the_foreground_keeps_the_job_until_its_pods_have_gone(cluster, namespace, started):
    answer = cluster.batch.delete_namespaced_job("analyzer", namespace, body={"propagationPolicy": "Foreground"})
    assert answer["metadata"]["finalizers"] == ["foregroundDeletion"]
    assert answer["metadata"]["deletionTimestamp"]
    cluster.until(cluster.batch.list_namespaced_job, none, namespace)
    assert cluster.core.list_namespaced_pod(namespace).items == []


def test_the_body_of_a_delete_wins_over_its_query(cluster, namespace, started):
    path = f"/apis/batch/v1/namespaces/{namespace}/jobs/analyzer?propagationPolicy=Background"
    assert cluster.http("DELETE", path, json={"propagationPolicy": "Orphan"}).status_code == 200
    cluster.until(cluster.batch.list_namespaced_job, none, namespace)
    (pod,) = cluster.core.list_namespaced_pod(namespace).items
    assert pod.metadata.deletion_timestamp is None


def test_a_pod_is_deleted_with_grace_and_at_once_without(slow_to_stop, pod):
    core = slow_to_stop.core
    core.create_namespaced_pod("default", pod())
    slow_to_stop.until(core.list_namespaced_pod, running, "default")
    assert core.delete_namespaced_pod("pod", "default").metadata.deletion_grace_period_seconds == 30
    assert core.read_namespaced_pod("pod", "default").metadata.deletion_timestamp
    core.delete_namespaced_pod("pod", "default", grace_period_seconds=0)
    assert core.list_namespaced_pod("default").items == []


def test_an_object_goes_when_all_its_owners_have_gone(cluster, namespace, pod):
    owners = [cluster.core.create_namespaced_service(namespace, service(name)) for name in ("a", "b")]
    references = [
        {"apiVersion": "v1", "kind": "Service", "name": each.metadata.name, "uid": each.metadata.uid} for each in owners
    ]
    cluster.core.create_namespaced_pod(namespace, pod(ownerReferences=references))
    cluster.core.delete_namespaced_service("a", namespace)
    (kept,) = cluster.until(
        cluster.core.list_namespaced_pod, lambda pods: len(pods[0].metadata.owner_references) == 1, namespace
    )
    assert kept.metadata.owner_references[0].name == "b"
    cluster.core.delete_namespaced_service("b", namespace)
    cluster.until(cluster.core.list_namespaced_pod, none, namespace)


def test_a_finalizer_holds_an_object_until_it_is_taken_off(cluster, namespace):
    cluster.core.create_namespaced_service(namespace, service("held", finalizers=["test.example/hold"]))
    cluster.core.delete_namespaced_service("held", namespace)
    assert cluster.core.read_namespaced_service("held", namespace).metadata.deletion_timestamp
    cluster.core.patch_namespaced_service("held", namespace, {"metadata": {"finalizers": None}})
    assert cluster.core.list_namespaced_service(namespace).items == []


def test_deleting_a_namespace_takes_all_that_is_in_it(cluster, namespace, started):
    cluster.core.create_namespaced_service(namespace, service("s"))
    home = cluster.core.create_namespace({"metadata": {"name": f"{namespace}-more"}}).metadata.name
    cluster.core.create_namespaced_service(home, service("held", finalizers=["test.example/hold"]))
    cluster.core.delete_namespace(home)
    assert cluster.core.read_namespace(home).status.phase == "Terminating"
    with pytest.raises(ApiException) as refused:
        cluster.core.create_namespaced_service(home, service("late"))
    assert refused.value.status == 403
    assert "because it is being terminated" in refused.value.body
    cluster.core.patch_namespaced_service("held", home, {"metadata": {"finalizers": None}})
    field = {"field_selector": f"metadata.name={home}"}
    cluster.until(cluster.core.list_namespace, none, **field)


def test_a_terminating_namespace_is_emptied(cluster, job):
    home = cluster.core.create_namespace({"metadata": {"generateName": "cascade-"}}).metadata.name
    cluster.batch.create_namespaced_job(home, job())
    cluster.until(cluster.core.list_namespaced_pod, running, home)
    cluster.core.delete_namespace(home)
    cluster.until(cluster.core.list_namespace, none, field_selector=f"metadata.name={home}")
    for listing in (cluster.core.list_namespaced_pod, cluster.batch.list_namespaced_job):
        assert listing(home).items == []


def test_a_deployment_keeps_its_pods_at_the_number_it_is_scaled_to(cluster, namespace):
    labels = {"app": "server"}
    containers = [{"name": "main", "image": "focus-server:1"}]
    template = {"metadata": {"labels": labels}, "spec": {"containers": containers}}
    spec = {"replicas": 2, "selector": {"matchLabels": labels}, "template": template}
    cluster.apps.create_namespaced_deployment(namespace, {"metadata": {"name": "server"}, "spec": spec})

    def ready(number):
        return lambda rows: bool(rows) and (rows[0].status.ready_replicas or 0) == number

    cluster.until(cluster.apps.list_namespaced_deployment, ready(2), namespace)
    first, _ = cluster.core.list_namespaced_pod(namespace, label_selector="app=server").items
    assert first.metadata.owner_references[0].kind == "ReplicaSet"
    cluster.core.delete_namespaced_pod(first.metadata.name, namespace)
    cluster.until(
        cluster.core.list_namespaced_pod,
        lambda pods: len(pods) == 2 and first.metadata.uid not in {each.metadata.uid for each in pods},
        namespace,
    )
    change = {"spec": {"template": {"metadata": {"annotations": {}}, "spec": {"nodeSelector": {}, "volumes": []}}}}
    merge = {"Content-Type": "application/merge-patch+json"}
    path = f"/apis/apps/v1/namespaces/{namespace}/deployments/server"
    assert cluster.http("PATCH", path, json=change, headers=merge).json()["metadata"]["generation"] == 1
    scale = cluster.apps.patch_namespaced_deployment_scale("server", namespace, {"spec": {"replicas": 0}})
    assert scale.spec.replicas == 0
    cluster.until(cluster.core.list_namespaced_pod, none, namespace)
    cluster.until(cluster.apps.list_namespaced_deployment, ready(0), namespace)
    cluster.apps.patch_namespaced_deployment_scale("server", namespace, {"spec": {"replicas": 1}})
    cluster.until(cluster.core.list_namespaced_pod, running, namespace)

    def image_runs(pods):
        return running(pods) and pods[0].spec.containers[0].image == containers[0]["image"]

    for image in ("focus-server:2", "focus-server:3", "focus-server:1"):
        containers[0]["image"] = image
        change = {"spec": {"template": {"spec": {"containers": containers}}}}
        cluster.apps.patch_namespaced_deployment("server", namespace, change)
        cluster.until(cluster.core.list_namespaced_pod, image_runs, namespace)
    sets = cluster.apps.list_namespaced_replica_set(namespace).items
    assert len(sets) == 3
    cluster.apps.delete_namespaced_deployment("server", namespace)
    cluster.until(cluster.core.list_namespaced_pod, none, namespace)


def test_a_pod_waits_behind_its_scheduling_gates_until_they_are_gone(cluster, namespace, pod):
    gated = pod("gated")
    gated["spec"]["schedulingGates"] = [{"name": "test/closed"}]
    cluster.core.create_namespaced_pod(namespace, gated)

    def is_held(pods):
        return any(each.reason == "SchedulingGated" for each in pods[0].status.conditions or [])

    (held,) = cluster.until(cluster.core.list_namespaced_pod, is_held, namespace)
    assert held.status.phase == "Pending"
    assert held.spec.node_name is None
    cluster.core.patch_namespaced_pod("gated", namespace, {"spec": {"schedulingGates": None}})
    cluster.until(cluster.core.list_namespaced_pod, running, namespace)


def warnings(cluster, namespace, name):
    events = cluster.core.list_namespaced_event(namespace, field_selector=f"involvedObject.name={name},type=Warning")
    return [(event.reason, event.message) for event in events.items]


def test_a_pod_for_which_there_is_no_node_stays_pending_and_says_why(cluster, namespace, pod):
    choosy = pod("choosy")
    choosy["spec"]["nodeSelector"] = {"kubernetes.io/os": "windows"}
    cluster.core.create_namespaced_pod(namespace, choosy)

    def is_turned_away(pods):
        return any(each.reason == "Unschedulable" for each in pods[0].status.conditions or [])

    (held,) = cluster.until(cluster.core.list_namespaced_pod, is_turned_away, namespace)
    (condition,) = held.status.conditions
    assert (held.status.phase, condition.type, condition.status) == ("Pending", "PodScheduled", "False")
    assert warnings(cluster, namespace, "choosy") == [("FailedScheduling", condition.message)]
    cluster.core.delete_namespaced_pod("choosy", namespace)
    cluster.until(cluster.core.list_namespaced_pod, none, namespace)


def test_a_pod_whose_node_selector_is_met_runs(cluster, namespace, pod):
    content = pod("content")
    content["spec"]["nodeSelector"] = {"kubernetes.io/os": "linux"}
    cluster.core.create_namespaced_pod(namespace, content)
    cluster.until(cluster.core.list_namespaced_pod, running, namespace)


def test_a_pod_whose_image_cannot_be_pulled_waits_and_says_why(cluster, namespace, pod):
    imageless = pod("imageless")
    imageless["spec"]["containers"][0]["image"] = "registry.invalid:5000/analyzer:1"
    cluster.core.create_namespaced_pod(namespace, imageless)

    def backs_off(pods):
        states = pods[0].status.container_statuses or []
        return any(each.state.waiting and each.state.waiting.reason == "ImagePullBackOff" for each in states)

    (held,) = cluster.until(cluster.core.list_namespaced_pod, backs_off, namespace)
    assert held.status.phase == "Pending"
    assert held.spec.node_name
    (warning,) = warnings(cluster, namespace, "imageless")
    assert warning[0] == "Failed"
    assert "registry.invalid:5000" in warning[1]
    cluster.core.delete_namespaced_pod("imageless", namespace, grace_period_seconds=0)
    cluster.until(cluster.core.list_namespaced_pod, none, namespace)
