"""The manifests of a run in shards, with their placeholders filled in by the command that stands in them."""

import re
import subprocess
from collections.abc import Callable
from typing import Any

import pytest
import yaml

from support.core.files import ROOT


@pytest.fixture(scope="session")
def manifests() -> Callable[[str], list[dict[str, Any]]]:
    """The objects of a file of deploy/kubernetes."""

    def read(file: str) -> list[dict[str, Any]]:
        path = ROOT / "deploy/kubernetes" / file
        (command,) = re.findall(r"sed '[^']*'", path.read_text("utf-8"))
        assert command in (ROOT / "docs/many-machines.md").read_text("utf-8")
        filled_in = subprocess.run(["sh", "-c", f"{command} {path}"], capture_output=True, text=True, check=True).stdout
        text = re.sub("^#.*", "", filled_in, flags=re.MULTILINE)
        assert "<" not in text
        return list(yaml.safe_load_all(text))

    return read


@pytest.fixture(scope="session")
def job(manifests: Callable[[str], list[dict[str, Any]]]) -> dict[str, Any]:
    (found,) = [one for one in manifests("acceptance.yaml") if one["kind"] == "Job"]
    return found
