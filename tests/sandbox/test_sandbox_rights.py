"""The Roles of `deploy/kubernetes` are what suite, sandbox and reference server need: no less, and no more."""

from contextlib import ExitStack, closing, contextmanager
from types import SimpleNamespace
from urllib.parse import parse_qsl

import pytest
import requests
import yaml

from kubeconfig import Cluster, read_context
from kubeconfig.api_request import ApiRequest, Right
from support.core.files import ROOT
from support.faults.workloads import Workloads
from support.observers.kubernetes import Analyzers
from support.observers.kubernetes_api import Namespace
from support.profile.settings import Kubernetes, Naming
from tests.acceptance.running import behave
from tests.kubernetes_stand_in import serving, write_kubeconfig
from tests.support.stand_ins import settings
from tests.workloads_stand_in import workload

OBSERVERS = ("focus-observers", "focus-explaining", "focus-disturbances")


def rights_of(file, *roles):
    """What the Roles or ClusterRoles of a file grant."""
    documents = yaml.safe_load_all((ROOT / "deploy" / "kubernetes" / file).read_text())
    granting = [
        each for each in documents if each["kind"] in ("Role", "ClusterRole") and each["metadata"]["name"] in roles
    ]
    assert len(granting) == len(roles)
    return {
        Right(verb, resource, group)
        for role in granting
        for rule in role["rules"]
        for verb in rule["verbs"]
        for resource in rule["resources"]
        for group in rule["apiGroups"]
    }


@contextmanager
def guarding(upstream, granted):
    """Stand before an API, let each user (by its token) do what is granted to it, and note what it asks for."""
    asked = {user: set() for user in granted}

    def answer(request):
        user = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if user not in granted:
            return 401, {"kind": "Status", "message": "who is that?"}
        path, _, query = request.path.partition("?")
        right = ApiRequest(request.method, path, parse_qsl(query)).right
        asked[user].add(right)
        if right not in granted[user]:
            return 403, {"kind": "Status", "message": f"{user} cannot {right}"}
        if right.verb == "watch":  # It would not end; this one ends at once, as an API's after some time.
            return 200, b""
        forwarded = requests.request(
            request.method,
            upstream.server + request.path,
            json=request.body,
            headers={
                **upstream.credentials().headers,
                **({"Content-Type": request.headers["Content-Type"]} if request.body is not None else {}),
            },
            timeout=20,
        )
        return forwarded.status_code, forwarded.content

    with serving(answer) as server:
        yield SimpleNamespace(address=server.address, asked=asked)


@pytest.fixture
def upstream(sandbox_endpoints):
    return Cluster(read_context(sandbox_endpoints["kubernetes"]["kubeconfig"]), limit_s=10)


@pytest.fixture
def kubeconfig_of(tmp_path):
    def write(user, server):
        return write_kubeconfig(tmp_path / f"{user}.kubeconfig", server, {"token": user})

    return write


# One of each: a job that is made and cancelled, an analyzer that is deleted, one that ends, one that is refused.
SCENARIOS = (
    r"^(A job is created in under two seconds|The analyzer (is deleted|fails).*|Kubernetes takes no more analyzers.*)$"
)


def test_the_rights_suffice_and_none_is_idle(upstream, kubeconfig_of, borrowed, new_sandboxes, tmp_path):
    granted = {
        "sandbox": rights_of("sandbox.yaml", "focus-sandbox"),
        "observers": rights_of("sandbox.yaml", *OBSERVERS),
    }
    with guarding(upstream, granted) as api:
        lent = {**borrowed, "FOCUS_SANDBOX_KUBECONFIG": str(kubeconfig_of("sandbox", api.address))}
        observers = kubeconfig_of("observers", api.address)
        sandboxes = new_sandboxes(**lent)
        variables = {
            **sandboxes.environment,
            "FOCUS__KUBERNETES__KUBECONFIG": str(observers),
            "FOCUS__JOURNALS": str(tmp_path / "journals"),
            "FOCUS__REPORTS__DIRECTORY": str(tmp_path),
        }
        outcome = behave(("--name", SCENARIOS), variables, tmp_path)
        assert outcome.status == 0, outcome.printed
        assert outcome.statuses == {"passed": 4}
        settings = Kubernetes(kubeconfig=observers, namespace="focus")
        with closing(Namespace(settings)) as namespace:
            Analyzers(namespace, Naming()).warnings_about("uid")  # Asked for an analyzer that does not run.
    # Which kinds there are may be asked by everybody; here it is refused, and other kinds are not looked at.
    asked = {
        user: {right for right in rights if not right.resource.startswith("/")} for user, rights in api.asked.items()
    }
    assert asked == granted


PARTS = {"disposable": True, "mongodb": "statefulset/parts-store", "recorder": "deployment/parts-recorder"}


def test_the_rights_on_parts_suffice_and_none_is_idle(upstream, kubeconfig_of, sandbox_endpoints):
    granted = {"observers": rights_of("deployed.yaml", "focus-parts")}
    ours = Kubernetes.model_validate(sandbox_endpoints["kubernetes"])
    stores = SimpleNamespace(database=SimpleNamespace(check_health=lambda: None))
    with guarding(upstream, granted) as api, closing(Namespace(ours)) as namespace, ExitStack() as made:
        for part in ("mongodb", "recorder"):
            made.enter_context(workload(namespace, PARTS[part]))
        kubernetes = {"kubeconfig": kubeconfig_of("observers", api.address), "namespace": ours.namespace}
        own = settings(kubernetes=kubernetes, workloads=PARTS)
        with closing(Workloads(own, stores, lambda *_: None, lambda *_: None)) as workloads:
            for part in ("MongoDB", "recorder"):
                workloads.have_running(part)
                workloads.delete(part)
                workloads.await_return(part)
                workloads.kill(part)
                workloads.await_return(part)
                workloads.stop(part)
                workloads.start(part)
                workloads.expect_another_pod(part)
            workloads.undo()
    assert api.asked == granted


def test_both_files_grant_the_observers_the_same():
    for role in OBSERVERS:
        assert rights_of("deployed.yaml", role) == rights_of("sandbox.yaml", role)


@pytest.mark.parametrize(("file", "elsewhere"), [("deployed.yaml", {"focus-parts"}), ("sandbox.yaml", set())])
def test_each_role_is_bound_and_everything_is_where_it_belongs(file, elsewhere):
    documents = list(yaml.safe_load_all((ROOT / "deploy" / "kubernetes" / file).read_text()))
    named = {(each["kind"], each["metadata"]["name"]) for each in documents}
    assert len(named) == len(documents)
    bound = set()
    for binding in (each for each in documents if each["kind"].endswith("Binding")):
        role = (binding["roleRef"]["kind"], binding["roleRef"]["name"])
        assert role in named
        bound.add(role)
        for subject in binding["subjects"]:
            assert ("ServiceAccount", subject["name"]) in named
            assert subject["namespace"] == "<namespace>"
    assert bound == {each for each in named if each[0] in ("Role", "ClusterRole")}
    for each in documents:
        if each["kind"] in ("Role", "RoleBinding"):
            where = "<parts-namespace>" if each["metadata"]["name"] in elsewhere else "<namespace>"
            assert each["metadata"]["namespace"] == where
    commands = [line for line in (ROOT / "deploy" / "kubernetes" / file).read_text().splitlines() if "sed '" in line]
    assert all("<parts-namespace>" in command for command in commands) or not elsewhere
