"""kubectl, unchanged, against the API server."""

from __future__ import annotations

import json
import shutil
import subprocess

import pytest

KUBECTL = shutil.which("kubectl", path="/usr/bin")


@pytest.mark.skipif(KUBECTL is None, reason="no kubectl in /usr/bin")
def test_kubectl_creates_shows_and_deletes(cluster, namespace, job, tmp_path):
    manifest = tmp_path / "job.json"
    manifest.write_text(json.dumps(job("by-kubectl", {"app": "analyzer"})))

    def kubectl(*arguments: str) -> str:
        command = [KUBECTL, "--kubeconfig", str(cluster.kubeconfig), "--context", "kubectl", "-n", namespace]
        # Its discovery cache lies in the home directory.
        environment = {"HOME": str(tmp_path), "PATH": "/usr/bin:/bin"}
        done = subprocess.run([*command, *arguments], capture_output=True, text=True, env=environment, timeout=20)
        assert done.returncode == 0, f"{arguments}: {done.stderr}"
        return done.stdout

    assert "job.batch/by-kubectl created" in kubectl("create", "-f", str(manifest))
    kubectl("wait", "pod", "-l", "app=analyzer", "--for=condition=Ready", "--timeout=5s")
    assert "by-kubectl-" in kubectl("get", "pods")
    assert "by-kubectl" in kubectl("describe", "job", "by-kubectl")
    kubectl("delete", "job", "by-kubectl", "--cascade=foreground")
    assert json.loads(kubectl("get", "jobs,pods", "-o", "json"))["items"] == []
