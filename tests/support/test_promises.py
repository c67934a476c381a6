from datetime import timedelta

import pytest
from product import ALONE, OTHER, Product, configured
from stand_ins import JOB_ID

from support.checks.job_effects import differences
from support.checks.promises import Promises
from support.core.errors import ExpectationFailed

RECORD, RUNS = Promises.expect_complete_record, Promises.expect_running_analyzer
THERE, HEALTHY = Promises.expect_there, Promises.expect_healthy_pods


def served(promises, job):
    promises.expect_served_queues([job])


def cancelled(promises, job):
    promises.expect_cancelled_jobs([job.job_id])


def nothing_runs(promises, job):
    promises.expect_nothing_running(job.job_id)


@pytest.fixture
def product():
    return Product()


@pytest.fixture
def promises(product):
    return Promises(ALONE, product.stores)


@pytest.fixture
def job(product):
    return product.make(configured())


def test_a_job_that_is_whole_keeps_all_its_promises_and_goes_on_keeping_them(promises, product, job):
    promises.expect_fulfilled([job, product.make(configured(OTHER))])
    promises.expect_there(job)
    promises.expect_healthy_pods(job)
    assert promises.broken_problems(()) == []


class Parts:
    """The one job of a product, in its parts."""

    def __init__(self, product):
        self.product, self.queues = product, product.stores.queues
        (self.record,), (self.made,), (self.pod,) = product.records, product.jobs, product.pods
        (self.container,) = self.pod["spec"]["containers"]

    def shift(self, seconds):
        self.record["created_at"] += timedelta(seconds=seconds)


UNKEPT = [
    (RECORD, lambda of: of.product.records.clear(), "there are 0 records instead of 1"),
    (RECORD, lambda of: of.product.records.append(of.record), "there are 2 records instead of 1"),
    (
        RECORD,
        lambda of: of.record["config"].update(nfftSelection="1024"),
        "nfftSelection is '1024' instead of 1024",
    ),
    (RECORD, lambda of: of.record["config"].pop("channels"), "config.channels is missing"),
    (RECORD, lambda of: of.record.update(status="error"), "status is 'error' instead of 'configured'"),
    (RECORD, lambda of: of.record.update(user="root"), "user is 'root' instead of 'automation'"),
    (RECORD, lambda of: of.record.update(created_at="2005"), "created_at is '2005', not a date"),
    (RECORD, lambda of: of.shift(-9), "outside of the request's time"),
    (RECORD, lambda of: of.shift(+9), "outside of the request's time"),
    (RUNS, lambda of: of.product.jobs.clear(), "there are 0 analyzers instead of 1"),
    (RUNS, lambda of: of.product.jobs.append(of.made), "there are 2 analyzers instead of 1"),
    (RUNS, lambda of: of.product.pods.append(of.pod), "there are 2 analyzer pods instead of 1"),
    (RUNS, lambda of: of.made["metadata"].update(name="baby"), "the analyzer is named baby instead of"),
    (
        RUNS,
        lambda of: of.made["metadata"]["labels"].pop("app.kubernetes.io/name"),
        "io/name of the analyzer is None",
    ),
    (RUNS, lambda of: of.pod["status"].update(phase="Pending"), "the analyzer pod is Pending instead of Running"),
    (RUNS, lambda of: of.pod["metadata"].pop("ownerReferences"), "not owned by the analyzer"),
    (RUNS, lambda of: of.container.update(image="other"), "the image of the analyzer pod is other"),
    (RUNS, lambda of: of.container.update(env=[]), "configuration of the analyzer pod is None"),
    (served, lambda of: of.product.queues.clear(), "there is no such queue"),
    (served, lambda of: of.product.add_queue(JOB_ID, consumers=0), "0 consumers instead of 1"),
    (served, lambda of: of.product.add_queue(JOB_ID, consumers=2), "2 consumers instead of 1"),
    (served, lambda of: of.product.add_queue(JOB_ID, ready=1), "1 messages wait, nobody takes them"),
    (served, lambda of: setattr(of.queues, "consumed", lambda name: 0), "was taken, but never acknowledged"),
    (THERE, lambda of: of.product.records.clear(), "there was no task record"),
    (THERE, lambda of: of.product.jobs.clear(), "there was no analyzer"),
    (THERE, lambda of: of.product.queues.clear(), "there was no work queue, no queue consumer"),
    (HEALTHY, lambda of: of.product.pods.clear(), "there is no pod"),
    (HEALTHY, lambda of: of.pod["status"].update(phase="Pending"), "is Pending and not all of it ready"),
    (HEALTHY, lambda of: of.pod["status"].update(containerStatuses=[]), "is Running and not all of it ready"),
]


@pytest.mark.parametrize(("check", "change", "told"), UNKEPT, ids=[told for *_, told in UNKEPT])
def test_a_promise_that_is_not_kept_is_told(promises, product, job, check, change, told):
    change(Parts(product))
    with pytest.raises(ExpectationFailed) as failure:
        check(promises, job)
    assert told in str(failure.value)


def test_after_a_cancel_the_record_alone_remains(promises, product, job):
    product.cancel(JOB_ID)
    cancelled(promises, job)
    nothing_runs(promises, job)
    product.records.clear()
    nothing_runs(promises, job)


