"""Parts of the product as workloads of Kubernetes: what is asked of it, in which order, and what is waited for."""

from types import SimpleNamespace
from urllib.parse import parse_qs, urlsplit

import pytest
from stand_ins import Journal, settings

from support.core.errors import EnvironmentBroken, ExpectationFailed
from support.faults.disturbances import Disturbances
from support.faults.workloads import Workloads
from support.observers.workloads import Pod, WorkloadState
from support.scenario import journal as journals
from support.scenario import sweeping
from support.scenario.sweeping import repair
from tests.kubernetes_stand_in import serving, write_kubeconfig

STAYS_AS_IT_IS = pytest.mark.parametrize("limit_s", [1])
NAMED = {"disposable": True, "namespace": "parts", "mongodb": "statefulset/mongo", "rabbitmq": "deployment/rabbit"}
WORKLOADS = "/apis/apps/v1/namespaces/parts/"
PODS = "/api/v1/namespaces/parts/pods"


class Parts:
    """Two workloads of one pod each; one that has lost its pod gets another at the second look after that."""

    def __init__(self):
        self.replicas = {"statefulsets/mongo": 1, "deployments/rabbit": 1}
        self.pods = {name: [1] for name in self.replicas}
        self.looks = self.made = 1
        self.does_not_come_back = self.slow_to_end = self.deaf = self.refuses = False
        self.operator = lambda name: None  # What another one does to a workload that has been scaled.
        self.also_selected, self.status, self.selector = [], {"phase": "Running", "conditions": [READY]}, None
        self.done, self.grace = [], []

    def answer(self, request):
        if self.refuses:
            return 500, {"kind": "Status", "code": 500, "reason": "InternalError", "message": "not now"}
        path, query = urlsplit(request.path).path, parse_qs(urlsplit(request.path).query)
        if request.method == "GET" and path == PODS:
            (asked,) = query["labelSelector"]
            (name,) = [name for name in self.replicas if asked.startswith(f"app={name.partition('/')[2]}")]
            self.asked = asked
            return 200, {"items": self._look(name), "metadata": {"resourceVersion": "1"}}
        if request.method == "GET":
            name = path.removeprefix(WORKLOADS)
            ready = len(self.pods[name])
            labels = {"matchLabels": {"app": name.partition("/")[2]}}
            spec = {"replicas": self.replicas[name], "selector": labels if self.selector is None else self.selector}
            return 200, {"metadata": {"name": name}, "spec": spec, "status": {"readyReplicas": ready}}
        if request.method == "PATCH":
            name = path.removeprefix(WORKLOADS).removesuffix("/scale")
            self.replicas[name] = request.body["spec"]["replicas"]
            if not self.slow_to_end:
                self.pods[name] = self.pods[name][: self.replicas[name]]
            self.done.append((name, self.replicas[name]))
            self.operator(name)
            return 200, {}
        (name,) = [name for name in self.pods if path.startswith(f"{PODS}/{name.partition('/')[2]}-")]
        self.pods[name] = self.pods[name] if self.deaf else []
        self.done.append((name, "deleted"))
        self.grace.append((request.body or {}).get("gracePeriodSeconds"))
        return 200, {}

    def _look(self, name):
        shown = self.pods[name]
        if len(shown) < self.replicas[name] and not self.does_not_come_back:
            self.made += 1
            self.pods[name] = [self.made]
        short = name.partition("/")[2]
        owner = ("StatefulSet", short) if name.startswith("statefulsets") else ("ReplicaSet", f"{short}-5f4d")
        return [*self.also_selected, *(pod_of(f"{short}-{number}", *owner, self.status) for number in shown)]


READY = {"type": "Ready", "status": "True"}


def pod_of(name, kind, owner, status):
    return {
        "metadata": {
            "name": name,
            "uid": f"u{name.rpartition('-')[2]}",
            "labels": {"pod-template-hash": "5f4d"},
            "ownerReferences": [{"kind": kind, "name": owner, "uid": owner, "controller": True}],
        },
        "spec": {},
        "status": status,
    }


@pytest.fixture
def parts():
    return Parts()


@pytest.fixture
def limit_s():
    """How long is waited for a part; tests in which it stays as it is have another one."""
    return 20


