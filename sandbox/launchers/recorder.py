"""The recordings that the recorder, the other writer of a Focus Server's database, would have left there."""

import uuid
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sandbox.launchers.mongodb import MongoDB

COLLECTION = "recordings"

# When they began, before now, and how long they are. Two of them are adjacent.
_FINISHED = (
    (timedelta(hours=20), timedelta(hours=1)),
    (timedelta(hours=19), timedelta(hours=1)),
    (timedelta(hours=3), timedelta(minutes=30)),
)
_DELETED = ((timedelta(hours=26), timedelta(hours=1)),)


def recordings(now: datetime) -> list[dict[str, Any]]:
    """Make the records of what has been recorded by a moment; their times are whole seconds, none is under way."""
    moment = now.replace(microsecond=0)
    return [
        {
            "uuid": str(uuid.uuid4()),
            "start_time": moment - ago,
            "end_time": moment - ago + length,
            "deleted": deleted,
        }
        for deleted, made in ((False, _FINISHED), (True, _DELETED))
        for ago, length in made
    ]


async def leave_recordings(mongodb: "MongoDB", database: str) -> None:
    """Write recordings of the last day, and one deleted before that, into a database. Raises PartFailed."""
    await mongodb.insert(database, COLLECTION, recordings(datetime.now(UTC)))
