"""What any client of a Kubernetes API relies on: names, errors, selectors, versions, watches, patches."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor

import kubernetes_asyncio
import pytest
from kubernetes import client, watch
from kubernetes.client.exceptions import ApiException


def refusal(call, *args, **options):
    """The Status of a call that must fail."""
    with pytest.raises(ApiException) as refused:
        call(*args, **options)
    status = json.loads(refused.value.body)
    assert (status["kind"], status["status"], status["code"]) == ("Status", "Failure", refused.value.status)
    return status


def fields(status):
    assert (status["code"], status["reason"]) == (422, "Invalid")
    return {cause["field"] for cause in status["details"]["causes"]}


def service(name, labels=None, **spec):
    return {"metadata": {"name": name, "labels": labels or {}}, "spec": {"ports": [{"port": 1}], **spec}}


def names(listing):
    return [item.metadata.name for item in listing.items]


# --- identity and errors


def test_without_the_token_there_is_no_answer_but_health(cluster):
    for headers in ({"Authorization": ""}, {"Authorization": "Bearer wrong"}, {"Authorization": "Basic !!"}):
        answer = cluster.http("GET", "/api/v1/namespaces", headers=headers)
        assert (answer.status_code, answer.json()["reason"]) == (401, "Unauthorized")
    for path in ("/healthz", "/livez", "/readyz"):
        assert cluster.http("GET", path, headers={"Authorization": ""}).text == "ok"


def test_the_kubeconfig_is_for_its_owner_only(cluster):
    assert cluster.kubeconfig.stat().st_mode & 0o777 == 0o600


def test_a_new_cluster_has_two_namespaces(cluster):
    assert {"default", "kube-system"} <= set(names(cluster.core.list_namespace()))
    assert refusal(cluster.core.delete_namespace, "default")["code"] == 403


def test_a_client_can_discover_what_is_served(cluster):
    api = cluster.core.api_client
    assert client.VersionApi(api).get_code().git_version.startswith("v1.")
    assert {group.name for group in client.ApisApi(api).get_api_versions().groups} == {"apps", "batch"}
    assert "pods/status" in {row.name for row in cluster.core.get_api_resources().resources}
    assert "jobs/status" in {row.name for row in cluster.batch.get_api_resources().resources}


def test_what_is_not_there_is_not_found(cluster, namespace, job):
    status = refusal(cluster.batch.read_namespaced_job, "absent", namespace)
    assert status["message"] == 'jobs.batch "absent" not found'
    assert status["details"] == {"name": "absent", "group": "batch", "kind": "jobs"}
    assert refusal(cluster.batch.delete_namespaced_job, "absent", namespace)["code"] == 404
    status = refusal(cluster.batch.create_namespaced_job, "no-such-namespace", job())
    assert (status["code"], status["message"]) == (404, 'namespaces "no-such-namespace" not found')
    assert cluster.http("GET", "/apis/batch/v1/nothing").status_code == 404


def test_a_name_can_be_taken_once(cluster, namespace, job):
    cluster.batch.create_namespaced_job(namespace, job())
    status = refusal(cluster.batch.create_namespaced_job, namespace, job())
    assert (status["code"], status["reason"]) == (409, "AlreadyExists")


def test_of_many_who_create_the_same_name_at_once_one_wins(cluster, namespace, job):
    def create(_):
        try:
            cluster.batch.create_namespaced_job(namespace, job())
        except ApiException as error:
            return error.status
        return 201

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(create, range(8))) == [201] + [409] * 7


def test_generated_names_are_distinct_also_when_made_at_once(cluster, namespace):
    def create(_):
        body = {**service(None), "metadata": {"generateName": "made-"}}
        made = cluster.core.create_namespaced_service(namespace, body)
        return made.metadata.name

    with ThreadPoolExecutor(8) as pool:
        made = set(pool.map(create, range(24)))
    assert len(made) == 24
    assert all(name.startswith("made-") and len(name) == 10 for name in made)


@pytest.mark.parametrize(
    ("method", "path", "options", "code"),
    [
        ("POST", "services", {"data": "{", "headers": {"Content-Type": "application/json"}}, 400),
        ("POST", "services", {"data": '{"spec": NaN}', "headers": {"Content-Type": "application/json"}}, 400),
        ("POST", "services", {"json": {"kind": "Pod", "apiVersion": "v1"}}, 400),
        ("POST", "services", {"json": {"kind": "Service", "apiVersion": "batch/v1"}}, 400),
        ("POST", "services", {"json": {"metadata": {"name": "a", "namespace": "default"}}}, 400),
        ("POST", "services", {"json": {"metadata": {"name": "a", "resourceVersion": "1"}}}, 400),
        ("POST", "pods", {"json": {"metadata": {"name": "a"}, "spec": {"containers": "none"}}}, 400),
        ("POST", "services", {"data": "a=b", "headers": {"Content-Type": "text/plain"}}, 415),
        ("POST", "services", {"data": "[" * 100_000, "headers": {"Content-Type": "application/json"}}, 400),
        ("POST", "services", {"data": '{"a":' * 900 + "1" + "}" * 900}, 400),
        ("POST", "services/a", {"json": {}}, 405),
        ("PUT", "pods/a/log", {"json": {}}, 404),
        ("PUT", "services", {"json": {}}, 405),
        ("GET", "pods?labelSelector=a%3D%3D%3Db", {}, 400),
        ("GET", "jobs?fieldSelector=status.phase%3DRunning", {}, 404),
        ("GET", "pods?fieldSelector=spec.nothing%3Da", {}, 400),
        ("GET", "pods?resourceVersion=new", {}, 400),
    ],
)
def test_what_makes_no_sense_is_refused(cluster, method, path, options, code):
    answer = cluster.http(method, f"/api/v1/namespaces/kube-system/{path}", **options)
    assert (answer.status_code, answer.json()["kind"]) == (code, "Status")


# --- validation


def test_a_job_name_with_an_underscore_is_refused_by_its_field(cluster, namespace, job):
    labels = {"focus-server/job-id": "job_x"}
    status = refusal(cluster.batch.create_namespaced_job, namespace, job("baby-analyzer-job_x", labels))
    assert fields(status) == {"metadata.name"}
    assert "RFC 1123" in status["message"]
    assert cluster.batch.list_namespaced_job(namespace).items == []
    # The label value with an underscore is fine.
    assert cluster.batch.create_namespaced_job(namespace, job("baby-analyzer-job-x", labels)).metadata.uid


@pytest.mark.parametrize("name", ["Upper", "-a", "a-", "a..b", "a b", "ä", "a" * 254])
def test_names_follow_rfc_1123(cluster, namespace, pod, name):
    assert fields(refusal(cluster.core.create_namespaced_pod, namespace, pod(name))) == {"metadata.name"}


def test_names_of_some_kinds_are_narrower(cluster, namespace, job):
    assert fields(refusal(cluster.core.create_namespaced_service, namespace, service("1st"))) == {"metadata.name"}
    assert fields(refusal(cluster.core.create_namespace, {"metadata": {"name": "a.b"}})) == {"metadata.name"}
    # Its name becomes a label of its pods, which ends at 63 characters.
    assert fields(refusal(cluster.batch.create_namespaced_job, namespace, job("a" * 64))) >= {"spec.template.labels"}
    assert cluster.batch.create_namespaced_job(namespace, job("a" * 63)).metadata.name == "a" * 63


@pytest.mark.parametrize(
    "labels", [{"a b": "c"}, {"/a": "b"}, {"a": "b c"}, {"a": "-b"}, {"a": "b" * 64}, {"a" * 64: ""}]
)
def test_labels_are_checked(cluster, namespace, labels):
    assert fields(refusal(cluster.core.create_namespaced_service, namespace, service("a", labels))) == {
        "metadata.labels"
    }


def _template(body):
    return body["spec"]["template"]["spec"]


@pytest.mark.parametrize(
    ("spoil", "field"),
    [
        (lambda body: _template(body).update(containers=[]), "spec.template.spec.containers"),
        (lambda body: _template(body).update(restartPolicy="Always"), "spec.template.spec.restartPolicy"),
        (lambda body: _template(body).pop("restartPolicy"), "spec.template.spec.restartPolicy"),
        (lambda body: _template(body)["containers"][0].pop("image"), "spec.template.spec.containers[0].image"),
        (lambda body: _template(body)["containers"][0].pop("name"), "spec.template.spec.containers[0].name"),
        (lambda body: _template(body)["containers"][0].update(name="A"), "spec.template.spec.containers[0].name"),
        (
            lambda body: _template(body)["containers"].append({"name": "analyzer", "image": "b"}),
            "spec.template.spec.containers[1].name",
        ),
        (lambda body: body["spec"].update(backoffLimit=-1), "spec.backoffLimit"),
        (lambda body: body["spec"].update(selector={"matchLabels": {"a": "b"}}), "spec.selector"),
        (lambda body: body["metadata"].pop("name"), "metadata.name"),
        (lambda body: body["spec"].pop("template"), "spec.template"),
    ],
)
def test_a_job_is_checked_field_by_field(cluster, namespace, job, spoil, field):
    body = job()
    spoil(body)
    answer = cluster.http("POST", f"/apis/batch/v1/namespaces/{namespace}/jobs", json=body)
    assert field in fields(answer.json())


def test_an_environment_variable_may_stand_there_twice(cluster, namespace, pod):
    body = pod()
    body["spec"]["containers"][0]["env"] = [{"name": "A", "value": "1"}, {"name": "A", "value": "2"}]
    assert len(cluster.core.create_namespaced_pod(namespace, body).spec.containers[0].env) == 2


def test_unknown_fields_are_dropped_with_a_warning_or_refused_when_asked(cluster, namespace):
    path, body = f"/api/v1/namespaces/{namespace}/services", {**service("a"), "nonsense": 1}
    refused = cluster.http("POST", f"{path}?fieldValidation=Strict", json=body)
    assert refused.status_code == 400
    assert 'unknown field "nonsense"' in refused.json()["message"]
    made = cluster.http("POST", path, json=body)
    assert (made.status_code, "nonsense" in made.json()) == (201, False)
    assert 'unknown field \\"nonsense\\"' in made.headers["Warning"]


def test_a_reader_sees_the_defaults(cluster, namespace, job):
    made = cluster.batch.create_namespaced_job(namespace, job())
    spec, pod = made.spec, made.spec.template.spec
    assert (spec.completions, spec.parallelism, spec.backoff_limit, spec.suspend) == (1, 1, 6, False)
    assert (pod.dns_policy, pod.termination_grace_period_seconds) == ("ClusterFirst", 30)
    assert pod.containers[0].image_pull_policy == "Always"
    assert made.metadata.namespace == namespace
    assert made.metadata.generation == 1
    assert made.metadata.uid
    assert made.metadata.creation_timestamp.tzinfo


def test_a_dry_run_is_refused_rather_than_done(cluster, namespace, job):
    assert refusal(cluster.batch.create_namespaced_job, namespace, job(), dry_run="All")["code"] == 400
    cluster.batch.create_namespaced_job(namespace, job())
    for options in ({"dry_run": "All"}, {"body": {"dryRun": ["All"]}}):
        assert refusal(cluster.batch.delete_namespaced_job, "analyzer", namespace, **options)["code"] == 400
    assert names(cluster.batch.list_namespaced_job(namespace)) == ["analyzer"]


def test_sparse_objects_do_no_harm_to_those_who_read_them(cluster, namespace, pod):
    path = f"/api/v1/namespaces/{namespace}"
    cluster.core.create_namespaced_pod(namespace, pod())
    assert cluster.http("PUT", f"{path}/pods/pod/status", json={"metadata": {}}).json()["status"]["phase"] == "Pending"
    no_item = pod("other")
    no_item["spec"]["containers"] = [None]
    assert "spec.containers[0].name" in fields(cluster.http("POST", f"{path}/pods", json=no_item).json())
    event = {"metadata": {"name": "e"}, "involvedObject": {"namespace": namespace}}
    assert cluster.http("POST", f"{path}/events", json=event).status_code == 201


# --- lists


@pytest.fixture
def several(cluster, namespace):
    for name, labels in (
        ("a", {"tier": "web", "job-id": "job_1"}),
        ("b", {"tier": "db"}),
        ("c", {"tier": "db", "old": ""}),
        ("d", {}),
    ):
        cluster.core.create_namespaced_service(namespace, service(name, labels))


@pytest.mark.parametrize(
    ("selector", "expected"),
    [
        ("", "abcd"),
        ("tier=db", "bc"),
        ("tier==db,old", "c"),
        ("tier!=db", "ad"),
        ("tier in (web, db),!old", "ab"),
        ("tier notin (db)", "ad"),
        ("tier", "abc"),
        ("!tier", "d"),
        ("old=", "c"),
        ("job-id=job_1", "a"),
        ("tier=none", ""),
    ],
)
def test_label_selectors(cluster, namespace, several, selector, expected):
    found = cluster.core.list_namespaced_service(namespace, label_selector=selector)
    assert "".join(names(found)) == expected


def test_field_selectors(cluster, namespace, several):
    listing = cluster.core.list_namespaced_service
    assert names(listing(namespace, field_selector="metadata.name=b")) == ["b"]
    assert names(listing(namespace, field_selector=f"metadata.name!=b,metadata.namespace={namespace}")) == [
        "a",
        "c",
        "d",
    ]
    everywhere = cluster.core.list_service_for_all_namespaces
    assert len(everywhere(field_selector=f"metadata.namespace={namespace}").items) == 4


# --- change


def test_a_stale_version_conflicts(cluster, namespace):
    first = cluster.core.create_namespaced_service(namespace, service("a"))
    first.spec.selector = {"step": "1"}
    second = cluster.core.replace_namespaced_service("a", namespace, first)
    assert int(second.metadata.resource_version) > int(first.metadata.resource_version)
    status = refusal(cluster.core.replace_namespaced_service, "a", namespace, first)
    assert (status["code"], status["reason"]) == (409, "Conflict")
    stale = {"metadata": {"resourceVersion": first.metadata.resource_version}, "spec": {"selector": {"step": "2"}}}
    assert refusal(cluster.core.patch_namespaced_service, "a", namespace, stale)["code"] == 409
    wrong = client.V1DeleteOptions(preconditions=client.V1Preconditions(uid="another"))
    assert refusal(cluster.core.delete_namespaced_service, "a", namespace, body=wrong)["code"] == 409


def test_a_change_that_changes_nothing_writes_nothing(cluster, namespace):
    made = cluster.core.create_namespaced_service(namespace, service("a", selector={"k": "v"}))
    same = cluster.core.patch_namespaced_service("a", namespace, {"spec": {"selector": {"k": "v"}}})
    assert same.metadata.resource_version == made.metadata.resource_version


def test_what_may_not_change_does_not(cluster, namespace, job, pod):
    made = cluster.batch.create_namespaced_job(namespace, job())
    image = {"spec": {"template": {"spec": {"containers": [{"name": "analyzer", "image": "other"}]}}}}
    status = refusal(cluster.batch.patch_namespaced_job, "analyzer", namespace, image)
    assert fields(status) == {"spec.template"}
    assert "field is immutable" in status["message"]
    changed = cluster.batch.patch_namespaced_job("analyzer", namespace, {"spec": {"backoffLimit": 2}})
    assert changed.metadata.generation == 2
    assert changed.metadata.uid == made.metadata.uid
    cluster.core.create_namespaced_pod(namespace, pod())
    status = refusal(cluster.core.patch_namespaced_pod, "pod", namespace, {"spec": {"dnsPolicy": "Default"}})
    assert fields(status) == {"spec"}
    image = {"spec": {"containers": [{"name": "main", "image": "busybox:1.37"}]}}
    assert cluster.core.patch_namespaced_pod("pod", namespace, image).spec.containers[0].image == "busybox:1.37"


def test_status_and_the_rest_are_written_apart(cluster, namespace, job):
    cluster.batch.create_namespaced_job(namespace, job(parallelism=0))
    both = {"spec": {"backoffLimit": 3}, "status": {"failed": 7}}
    changed = cluster.batch.patch_namespaced_job("analyzer", namespace, both)
    assert (changed.spec.backoff_limit, changed.status.failed) == (3, None)
    both = {"spec": {"backoffLimit": 4}, "status": {"failed": 1}}
    changed = cluster.batch.patch_namespaced_job_status("analyzer", namespace, both)
    assert (changed.spec.backoff_limit, changed.status.failed) == (3, 1)


NEW = {"name": "b", "image": "2"}
MERGE, STRATEGIC = "application/merge-patch+json", "application/strategic-merge-patch+json"


def _containers(*changes):
    return {"spec": {"template": {"spec": {"containers": list(changes)}}}}


@pytest.mark.parametrize(
    ("content_type", "patch", "containers"),
    [
        (MERGE, _containers(NEW), ["b"]),
        (STRATEGIC, _containers(NEW), ["a", "b"]),
        (STRATEGIC, _containers({"name": "a", "$patch": "delete"}, NEW), ["b"]),
    ],
)
def test_each_kind_of_patch_treats_lists_its_own_way(cluster, namespace, content_type, patch, containers):
    labels = {"app": "x"}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "a", "image": "1"}]}}
    spec = {"replicas": 0, "selector": {"matchLabels": labels}, "template": template}
    cluster.apps.create_namespaced_deployment(namespace, {"metadata": {"name": "x"}, "spec": spec})
    path = f"/apis/apps/v1/namespaces/{namespace}/deployments/x"
    answer = cluster.http("PATCH", path, data=json.dumps(patch), headers={"Content-Type": content_type})
    assert answer.status_code == 200, answer.text
    assert [each["name"] for each in answer.json()["spec"]["template"]["spec"]["containers"]] == containers


def test_a_null_in_a_patch_takes_a_field_away(cluster, namespace):
    cluster.core.create_namespaced_service(namespace, service("a", selector={"x": "1", "y": "2"}))
    changed = cluster.core.patch_namespaced_service("a", namespace, {"spec": {"selector": {"x": None}}})
    assert changed.spec.selector == {"y": "2"}


def test_a_kind_of_patch_that_is_not_served_is_refused(cluster, namespace):
    cluster.core.create_namespaced_service(namespace, service("a", selector={"x": "1"}))
    path = f"/api/v1/namespaces/{namespace}/services/a"
    for kind in ("application/json-patch+json", "application/apply-patch+yaml"):
        assert cluster.http("PATCH", path, data="{}", headers={"Content-Type": kind}).status_code == 415
    replacing = {"data": '{"spec": {"ports": [], "$patch": "replace"}}', "headers": {"Content-Type": STRATEGIC}}
    assert cluster.http("PATCH", path, **replacing).status_code == 400


# --- watches


def watched(cluster, namespace, count, **options):
    found = []
    stream = watch.Watch().stream(cluster.core.list_namespaced_service, namespace, timeout_seconds=5, **options)
    for event in stream:
        found.append((event["type"], event["object"].metadata.name))
        if len(found) == count:
            break
    return found


def test_a_watch_begins_with_what_is_there_and_goes_on(cluster, namespace):
    cluster.core.create_namespaced_service(namespace, service("a"))
    seen, begun = [], threading.Event()

    def follow():
        stream = watch.Watch().stream(cluster.core.list_namespaced_service, namespace, timeout_seconds=5)
        for event in stream:
            seen.append((event["type"], event["object"].metadata.name))
            begun.set()
            if len(seen) == 3:
                return

    follower = threading.Thread(target=follow)
    follower.start()
    assert begun.wait(5)
    cluster.core.patch_namespaced_service("a", namespace, {"spec": {"selector": {"x": "1"}}})
    cluster.core.delete_namespaced_service("a", namespace)
    follower.join(5)
    assert seen == [("ADDED", "a"), ("MODIFIED", "a"), ("DELETED", "a")]


def test_a_watch_from_a_version_tells_what_came_after_it(cluster, namespace):
    cluster.core.create_namespaced_service(namespace, service("before"))
    version = cluster.core.list_namespaced_service(namespace).metadata.resource_version
    cluster.core.create_namespaced_service(namespace, service("after"))
    cluster.core.delete_namespaced_service("before", namespace)
    found = watched(cluster, namespace, 2, resource_version=version)
    assert found == [("ADDED", "after"), ("DELETED", "before")]


def test_a_watch_with_a_selector_sees_objects_come_and_go_by_their_labels(cluster, namespace):
    version = cluster.core.list_namespaced_service(namespace).metadata.resource_version
    cluster.core.create_namespaced_service(namespace, service("a"))
    for label in ("here", "gone"):
        cluster.core.patch_namespaced_service("a", namespace, {"metadata": {"labels": {"state": label}}})
    found = watched(cluster, namespace, 2, resource_version=version, label_selector="state=here")
    assert found == [("ADDED", "a"), ("DELETED", "a")]


@pytest.mark.parametrize("asked", ["true", "false"])
def test_a_watch_gets_a_bookmark_when_a_list_has_told_a_later_version_if_it_asked_for_them(cluster, namespace, asked):
    services = f"/api/v1/namespaces/{namespace}/services"
    begin = cluster.http("GET", services).json()["metadata"]["resourceVersion"]
    query = f"watch=1&timeoutSeconds=1&resourceVersion={begin}&allowWatchBookmarks={asked}"
    with cluster.http("GET", f"{services}?{query}", stream=True) as stream:
        cluster.core.create_namespace({"metadata": {"name": f"{namespace}-other"}})
        told = cluster.http("GET", services).json()["metadata"]["resourceVersion"]
        found = [json.loads(line) for line in stream.iter_lines()]
    versions = [(one["type"], one["object"]["metadata"]["resourceVersion"]) for one in found]
    assert versions == ([("BOOKMARK", told)] if asked == "true" else [])
    assert int(told) > int(begin)
    cluster.core.delete_namespace(f"{namespace}-other")


def test_a_watch_that_goes_on_learns_which_version_a_list_has_told_before_it_began(cluster, namespace):
    services = f"/api/v1/namespaces/{namespace}/services"
    begin = cluster.http("GET", services).json()["metadata"]["resourceVersion"]
    cluster.core.create_namespace({"metadata": {"name": f"{namespace}-other"}})
    told = cluster.http("GET", services).json()["metadata"]["resourceVersion"]
    query = f"watch=1&timeoutSeconds=1&resourceVersion={begin}&allowWatchBookmarks=true"
    (found,) = map(json.loads, cluster.http("GET", f"{services}?{query}").iter_lines())
    assert (found["type"], found["object"]["metadata"]["resourceVersion"]) == ("BOOKMARK", told)
    cluster.core.delete_namespace(f"{namespace}-other")


def test_a_watch_ends_in_time(cluster, namespace):
    answer = cluster.http("GET", f"/api/v1/namespaces/{namespace}/services?watch=1&timeoutSeconds=1")
    assert (answer.status_code, answer.text) == (200, "")


# --- quotas


def test_a_quota_limits_how_many_of_a_kind_a_namespace_takes_and_no_other_kind(cluster, namespace, job):
    quota = {"metadata": {"name": "one-job"}, "spec": {"hard": {"count/jobs.batch": "1"}}}
    made = cluster.core.create_namespaced_resource_quota(namespace, quota)
    assert made.status.hard == {"count/jobs.batch": "1"}
    cluster.batch.create_namespaced_job(namespace, job("first"))
    with pytest.raises(ApiException) as refused:
        cluster.batch.create_namespaced_job(namespace, job("second"))
    assert refused.value.status == 403
    assert "exceeded quota: one-job, requested: count/jobs.batch=1, used: count/jobs.batch=1" in refused.value.body
    cluster.core.create_namespaced_service(namespace, service("another-kind"))
    cluster.core.delete_namespaced_resource_quota("one-job", namespace)
    cluster.batch.create_namespaced_job(namespace, job("second"))


# --- other clients


async def test_the_asynchronous_client_works_too(cluster, namespace, job):
    api = await kubernetes_asyncio.config.new_client_from_config(str(cluster.kubeconfig))
    async with api:
        batch = kubernetes_asyncio.client.BatchV1Api(api)
        made = await batch.create_namespaced_job(namespace, job("async"))
        found = await batch.list_namespaced_job(namespace)
        assert [item.metadata.uid for item in found.items] == [made.metadata.uid]
        deleted = await batch.delete_namespaced_job("async", namespace, propagation_policy="Background")
        assert deleted.status == "Success"