@pytest.fixture
def own(parts, tmp_path, limit_s):
    with serving(parts.answer) as api:
        kubeconfig = write_kubeconfig(tmp_path / "kubeconfig", api.address)
        limits = {"part_recovers_s": limit_s, "poll_interval_s": 0.01}
        yield settings(
            kubernetes={"kubeconfig": kubeconfig}, workloads=NAMED, time_limits=limits, journals=str(tmp_path)
        )


@pytest.fixture
def health():
    """Of each store the checks of its health that fail, as many as are left."""
    return {"MongoDB": 0, "RabbitMQ": 0}


@pytest.fixture
def stores(health):
    def check_of(store):
        def check():
            if health[store]:
                health[store] -= 1
                raise EnvironmentBroken(f"{store} does not answer")

        return SimpleNamespace(check_health=check)

    return SimpleNamespace(database=check_of("MongoDB"), broker=check_of("RabbitMQ"))


@pytest.fixture
def announced():
    return []


@pytest.fixture
def scaled():
    return []


@pytest.fixture
def workloads(own, stores, announced, scaled, parts):
    return Workloads(
        own,
        stores,
        lambda part, replicas: announced.append((part, replicas, list(parts.done))),
        lambda part, replicas: scaled.append((part, replicas, list(parts.done))),
    )


def restart(workloads, part):
    workloads.delete(part)
    return workloads.await_return(part)


def test_a_part_that_is_restarted_has_another_pod_and_answers_when_it_is_back(workloads, parts, health, announced):
    (before,) = workloads.state("MongoDB").pods
    health["MongoDB"] = 2
    assert restart(workloads, "MongoDB") > 0
    (after,) = workloads.state("MongoDB").pods
    assert (before.uid, after.uid) == ("u1", "u2")
    assert health["MongoDB"] == 0
    assert announced == [("MongoDB", 1, [])]
    assert (parts.done, parts.grace) == ([("statefulsets/mongo", "deleted")], [None])


def test_a_part_that_is_killed_gets_no_time_to_end_and_is_not_waited_for(workloads, parts):
    parts.does_not_come_back = True
    workloads.kill("RabbitMQ")
    assert (parts.done, parts.grace) == ([("deployments/rabbit", "deleted")], [0])


def test_a_part_that_is_stopped_has_no_pod_until_it_is_started(workloads, parts, announced):
    workloads.stop("MongoDB")
    assert workloads.state("MongoDB") == WorkloadState(0, 0, ())
    workloads.start("MongoDB")
    assert [pod.name for pod in workloads.state("MongoDB").pods] == ["mongo-2"]
    assert parts.done == [("statefulsets/mongo", 0), ("statefulsets/mongo", 1)]
    assert announced == [("MongoDB", 1, [])]


def test_a_part_that_is_scaled_to_zero_is_had_running_and_is_so_no_more_at_the_end(workloads, parts, announced):
    parts.replicas["deployments/rabbit"], parts.pods["deployments/rabbit"] = 0, []
    workloads.have_running("RabbitMQ")
    assert len(workloads.state("RabbitMQ").pods) == 1
    workloads.have_running("RabbitMQ")
    workloads.stop("RabbitMQ")
    workloads.start("RabbitMQ")
    assert parts.done == [("deployments/rabbit", replicas) for replicas in (1, 0, 1)]
    workloads.undo()
    assert workloads.state("RabbitMQ") == WorkloadState(0, 0, ())
    assert announced == [("RabbitMQ", 0, [])]


def test_that_a_part_runs_in_the_pod_from_before_or_in_none_is_told(workloads, parts):
    parts.deaf = True
    workloads.delete("MongoDB")
    with pytest.raises(ExpectationFailed, match="mongo-1 is still the pod from before"):
        workloads.expect_another_pod("MongoDB")
    parts.deaf = False
    workloads.stop("MongoDB")
    with pytest.raises(ExpectationFailed, match="it has none"):
        workloads.expect_another_pod("MongoDB")


def test_a_part_that_does_not_come_back_is_told_with_what_keeps_it(own, stores, parts):
    hasty = own.model_copy(update={"time_limits": own.time_limits.model_copy(update={"part_recovers_s": 1})})
    workloads = Workloads(hasty, stores, print, print)
    parts.does_not_come_back = True
    with pytest.raises(EnvironmentBroken, match=r"MongoDB to be back\n  - there are 0 pods instead of 1\n.*part_rec"):
        restart(workloads, "MongoDB")
    with pytest.raises(EnvironmentBroken, match="up to Kubernetes: see its events about the pods of statefulset/mongo"):
        workloads.undo()
    parts.does_not_come_back, parts.status = False, {"phase": "Running"}
    with pytest.raises(EnvironmentBroken, match="See what keeps statefulset/mongo from its 1 pods"):
        workloads.undo()
    parts.status = {"phase": "Running", "conditions": [READY]}
    Workloads(own, stores, print, print).bring_back({"MongoDB": 1})
    assert len(workloads.state("MongoDB").pods) == 1


