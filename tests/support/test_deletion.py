"""What is being deleted: waited for before a scenario and at its end, counted in between by nobody."""

from dataclasses import replace

import pytest
from product import ALONE, OTHER, Product, configured
from stand_ins import JOB_ID, cancelled, requested, settings

from support.checks.promises import Promises
from support.core.errors import EnvironmentBroken, ExpectationFailed
from support.observers.deletion import is_bound_to_go, owners_that_stay
from support.observers.side_effects import deletion_problems, effects_of, take_snapshot
from support.observers.sightings import SightingLog
from support.scenario.effect_ledger import EffectLedger

ONE = effects_of(1, ALONE.effects_of_a_job)
SINCE = "2026-11-26T12:00:00Z"


def owned_by(uid, *, kind="Job", controller=True):
    return {"kind": kind, "uid": uid, **({"controller": True} if controller else {})}


def thing(*owners, **metadata):
    return {
        "metadata": {"name": "thing", "uid": "thing", **({"ownerReferences": owners} if owners else {}), **metadata}
    }


def job(uid="there", **metadata):
    return {"metadata": {"name": uid, "uid": uid, **metadata}}


@pytest.mark.parametrize(
    ("manifest", "goes"),
    [
        (thing(), False),  # an orphan
        (thing(deletionTimestamp=SINCE), True),
        (thing(deletionTimestamp=None), False),
        (thing(owned_by("there")), False),
        (thing(owned_by("gone")), True),
        (thing(owned_by("going")), True),
        (thing(owned_by("orphaning")), False),
        (thing(owned_by("gone", kind="ReplicaSet")), False),
        (thing(owned_by("there"), owned_by("gone", controller=False)), False),
        (thing(owned_by("gone"), owned_by("there", controller=False)), True),
        (thing(owned_by("gone", controller=False)), True),
        (thing(owned_by("gone", controller=False), owned_by("there", controller=False)), False),
    ],
)
def test_what_goes_is_what_is_being_deleted_or_has_lost_its_job(manifest, goes):
    jobs = [
        job(),
        job("going", deletionTimestamp=SINCE, finalizers=["foregroundDeletion"]),
        job("orphaning", deletionTimestamp=SINCE, finalizers=["orphan"]),
    ]
    assert is_bound_to_go(manifest, owners_that_stay(jobs)) is goes


@pytest.fixture
def product():
    return Product()


def opened(product, settings=ALONE):
    return EffectLedger(settings, product.stores, Promises(settings, product.stores), SightingLog())


def deleted(job_id=JOB_ID):
    """Let the Job of a job go, and leave its pod: as until garbage collection."""
    return lambda product: product.jobs.remove(product.stores.analyzers.of_job(job_id).jobs[0])


def marked(what):
    """Begin to delete all that is in a list of the product."""

    def begin(product):
        for manifest in getattr(product, what):
            manifest["metadata"]["deletionTimestamp"] = SINCE

    return begin


def add_service(product):
    product.services.append({"metadata": {"name": "stray", "uid": "stray", "deletionTimestamp": SINCE}})


GOING = [
    (deleted(), "the analyzer pod baby-analyzer-job-a1b2c3d4-1 is still there"),
    (marked("pods"), "the analyzer pod baby-analyzer-job-a1b2c3d4-1 is still there"),
    (marked("jobs"), "the analyzer baby-analyzer-job-a1b2c3d4 is still there"),
    (add_service, "the stream service stray is still there"),
]


@pytest.mark.parametrize(("begin", "told"), GOING)
def test_what_is_being_deleted_is_waited_for_before_the_first_look(product, begin, told):
    product.make(configured())
    begin(product)

    def go():
        product.cancel(JOB_ID)
        product.services.clear()

    product.at_look[3] = go
    ledger = opened(product)
    assert product.looks == 3
    assert {kind for kind, effects in ledger.before.items() if effects} == {"task record"}
    ledger.expect_nothing_else()


@pytest.mark.parametrize(("begin", "told"), GOING)
def test_what_never_goes_is_the_environments_failure_before_a_scenario(product, begin, told):
    product.make(configured())
    begin(product)
    with pytest.raises(EnvironmentBroken) as failure:
        opened(product)
    assert f"{told}, although it is being deleted" in str(failure.value)
    assert "time limit time_limits.effect_disappears_s" in str(failure.value)
    assert "finalizers" in str(failure.value)


