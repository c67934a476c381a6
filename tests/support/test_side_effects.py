import pytest

from support.observers.side_effects import (
    KINDS,
    Effect,
    effects_of,
    no_effects,
    stated_in,
    surplus_problems,
    unstated_problems,
)
from support.profile.settings import EffectsOfAJob, Naming

JOB = "job_a1b2c3d4"


def snapshot(**kinds):
    """Effects by kind: `task_record=["1"]` are those identities, all of JOB unless given as (identity, job id)."""
    found = {name: frozenset() for name in no_effects()}
    for kind, identities in kinds.items():
        pairs = [one if isinstance(one, tuple) else (one, JOB) for one in identities]
        found[kind.replace("_", " ")] = frozenset(
            Effect(identity, job, f"name of {identity}") for identity, job in pairs
        )
    return found


def stated(**changes):
    return no_effects() | {kind.replace("_", " "): change for kind, change in changes.items()}


def test_what_is_as_stated_needs_no_explanation():
    before = snapshot(task_record=["old"])
    after = snapshot(task_record=["old", "new"], work_queue=["q"])
    assert unstated_problems(before, after, stated(task_record=1, work_queue=1), [JOB]) == []


def test_nothing_stated_and_nothing_changed():
    assert unstated_problems(snapshot(task_record=["old"]), snapshot(task_record=["old"]), no_effects(), []) == []


@pytest.mark.parametrize("kind", sorted(no_effects()))
def test_a_stray_effect_of_any_kind_is_named(kind):
    after = snapshot(**{kind.replace(" ", "_"): ["stray"]})
    problems = unstated_problems(snapshot(), after, no_effects(), [JOB])
    assert problems == [f"{kind}: +1 instead of +0; new: name of stray"]


def test_a_doubled_effect_is_named():
    (problem,) = unstated_problems(snapshot(), snapshot(task_record=["1", "2"]), stated(task_record=1), [JOB])
    assert problem.startswith("task record: +2 instead of +1")


def test_a_missing_effect_is_named():
    assert unstated_problems(snapshot(), snapshot(), stated(queue_consumer=1), [JOB]) == [
        "queue consumer: +0 instead of +1"
    ]


def test_an_effect_that_replaced_another_does_not_balance_it():
    problems = unstated_problems(snapshot(work_queue=["theirs"]), snapshot(work_queue=["ours"]), no_effects(), [JOB])
    assert problems == ["work queue: +0 instead of +0; new: name of ours; gone: name of theirs"]


@pytest.mark.parametrize("owner", ["job_00000000", None])
def test_the_right_effect_under_a_wrong_id_is_wrong(owner):
    problems = unstated_problems(snapshot(), snapshot(analyzer=[("1", owner)]), stated(analyzer=1), [JOB])
    assert problems == [f"analyzer: carries no id of a job that was answered ({JOB}); found: name of 1"]


def test_what_is_missing_may_still_come_but_what_is_too_much_is_surplus():
    wanted = stated(task_record=1, work_queue=1)
    assert surplus_problems(snapshot(), snapshot(task_record=["1"]), wanted, [JOB]) == []
    (problem,) = surplus_problems(snapshot(), snapshot(task_record=["1", "2"]), wanted, [JOB])
    assert problem.startswith("task record: +2 instead of +1")
    (problem,) = surplus_problems(snapshot(), snapshot(stream_service=["1"]), wanted, [JOB])
    assert problem.startswith("stream service: +1 instead of +0")


def test_an_object_may_carry_the_id_in_its_name_as_kubernetes_allows_it():
    after = snapshot(stream_service=[("1", "job-a1b2c3d4")])
    assert unstated_problems(snapshot(), after, stated(stream_service=1), [JOB]) == []


@pytest.mark.parametrize(
    ("service", "job_id"),
    [("grpc-service-job-a1b2c3d4", "job-a1b2c3d4"), ("grpc-service-", None), ("other", None)],
)
def test_the_job_of_a_service_stands_in_its_name(service, job_id):
    (kind,) = (kind for kind in KINDS if kind.name == "stream service")
    assert kind.identify({"metadata": {"name": service, "uid": "1"}}, Naming()).job_id == job_id


def test_the_job_of_a_queue_stands_in_its_name():
    (kind,) = (kind for kind in KINDS if kind.name == "work queue")
    deployed = Naming(work_queue="q.{job_id}.rows")
    assert kind.identify({"name": "q.31-3633.rows"}, deployed).job_id == "31-3633"
    assert kind.identify({"name": "qx31-3633xrows"}, deployed).job_id is None


def test_the_effects_of_jobs_are_those_of_the_profile():
    effects = effects_of(3, EffectsOfAJob(stream_service=1))
    assert effects == dict.fromkeys(no_effects(), 3)
    assert effects_of(2, EffectsOfAJob())["stream service"] == 0


def test_a_table_of_effects():
    assert stated_in([("task record", "+1"), ("analyzer", "-2"), ("work queue", "0")]) == {
        "task record": 1,
        "analyzer": -2,
        "work queue": 0,
    }


@pytest.mark.parametrize("row", [("task", "+1"), ("task record", "1"), ("task record", "one")])
def test_a_table_that_says_nothing_known(row):
    with pytest.raises(ValueError, match=row[0]):
        stated_in([row])