def test_the_limit_of_a_part_counts_from_when_its_pods_were_deleted_and_one_that_is_back_by_then_is_not_late(
    workloads, parts, limit_s
):
    parts.does_not_come_back = True
    workloads.delete("MongoDB")
    workloads._disturbed["MongoDB"].since -= limit_s
    with pytest.raises(EnvironmentBroken, match=r"waited 0\.\d s \(time limit the rest of .*part_recovers_s = 0 s"):
        workloads.await_return("MongoDB")
    parts.does_not_come_back = False
    workloads.state("MongoDB")
    assert workloads.await_return("MongoDB") > limit_s


def test_what_failed_to_be_undone_may_be_tried_again(workloads, parts, health):
    workloads.stop("MongoDB")
    parts.refuses = True
    with pytest.raises(EnvironmentBroken, match="it answered 500"):
        workloads.undo()
    parts.refuses = False
    workloads.undo()
    assert len(workloads.state("MongoDB").pods) == 1


def test_at_the_end_all_parts_are_as_they_were_and_that_once(workloads, parts):
    parts.replicas["deployments/rabbit"] = 0
    workloads.stop("MongoDB")
    workloads.stop("RabbitMQ")
    parts.done.clear()
    workloads.undo()
    workloads.undo()
    assert parts.done == [("statefulsets/mongo", 1)]


def test_what_may_not_be_disturbed_is_told_with_the_setting(workloads, own):
    assert workloads.impossible("MongoDB") is None
    assert workloads.impossible("Focus Server") == "workloads.focus_server is not set"
    assert workloads.impossible("recorder") == "workloads.recorder is not set"
    lasting = settings(workloads={**NAMED, "disposable": False})
    assert Workloads(lasting, None, print, print).impossible("MongoDB") == "workloads.disposable is not set"


