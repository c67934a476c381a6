import uuid
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from bson.objectid import ObjectId
from stand_ins import exchange, job, settings

from support.checks import record_store
from support.core.errors import ExpectationFailed
from support.core.eventually import WaitPolicy
from support.observers.mongodb import UnreadableValue

T, SECOND = datetime(2005, 1, 1, tzinfo=UTC), timedelta(seconds=1)
MONGODB = settings().mongodb


def recording(**changes):
    base = {"_id": 1, "uuid": str(uuid.uuid4()), "start_time": T, "end_time": T + SECOND, "deleted": False}
    return {name: value for name, value in {**base, **changes}.items() if value is not ...}


def found(problem, check, *arguments):
    with pytest.raises(ExpectationFailed, match=problem):
        check(*arguments)


class Recorded:
    """Recordings as they are at each look; the last stays."""

    def __init__(self, *looks):
        self.looks = list(looks)

    def of(self, ids):
        return [one for one in self.looks[0] if one["uuid"] in ids]

    def under_way(self):
        seen = self.looks.pop(0) if len(self.looks) > 1 else self.looks[0]
        return [one for one in seen if one["end_time"] is None]


SOON = WaitPolicy(0.1, 0.01, "recovered_s")


def test_what_is_being_recorded_is_waited_for_and_missed_if_it_does_not_come():
    begun = recording(end_time=None)
    assert record_store.expect_under_way(Recorded([], [recording()], [begun]), SOON) == [begun]
    found("no recording is without an end", record_store.expect_under_way, Recorded([recording()]), SOON)


def test_what_was_being_recorded_ends_is_still_there_and_leaves_one_other_open_at_most():
    begun = recording(end_time=None)
    ended, other, third = {**begun, "end_time": T}, recording(end_time=None), recording(end_time=None)
    assert record_store.expect_ended(Recorded([begun], [begun, other], [ended, other]), [begun], SOON) == [ended]
    for looks, told in (
        ([begun], f"the recording {begun['uuid']} has no end"),
        ([], "1 of them are gone"),
        ([ended, other, third], "2 recordings are under way at once"),
    ):
        found(told, record_store.expect_ended, Recorded(looks), [begun], SOON)


class Holding:
    """A database that holds these documents, by the names of their collections."""

    def __init__(self, **documents):
        self.documents = documents

    def collections(self):
        return [*self.documents]

    def collection(self, name):
        def find(query, projection, *, limit):
            def fits(document):
                return all(
                    key in document if wanted == {"$exists": True} else document.get(key) == wanted
                    for key, wanted in query.items()
                )

            return [one for one in self.documents[name] if fits(one)][:limit]

        return SimpleNamespace(find=find)


JOB, OTHER = {"task_id": "job_1", "config": {}}, {"task_id": "job_2"}
RECORDING = recording()
APART = {"tasks": [OTHER, JOB], "recordings": [RECORDING], "others": [{"note": "job_1"}, OTHER]}


def test_jobs_and_recordings_are_kept_apart():
    alone = settings(exclusive=True)
    record_store.expect_kept_apart(Holding(**APART), alone, "job_1")
    for wrong, told in (
        ({"tasks": [OTHER]}, "tasks does not hold job_1"),
        ({"tasks": [JOB, RECORDING]}, "tasks holds a recording"),
        ({"recordings": [RECORDING, {**RECORDING, **OTHER}]}, "recordings holds a job"),
        ({"others": [JOB]}, "others holds job_1"),
    ):
        found(told, record_store.expect_kept_apart, Holding(**{**APART, **wrong}), alone, "job_1")
    for name in ("tasks", "recordings"):
        rest = {other: documents for other, documents in APART.items() if other != name}
        found(f"there is no {name}", record_store.expect_kept_apart, Holding(**rest), alone, "job_1")


def test_what_mongodb_keeps_for_itself_is_not_looked_into():
    record_store.expect_kept_apart(Holding(**APART, **{"system.profile": [JOB]}), settings(exclusive=True), "job_1")


def test_in_a_shared_environment_only_this_job_is_looked_for_among_jobs_and_recordings():
    of_others = {"tasks": [JOB, RECORDING], "recordings": [{**RECORDING, **OTHER}], "others": [JOB]}
    record_store.expect_kept_apart(Holding(**of_others), settings(), "job_1")
    for wrong, told in (
        ({"tasks": [OTHER]}, "tasks does not hold job_1"),
        ({"recordings": [JOB]}, "recordings holds job_1"),
    ):
        found(told, record_store.expect_kept_apart, Holding(**{**APART, **wrong}), settings(), "job_1")


