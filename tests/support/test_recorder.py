import random
from datetime import UTC, datetime, timedelta

import pytest
from stand_ins import Collection, Journal

from support.core.errors import EnvironmentBroken
from support.faults.recorder import Recorder
from support.faults.store_writes import remove

T, HOUR = datetime(2005, 1, 1, tzinfo=UTC), timedelta(hours=1)
THEIRS = {"_id": 0, "uuid": "theirs", "start_time": T, "end_time": T + HOUR, "deleted": False}


class Recordings:
    """Says that the first so many times that are asked for are recorded."""

    def __init__(self, taken=0):
        self.taken, self.asked = taken, []

    def between(self, start, end):
        self.asked.append((start, end))
        return ["a recording"] if len(self.asked) <= self.taken else []


@pytest.fixture
def collection():
    return Collection(THEIRS)


@pytest.fixture
def journal():
    return Journal()


@pytest.fixture
def own_documents():
    return set()


@pytest.fixture
def recorder(collection, journal, own_documents):
    return Recorder(collection, Recordings(), journal, random.Random(1), own_documents)


def test_the_journal_knows_of_a_recording_before_it_is_there(recorder, collection, journal):
    insert = collection.insert_one
    collection.insert_one = lambda document: (journal.entries.append("inserted"), insert(document))
    one, other = recorder.put(T, T + HOUR), recorder.put(T, None, deleted=True)
    assert journal.entries == [("recorded", one.uuid), "inserted", ("recorded", other.uuid), "inserted"]
    stored = [{k: v for k, v in document.items() if k != "_id"} for document in collection.documents[1:]]
    assert stored == [
        {"uuid": one.uuid, "start_time": T, "end_time": T + HOUR, "deleted": False},
        {"uuid": other.uuid, "start_time": T, "end_time": None, "deleted": True},
    ]


def test_who_looks_knows_each_document_before_it_is_there(recorder, collection, own_documents):
    known, insert = [], collection.insert_one
    collection.insert_one = lambda document: (known.append(str(document["_id"]) in own_documents), insert(document))
    recording = recorder.put(T, T + HOUR)
    collection.documents.pop()
    recorder.put_again(recording)
    assert known == [True, True]
    assert len(own_documents) == 2


def test_a_recording_is_put_again_under_the_same_identity(recorder, collection):
    recording = recorder.put(T, T + HOUR)
    assert recorder.put_again(recording) is False
    collection.documents.pop()
    assert recorder.put_again(recording) is True
    collection.insert_one = lambda document: collection._fail()
    collection.failure = EnvironmentBroken("gone")
    with pytest.raises(EnvironmentBroken):
        recorder.put_again(recording)


def test_all_that_were_put_are_taken_away_and_no_others(recorder, collection):
    for end in (T + HOUR, None):
        recorder.put(T, end)
    assert recorder.take_away() == []
    assert collection.documents == [THEIRS]
    recorder.put(T, T + HOUR)
    assert recorder.take_away() == []


@pytest.mark.parametrize(
    "change",
    [
        lambda documents, number: documents.pop(number),
        lambda documents, number: documents[number].update(deleted=True),
        lambda documents, number: documents[number].update(end_time=T + 2 * HOUR),
        lambda documents, number: documents[number].update(path="/data"),
    ],
)
def test_what_was_changed_or_removed_is_told_and_all_the_rest_is_removed(recorder, collection, change):
    put = [recorder.put(T, T + HOUR) for _ in range(3)]
    change(collection.documents, 2)
    assert recorder.take_away() == [f"the recording {put[1].uuid} was changed or removed, and not by the scenario"]
    assert collection.documents == [THEIRS]


def test_one_that_was_put_though_the_database_gave_no_answer_is_removed(recorder, collection):
    collection.failure = EnvironmentBroken("gone")
    with pytest.raises(EnvironmentBroken):
        recorder.put(T, T + HOUR)
    assert len(collection.documents) == 2
    assert recorder.take_away() == []
    assert collection.documents == [THEIRS]


def test_a_clean_up_that_failed_can_be_tried_again(recorder, collection):
    recorder.put(T, T + HOUR)
    collection.failure = EnvironmentBroken("gone")
    with pytest.raises(EnvironmentBroken):
        recorder.take_away()
    assert recorder.take_away() == []
    assert collection.documents == [THEIRS]


def test_recordings_are_removed_by_their_ids(collection):
    remove(collection, ["others"])
    assert collection.documents == [THEIRS]
    remove(collection, (name for name in ("others", "theirs")))
    assert collection.documents == []


def test_a_free_time_is_long_ago_with_nothing_an_hour_before_and_after(collection, journal):
    recordings = Recordings(taken=3)
    moment = Recorder(collection, recordings, journal, random.Random(1), set()).free_time()
    assert recordings.asked[-1] == (moment - HOUR, moment + HOUR)
    assert len(set(recordings.asked)) == 4
    assert 2001 <= moment.year < 2009
    assert moment.microsecond == 0


def test_where_everything_is_recorded_the_search_for_a_free_time_ends(collection, journal):
    recordings = Recordings(taken=10**6)
    with pytest.raises(EnvironmentBroken, match="no free time"):
        Recorder(collection, recordings, journal, random.Random(1), set()).free_time()
    assert len(recordings.asked) < 100
