"""Defects of task records: missing, doubled, wrong, lost, or not indexed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

from sandbox.defects.analyzers import next_sensors, without_view
from sandbox.defects.defect import MOMENT_S, Change, Defect, combine, defect, defective, do_nothing, later, override
from sandbox.defects.queues import overriding_consumers
from sandbox.focus_server.composition import Parts
from sandbox.focus_server.identity import as_iso
from sandbox.focus_server.mongodb import Database
from sandbox.focus_server.ports import JobRecord
from sandbox.focus_server.regions import command_in
from sandbox.focus_server.settings import Settings

AREA = "task records"

_MISPLACED = "00000000-0000-4000-8000-000000000000"


def inserting(change: Callable[[JobRecord], JobRecord]) -> Change:
    """Write another record."""

    async def insert(tasks: Any, record: JobRecord) -> None:
        await tasks.insert(change(record))

    return override("tasks", insert=insert)


def recording_configuration(change: Callable[[dict[str, Any]], dict[str, Any]]) -> Change:
    """Write another configuration into the record."""
    return inserting(lambda record: replace(record, config=change(record.config)))


def setting(fields: Callable[[JobRecord], dict[str, Any]]) -> Change:
    """Set fields of the document when the record has been written."""

    async def insert(tasks: Any, record: JobRecord) -> None:
        await tasks.insert(record)
        async with tasks.database.collection("tasks") as collection:
            await collection.update_one({"task_id": record.job_id}, {"$set": fields(record)})

    return override("tasks", insert=insert)


def misplacing(
    name: str, summary: str, impact: str, collection: str, document: Callable[[JobRecord], dict[str, Any]]
) -> Defect:
    """Each job puts a document into the wrong collection, which goes when the job is cancelled."""

    async def insert(tasks: Any, record: JobRecord) -> None:
        await tasks.insert(record)
        async with tasks.database.collection(collection) as found:
            await found.insert_one({**document(record), "uuid": _MISPLACED, "deleted": True})

    async def set_status(tasks: Any, job_id: str, status: str) -> None:
        await tasks.set_status(job_id, status)
        async with tasks.database.collection(collection) as found:
            await found.delete_many({"uuid": _MISPLACED})

    return Defect(name, summary, impact, override("tasks", insert=insert, set_status=set_status))


def restoring_indexes(change: Change) -> Change:
    """Make a change that takes indexes away; when the server ends, they are made again for the next one."""

    def changed(parts: Parts) -> Parts:
        settings = Settings.from_environment()

        class RestoresIndexes:
            async def start(self) -> None:
                return None

            async def aclose(self) -> None:
                # Connections of its own: those of the server are being closed.
                uri, name = settings.mongodb_uri.get_secret_value(), settings.mongodb_database
                database = Database(uri, name, limit_s=settings.step_limit_s)
                await database.start()
                await database.aclose()

        parts = change(parts)
        return replace(parts, resources=(*parts.resources, RestoresIndexes()))

    return changed


def without_index(collection: str, index: str, summary: str, impact: str) -> Defect:
    """A collection lacks an index."""

    def change(parts: Parts) -> Parts:
        class DropsTheIndex:
            async def start(self) -> None:
                async with parts.tasks.database.collection(collection) as found:
                    await found.drop_index(index)

            async def aclose(self) -> None:
                return None

        return replace(parts, resources=(*parts.resources, DropsTheIndex()))

    name = f"without_index_{collection}_{index}"
    return Defect(name, summary, impact, restoring_indexes(change), restores=True)


@defective("tasks", "insert")
async def task_written_twice(tasks: Any, record: JobRecord) -> None:
    """The record of a job is written twice.

    One request is counted and billed as two, and one of the two can never be ended.
    """
    await tasks.insert(record)
    await tasks.insert(replace(record, job_id=f"{record.job_id}_copy"))


@defective("tasks", "insert")
async def note_in_another_collection(tasks: Any, record: JobRecord) -> None:
    """Each job leaves a document in another collection, which nobody removes.

    The database grows by what nobody knows of, until it is full.
    """
    await tasks.insert(record)
    async with tasks.database.collection("tasks") as collection:
        await collection.database["job_notes"].insert_one({"note": f"{record.job_id} was made"})


@defective("tasks", "insert")
async def note_in_another_database(tasks: Any, record: JobRecord) -> None:
    """Each job leaves a document in another database.

    It is a database that nobody has agreed on, looks after, or keeps a copy of.
    """
    await tasks.insert(record)
    async with tasks.database.collection("tasks") as collection:
        await collection.database.client["job_notes"]["notes"].insert_one({"note": f"{record.job_id} was made"})


@defective("tasks", "insert")
async def collection_for_each_job(tasks: Any, record: JobRecord) -> None:
    """Each job gets a collection, which stays empty and is never removed.

    The database fills up with what nobody uses: a collection takes files and memory also when it is empty.
    """
    await tasks.insert(record)
    async with tasks.database.collection("tasks") as collection:
        await collection.database.create_collection(f"notes_{record.job_id}")


def recording_of(record: JobRecord) -> dict[str, Any]:
    """A recording that nobody has made."""
    start = record.created_at - timedelta(seconds=1)
    return {"uuid": str(uuid4()), "start_time": start, "end_time": record.created_at, "deleted": True}


@defective("tasks", "insert")
async def recording_for_each_job(tasks: Any, record: JobRecord) -> None:
    """Each job leaves a recording, though nobody has recorded anything.

    What was recorded can no longer be told from what was only looked at.
    """
    await tasks.insert(record)
    async with tasks.database.collection("recordings") as recordings:
        await recordings.insert_one(recording_of(record))


@defective("tasks", "insert")
async def record_doubled_for_a_moment(tasks: Any, record: JobRecord) -> None:
    """There are two records of a job for a moment.

    Anyone who looks at that moment counts a job that does not exist.
    """
    await tasks.insert(record)
    copy = f"{record.job_id}_copy"
    await tasks.insert(replace(record, job_id=copy))
    later(MOMENT_S, tasks.remove, copy)


@defective("tasks", "insert")
async def record_of_another_job(tasks: Any, record: JobRecord) -> None:
    """The record has the id of another job.

    The job of the answer cannot be found, and the one that can be found does not exist.
    """
    await tasks.insert(replace(record, job_id=record.job_id[:-1] + ("0" if record.job_id[-1] != "0" else "1")))


@defect
def record_goes_bad(parts: Parts) -> Parts:
    """The record of a job says "error" as soon as its consumer gets a message.

    A job that runs well is shown as failed, and is opened again.
    """

    async def receive(consumer: Any, receive: Any, channel: Any, message: Any) -> None:
        if command_in(message.body) is None:
            later(0, parts.tasks.set_status, consumer.job_id, "error")
        await receive(channel, message)

    return overriding_consumers(receive=receive)(parts)


@defect
def cancel_marks_every_record(parts: Parts) -> Parts:
    """Cancelling one job marks the records of all.

    One operator closes a view, and those of all others are shown as closed.
    """
    known: list[str] = []

    async def insert(tasks: Any, record: JobRecord) -> None:
        known.append(record.job_id)
        await tasks.insert(record)

    async def set_status(tasks: Any, job_id: str, status: str) -> None:
        for each in known:
            await tasks.set_status(each, status)

    return override("tasks", insert=insert, set_status=set_status)(parts)


@defective("tasks", "set_status")
async def record_goes_with_the_job(tasks: Any, job_id: str, status: str) -> None:
    """The record of a cancelled job is removed.

    Nobody can tell afterwards who looked at what.
    """
    await tasks.remove(job_id)


_WRONG_HISTORY = "An examination of the job later finds something that never happened."
_WRONG_VIEW = "What is shown, or found afterwards, is not what was requested."
_SLOW = "With a year of recordings, to look for those of a time takes seconds."


@defective("tasks", "find")
async def spoilt_record_as_no_job(tasks: Any, job_id: str) -> Any:
    """A job whose record cannot be read is taken for one that does not exist.

    Nobody learns that records are spoilt, and such jobs can never be ended.
    """
    try:
        return await tasks.find(job_id)
    except KeyError:
        return None


@defect
def internal_error_harms_all_jobs(parts: Parts) -> Parts:
    """When a record cannot be read, the server closes the queues of all other jobs.

    One spoilt record empties every open view.
    """
    opened: set[str] = set()

    async def open_queue(queues: Any, job_id: str) -> None:
        await queues.open(job_id)
        opened.add(job_id)

    async def find(tasks: Any, job_id: str) -> Any:
        try:
            return await tasks.find(job_id)
        except KeyError:
            for other in opened - {job_id}:
                await parts.queues.close(other)
            raise

    return combine(override("queues", open=open_queue), override("tasks", find=find))(parts)


DEFECTS: tuple[Defect, ...] = (
    spoilt_record_as_no_job,
    internal_error_harms_all_jobs,
    Defect(
        "task_not_written",
        "The record of a job is not written.",
        "The job runs and costs a pod, and nobody can find or account for it.",
        override("tasks", insert=do_nothing),
    ),
    task_written_twice,
    note_in_another_collection,
    misplacing(
        *("job_among_the_recordings", "The record of a job is kept among the recordings, too."),
        "Whoever reads the recordings stumbles over what is none.",
        "recordings",
        lambda record: {"task_id": record.job_id, "config": record.config},
    ),
    misplacing(
        *("recording_among_the_jobs", "A recording is kept among the records of jobs."),
        "Whoever counts jobs counts what is none.",
        "tasks",
        lambda record: {"start_time": record.created_at, "end_time": record.created_at},
    ),
    note_in_another_database,
    collection_for_each_job,
    recording_for_each_job,
    record_doubled_for_a_moment,
    record_of_another_job,
    record_goes_bad,
    Defect(
        "record_not_undone",
        "Of a job that fails half way the record is left.",
        "Jobs are listed that never existed.",
        override("tasks", remove=do_nothing),
    ),
    Defect(
        "cancelled_in_words_only",
        "The record of a cancelled job says that it runs.",
        "Closed views are counted as open ones.",
        override("tasks", set_status=do_nothing),
    ),
    cancel_marks_every_record,
    record_goes_with_the_job,
    Defect(
        "creation_time_as_text",
        "The record has the time as text, not as a date.",
        "A search for the jobs of a day finds none.",
        setting(lambda record: {"created_at": as_iso(record.created_at)}),
    ),
    Defect(
        "recorded_with_more",
        "The record has a field that no job has.",
        "Records grow by what nobody has agreed on, and other readers of the database stumble.",
        setting(lambda record: {"host": "node-1"}),
    ),
    Defect(
        "task_id_not_recorded",
        "The record lacks the task id.",
        _WRONG_HISTORY,
        inserting(lambda record: replace(record, client_task_id=None)),
    ),
    Defect(
        "recorded_an_hour_late",
        "The record has another time.",
        _WRONG_HISTORY,
        inserting(lambda record: replace(record, created_at=record.created_at + timedelta(hours=1))),
    ),
    Defect(
        "recorded_for_another_user",
        "The record has another user.",
        _WRONG_HISTORY,
        inserting(lambda record: replace(record, user="root")),
    ),
    Defect(
        "recorded_with_texts",
        "The record has a number as text.",
        _WRONG_HISTORY,
        recording_configuration(lambda config: {**config, "displayTimeAxisDuration": "10"}),
    ),
    Defect(
        "recorded_without_times",
        "The record lacks the times that were left empty.",
        _WRONG_HISTORY,
        recording_configuration(lambda config: {k: v for k, v in config.items() if v is not None}),
    ),
    Defect(
        "record_without_the_view",
        "The configuration in the record lacks the view.",
        _WRONG_VIEW,
        recording_configuration(without_view),
    ),
    Defect(
        "record_of_the_next_sensors",
        "The configuration in the record has the next sensors.",
        _WRONG_VIEW,
        recording_configuration(next_sensors),
    ),
    without_index(
        *("tasks", "task_id_1", "Jobs are not indexed by their ids."),
        "Two jobs may get one id, and each sees the other's.",
    ),
    without_index(
        *("recordings", "uuid_1", "Recordings are not indexed by their ids."),
        "A recording may be stored twice under one id.",
    ),
    without_index("recordings", "start_time_1", "Recordings are not indexed by their beginnings.", _SLOW),
    without_index("recordings", "end_time_1", "Recordings are not indexed by their ends.", _SLOW),
    without_index("recordings", "deleted_1", "Recordings are not indexed by whether they were deleted.", _SLOW),
)
