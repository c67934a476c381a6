"""A tenant's database has what a recorder would have left there, and nothing else that the server did not write."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from uuid import UUID

import pytest
from pymongo import MongoClient

from sandbox.launchers import recorder

HOUR = timedelta(hours=1)
LATE = timedelta(minutes=10)  # the tenant may have been made in advance


def collections(endpoints):
    """All documents of a tenant's database."""
    with MongoClient(endpoints["mongodb"]["uri"], serverSelectionTimeoutMS=5000, tz_aware=True) as client:
        database = client[endpoints["mongodb"]["database"]]
        return {name: list(database[name].find()) for name in database.list_collection_names()}


@pytest.fixture
def fresh(leased):
    """A tenant that no test has used before."""
    with leased() as endpoints:
        yield endpoints


def test_recordings_of_the_last_day_are_there_and_the_servers_own_data_is_untouched(fresh):
    found = collections(fresh)
    recordings = found.pop("recordings")
    assert [name for name, documents in found.items() if documents] == []

    assert all(set(each) == {"_id", "uuid", "start_time", "end_time", "deleted"} for each in recordings)
    assert len({UUID(each["uuid"]) for each in recordings}) == 4
    now = datetime.now(UTC)
    finished = sorted((each["start_time"], each["end_time"]) for each in recordings if not each["deleted"])
    assert [end - start for start, end in finished] == [HOUR, HOUR, HOUR / 2]
    assert all(now - 24 * HOUR < start < end < now for start, end in finished)
    assert [one[1] == two[0] for one, two in pairwise(finished)] == [True, False]
    (deleted,) = [each for each in recordings if each["deleted"]]
    assert 26 * HOUR <= now - deleted["start_time"] < 26 * HOUR + LATE
    assert now - deleted["end_time"] > 24 * HOUR


def test_the_server_makes_its_indexes_on_them(fresh, wait_for):
    expected = {"_id", "uuid", "start_time", "end_time", "deleted"}
    with MongoClient(fresh["mongodb"]["uri"], serverSelectionTimeoutMS=5000) as client:
        recordings = client[fresh["mongodb"]["database"]]["recordings"]
        # It does so in its own time, after it is ready.
        wait_for(lambda: {index["key"][0][0] for index in recordings.index_information().values()} == expected)


def test_they_go_with_the_database(leased, sandbox_endpoints):
    with leased() as endpoints:
        assert collections(endpoints)["recordings"]
    assert collections(sandbox_endpoints | {"mongodb": sandbox_endpoints["mongodb"] | endpoints["mongodb"]}) == {}


def test_no_two_tenants_have_the_same(fresh, sandbox_endpoints):
    ids = [{each["uuid"] for each in collections(endpoints)["recordings"]} for endpoints in (fresh, sandbox_endpoints)]
    assert not ids[0] & ids[1]


def test_their_times_are_whole_seconds_as_the_server_is_asked_for_them():
    made = recorder.recordings(datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC))
    assert {each[key].microsecond for each in made for key in ("start_time", "end_time")} == {0}
