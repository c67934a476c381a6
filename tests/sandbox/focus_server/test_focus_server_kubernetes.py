"""The server's way to Kubernetes: its kubeconfig, credentials that end, answers that are none."""

import asyncio
import ssl
import time
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import trustme

from kubeconfig import Cluster, ClusterContext
from sandbox.focus_server.errors import DependencyUnavailable
from sandbox.focus_server.kubernetes import KubernetesAnalyzers
from tests.kubernetes_stand_in import serving


@asynccontextmanager
async def analyzers(server, user, limit_s=10.0, **cluster):
    described = ClusterContext("a kubeconfig", Path("/"), {"server": server, **cluster}, user)
    made = KubernetesAnalyzers(Cluster(described, limit_s=limit_s), namespace="n", image="i", limit_s=limit_s)
    try:
        yield made
    finally:
        await made.aclose()


def plugin(script, commands):
    script.write_text(f"#!/bin/sh\n{commands}\n")
    script.chmod(0o755)
    return {"exec": {"apiVersion": "client.authentication.k8s.io/v1", "command": str(script)}}


def credentials(token):
    return (
        f'echo \'{{"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential", '
        f'"status": {{"token": "{token}"}}}}\''
    )


async def test_credentials_that_end_are_asked_for_anew_and_the_call_is_repeated(tmp_path):
    accepted, script, calls = ["Bearer first-token"], tmp_path / "plugin.sh", tmp_path / "calls"

    def answer(request):
        return (201, {}) if request.headers.get("Authorization") in accepted else (401, {})

    with serving(answer) as server:
        user = plugin(script, f"echo called >>{calls}; {credentials('first-token')}")
        async with analyzers(server.address, user) as kubernetes:
            await kubernetes.launch("job_1", {})
            await kubernetes.launch("job_2", {})
            plugin(script, f"echo called >>{calls}; {credentials('second-token')}")
            accepted[:] = ["Bearer second-token"]
            await kubernetes.launch("job_3", {})
    assert [request.body["metadata"]["name"][-1] for request in server.asked] == ["1", "2", "3", "3"]
    assert calls.read_text().split() == ["called"] * 2


@pytest.mark.parametrize("commands", ["echo 'log in' >&2; exit 1", "sleep 60"])
async def test_a_plugin_that_fails_is_a_dependency_that_is_not_there(tmp_path, commands):
    with serving(lambda _: (201, {})) as server:
        async with analyzers(server.address, plugin(tmp_path / "plugin.sh", commands), 0.5) as kubernetes:
            with pytest.raises(DependencyUnavailable, match="Kubernetes"):
                await kubernetes.launch("job_1", {})
    assert not server.asked


async def test_the_name_in_the_certificate_may_be_another_than_that_of_the_address(tmp_path):
    authority = trustme.CA()
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("kubernetes.example").configure_cert(tls)
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    trusted = {"certificate-authority": str(tmp_path / "ca.pem")}
    with serving(lambda _: (201, {}), tls) as server:
        async with analyzers(server.address, {}, **trusted, **{"tls-server-name": "kubernetes.example"}) as kubernetes:
            await kubernetes.launch("job_1", {})
        async with analyzers(server.address, {}, **trusted) as kubernetes:
            with pytest.raises(DependencyUnavailable, match="Kubernetes"):
                await kubernetes.launch("job_2", {})
    assert len(server.asked) == 1


async def test_connections_are_bounded():
    open_ones, most = [], []

    def answer(request):
        open_ones.append(request)
        most.append(len(open_ones))
        time.sleep(0.005)
        open_ones.remove(request)
        return 201, {}

    with serving(answer) as server:
        async with analyzers(server.address, {}) as kubernetes:
            await asyncio.gather(*(kubernetes.launch(f"job_{number}", {}) for number in range(60)))
    assert (len(most), max(most) <= 20) == (60, True)


async def test_those_that_were_launched_before_a_moment_are_found_by_their_labels():
    def job(job_id, made_at):
        labels = {"focus-server/job-id": job_id} if job_id else {}
        return {"metadata": {"labels": labels, "creationTimestamp": made_at}}

    jobs = [
        job("job_1", "2025-01-01T12:00:00Z"),
        job("job_2", "2025-01-01T12:00:01Z"),
        job(None, "2025-01-01T12:00:00Z"),
    ]
    with serving(lambda _: (200, {"items": jobs})) as server:
        async with analyzers(server.address, {}) as kubernetes:
            moment = datetime(2025, 1, 1, 12, 0, 0, 500_000, tzinfo=UTC)
            assert await kubernetes.launched_before(moment) == {"job_1"}
    (asked,) = server.asked
    selector = parse_qs(urlsplit(asked.path).query)["labelSelector"]
    assert selector == ["app.kubernetes.io/name=baby-analyzer,app.kubernetes.io/managed-by=focus-server"]


@pytest.mark.parametrize("answer", [(302, b"", ("Location", "/elsewhere")), (401, {}), (403, {}), (503, b"busy")])
async def test_what_is_refused_is_not_made(answer):
    with serving(lambda _: answer) as server:
        async with analyzers(server.address, {"token": "some-token"}) as kubernetes:
            with pytest.raises(DependencyUnavailable, match=f"it answered {answer[0]}"):
                await kubernetes.launch("job_1", {})
    assert len(server.asked) == 1
