"""What the record store must hold and how (contract, "MongoDB"; PZ-13598 and what belongs to it)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from bson.objectid import ObjectId

from support.api.exchange import Exchange
from support.api.job import Job
from support.checks.discovery import Window
from support.core.errors import require
from support.core.eventually import WaitPolicy, eventually
from support.observers.mongodb import Database, Document, Recordings
from support.profile.settings import MongoDB, Settings

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_FIELDS = {
    "job id": "task_id",
    "identity": "uuid",
    "beginning": "start_time",
    "end": "end_time",
    "deletion": "deleted",
}
_IS_JOB: Mapping[str, Any] = {"task_id": {"$exists": True}}
_IS_RECORDING: Mapping[str, Any] = {"uuid": {"$exists": True}, "deleted": {"$exists": True}}
_KINDS: Mapping[str, type] = {"object id": ObjectId, "text": str, "object": dict, "date": datetime}


def expect_kept_apart(database: Database, settings: Settings, job_id: str) -> None:
    """Raise ExpectationFailed unless this job is among the jobs and nowhere else, and recordings are among their own.

    Where the run is not alone, only this job is looked for, and only among jobs and recordings: what others have put
    anywhere is theirs, and may not be the suite's to read.
    """
    jobs, recordings = settings.mongodb.tasks_collection, settings.mongodb.recordings_collection
    there = database.collections()
    require(
        "the collections of the product", [f"there is no {name}" for name in (jobs, recordings) if name not in there]
    )

    def holds(collection: str, query: Mapping[str, Any]) -> bool:
        return bool(database.collection(collection).find(query, {"_id": 1}, limit=1))

    problems = [] if holds(jobs, {"task_id": job_id}) else [f"{jobs} does not hold {job_id}"]
    others = {recordings}
    if settings.exclusive:
        others |= {name for name in there if name != jobs and not name.startswith("system.")}
        problems += [f"{jobs} holds a recording"] if holds(jobs, _IS_RECORDING) else []
        problems += [f"{recordings} holds a job"] if holds(recordings, _IS_JOB) else []
    problems += [f"{name} holds {job_id}" for name in sorted(others) if holds(name, {"task_id": job_id})]
    require("each job and each recording to be in the collection of its kind, and in no other", problems)


def expect_indexes(database: Database, settings: MongoDB, wanted: Sequence[tuple[str, str, bool]]) -> None:
    """Raise ExpectationFailed unless these are indexed: of `jobs` or `recordings`, by what, and whether uniquely."""
    names = {"jobs": settings.tasks_collection, "recordings": settings.recordings_collection}
    seen = {what: database.indexes(name) for what, name in names.items()}
    problems = []
    for what, by, unique in wanted:
        field = (_FIELDS[by],)
        if field not in seen[what]:
            problems.append(f"there is no index of {what} by {by} ({field[0]})")
        elif seen[what][field] is not unique:
            problems.append(f"the index of {what} by {by} is {'not ' if unique else ''}unique")
    require("the indexes of the product", problems)


def expect_not_taken(taken: bool) -> None:
    """Raise ExpectationFailed unless a second recording of one identity was not taken."""
    require("the second recording of one identity to be refused", ["it was taken"] if taken else [])


def expect_complete_recordings(recordings: Sequence[Document]) -> None:
    """Raise ExpectationFailed unless each recording has its own identity, a time, and tells if it was deleted."""
    counts = Counter(str(recording.get("uuid")) for recording in recordings)
    problems = [
        f"{recording.get('uuid')} (_id {recording.get('_id')}): {wrong}"
        for recording in recordings
        for wrong in _recording_problems(recording)
    ]
    problems += [f"{identity} stands for {count} recordings" for identity, count in counts.items() if count > 1]
    require("complete recordings", problems)


def _recording_problems(recording: Document) -> list[str]:
    start, end = recording.get("start_time"), recording.get("end_time")
    problems = []
    if not _UUID.fullmatch(str(recording.get("uuid"))):
        problems.append(f"uuid is not a UUID: {recording.get('uuid')!r}")
    if not isinstance(start, datetime):
        problems.append(f"start_time is {start!r}, no date")
    elif end is not None and not (isinstance(end, datetime) and start < end):
        problems.append(f"end_time is {end!r}, no date after the beginning")
    elif start > datetime.now(UTC) + timedelta(seconds=1):
        problems.append(f"start_time is {start.isoformat()}, in the future")
    if not isinstance(recording.get("deleted"), bool):
        problems.append(f"deleted is {recording.get('deleted')!r}, neither true nor false")
    unknown = set(recording) - {"_id", "uuid", "start_time", "end_time", "deleted"}
    return problems + [f"{name} is no field of a recording" for name in sorted(unknown)]


def expect_under_way(recordings: Recordings, within: WaitPolicy) -> list[Document]:
    """Give what is being recorded, as soon as something is; raise ExpectationFailed if nothing comes to be."""
    return eventually(
        "something to be recorded",
        recordings.under_way,
        lambda seen: [] if seen else ["no recording is without an end"],
        within,
    )


def expect_ended(recordings: Recordings, begun: Sequence[Document], within: WaitPolicy) -> list[Document]:
    """Give these recordings as they have ended; raise ExpectationFailed if one does not end, or others stay open."""

    def problems(seen: tuple[list[Document], list[Document]]) -> list[str]:
        these, under_way = seen
        missing = len(begun) - len(these)
        open_ones = [f"the recording {one['uuid']} has no end" for one in these if one.get("end_time") is None]
        more = [f"{len(under_way)} recordings are under way at once"] if len(under_way) > 1 else []
        return [*([f"{missing} of them are gone"] if missing else []), *open_ones, *more]

    ids = [one["uuid"] for one in begun]
    these, _ = eventually(
        "what was being recorded to have ended",
        lambda: (recordings.of(ids), recordings.under_way()),
        problems,
        within,
    )
    return these


def ended(recordings: Sequence[Document]) -> list[Window]:
    """Beginning and end of those that have ended and were not deleted, in the order of their time."""
    return sorted(
        (recording["start_time"], recording["end_time"])
        for recording in recordings
        if recording.get("end_time") is not None and not recording.get("deleted")
    )


def span_of(recordings: Sequence[Document]) -> Window:
    """A time that holds all of them, in whole seconds."""
    starts = [recording["start_time"] for recording in recordings]
    ends = [recording.get("end_time") or recording["start_time"] for recording in recordings]
    second = timedelta(seconds=1)
    return min(starts) - second, max(ends) + second


def expect_schema(records: Sequence[Document], schema: Mapping[str, str]) -> None:
    """Raise ExpectationFailed unless records hold these fields and no others, each of its kind (contract, step D)."""
    problems = [
        f"the record has {sorted(set(record) ^ set(schema))} too much or too little"
        for record in records
        if set(record) != set(schema)
    ]
    problems += [
        f"{name} is {record[name]!r}, no {kind}"
        for record in records
        for name, kind in schema.items()
        if name in record and not isinstance(record[name], _KINDS[kind])
    ]
    require("the fields of a job and no others", problems if records else ["there is no record"])


def expect_creation_times(records: Sequence[Document]) -> list[datetime]:
    """Give the time at which each job was created; raise ExpectationFailed unless each record tells it."""
    told = [record.get("created_at") for record in records]
    problems = [
        f"created_at of the record with _id {record.get('_id')} is {moment!r}, no date"
        for record, moment in zip(records, told, strict=True)
        if not isinstance(moment, datetime)
    ]
    require("records that say when their job was created", problems)
    return [moment for moment in told if isinstance(moment, datetime)]


def expect_same_time(job: Job, metadata: Exchange) -> None:
    """Raise ExpectationFailed unless metadata tell the very moment that the answer told."""
    told, said = metadata.told("created_at"), job.exchange.told("created_at")
    same = told == said and said is not None
    require("one moment of creation", [] if same else [f"metadata say {told}, the answer said {said}"])
