"""Running behave on the sandbox of the session, as a user would."""

import json
import os
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from proof import processes
from proof.processes import RUN_LIMIT_S, serving, variables_of
from proof.tenant_pool import leased_tenant
from support.api.client import FocusServerAPI
from support.core.files import ROOT
from support.observers.stores import Stores
from support.profile.profile import read_profile
from tests.acceptance.running import LIMITS


@pytest.fixture(scope="module")
def endpoints(leased):
    """A tenant for each module: defective servers leave their traces in theirs."""
    with leased() as endpoints:
        yield endpoints


@pytest.fixture(scope="module")
def endpoints_file(endpoints, tmp_path_factory):
    file = tmp_path_factory.mktemp("endpoints") / "endpoints.json"
    file.write_text(json.dumps(endpoints))
    return file


@pytest.fixture
def stores(endpoints_file):
    """The test's own look into the three stores."""
    stores = Stores.connect(read_profile(str(endpoints_file)).settings())
    yield stores
    stores.close()


@pytest.fixture
def real_server(endpoints_file):
    """A client of the sandbox's own server, which has no defect."""
    return FocusServerAPI(read_profile(str(endpoints_file)).settings())


@pytest.fixture
def variables(endpoints_file, tmp_path):
    return {**os.environ, **variables_of(endpoints_file, tmp_path, LIMITS)}


@pytest.fixture
def run_behave(variables, tmp_path):
    """Runs behave on the sandbox, in a process that has loaded all; keyword arguments are further variables."""

    def run(*arguments, limit_s=RUN_LIMIT_S, **more):
        return processes.run_behave(arguments, variables | more, tmp_path, limit_s)

    return run


@pytest.fixture
def feature():
    """Writes a feature of the test's own, to be run with the suite's steps and hooks; gives its path."""
    # Within the checkout: steps that import one another must not be found by two paths.
    place = ROOT / ".run"
    place.mkdir(exist_ok=True)
    with TemporaryDirectory(dir=place) as directory:
        path = Path(directory) / "own.feature"

        def write(*lines, tags="", keyword="Scenario"):
            steps = (f"    {line}" for line in lines)
            path.write_text("\n".join(["Feature: Of the test", f"  {tags}", f"  {keyword}: Of the test", *steps]))
            return str(path)

        yield write


@pytest.fixture
def defective_server(endpoints, tmp_path):
    """Starts a server with a defect on the infrastructure of the sandbox; gives the variables of a run on it."""
    with leased_tenant(endpoints, tmp_path) as tenant, ExitStack() as servers:
        yield lambda defect: servers.enter_context(serving(defect, tenant, tmp_path))
