"""Every instrument that judges, waits, looks or cleans up can be wrong, and something notices when it is."""

import json
import os
import subprocess
import sys

import pytest

from tests.selfproof.catalogue import SPOILINGS
from tests.selfproof.trials import ROOT

pytestmark = pytest.mark.timeout(300)

LIMIT_S = 280  # far more than it takes: many may share a core


def came_of(names, module="tests.selfproof.catalogue", **environment):
    """What came of trials in a process of their own."""
    process = subprocess.run(
        [sys.executable, "-m", "tests.selfproof.trials", module],
        input=json.dumps(names),
        cwd=ROOT,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        text=True,
        timeout=LIMIT_S,
        check=True,
    )
    return json.loads(process.stdout)


@pytest.fixture(scope="module")
def tried(request, warm_sandbox):
    """What came of all those that were selected, tried side by side."""
    selected = [item for item in request.session.items if item.path == request.path and hasattr(item, "callspec")]
    return came_of(
        [item.callspec.params["spoiling"].what for item in selected], FOCUS_SANDBOX_TEST_PLACE=str(warm_sandbox.place)
    )


@pytest.mark.parametrize("spoiling", SPOILINGS, ids=lambda spoiling: spoiling.what)
def test_it_is_noticed(tried, spoiling):
    assert tried[spoiling.what] is None, tried[spoiling.what]
