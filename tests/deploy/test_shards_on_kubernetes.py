"""The Job that runs a shard in each pod: what Kubernetes will take, and what the pods will do."""

import os
import shlex
import subprocess
import sys
from contextlib import contextmanager

import kubernetes_validate
import pytest
from kubernetes import client, config

from support.core.files import ROOT

FILES = ("acceptance.yaml", "acceptance-results.yaml", "load.yaml")


@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize("version", ["1.33", kubernetes_validate.latest_version()])
def test_kubernetes_knows_all_that_a_manifest_says(manifests, file, version):
    for manifest in manifests(file):
        kubernetes_validate.validate(manifest, version, strict=True)


def pod_specs(manifests):
    for file in FILES:
        for manifest in manifests(file):
            if manifest["kind"] in ("Job", "Pod"):
                spec = manifest["spec"]
                yield spec["template"]["spec"] if manifest["kind"] == "Job" else spec


def test_pods_keep_to_the_pod_security_standard_restricted(manifests):
    specs = list(pod_specs(manifests))
    assert len(specs) == 4
    for spec in specs:
        security = spec["securityContext"]
        assert (security["runAsNonRoot"], security["seccompProfile"]) == (True, {"type": "RuntimeDefault"})
        assert security["runAsUser"] != 0
        assert not {"hostNetwork", "hostPID", "hostIPC"} & spec.keys()
        assert all({"persistentVolumeClaim", "emptyDir"} & volume.keys() for volume in spec["volumes"])
        for container in spec["containers"]:
            assert container["securityContext"] == {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            }
            assert {"requests", "limits"} == container["resources"].keys()


def test_pods_have_an_account_without_a_token(manifests):
    (account,) = [one for one in manifests("acceptance.yaml") if one["kind"] == "ServiceAccount"]
    assert account["automountServiceAccountToken"] is False
    for spec in pod_specs(manifests):
        assert (spec["serviceAccountName"], spec["automountServiceAccountToken"]) == (
            account["metadata"]["name"],
            False,
        )


def test_pods_run_as_the_user_of_the_image(manifests):
    image = (ROOT / "deploy/Dockerfile").read_text()
    assert {f"USER {spec['securityContext']['runAsUser']}" for spec in pod_specs(manifests)} <= set(image.splitlines())


def test_what_is_mounted_is_there(manifests):
    claims = {one["metadata"]["name"] for one in manifests("acceptance.yaml") if one["kind"] == "PersistentVolumeClaim"}
    for spec in pod_specs(manifests):
        volumes = {volume["name"]: volume for volume in spec["volumes"]}
        claimed = {
            one["persistentVolumeClaim"]["claimName"] for one in volumes.values() if "persistentVolumeClaim" in one
        }
        assert claimed == claims
        assert {mount["name"] for mount in spec["containers"][0]["volumeMounts"]} == volumes.keys()


def test_a_red_shard_is_not_run_again_and_does_not_stop_the_others(job):
    spec = job["spec"]
    assert (spec["completionMode"], spec["backoffLimitPerIndex"], spec["completions"]) == ("Indexed", 0, 8)
    assert "maxFailedIndexes" not in spec
    assert spec["template"]["spec"]["restartPolicy"] == "Never"


@pytest.mark.parametrize("index", [0, 7])
def test_a_pod_runs_the_shard_of_its_index_into_a_directory_of_its_own(job, tmp_path, index):
    behave = tmp_path / ".venv/bin/behave"
    behave.parent.mkdir(parents=True)
    behave.write_text('#!/bin/sh\nprintf "%s\\n" "$FOCUS__REPORTS__DIRECTORY" "$@"\n')
    behave.chmod(0o755)
    (container,) = job["spec"]["template"]["spec"]["containers"]
    environment = {one["name"]: one["value"] for one in container["env"]} | {"JOB_COMPLETION_INDEX": str(index)}
    done = subprocess.run(
        container["command"],
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], **environment},
        capture_output=True,
        text=True,
        timeout=20,
        check=True,
    )
    directory, *arguments = done.stdout.splitlines()
    assert directory == f"/results/1/{index}"
    assert shlex.join(arguments).endswith(f"-D shard={index + 1}/8")


@contextmanager
def kubernetes(folder):
    """The sandbox's own Kubernetes API, and its clients for Jobs and pods in a namespace that it has made."""
    kubeconfig = folder / "kubeconfig"
    command = [sys.executable, "-m", "sandbox.emulators.kubernetes", "--kubeconfig", str(kubeconfig)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout.readline().startswith("ready ")
            api = config.new_client_from_config(str(kubeconfig))
            core = client.CoreV1Api(api)
            core.create_namespace({"metadata": {"name": "focus"}})
            yield client.BatchV1Api(api), core
        finally:
            process.terminate()


def test_the_sandbox_runs_the_job_to_its_end(manifests, job, tmp_path, wait_for):
    (results,) = manifests("acceptance-results.yaml")
    with kubernetes(tmp_path) as (batch, core):
        batch.create_namespaced_job("focus", job)
        core.create_namespaced_pod("focus", results)

        def pods():
            return core.list_namespaced_pod("focus", label_selector="job-name=acceptance-1").items

        wait_for(lambda: [pod.status.phase for pod in pods()] == ["Running"] * 8)
        for pod in pods():
            core.patch_namespaced_pod_status(pod.metadata.name, "focus", {"status": {"phase": "Succeeded"}})
        wait_for(lambda: batch.read_namespaced_job("acceptance-1", "focus").status.succeeded == 8)
        (ended,) = batch.read_namespaced_job("acceptance-1", "focus").status.conditions
        assert (ended.type, ended.status) == ("Complete", "True")
