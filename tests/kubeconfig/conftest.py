"""Kubeconfigs, and plugins that they name."""

import json
from types import SimpleNamespace

import pytest
import yaml


@pytest.fixture
def kubeconfig(tmp_path):
    """Writes a kubeconfig with one context."""

    def write(server="http://127.0.0.1:1", user=None, name="config", **cluster):
        document = {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "c",
            "clusters": [{"name": "c", "cluster": {"server": server, **cluster}}],
            "users": [{"name": "u", "user": user or {}}],
            "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}],
        }
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(yaml.safe_dump(document))
        return path

    return write


@pytest.fixture
def plugin(tmp_path):
    """An exec plugin: its user entry, and what it prints next; `calls` says how often it was asked."""
    script, printed, calls = tmp_path / "bin" / "plugin.sh", tmp_path / "printed", tmp_path / "calls"
    script.parent.mkdir()
    calls.touch()

    def prints(said="", status=0, **credentials):
        answer = {"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential", "status": credentials}
        printed.write_text(json.dumps(answer))
        script.write_text(f"#!/bin/sh\necho called >>'{calls}'\n{said}\ncat '{printed}'\nexit {status}\n")
        script.chmod(0o755)

    prints(token="plugin-token-1")
    entry = {"apiVersion": "client.authentication.k8s.io/v1", "command": "bin/plugin.sh", "interactiveMode": "Never"}
    return SimpleNamespace(
        user={"exec": entry},
        prints=prints,
        printed=printed,
        asked=lambda: len(calls.read_text().split()),
        script=script,
    )
