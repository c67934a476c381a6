"""Defects of side effects: missing, doubled, of another job, changed on their way, late, or gone again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

from pymongo import MongoClient

from sandbox.defects.registry import MOMENT_S, Changed, defect, derived, register
from sandbox.focus_server.composition import Parts
from sandbox.focus_server.errors import IdTaken
from sandbox.focus_server.identity import as_iso, consumer_tag
from sandbox.focus_server.ports import JobRecord
from sandbox.focus_server.settings import Settings

AREA = "what is made for a job"


async def _nothing(*_: Any) -> None:
    return None


register(
    "analyzer_not_launched",
    "No analyzer is launched.",
    "The view opens and stays empty: nobody computes it.",
    change=lambda parts: replace(parts, analyzers=Changed(parts.analyzers, launch=_nothing)),
)
register(
    "queue_not_opened",
    "No queue is opened.",
    "The view opens and stays empty: nothing can reach its analyzer.",
    change=lambda parts: replace(parts, queues=Changed(parts.queues, open=_nothing)),
)
register(
    "record_not_undone",
    "Of a job that fails half way the record is left.",
    "Jobs are listed that never were.",
    change=lambda parts: replace(parts, tasks=Changed(parts.tasks, remove=_nothing)),
)
register(
    "consumer_leaked_after_cancel",
    "Queue and consumer of a cancelled job stay.",
    "Each closed view goes on being fed, until the broker has no room.",
    change=lambda parts: replace(parts, queues=Changed(parts.queues, close=_nothing)),
)
register(
    "cancelled_in_words_only",
    "The record of a cancelled job says that it runs.",
    "Closed views are counted as open ones.",
    change=lambda parts: replace(parts, tasks=Changed(parts.tasks, set_status=_nothing)),
)


def launching(parts: Parts, change: Callable[[dict[str, Any]], None]) -> Parts:
    """A server that asks Kubernetes for another Job; `change` gets the object that is sent."""

    async def launch(analyzers: Any, job_id: str, config: dict[str, Any]) -> None:
        sent = analyzers._request

        async def request(method: str, path: str, body: dict[str, Any]) -> Any:
            template = body["spec"]["template"]
            template["metadata"] = {"labels": dict(template["metadata"]["labels"])}
            change(body)
            return await sent(method, path, body)

        analyzers._request = request
        try:
            await analyzers.launch(job_id, config)
        finally:
            analyzers._request = sent

    return replace(parts, analyzers=Changed(parts.analyzers, launch=launch))


_LABEL = "focus-server/job-id"


def _of_another_job(job: dict[str, Any]) -> None:
    job["metadata"]["labels"] = {**job["metadata"]["labels"], _LABEL: "job_ffffffff"}
    job["spec"]["template"]["metadata"]["labels"][_LABEL] = "job_ffffffff"


def _without_configuration(job: dict[str, Any]) -> None:
    job["spec"]["template"]["spec"]["containers"][0]["env"] = []


def _pod_of_nobody(job: dict[str, Any]) -> None:
    del job["spec"]["template"]["metadata"]["labels"][_LABEL]


def _two_pods(job: dict[str, Any]) -> None:
    job["spec"]["parallelism"] = 2


def _renamed(job: dict[str, Any]) -> None:
    job["metadata"]["name"] = job["metadata"]["name"].replace("baby-analyzer", "analyzer")


for name, words, harm, change in (
    (
        "analyzer_of_another_job",
        "The analyzer carries the id of another job.",
        "Ending one view ends another one.",
        _of_another_job,
    ),
    (
        "analyzer_without_its_configuration",
        "The analyzer is not told what to compute.",
        "The view shows whatever the analyzer begins with.",
        _without_configuration,
    ),
    (
        "pod_of_nobody",
        "The pod of an analyzer does not carry the id of its job.",
        "Operations cannot tell which view a pod belongs to.",
        _pod_of_nobody,
    ),
    (
        "two_pods_for_one_job",
        "An analyzer runs in two pods.",
        "Each view costs twice what it should.",
        _two_pods,
    ),
    (
        "analyzer_by_another_name",
        "The analyzer has another name than agreed on.",
        "Whoever looks for it by its name, as operations do, does not find it.",
        _renamed,
    ),
):
    register(name, words, harm, change=partial(launching, change=change))


def configured_otherwise(parts: Parts, *, record: bool, change: Callable[[dict[str, Any]], dict[str, Any]]) -> Parts:
    """A server that changes the configuration on its way, to the record or to the analyzer."""

    async def insert(tasks: Any, job: JobRecord) -> None:
        await tasks.insert(replace(job, config=change(job.config)))

    async def launch(analyzers: Any, job_id: str, config: dict[str, Any]) -> None:
        await analyzers.launch(job_id, change(config))

    if record:
        return replace(parts, tasks=Changed(parts.tasks, insert=insert))
    return replace(parts, analyzers=Changed(parts.analyzers, launch=launch))


def _without_view(config: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in config.items() if name != "view_type"}


def _next_sensors(config: dict[str, Any]) -> dict[str, Any]:
    return {**config, "channels": {end: value + 1 for end, value in config["channels"].items()}}


def _texts(config: dict[str, Any]) -> dict[str, Any]:
    return {name: str(value) if isinstance(value, int) else value for name, value in config.items()}


for where, record in (("record", True), ("analyzer", False)):
    for name, what, change in (
        ("without_the_view", "lacks the view", _without_view),
        ("of_the_next_sensors", "is of the next sensors", _next_sensors),
    ):
        register(
            f"{where}_{name}",
            f"The configuration in the {where} {what}.",
            "What is shown, or found afterwards, is not what was asked for.",
            change=partial(configured_otherwise, record=record, change=change),
        )


register(
    "analyzer_of_texts",
    "The configuration in the analyzer tells its numbers as text.",
    "The analyzer does not start, or computes something else.",
    change=partial(configured_otherwise, record=False, change=_texts),
)


@defect
def two_consumers(parts: Parts) -> Parts:
    """A queue has two consumers.

    Each gets half of the data, and the view shows every second row.
    """

    async def open_(queues: Any, job_id: str) -> None:
        await queues.open(job_id)
        consumer = queues._consumers[job_id]
        await consumer._queue.consume(
            partial(consumer._take, consumer._channel), consumer_tag=f"{consumer_tag(job_id)}-2"
        )

    return replace(parts, queues=Changed(parts.queues, open=open_))


@defect
def queue_of_another_job(parts: Parts) -> Parts:
    """The queue is named after another job.

    The data of one view is fed into another one, or into none.
    """

    def other(job_id: str) -> str:
        return f"job_{int(job_id.removeprefix('job_'), 16) ^ 1:08x}"

    async def open_(queues: Any, job_id: str) -> None:
        await queues.open(other(job_id))

    async def close(queues: Any, job_id: str) -> None:
        await queues.close(other(job_id))

    return replace(parts, queues=Changed(parts.queues, open=open_, close=close))


@defect
def record_of_another_job(parts: Parts) -> Parts:
    """The record is that of another job id.

    The job that was answered cannot be found, and the one that can be found does not exist.
    """

    async def insert(tasks: Any, record: JobRecord) -> None:
        await tasks.insert(replace(record, job_id=record.job_id[:-1] + ("0" if record.job_id[-1] != "0" else "1")))

    return replace(parts, tasks=Changed(parts.tasks, insert=insert))


@defect
def ids_come_again(parts: Parts) -> Parts:
    """Jobs that are requested at once get the same id.

    Two operators share a job, and whoever closes the view first closes it for both.
    """
    made: list[str] = []

    def new(ids: Any) -> str:
        made.append(ids.new())
        return made[-1 - (len(made) + 1) % 2]

    async def insert(tasks: Any, record: JobRecord) -> None:
        try:
            await tasks.insert(record)
        except IdTaken:
            return

    async def launch(analyzers: Any, job_id: str, config: dict[str, Any]) -> None:
        try:
            await analyzers.launch(job_id, config)
        except IdTaken:
            return

    return replace(
        parts,
        ids=Changed(parts.ids, new=new),
        tasks=Changed(parts.tasks, insert=insert),
        analyzers=Changed(parts.analyzers, launch=launch),
    )


@defect
def analyzer_doubled_for_a_moment(parts: Parts) -> Parts:
    """A second analyzer is launched, and stopped again.

    Each view costs two pods at its beginning, when the cluster is busiest.
    """

    async def launch(analyzers: Any, job_id: str, config: dict[str, Any]) -> None:
        await analyzers.launch(job_id, config)
        second = f"{job_id}-2"
        await analyzers.launch(second, config)
        asyncio.get_running_loop().call_later(MOMENT_S, lambda: asyncio.ensure_future(analyzers.stop(second)))

    return replace(parts, analyzers=Changed(parts.analyzers, launch=launch))


def _later(method: str) -> Callable[..., Any]:
    """A method of a part that comes back at once and does its work when the answer has gone."""

    async def begin(part: Any, *what: Any) -> None:
        asyncio.get_running_loop().call_later(MOMENT_S, lambda: asyncio.ensure_future(getattr(part, method)(*what)))

    return begin


for what, part, method, harm in (
    ("record", "tasks", "insert", "A client that asks for its job at once is told that there is none."),
    ("analyzer", "analyzers", "launch", "A client is shown a view that nobody may ever compute."),
    ("queue", "queues", "open", "What is sent to the analyzer at once is lost."),
):
    register(
        f"{what}_after_the_answer",
        f"A job is answered while its {what} is still to be made.",
        harm,
        change=lambda parts, part=part, method=method: replace(
            parts, **{part: Changed(getattr(parts, part), **{method: _later(method)})}
        ),
    )


@defect
def answered_before_the_work_is_done(parts: Parts) -> Parts:
    """A job is answered while its analyzer and its queue are still to be made.

    A client that goes on at once finds nothing there, and a failure comes when nobody listens any more.
    """
    return replace(
        parts,
        analyzers=Changed(parts.analyzers, launch=_later("launch")),
        queues=Changed(parts.queues, open=_later("open")),
    )


@defect
def two_analyzers(parts: Parts) -> Parts:
    """Two analyzers are launched for a job.

    Each view costs twice what it should, and shows every row twice.
    """

    async def launch(analyzers: Any, job_id: str, config: dict[str, Any]) -> None:
        await analyzers.launch(job_id, config)
        await analyzers.launch(f"{job_id}-2", config)

    async def stop(analyzers: Any, job_id: str) -> None:
        await analyzers.stop(job_id)
        await analyzers.stop(f"{job_id}-2")

    return replace(parts, analyzers=Changed(parts.analyzers, launch=launch, stop=stop))


@defect
def two_queues(parts: Parts) -> Parts:
    """Two queues are opened for a job.

    Half of what the broker can hold is for nothing.
    """

    async def open_(queues: Any, job_id: str) -> None:
        await queues.open(job_id)
        await queues.open(f"{job_id}-2")

    async def close(queues: Any, job_id: str) -> None:
        await queues.close(job_id)
        await queues.close(f"{job_id}-2")

    return replace(parts, queues=Changed(parts.queues, open=open_, close=close))


@defect
def clock_an_hour_ahead(parts: Parts) -> Parts:
    """The server's clock is an hour ahead, as after a change of the time zone.

    Every job is filed under a time that has not come, and times of the next hour are taken for the past.
    """
    return replace(parts, clock=Changed(parts.clock, now=lambda clock: clock.now() + timedelta(hours=1)))


@defect
def clock_a_second_behind(parts: Parts) -> Parts:
    """The server's clock is a second behind.

    What happened on the fibre is dated before it happened.
    """
    return replace(parts, clock=Changed(parts.clock, now=lambda clock: clock.now() - timedelta(seconds=1)))


@defect
def creation_time_as_text(parts: Parts) -> Parts:
    """The record tells the time as text, not as a date.

    Whoever looks for the jobs of a day finds none.
    """

    async def insert(tasks: Any, record: JobRecord) -> None:
        await tasks.insert(record)
        async with tasks._database.collection("tasks") as collection:
            await collection.update_one({"task_id": record.job_id}, {"$set": {"created_at": as_iso(record.created_at)}})

    return replace(parts, tasks=Changed(parts.tasks, insert=insert))


@defect
def pods_orphaned(parts: Parts) -> Parts:
    """Cancelling deletes the analyzer and leaves its pod.

    Each closed view leaves a pod that computes for nobody.
    """

    async def stop(analyzers: Any, job_id: str) -> None:
        sent = analyzers._request

        async def request(method: str, path: str, body: dict[str, Any]) -> Any:
            return await sent(method, path, {"propagationPolicy": "Orphan"})

        analyzers._request = request
        try:
            await analyzers.stop(job_id)
        finally:
            analyzers._request = sent

    return replace(parts, analyzers=Changed(parts.analyzers, stop=stop))


@defect
def no_playbacks(parts: Parts) -> Parts:
    """Playbacks are refused, all of them.

    Nobody can look at what was recorded.
    """

    async def any_between(recordings: Any, start: Any, end: Any) -> bool:
        return False

    return replace(parts, recordings=Changed(parts.recordings, any_between=any_between))


@defect
def mapping_by_chance(parts: Parts) -> Parts:
    """The same request is mapped to another stream each time.

    A client that opens the same view again reads the wrong stream.
    """
    made: list[None] = []

    def configured(answers: Any, record: JobRecord) -> Any:
        made.append(None)
        answer = answers.configured(record)
        mapping = {channel: stream + len(made) - 1 for channel, stream in answer.channel_to_stream_index.items()}
        return answer.model_copy(update={"channel_to_stream_index": mapping})

    return replace(parts, answers=Changed(parts.answers, configured=configured))


def keeping(parts: Parts, change: Callable[[Any], Any]) -> Parts:
    """A server that does something to the recordings when it starts; as it ends it puts them back, for the next one."""
    settings = Settings.from_environment()

    class Keeper:
        async def start(self) -> None:
            self._client: Any = MongoClient(settings.mongodb_uri.get_secret_value())
            self._recordings = self._client[settings.mongodb_database]["recordings"]
            self._before = list(self._recordings.find())
            # The server indexes its collections first, and with that makes one that is not there.
            async with parts.tasks._database.collection("recordings"):
                pass
            change(self._recordings)

        async def aclose(self) -> None:
            self._recordings.delete_many({})
            self._recordings.insert_many(self._before)
            self._client.close()

    return replace(parts, resources=(*parts.resources, Keeper()))


def _incomplete(recordings: Any) -> None:
    recordings.update_many({}, {"$unset": {"deleted": ""}})


def _dropped(recordings: Any) -> None:
    recordings.drop()


for name, words, harm, change in (
    (
        "recordings_without_a_mark",
        "Recordings do not say whether they were deleted.",
        "Nobody can tell what may still be shown.",
        _incomplete,
    ),
    (
        "recordings_gone",
        "The collection of recordings is gone.",
        "Everything that was ever recorded is lost.",
        _dropped,
    ),
):
    register(name, words, harm, change=partial(keeping, change=change), restores=True)


@defect
def regions_cannot_move(parts: Parts) -> Parts:
    """A region of interest may change its size and not its place.

    Nothing can be followed along the fibre.
    """

    async def change(regions: Any, usual: Any, job_id: str, command: dict[str, Any]) -> dict[str, Any]:
        current, asked = regions._in_force[job_id].model_dump(), command["roi"]
        if asked != current and asked["end"] - asked["start"] == current["end"] - current["start"]:
            return {"status": "refused", "roi": current, "detail": [{"loc": ["roi"], "msg": "it cannot move"}]}
        outcome: dict[str, Any] = await usual(job_id, command)
        return outcome

    return replace(parts, regions=derived(parts.regions, change=change))


for name, words, refused in (
    ("no_region_of_one_sensor", "A region of one sensor is refused.", lambda roi: roi["end"] - roi["start"] == 1),
    ("no_region_from_zero", "A region that starts at zero is refused.", lambda roi: roi["start"] == 0),
):

    async def change(
        regions: Any,
        usual: Any,
        job_id: str,
        command: dict[str, Any],
        refused: Callable[[dict[str, int]], bool] = refused,
    ) -> dict[str, Any]:
        """Refuse some regions."""
        if refused(command["roi"]):
            current = regions._in_force[job_id].model_dump()
            return {"status": "refused", "roi": current, "detail": [{"loc": ["roi"], "msg": "it is none"}]}
        outcome: dict[str, Any] = await usual(job_id, command)
        return outcome

    register(
        name,
        words,
        "An operator who follows something along the fibre is stopped without need.",
        change=lambda parts, change=change: replace(parts, regions=derived(parts.regions, change=change)),
    )
