"""The recorder, the other writer of a Focus Server's database: how it is started, and what it would have left there."""

import sys
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sandbox.launchers.processes import Launcher, RunningPart
from sandbox.recorder.recordings import COLLECTION, recording

if TYPE_CHECKING:
    from sandbox.launchers.mongodb import MongoDB

_LENGTH_S = 2

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
        recording(moment - ago, moment - ago + length, deleted=deleted)
        for deleted, made in ((False, _FINISHED), (True, _DELETED))
        for ago, length in made
    ]


async def leave_recordings(mongodb: "MongoDB", database: str) -> None:
    """Write recordings of the last day, and one deleted before that, into a database. Raises PartFailed."""
    await mongodb.insert(database, COLLECTION, recordings(datetime.now(UTC)))


def launch(
    launcher: Launcher, mongodb: "MongoDB", database: str, directory: Path, environment: Mapping[str, str]
) -> RunningPart:
    """Start a recorder on a database. Raises PartFailed."""
    settings = {"MONGODB_URI": mongodb.server_uri(database), "MONGODB_DATABASE": database, "LENGTH_S": str(_LENGTH_S)}
    return launcher.launch(
        "segy-recorder",
        [sys.executable, "-m", "sandbox.recorder"],
        directory,
        environment={**environment, **{f"RECORDER_{name}": value for name, value in settings.items()}},
        separate_output=True,
    )


async def is_recording(part: RunningPart) -> bool:
    """Whether it has begun a recording since it was started."""
    return f"recording {part.process.pid}\n" in part.stdout.read_text("utf-8")
