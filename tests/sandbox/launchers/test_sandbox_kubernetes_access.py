"""How the sandbox reaches a cluster that the settings lend, and what it says when it cannot."""

import pytest

from sandbox.launchers import kubernetes_api
from sandbox.launchers.processes import PartFailed
from tests.kubernetes_stand_in import serving, write_kubeconfig

TOKEN = "hush-token-of-the-test"


@pytest.fixture
def lent(tmp_path):
    """Starts on a cluster at an address, with a user's entry."""

    async def start(server, user=None):
        file = write_kubeconfig(tmp_path / "kubeconfig", server, user or {"token": TOKEN})
        return await kubernetes_api.start(None, tmp_path, {kubernetes_api.CLUSTER_SETTING: str(file)})  # type: ignore[arg-type]

    return start


async def test_a_plugin_logs_in_and_is_not_asked_at_every_call(lent, tmp_path):
    script, calls = tmp_path / "plugin.sh", tmp_path / "calls"
    about = '"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential"'
    printed = f'{{{about}, "status": {{"token": "from-plugin"}}}}'
    script.write_text(f"#!/bin/sh\necho called >>{calls}\necho '{printed}'\n")
    script.chmod(0o755)
    user = {"exec": {"apiVersion": "client.authentication.k8s.io/v1", "command": str(script)}}
    with serving(lambda request: (404 if request.method == "DELETE" else 200, {})) as server:
        kubernetes = await lent(server.address, user)
        await kubernetes.create("one")
        await kubernetes.delete("one")
    assert [(request.method, request.path) for request in server.asked] == [
        ("GET", "/api/v1/namespaces?limit=1"),
        ("POST", "/api/v1/namespaces"),
        ("DELETE", "/api/v1/namespaces/one"),
    ]
    assert {request.headers["Authorization"] for request in server.asked} == {"Bearer from-plugin"}
    assert calls.read_text() == "called\n"


FORBIDDEN = {"kind": "Status", "message": f'namespaces is forbidden: User "u" ({TOKEN}) cannot list'}


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (
            (403, FORBIDDEN),
            r"`list namespaces`: it answered 403 Forbidden: .*right to list names",
        ),
        ((401, {"kind": "Status", "message": "expired"}), "401 Unauthorized: expired"),
        ((200, b"<html>Log in"), "not JSON: <html>Log in"),
        ((200, []), "not an object"),
        ((302, b"", ("Location", "https://login.example")), "302 Found, to https://login.example"),
    ],
)
async def test_a_cluster_that_cannot_be_used_is_told_with_what_it_said(lent, answer, told):
    with serving(lambda _: answer) as server, pytest.raises(PartFailed, match=told) as failure:
        await lent(server.address)
    assert kubernetes_api.CLUSTER_SETTING in str(failure.value)
    assert TOKEN not in str(failure.value)


async def test_a_kubeconfig_that_cannot_be_used_is_told_without_its_secrets(lent, tmp_path):
    with pytest.raises(PartFailed, match=r"FOCUS_SANDBOX_KUBECONFIG=.*token.*header") as failure:
        await lent("http://127.0.0.1:1", {"token": "hush hush"})
    assert "hush" not in str(failure.value)
    setting = {kubernetes_api.CLUSTER_SETTING: str(tmp_path / "missing")}
    with pytest.raises(PartFailed, match=r"there is no kubeconfig .*missing"):
        await kubernetes_api.start(None, tmp_path, setting)  # type: ignore[arg-type]