def test_a_workload_is_as_wanted_when_each_pod_is_ready_and_none_goes():
    pod = {"metadata": {"name": "p", "uid": "u"}, "spec": {}, "status": {"phase": "Pending"}}
    young = Pod.of(pod)
    assert WorkloadState(1, 0, (young,)).problems() == ["the pod p is Pending and not ready"]
    pod["status"] = {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}
    pod["status"]["containerStatuses"] = [{"restartCount": 2}, {"restartCount": 1}]
    ready = Pod.of(pod)
    assert ready == Pod("p", "u", "Running", is_ready=True, restarts=3, is_going=False)
    assert WorkloadState(1, 1, (ready,)).problems() == []
    assert WorkloadState(1, 0, (ready,)).problems() == ["0 pods are counted as ready instead of 1"]
    pod["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    assert WorkloadState(0, 0, (Pod.of(pod),)).problems() == ["the pod p is still there"]


@STAYS_AS_IT_IS
@pytest.mark.parametrize(
    ("status", "told"),
    [
        ({"phase": "Pending", "conditions": [{**READY, "type": "PodScheduled", "status": "False"}]}, "it has no node"),
        ({"phase": "Pending", "containerStatuses": [{"state": {"waiting": {"reason": "ImagePullBackOff"}}}]}, "Image"),
        ({"phase": "Running", "containerStatuses": [{"state": {"waiting": {"reason": "ErrImagePull"}}}]}, "ErrImage"),
        ({"phase": "Pending", "containerStatuses": [{"state": {"waiting": {"reason": "Creating"}}}]}, "Creating"),
    ],
)
def test_a_pod_that_kubernetes_does_not_start_is_not_the_products_fault(workloads, parts, status, told):
    parts.status = status
    with pytest.raises(
        EnvironmentBroken, match=rf"mongo-\d+ is {status['phase']} and not ready \(.*{told}.*\)\n[^$]*up to"
    ):
        restart(workloads, "MongoDB")


@STAYS_AS_IT_IS
@pytest.mark.parametrize(
    "status",
    [
        {"phase": "Running"},
        {
            "phase": "Running",
            "containerStatuses": [{"restartCount": 3, "state": {"waiting": {"reason": "CrashLoopBackOff"}}}],
        },
        {
            "phase": "Pending",
            "initContainerStatuses": [{"restartCount": 3, "state": {"waiting": {"reason": "CrashLoopBackOff"}}}],
        },
    ],
)
def test_a_part_that_runs_and_is_not_ready_or_ends_again_and_again_is_the_products_fault(workloads, parts, status):
    parts.status = status
    with pytest.raises(ExpectationFailed, match=r"mongo-\d+ is \w+ and not ready"):
        restart(workloads, "MongoDB")


@STAYS_AS_IT_IS
def test_a_part_whose_pods_are_ready_and_that_does_not_answer_is_the_products_fault(workloads, health):
    health["MongoDB"] = 10_000
    with pytest.raises(ExpectationFailed, match="MongoDB does not answer"):
        restart(workloads, "MongoDB")


@STAYS_AS_IT_IS
def test_a_pod_that_does_not_go_is_not_the_products_fault(workloads, parts):
    parts.slow_to_end = True
    with pytest.raises(EnvironmentBroken, match=r"all pods of MongoDB to be gone\n[^$]*up to Kubernetes"):
        workloads.stop("MongoDB")


def test_a_pod_that_ends_and_is_ready_no_more_is_up_to_kubernetes_and_one_that_does_not_end_is_not():
    pod = {"metadata": {"name": "p", "uid": "u"}, "spec": {}, "status": {"phase": "Running"}}
    assert not WorkloadState(1, 0, (Pod.of(pod),)).is_up_to_kubernetes
    pod["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    assert WorkloadState(1, 0, (Pod.of(pod),)).is_up_to_kubernetes


def test_a_part_that_an_operator_scales_back_was_never_stopped(workloads, parts):
    parts.operator = lambda name: parts.replicas.update({name: 1})
    told = (
        "MongoDB, which was scaled to zero, was scaled back to 1: something else, such as an operator, owns the scale"
    )
    with pytest.raises(EnvironmentBroken, match=told):
        workloads.stop("MongoDB")


def test_a_part_that_an_operator_has_scaled_back_since_is_told_when_it_is_to_be_started(workloads, parts):
    workloads.stop("MongoDB")
    parts.replicas["statefulsets/mongo"] = 2
    with pytest.raises(EnvironmentBroken, match="was scaled back to 2"):
        workloads.start("MongoDB")


@pytest.mark.parametrize("phase", ["Failed", "Succeeded"])
def test_a_pod_that_was_evicted_is_none_of_those_that_a_part_has(workloads, parts, phase):
    parts.also_selected = [pod_of("mongo-0", "StatefulSet", "mongo", {"phase": phase, "reason": "Evicted"})]
    assert restart(workloads, "MongoDB") > 0
    assert [pod.name for pod in workloads.state("MongoDB").pods] == ["mongo-2"]


def test_only_pods_of_a_part_itself_are_killed_among_those_that_it_selects(workloads, parts):
    running = {"phase": "Running", "conditions": [READY]}
    bare = {"metadata": {"name": "bare", "uid": "bare", "labels": {"pod-template-hash": "5f4d"}}, "status": running}
    parts.also_selected = [
        bare,
        pod_of("theirs", "StatefulSet", "other", running),
        pod_of("older", "ReplicaSet", "rabbit-more-5f4d", running),
    ]
    workloads.kill("MongoDB")
    workloads.kill("RabbitMQ")
    assert parts.done == [("statefulsets/mongo", "deleted"), ("deployments/rabbit", "deleted")]


def test_pods_are_selected_by_expressions_too(workloads, parts):
    parts.selector = {
        "matchLabels": {"app": "mongo"},
        "matchExpressions": [
            {"key": "tier", "operator": "In", "values": ["a", "b"]},
            {"key": "stage", "operator": "NotIn", "values": ["test"]},
            {"key": "role", "operator": "Exists"},
            {"key": "old", "operator": "DoesNotExist"},
        ],
    }
    assert len(workloads.state("MongoDB").pods) == 1
    assert parts.asked == "app=mongo,tier in (a,b),stage notin (test),role,!old"


@pytest.mark.parametrize(
    ("selector", "told"),
    [
        ({}, "statefulset/mongo selects its pods by nothing"),
        ({"matchLabels": {}}, "selects its pods by nothing"),
        ({"matchExpressions": [{"key": "app", "operator": "Like"}]}, "in an unknown way"),
    ],
)
def test_a_part_that_selects_every_pod_is_not_touched(workloads, parts, selector, told):
    parts.selector = selector
    with pytest.raises(EnvironmentBroken, match=told):
        workloads.kill("MongoDB")
    assert parts.done == []


def test_ledger_and_journal_know_of_a_disturbed_part_before_and_it_is_brought_back(own, stores, parts):
    journal = Journal()
    disturbances = Disturbances(own, stores, journal, lambda *about: journal.entries.append(("entered", *about)))
    disturbances.workloads.stop("MongoDB")
    told = [("entered", None, "MongoDB"), ("part disturbed", "MongoDB", 1), ("part scaled", "MongoDB", 0)]
    assert journal.entries == told
    disturbances.undo()
    assert journal.entries == [*told, ("part scaled", "MongoDB", 1)]
    assert parts.replicas["statefulsets/mongo"] == 1


def test_what_a_killed_run_has_stopped_is_started_by_the_next_one(own, stores, parts, tmp_path):
    journal = journals.Journal(tmp_path / "j", own.focus_server.base_url, provided=None)
    for replicas in (1, 0):  # A second scenario that found it stopped: it had one pod before the first.
        scenario = journal.begin()
        scenario.part_disturbed("MongoDB", replicas)
        scenario.part_scaled("MongoDB", 0)
    journal.close()
    parts.replicas["statefulsets/mongo"], parts.pods["statefulsets/mongo"] = 0, []
    result = repair(tmp_path / "j", own, stores)
    assert parts.done == [("statefulsets/mongo", 1)]
    assert result.lines == ["The part that a killed run had disturbed is there: MongoDB"]


@pytest.mark.parametrize(("scaled_to", "now"), [((0,), 2), ((0, 1), 0), ((), 0), ((), 3)])
def test_what_somebody_else_has_scaled_since_a_run_was_killed_stays_so(own, stores, parts, tmp_path, scaled_to, now):
    journal = journals.Journal(tmp_path / "j", own.focus_server.base_url, provided=None)
    scenario = journal.begin()
    scenario.part_disturbed("MongoDB", 1)
    for replicas in scaled_to:
        scenario.part_scaled("MongoDB", replicas)
    journal.close()
    parts.replicas["statefulsets/mongo"] = now
    result = repair(tmp_path / "j", own, stores)
    assert parts.done == []
    (line,) = result.lines
    assert f"scaled to {now} by somebody else, and stays so: MongoDB. Before that run it had 1 pods" in line
    assert len(result.repaired) == 1


def test_to_what_a_part_is_scaled_is_told_before_unless_it_is_as_it_was(workloads, scaled, announced):
    workloads.stop("MongoDB")
    workloads.start("MongoDB")
    assert announced == [("MongoDB", 1, [])]
    stopped = ("statefulsets/mongo", 0)
    assert scaled == [("MongoDB", 0, []), ("MongoDB", 1, [stopped, ("statefulsets/mongo", 1)])]


def test_ways_that_a_killed_run_has_broken_are_open_before_its_parts_are_waited_for(
    own, stores, parts, tmp_path, monkeypatch
):
    journal = journals.Journal(tmp_path / "j", own.focus_server.base_url, provided=None)
    scenario = journal.begin()
    scenario.way_broken("way")
    scenario.part_disturbed("MongoDB", 1)
    journal.close()
    monkeypatch.setattr(sweeping, "restore", lambda toxiproxy, proxy: parts.done.append(proxy))
    monkeypatch.setattr(Workloads, "bring_back", lambda workloads, replicas: parts.done.append(replicas))
    repair(tmp_path / "j", own, stores)
    assert parts.done == ["way", {"MongoDB": 1}]


def test_a_stopped_part_that_the_profile_no_longer_names_is_told_and_its_journal_stays(own, stores, parts, tmp_path):
    journal = journals.Journal(tmp_path / "j", own.focus_server.base_url, provided=None)
    journal.begin().part_disturbed("recorder", 1)
    journal.close()
    result = repair(tmp_path / "j", own, stores)
    assert parts.done == []
    (line,) = result.lines
    assert "recorder. workloads.recorder is not set" in line
    assert str(next((tmp_path / "j").iterdir())) in line
    assert result.repaired == set()