def test_indexes_are_there_and_unique_where_they_must_be():
    there = {"tasks": {("_id",): False, ("task_id",): True}, "recordings": {("uuid",): True, ("start_time",): False}}
    database = SimpleNamespace(indexes=there.get)
    right = [("jobs", "job id", True), ("recordings", "identity", True), ("recordings", "beginning", False)]
    record_store.expect_indexes(database, MONGODB, right)
    for wrong, told in (
        (("recordings", "end", False), r"no index of recordings by end \(end_time\)"),
        (("jobs", "identity", True), "no index of jobs by identity"),
        (("recordings", "identity", False), "by identity is unique"),
        (("recordings", "beginning", True), "by beginning is not unique"),
    ):
        found(told, record_store.expect_indexes, database, MONGODB, [*right, wrong])


def test_a_second_recording_of_one_identity_must_not_be_taken():
    record_store.expect_not_taken(False)
    found("it was taken", record_store.expect_not_taken, True)


def test_complete_recordings():
    record_store.expect_complete_recordings(
        [recording(), recording(end_time=None), recording(end_time=..., deleted=True)]
    )


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"uuid": ...}, "uuid is not a UUID"),
        ({"uuid": "1"}, "uuid is not a UUID"),
        ({"uuid": str(uuid.uuid4()).upper().replace("1", "A")}, "uuid is not a UUID"),
        ({"start_time": ...}, "start_time is None, no date"),
        ({"start_time": 1_104_537_600}, "start_time is 1104537600, no date"),
        ({"start_time": datetime.now(UTC) + timedelta(days=1), "end_time": None}, "in the future"),
        ({"end_time": "2005"}, "end_time is '2005', no date after the beginning"),
        ({"end_time": T}, "no date after the beginning"),
        ({"end_time": T - SECOND}, "no date after the beginning"),
        ({"deleted": ...}, "deleted is None"),
        ({"deleted": 0}, "deleted is 0, neither true nor false"),
        ({"path": "/data"}, "path is no field"),
    ],
)
def test_a_recording_that_is_incomplete_is_found_among_others(changes, told):
    found(told, record_store.expect_complete_recordings, [recording(), recording(**changes), recording()])


def test_two_recordings_of_one_identity_are_found():
    one = recording()
    found("stands for 2 recordings", record_store.expect_complete_recordings, [one, recording(), {**one, "_id": 2}])


def test_what_has_ended_is_listed_in_the_order_of_its_time_and_the_span_holds_all():
    later, deleted = recording(start_time=T + SECOND, end_time=T + 9 * SECOND), recording(deleted=True)
    all_of_them = [later, recording(), deleted, recording(end_time=None, start_time=T + 20 * SECOND)]
    assert record_store.ended(all_of_them) == [(T, T + SECOND), (T + SECOND, T + 9 * SECOND)]
    assert record_store.span_of(all_of_them) == (T - SECOND, T + 21 * SECOND)


def test_a_record_has_the_fields_of_its_schema_and_no_others_each_of_its_kind():
    schema = {"_id": "object id", "task_id": "text", "config": "object", "created_at": "date"}
    right = {"_id": ObjectId(), "task_id": "job_1", "config": {}, "created_at": T}
    record_store.expect_schema([right], schema)
    found(r"\['roi'\]", record_store.expect_schema, [right, {**right, "roi": {}}], schema)
    found(r"\['task_id'\]", record_store.expect_schema, [{k: v for k, v in right.items() if k != "task_id"}], schema)
    for name, kind in schema.items():
        found(f"{name} is 7, no {kind}", record_store.expect_schema, [{**right, name: 7}], schema)
    found("there is no record", record_store.expect_schema, [], schema)


def test_answer_and_metadata_tell_the_same_moment():
    told = {"created_at": "2005-01-01T00:00:00Z"}
    record_store.expect_same_time(job(told), exchange(told))
    for other in ({"created_at": "2005-01-01T00:00:00.001Z"}, {}, ""):
        found("one moment of creation", record_store.expect_same_time, job(told), exchange(other))
    found("one moment of creation", record_store.expect_same_time, job(), exchange({}))


def test_when_a_job_was_created_is_told_by_its_record():
    assert record_store.expect_creation_times([{"_id": 1, "created_at": T}]) == [T]
    for wrong in (
        {},
        {"created_at": None},
        {"created_at": 1},
        {"created_at": UnreadableValue("a date of another age")},
    ):
        found("created_at of the record with _id 7 is", record_store.expect_creation_times, [{"_id": 7, **wrong}])
