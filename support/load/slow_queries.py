"""The slow queries of the Focus Server, by MongoDB's own profiler; it is on only while they are watched."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote, urlsplit

from support.core.errors import EnvironmentBroken
from support.faults.announcements import Announcements
from support.observers.mongodb import Database
from support.profile.settings import Settings

_PROFILE = "system.profile"
_OFF, _SLOW_ONLY = 0, 1


@dataclass
class SlowQueries:
    """What the profiler has noted; `unseen` says why it could not be used."""

    found: list[str] = field(default_factory=list)
    unseen: str | None = None


@contextmanager
def watched(settings: Settings, database: Database, journal: Announcements) -> Iterator[SlowQueries]:
    """Have MongoDB note the server's queries that take longer than `load.slow_query_s`; they are there at the end.

    The journal knows of it before. The profiler is left alone in an environment that others use.

    Raises:
        EnvironmentBroken: MongoDB cannot be reached.
    """
    slow = SlowQueries()
    if not settings.exclusive:
        slow.unseen = "slow queries: others use this MongoDB, so its profiler is left alone"
        yield slow
        return
    journal.profiler_on()
    try:
        database.profile(_SLOW_ONLY, int(settings.load.slow_query_s * 1000))
    except EnvironmentBroken as refused:
        slow.unseen = f"slow queries: MongoDB's profiler cannot be used: {refused}"
        yield slow
        return
    try:
        yield slow
    finally:
        database.profile(_OFF)
        user = unquote(urlsplit(settings.mongodb.uri.get_secret_value()).username or "")
        noted = database.collection(_PROFILE).find({"millis": {"$gt": settings.load.slow_query_s * 1000}})
        slow.found = [_described(one) for one in noted if str(one.get("user")).rpartition("@")[0] != user]
        database.drop(_PROFILE)


def forget(database: Database) -> None:
    """Have MongoDB note nothing any more, and drop what a killed run had it note; raises EnvironmentBroken."""
    database.profile(_OFF)
    database.drop(_PROFILE)


def _described(noted: dict[str, Any]) -> str:
    collection = str(noted.get("ns")).partition(".")[2]
    return f"{noted.get('op')} in {collection} took {noted.get('millis', 0) / 1000:.3f} s"