def test_what_is_being_deleted_is_not_counted_while_the_scenario_goes_on(product):
    ledger = opened(product)
    late = Product()  # the pod of a job that nobody may see any more, and its like
    late.make(configured(OTHER))
    for what in ("jobs", "pods"):
        marked(what)(late)
        getattr(product, what).extend(getattr(late, what))
    add_service(product)
    ledger.enter_exchange(requested(product.make(configured()).job_id))
    ledger.expect_effects(ONE)
    ledger.expect_nothing_else()
    assert ledger.unanswered() == set()


@pytest.mark.parametrize(("begin", "told"), GOING)
def test_what_never_goes_is_the_products_failure_at_the_end(product, begin, told):
    ledger = opened(product)
    product.make(configured())
    product.records.clear()
    begin(product)
    for what in ("jobs", "pods"):
        kept = [one for one in getattr(product, what) if "deletionTimestamp" in one["metadata"] or what == "pods"]
        setattr(product, what, kept)
    product.queues.clear()
    assert ledger.untouched() is None
    with pytest.raises(ExpectationFailed) as failure:
        ledger.expect_nothing_left(ledger.unanswered())
    assert told in str(failure.value)


def test_what_goes_at_the_end_is_waited_for_and_then_forgotten(product):
    ledger = opened(product)
    product.make(configured())
    product.records.clear()
    product.queues.clear()
    deleted()(product)
    product.at_look[product.looks + 2] = product.pods.clear
    assert deletion_problems(ledger.expect_nothing_left(())) == []


@pytest.mark.parametrize("exclusive", [True, False])
def test_an_orphaned_pod_counts(product, exclusive):
    own = settings(exclusive=exclusive)
    ledger = opened(product, own)
    ledger.enter_exchange(requested(product.make(configured()).job_id))
    product.jobs.clear()
    del product.pods[0]["metadata"]["ownerReferences"]
    with pytest.raises(ExpectationFailed, match="analyzer: \\+0 instead of \\+1"):
        ledger.expect_effects(ONE)
    ledger.enter_exchange(cancelled(JOB_ID))
    product.records[0]["status"] = "cancelled"
    product.queues.clear()
    with pytest.raises(ExpectationFailed, match=r"the analyzer pod .* is still there"):
        ledger.expect_nothing_left(())


@pytest.mark.parametrize("exclusive", [True, False])
def test_a_job_that_is_made_between_two_lists_is_not_taken_for_gone(product, exclusive):
    """The pod of a Job that was made since the last list: whoever lists the Jobs before the pods sees no owner."""
    analyzers = product.stores.analyzers
    listed = analyzers.pods

    def list_pods():
        if not product.jobs:
            product.make(configured())
        return listed()

    analyzers.pods = list_pods
    of_job = analyzers.of_job

    def look_at_job(job_id):
        seen = of_job(job_id)
        if not product.jobs:
            product.make(configured())
            return replace(seen, pods=of_job(job_id).pods)
        return seen

    analyzers.of_job = look_at_job
    snapshot = take_snapshot(product.stores, ALONE.naming, [JOB_ID], exclusive=exclusive)
    assert [effect.goes for effect in snapshot["analyzer pod"]] == [False]


def test_where_it_is_shared_the_owner_is_looked_for_among_all_jobs(product):
    """A Job may lack the label by which those of one job are listed, and own its pod all the same."""
    product.make(configured())
    product.jobs[0]["metadata"]["labels"].clear()
    snapshot = take_snapshot(product.stores, ALONE.naming, [JOB_ID], exclusive=False)
    assert [effect.goes for effect in snapshot["analyzer pod"]] == [False]
    assert product.listed[-1] == "jobs"


def test_an_analyzer_that_is_being_deleted_is_none(product):
    made = product.make(configured())
    promises = Promises(ALONE, product.stores)
    promises.expect_running_analyzer(made)
    marked("pods")(product)
    with pytest.raises(ExpectationFailed, match="there are 0 analyzer pods instead of 1"):
        promises.expect_running_analyzer(made)
    assert "no longer: there are 0 analyzer pods instead of 1" in promises.broken_problems(())


def test_pods_that_are_being_deleted_need_not_be_healthy(product):
    made = product.make(configured())
    other = Product()
    other.make(configured(OTHER))
    other.pods[0]["status"]["phase"] = "Pending"
    product.pods += other.pods
    Promises(ALONE, product.stores).expect_healthy_pods(made)
