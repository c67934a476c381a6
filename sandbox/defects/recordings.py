"""Defects of what counts as recorded when a playback is requested, and of the recordings themselves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

from pymongo import MongoClient

from sandbox.defects.defect import Change, Defect, defective, override
from sandbox.focus_server.composition import Parts
from sandbox.focus_server.settings import Settings

AREA = "what counts as recorded"

NOT_DELETED = {"deleted": {"$ne": True}}

Query = Callable[[datetime, datetime], dict[str, Any]]


def counting(name: str, summary: str, query: Query) -> Defect:
    """Other recordings count as recorded in a time; what is played of them is right."""

    async def any_between(recordings: Any, start: datetime, end: datetime) -> bool:
        async with recordings.database.collection("recordings") as collection:
            return await collection.find_one(query(start, end)) is not None

    impact = "A playback is created that has nothing to show, or rejected though there is something."
    return Defect(name, summary, impact, override("recordings", any_between=any_between))


def changing_recordings(change: Callable[[Any], Any]) -> Change:
    """Change the recordings when the server starts; when it ends they are restored for the next one."""

    def defective_parts(parts: Parts) -> Parts:
        settings = Settings.from_environment()

        class ChangesRecordings:
            async def start(self) -> None:
                self._client: Any = MongoClient(settings.mongodb_uri.get_secret_value())
                self._recordings = self._client[settings.mongodb_database]["recordings"]
                self._before = list(self._recordings.find())
                # The server indexes its collections first, and with that makes one that is missing.
                async with parts.tasks.database.collection("recordings"):
                    pass
                change(self._recordings)

            async def aclose(self) -> None:
                self._recordings.delete_many({})
                self._recordings.insert_many(self._before)
                self._client.close()

        return replace(parts, resources=(*parts.resources, ChangesRecordings()))

    return defective_parts


@defective("recordings", "any_between")
async def no_playbacks(recordings: Any, start: Any, end: Any) -> bool:
    """All playbacks are rejected.

    Nobody can look at what was recorded.
    """
    return False


DEFECTS: tuple[Defect, ...] = (
    no_playbacks,
    counting("anything_counts", "What was never recorded can be played back.", lambda start, end: {}),
    counting(
        "deleted_ones_count",
        "A deleted recording counts.",
        lambda start, end: {"start_time": {"$lt": end}, "end_time": {"$gt": start}},
    ),
    counting(
        "those_under_way_count",
        "A recording that is under way counts.",
        lambda start, end: {
            **NOT_DELETED,
            "start_time": {"$lt": end},
            "$or": [{"end_time": {"$gt": start}}, {"end_time": None}],
        },
    ),
    counting(
        "ending_with_the_beginning_counts",
        "A recording counts that ends when the playback begins.",
        lambda start, end: {**NOT_DELETED, "start_time": {"$lt": end}, "end_time": {"$gte": start}},
    ),
    counting(
        "beginning_with_the_end_counts",
        "A recording counts that begins when the playback ends.",
        lambda start, end: {**NOT_DELETED, "start_time": {"$lte": end}, "end_time": {"$gt": start}},
    ),
    counting(
        "only_from_the_beginning_counts",
        "A recording counts only if it was under way when the playback begins.",
        lambda start, end: {**NOT_DELETED, "start_time": {"$lte": start}, "end_time": {"$gt": start}},
    ),
    counting(
        "only_to_the_end_counts",
        "A recording counts only if it was under way when the playback ends.",
        lambda start, end: {**NOT_DELETED, "start_time": {"$lt": end}, "end_time": {"$gte": end}},
    ),
    Defect(
        "recordings_without_a_mark",
        "Recordings do not say whether they were deleted.",
        "Nobody can tell what may still be shown.",
        changing_recordings(lambda recordings: recordings.update_many({}, {"$unset": {"deleted": ""}})),
        restores=True,
    ),
    Defect(
        "recordings_gone",
        "The collection of recordings is gone.",
        "Everything that was ever recorded is lost.",
        changing_recordings(lambda recordings: recordings.drop()),
        restores=True,
    ),
)
