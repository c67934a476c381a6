"""Why an analyzer does not run: what Kubernetes tells of it is in the message."""

import pytest
from product import ALONE, Product, configured
from stand_ins import JOB_ID, requested

from support.checks.promises import Promises
from support.core.errors import ExpectationFailed
from support.observers import obstacles
from support.observers.side_effects import effects_of
from support.observers.sightings import SightingLog
from support.scenario.effect_ledger import EffectLedger

ONE = effects_of(1, ALONE.effects_of_a_job)
JOB, POD = "baby-analyzer-job-a1b2c3d4", "baby-analyzer-job-a1b2c3d4-1"
QUOTA = 'Error creating: pods "baby" is forbidden: exceeded quota: pods, requested: pods=1, used: pods=0'


def condition(kind, status, reason=None, message=None):
    return {"conditions": [{"type": kind, "status": status, "reason": reason, "message": message}]}


def container(**state):
    return {"containerStatuses": [{"name": "baby", "ready": False, **state}]}


def ended(reason, exit_code, message=None):
    return {"terminated": {"reason": reason, "exitCode": exit_code, "message": message}}


def waits(reason, message=None):
    return {"waiting": {"reason": reason, "message": message}}


@pytest.mark.parametrize(
    ("status", "told"),
    [
        ({}, []),
        (condition("PodScheduled", "True"), []),
        (condition("Ready", "False", "ContainersNotReady"), []),
        (
            condition("PodScheduled", "False", "Unschedulable", "0/3 nodes are available"),
            ["PodScheduled is False (Unschedulable: 0/3 nodes are available)"],
        ),
        (condition("PodScheduled", "False"), ["PodScheduled is False (no reason)"]),
        (
            condition("DisruptionTarget", "True", "PreemptionByScheduler", "for another"),
            ["DisruptionTarget is True (PreemptionByScheduler: for another)"],
        ),
        ({"reason": "Evicted", "message": "low on memory"}, ["Evicted: low on memory"]),
        (
            container(state=waits("ImagePullBackOff", "Back-off pulling image")),
            ["container baby waits: ImagePullBackOff: Back-off pulling image"],
        ),
        (
            container(state=waits("CreateContainerConfigError", 'secret "x" not found')),
            ['container baby waits: CreateContainerConfigError: secret "x" not found'],
        ),
        (
            container(state=waits("CrashLoopBackOff"), lastState=ended("OOMKilled", 137)),
            ["container baby waits: CrashLoopBackOff, and has ended before: OOMKilled, exit code 137"],
        ),
        (
            container(state=ended("Error", 2, "no licence")),
            ["container baby has ended: Error: no licence, exit code 2"],
        ),
        (container(state=ended("Completed", 0)), []),
        (container(state={"running": {}}), []),
        (
            {"initContainerStatuses": [{"name": "first", "state": waits("ErrImagePull")}]},
            ["container first waits: ErrImagePull"],
        ),
    ],
)
def test_what_keeps_a_pod_is_told_and_nothing_else(status, told):
    assert obstacles.of_pod({"metadata": {}, "status": status}) == told


@pytest.fixture
def product():
    return Product()


@pytest.fixture
def job(product):
    return product.make(configured())


@pytest.fixture
def ledger(product):
    return EffectLedger(ALONE, product.stores, Promises(ALONE, product.stores), SightingLog())


def warning(reason, message, last="2026-11-26T12:00:00Z"):
    return {"metadata": {}, "reason": reason, "message": message, "lastTimestamp": last}


def told_by(product, job, ledger):
    """The two messages about an analyzer that does not run: of its promise, and of the side effects."""
    ledger.enter_exchange(requested(job.job_id))
    with pytest.raises(ExpectationFailed) as promise:
        Promises(ALONE, product.stores).expect_running_analyzer(job)
    with pytest.raises(ExpectationFailed) as counted:
        ledger.expect_effects(ONE)
    return str(promise.value), str(counted.value)


