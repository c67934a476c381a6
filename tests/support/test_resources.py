"""What the server uses: of its process as the system tells it, of its pods as the metrics API does."""

import os
from types import SimpleNamespace

import psutil
import pytest
from stand_ins import settings

from support.core.errors import EnvironmentBroken
from support.load.resources import quantity, usage
from support.observers.kubernetes_api import Namespace
from support.profile.settings import Kubernetes, Load
from tests.kubernetes_stand_in import serving, write_kubeconfig


def of(**load):
    return settings().model_copy(update={"load": Load(**load)})


@pytest.fixture
def pods(tmp_path):
    """Asks for the server's pods; gives what is used and what was asked."""

    def ask(status, *containers):
        items = [{"metadata": {"name": "server-1"}, "containers": list(containers)}] if containers else []
        # As the metrics server answers: without a resourceVersion.
        answer = {"kind": "PodMetricsList", "apiVersion": "metrics.k8s.io/v1beta1", "metadata": {}, "items": items}
        with serving(lambda request: (status, answer, ("Content-Type", "application/json"))) as api:
            kubeconfig = write_kubeconfig(tmp_path / "kubeconfig", api.address)
            namespace = Namespace(Kubernetes(kubeconfig=kubeconfig, namespace="focus"))
            try:
                seen = usage(of(server_pods="app=focus-server"), SimpleNamespace(namespace=namespace))
            finally:
                namespace.close()
        return seen, [request.path for request in api.asked]

    return ask


def used(cpu, memory):
    return {"name": "any", "usage": {"cpu": cpu, "memory": memory}}


def test_of_pods_all_containers_are_counted(pods):
    seen, asked = pods(200, used("250m", "64Mi"), used("1500000n", "1024Ki"))
    assert seen.cores == pytest.approx(0.2515)
    assert seen.memory_mb == pytest.approx((64 * 2**20 + 2**20) / 1e6)
    assert seen.cpu_s is None
    (path,) = asked
    assert path.startswith("/apis/metrics.k8s.io/v1beta1/namespaces/focus/pods?")
    assert "labelSelector=app%3Dfocus-server" in path


def test_no_such_pod_is_told_with_the_setting(pods):
    with pytest.raises(EnvironmentBroken, match=r"no pod with app=focus-server \(load.server_pods\)"):
        pods(200)


def test_a_cluster_without_the_metrics_api_is_told(pods):
    with pytest.raises(EnvironmentBroken, match="404"):
        pods(404)


def test_metrics_of_another_form_are_no_answer(pods):
    with pytest.raises(EnvironmentBroken, match=r"usage\.memory"):
        pods(200, {"name": "any", "usage": {"cpu": "1"}})


def test_of_a_process_it_is_what_the_system_tells():
    seen, process = usage(of(server_process=os.getpid()), SimpleNamespace()), psutil.Process()
    assert seen.memory_mb == pytest.approx(process.memory_info().rss / 1e6, rel=0.2)
    assert seen.cpu_s <= sum(process.cpu_times()[:2]) <= seen.cpu_s + 1
    assert seen.cores is None


@pytest.mark.parametrize(
    ("load", "told"), [({"server_process": 2**22 + 1}, "load.server_process"), ({}, "neither load.server_process nor")]
)
def test_a_server_that_cannot_be_seen_is_told_with_the_setting(load, told):
    with pytest.raises(EnvironmentBroken, match=told):
        usage(of(**load), SimpleNamespace())


@pytest.mark.parametrize(
    ("text", "value"),
    [("2", 2), ("250m", 0.25), ("12345n", 12345e-9), ("3Ki", 3072), ("1.5Gi", 1.5 * 2**30), ("7M", 7e6)],
)
def test_a_quantity_is_read_as_kubernetes_writes_it(text, value):
    assert quantity(text) == pytest.approx(value)