@pytest.mark.parametrize("check", [cancelled, nothing_runs])
@pytest.mark.parametrize(
    ("kept", "told"),
    [
        ("jobs", "the analyzer baby-analyzer-job-a1b2c3d4 is still there"),
        ("pods", "the analyzer pod baby-analyzer-job-a1b2c3d4-1 is still there"),
        ("queues", f"the queue grpc-job-{JOB_ID} is still there, with 1 consumers"),
    ],
)
def test_what_is_left_of_a_cancelled_job_is_told(promises, product, job, check, kept, told):
    left = getattr(product, kept).copy()
    product.cancel(JOB_ID)
    getattr(product, kept).__init__(left)
    with pytest.raises(ExpectationFailed) as failure:
        check(promises, job)
    assert f"  - {told}\nwaited" in str(failure.value)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda records: records[0].update(status="configured"), "says 'configured' instead of 'cancelled'"),
        (lambda records: records.clear(), f"the record of {JOB_ID} is gone"),
    ],
)
def test_the_record_of_a_cancelled_job_is_kept_and_says_so(promises, product, job, change, told):
    product.cancel(JOB_ID)
    change(product.records)
    with pytest.raises(ExpectationFailed, match=told):
        cancelled(promises, job)


def test_each_of_several_jobs_is_looked_at(promises, product, job):
    others = [product.make(configured(f"job_{number:08x}")) for number in range(2)]
    product.add_queue(others[-1].job_id, consumers=0)
    with pytest.raises(ExpectationFailed, match=f"grpc-job-{others[-1].job_id}: 0 consumers"):
        promises.expect_served_queues([job, *others])
    product.cancel(JOB_ID)
    product.cancel(others[-1].job_id)
    with pytest.raises(ExpectationFailed, match="job-00000000 is still there"):
        promises.expect_cancelled_jobs([one.job_id for one in (job, *others)])


def test_what_held_and_holds_no_more_is_told_but_of_jobs_that_need_keep_nothing(promises, product, job):
    promises.expect_fulfilled([job])
    product.records[0]["status"] = "error"
    assert promises.broken_problems(()) == ["no longer: status is 'error' instead of 'configured'"]
    assert promises.broken_problems({OTHER}) == promises.broken_problems(())
    assert promises.broken_problems({JOB_ID}) == []


@pytest.mark.parametrize(
    ("wanted", "seen", "told"),
    [
        ({"a": 1}, {"a": 1}, []),
        ({"a": 1}, {"a": "1"}, ["c.a is '1' instead of 1"]),
        ({"a": 1}, {"a": 1.0}, ["c.a is 1.0 instead of 1"]),
        ({"a": 1}, {"a": True}, ["c.a is True instead of 1"]),
        ({"frequencyRange": {"max": 500}}, {"frequencyRange": {"max": 500.0}}, []),
        (
            {"frequencyRange": {"max": 1}},
            {"frequencyRange": {"max": True}},
            ["c.frequencyRange.max is True instead of 1"],
        ),
        ({"a": None}, {}, ["c.a is missing"]),
        ({}, {"a": None}, ["c.a is None and was not asked for"]),
        ({"a": {}}, None, ["c is None instead of {'a': {}}"]),
    ],
)
def test_configurations_differ_by_fields_types_and_values(wanted, seen, told):
    assert differences("c", wanted, seen) == told


class Broker:
    """The queues of a product whose broker tells of acknowledgements what a test says."""

    def __init__(self, product, *counted):
        self.queues, self.counted, self.asked = product.stores.queues, list(counted), 0
        self.queues.consumed = self.consumed

    def consumed(self, name):
        self.asked += 1
        return self.counted.pop(0) if len(self.counted) > 1 else self.counted[0]


def test_without_statistics_a_message_that_nobody_holds_is_acknowledged_and_that_is_noted(promises, product, job):
    Broker(product, None)
    product.stores.blind_spots.acknowledgements = "the broker keeps no statistics"
    promises.expect_served_queues([job])
    assert [one for one in promises.unseen if "acknowledged" in one and "keeps no statistics" in one]
    assert promises.broken_problems(()) == []


@pytest.mark.parametrize("unseen", [None, "the broker keeps no statistics"])
def test_without_statistics_a_message_that_is_held_is_not_acknowledged(promises, product, job, unseen):
    Broker(product, 0)
    product.stores.blind_spots.acknowledgements = unseen
    with pytest.raises(ExpectationFailed, match="was taken, but never acknowledged"):
        promises.expect_served_queues([job])


def test_statistics_that_come_late_are_waited_for(promises, product, job):
    broker = Broker(product, None, None, None, 1)
    promises.expect_served_queues([job])
    assert broker.asked == 4
    assert not promises.unseen


def test_statistics_that_come_late_and_show_no_acknowledgement_are_heeded(promises, product, job):
    Broker(product, None, None, None, 0)
    with pytest.raises(ExpectationFailed, match="was taken, but never acknowledged"):
        promises.expect_served_queues([job])


def test_statistics_that_never_come_are_no_failure_of_the_product_and_waited_for_once(promises, product, job):
    broker = Broker(product, None)
    promises.expect_served_queues([job])
    assert "time_limits.effect_appears_s" in " ".join(promises.unseen)
    asked = broker.asked
    promises.expect_messages_taken([job])
    assert broker.asked == asked + 1


def test_a_message_for_a_queue_that_is_gone_is_the_products_failure(promises, product, job):
    product.queues.clear()
    with pytest.raises(ExpectationFailed, match="there is no such queue"):
        promises.put_message(job, b"")