def test_why_a_job_has_no_pod_is_told(product, ledger):
    job = product.make(configured())
    product.pods.clear()
    product.warnings = {
        JOB: [
            warning("FailedCreate", "older", "2026-11-26T11:00:00Z"),
            *[warning("FailedCreate", QUOTA)] * 3,
            warning("BackoffLimitExceeded", "too often", "2026-11-26T10:00:00Z"),
        ]
    }
    for message in told_by(product, job, ledger):
        assert f"  - the analyzer {JOB} has no pod: " in message
        assert message.count(f"FailedCreate: {QUOTA}") == 1
        assert "BackoffLimitExceeded: too often" in message
        assert "older" not in message


def test_that_a_job_has_failed_or_waits_is_told_with_its_reason(product, ledger):
    job = product.make(configured())
    product.pods.clear()
    product.jobs[0]["status"] = condition("Failed", "True", "BackoffLimitExceeded", "too often")
    for message in told_by(product, job, ledger):
        assert f"the analyzer {JOB} has no pod: Failed is True (BackoffLimitExceeded: too often)" in message


def test_where_nothing_is_told_that_is_said(product, ledger):
    job = product.make(configured())
    product.pods.clear()
    for message in told_by(product, job, ledger):
        assert f"the analyzer {JOB} has no pod: Kubernetes gives no reason" in message


def test_where_events_may_not_be_listed_that_is_said(product, ledger):
    job = product.make(configured())
    product.pods.clear()
    product.warnings = None
    for message in told_by(product, job, ledger):
        assert f"the analyzer {JOB} has no pod: its events could not be looked at (events are forbidden)" in message


def test_why_a_pod_does_not_run_is_told_with_its_promise_and_its_events(product, job):
    product.pods[0]["status"] = {
        "phase": "Pending",
        **condition("PodScheduled", "False", "Unschedulable", "0/1 nodes are available"),
    }
    told_already = warning("FailedScheduling", "0/1 nodes are available")
    product.warnings = {POD: [told_already, warning("FailedMount", "no disk"), warning("Odd", None)]}
    with pytest.raises(ExpectationFailed) as failure:
        Promises(ALONE, product.stores).expect_running_analyzer(job)
    why = "PodScheduled is False (Unschedulable: 0/1 nodes are available)"
    assert f"  - the analyzer pod is Pending instead of Running: {why}\n" in str(failure.value)
    assert f"the analyzer pod {POD} is Pending: {why}; FailedMount: no disk; Odd" in str(failure.value)


def test_a_pod_that_runs_but_for_a_container_does_not_run(product, job):
    product.pods[0]["status"] |= container(state=waits("CrashLoopBackOff"), lastState=ended("Error", 1))
    with pytest.raises(ExpectationFailed) as failure:
        Promises(ALONE, product.stores).expect_running_analyzer(job)
    assert "the analyzer pod is Running, but not all of it: container baby waits: CrashLoopBackOff" in str(
        failure.value
    )


def test_why_an_analyzer_runs_no_longer_is_told(product, job, ledger):
    promises = Promises(ALONE, product.stores)
    promises.expect_running_analyzer(job)
    product.pods[0]["status"] = {"phase": "Failed", **container(state=ended("OOMKilled", 137))}
    why = "container baby has ended: OOMKilled, exit code 137"
    assert promises.broken_problems(()) == [f"no longer: the analyzer pod is Failed instead of Running: {why}"]


def test_why_pods_are_not_healthy_is_told(product, job):
    product.pods[0]["status"] = {"phase": "Pending", **container(state=waits("ErrImagePull"))}
    with pytest.raises(ExpectationFailed, match="not all of it ready: container baby waits: ErrImagePull"):
        Promises(ALONE, product.stores).expect_healthy_pods(job)


def test_of_analyzers_that_run_nothing_is_told_nor_asked(product, job, ledger):
    ledger.enter_exchange(requested(JOB_ID))
    product.warnings = None
    product.queues.clear()
    with pytest.raises(ExpectationFailed) as failure:
        ledger.expect_effects(ONE)
    assert "Kubernetes" not in str(failure.value)


def test_of_many_analyzers_the_first_few_are_told_of(product):
    jobs = [product.make(configured(f"job_{number:08x}")).job_id for number in range(9)]
    product.pods.clear()
    assert len(obstacles.of_analyzers(product.stores.analyzers, jobs)) == 3
