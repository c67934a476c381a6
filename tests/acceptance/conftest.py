"""Running behave on the sandbox of the session, as a user would, and on servers that each have a defect."""

import json
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from queue import SimpleQueue
from tempfile import TemporaryDirectory

import pytest

from support.client import FocusServerAPI
from support.profile import read_profile
from support.stores import Stores
from tests.acceptance import running
from tests.acceptance.running import ROOT, Caught, Ran, serving

# Each with a tenant of its own: a server or a run that waits leaves its processor to the others.
WORKERS = 3


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
    return running.variables(endpoints_file, tmp_path)


@pytest.fixture
def run_behave(variables, tmp_path):
    """Runs behave on the sandbox; keyword arguments are further environment variables."""

    def run(*arguments, limit_s=running.RUN_LIMIT_S, **more):
        return running.behave(arguments, variables | more, tmp_path, limit_s)

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
    with ExitStack() as servers:
        yield lambda defect: servers.enter_context(serving(defect, endpoints, tmp_path))


@pytest.fixture(scope="session")
def run_on_defect(leased, tmp_path_factory) -> Iterator[Callable[[Caught], "Future[Ran]"]]:
    """Runs one scenario against one defect, several of them at a time."""
    tenants: SimpleQueue = SimpleQueue()

    def run(row):
        tenant = tenants.get()
        try:
            endpoints, file = tenant
            place = tmp_path_factory.mktemp("defect")
            with serving(row.defect, endpoints, place) as server:
                variables = running.variables(file, place, running.QUICK) | server
                return running.behave_forked(running.only(row.scenario), variables, place)
        finally:
            tenants.put(tenant)

    with ExitStack() as leases, ThreadPoolExecutor(WORKERS) as workers:
        for _ in range(WORKERS):
            endpoints = leases.enter_context(leased())
            file = tmp_path_factory.mktemp("endpoints") / "endpoints.json"
            file.write_text(json.dumps(endpoints))
            tenants.put((endpoints, file))
        yield lambda row: workers.submit(run, row)
        workers.shutdown(cancel_futures=True)


@pytest.fixture(scope="module")
def _runs(request, run_on_defect):
    """The runs of all rows of the module that were selected, begun at once."""
    selected = [item for item in request.session.items if item.path == request.path and hasattr(item, "callspec")]
    rows = [item.callspec.params["row"] for item in selected if "row" in item.callspec.params]
    return {row: run_on_defect(row) for row in rows}


@pytest.fixture
def expect_caught(_runs):
    """See that the right scenario turned red, at the right step, and names the fault."""

    def expect(row):
        ran = _runs[row].result()
        assert row.scenario in ran.scenarios, ran.printed
        status, failed_step, error = ran.scenarios[row.scenario]
        assert (status, failed_step) == ("failed", row.step), ran.printed
        assert row.message in error
        assert ran.status == 1

    return expect
