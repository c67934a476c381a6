from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests
from kubernetes import client, config, watch


@dataclass(frozen=True)
class Cluster:
    """The API server as its users see it: an address, a kubeconfig, and the official client."""

    url: str
    kubeconfig: Path
    token: str
    core: client.CoreV1Api
    batch: client.BatchV1Api
    apps: client.AppsV1Api

    def http(self, method: str, path: str, **options: Any) -> requests.Response:
        headers = {"Authorization": f"Bearer {self.token}", **options.pop("headers", {})}
        return requests.request(method, self.url + path, headers=headers, timeout=10, **options)

    def until(self, listing: Callable[..., Any], holds: Callable[[list[Any]], bool], *args: Any, **options: Any) -> Any:
        """Lists, then follows the changes until what is there makes `holds` true; gives back the items."""
        first = listing(*args, **options)
        items = {item.metadata.uid: item for item in first.items}
        if holds(list(items.values())):
            return list(items.values())
        version = first.metadata.resource_version
        for event in watch.Watch().stream(listing, *args, **options, resource_version=version, timeout_seconds=5):
            item = event["object"]
            if event["type"] == "DELETED":
                items.pop(item.metadata.uid, None)
            else:
                items[item.metadata.uid] = item
            if holds(list(items.values())):
                return list(items.values())
        pytest.fail(f"{listing.__name__}{args} did not become so within 5 s; last seen: {list(items.values())}")


@contextmanager
def serving(folder: Path, *options: str) -> Iterator[Cluster]:
    """An API server of its own, ended with the block."""
    kubeconfig = folder / "kubeconfig"
    command = [sys.executable, "-m", "sandbox.emulators.kubernetes", "--kubeconfig", str(kubeconfig), *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            word, _, url = process.stdout.readline().strip().partition(" ")
            assert word == "ready", f"expected the ready line, got {word!r}; exit status {process.poll()}"
            token = json.loads(kubeconfig.read_text())["users"][0]["user"]["token"]
            api = config.new_client_from_config(str(kubeconfig))
            yield Cluster(url, kubeconfig, token, client.CoreV1Api(api), client.BatchV1Api(api), client.AppsV1Api(api))
        finally:
            process.terminate()
    assert process.returncode == 0


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with serving(tmp_path_factory.mktemp("kubernetes")) as cluster:
        yield cluster


@pytest.fixture
def slow_to_stop(tmp_path: Path) -> Iterator[Cluster]:
    """A cluster of its own whose pods take an hour, or their grace period, to stop."""
    with serving(tmp_path, "--pod-stop-delay", "3600") as cluster:
        yield cluster


@pytest.fixture
def namespace(cluster: Cluster, request: pytest.FixtureRequest) -> Iterator[str]:
    made = cluster.core.create_namespace({"metadata": {"generateName": "test-"}})
    yield made.metadata.name
    cluster.core.delete_namespace(made.metadata.name)


@pytest.fixture
def job() -> Callable[..., dict[str, Any]]:
    def body(name: str = "analyzer", labels: dict[str, str] | None = None, **spec: Any) -> dict[str, Any]:
        container = {
            "name": "analyzer",
            "image": "baby-analyzer:latest",
            "env": [{"name": "FOCUS_CONFIG", "value": json.dumps({"secret": "hush"})}],
        }
        template = {"metadata": {"labels": labels or {}}, "spec": {"restartPolicy": "Never", "containers": [container]}}
        return {
            "apiVersion": "batch/v1",
            "kind": "Job",
            "metadata": {"name": name, "labels": labels or {}},
            "spec": {"template": template, **spec},
        }

    return body


@pytest.fixture
def pod() -> Callable[..., dict[str, Any]]:
    def body(name: str = "pod", **metadata: Any) -> dict[str, Any]:
        return {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": name, **metadata},
            "spec": {"containers": [{"name": "main", "image": "busybox:1.36"}]},
        }

    return body
