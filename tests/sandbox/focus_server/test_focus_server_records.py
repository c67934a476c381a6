"""Writing a task record when the driver writes it twice, as it does when a connection breaks."""

from contextlib import asynccontextmanager
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from pymongo.errors import DuplicateKeyError

from sandbox.focus_server.errors import IdTaken
from sandbox.focus_server.mongodb import MongoTasks
from sandbox.focus_server.ports import CONFIGURED, JobRecord

RECORD = JobRecord("job_00000001", {}, CONFIGURED, datetime(2026, 11, 27, tzinfo=UTC), "automation")


class Twice:
    """A collection into which every document is written twice; `there` are the documents that were there before."""

    def __init__(self, *there):
        self.documents = list(there)

    async def insert_one(self, document):
        document["_id"] = "ours"
        if not any(one["task_id"] == document["task_id"] for one in self.documents):
            self.documents.append(document)
        raise DuplicateKeyError("E11000")

    async def find_one(self, query):
        return next((one for one in self.documents if query.items() <= one.items()), None)


def tasks_in(collection):
    @asynccontextmanager
    async def opened(name):
        yield collection

    return MongoTasks(SimpleNamespace(collection=opened))


async def test_a_record_that_was_written_twice_is_there_once_and_its_id_is_not_taken():
    collection = Twice()
    await tasks_in(collection).insert(RECORD)
    assert [one["task_id"] for one in collection.documents] == [RECORD.job_id]


async def test_the_record_of_another_job_has_taken_the_id():
    with pytest.raises(IdTaken):
        await tasks_in(Twice({"_id": "another", "task_id": RECORD.job_id})).insert(RECORD)
