"""The manifests of a run in shards, with their placeholders filled in as docs/many-machines.md does it."""

from collections.abc import Callable
from typing import Any

import pytest
import yaml

from support.core.files import ROOT

FILLED_IN = {"<namespace>": "focus", "<run>": "7", "<shards>": "4", "<image>": "registry.example/focus-acceptance:1"}


@pytest.fixture(scope="session")
def manifests() -> Callable[[str], list[dict[str, Any]]]:
    """The objects of a file of deploy/kubernetes."""

    def read(file: str) -> list[dict[str, Any]]:
        text = (ROOT / "deploy/kubernetes" / file).read_text("utf-8")
        for placeholder, value in FILLED_IN.items():
            text = text.replace(placeholder, value)
        return list(yaml.safe_load_all(text))

    return read


@pytest.fixture(scope="session")
def job(manifests: Callable[[str], list[dict[str, Any]]]) -> dict[str, Any]:
    (found,) = [one for one in manifests("acceptance.yaml") if one["kind"] == "Job"]
    return found
