"""Defects of the answer about a new job, and of the stream that it names."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from sandbox.defects.defect import Change, Defect, Overridden, do_nothing, override
from sandbox.focus_server.waterfall import Rows

AREA = "the answer about a new job"


def answering(**changes: Any) -> Change:
    """Answer something else about a new job; a function gets what it should be."""

    def configured(answers: Any, record: Any) -> Any:
        answer = answers.configured(record)
        update = {
            name: change(getattr(answer, name)) if callable(change) else change for name, change in changes.items()
        }
        return answer.model_copy(update=update)

    return override("answers", configured=configured)


def _stream_with_password(url: str) -> str:
    password = os.environ["FOCUS_SERVER_RABBITMQ_URL"].split(":")[2].split("@")[0]
    return f"http://focus:{password}@127.0.0.1"


async def _serve_another_one_too(stream: Any, job_id: str) -> None:
    await stream.serve(job_id)
    await stream.serve("job_00000000")


def streaming(change: Callable[[Rows], Rows]) -> Change:
    """Give other rows by the stream."""

    def give_rows_of(stream: Any, open_waterfall: Callable[[], Any]) -> None:
        async def rows(waterfall: Any, job_id: str, asked: str) -> Rows:
            return change(await waterfall.rows(job_id, asked))

        stream.give_rows_of(lambda: Overridden(open_waterfall(), rows=rows))

    return override("stream", give_rows_of=give_rows_of)


def _of_the_next_sensors(found: Rows) -> Rows:
    rows: list[dict[str, Any]] = [
        {**row, "sensors": [{**one, "id": one["id"] + 1} for one in row["sensors"]]} for row in found.given
    ]
    return Rows(rows, found.over)


_NO_STREAM = "The view opens and finds no stream."

DEFECTS: tuple[Defect, ...] = (
    Defect(
        "empty_status",
        "The status in the answer is empty, though the job was created.",
        "Clients cannot tell a job that was created from one that was not.",
        answering(status=""),
    ),
    Defect(
        "id_that_is_none",
        "The id of a job does not have the form of an id.",
        "Clients and stores reject the id: the job can be neither followed nor ended.",
        answering(job_id="job deadbeef!"),
    ),
    Defect(
        "another_task_id",
        "The answer has another task id.",
        "The client takes the answer for somebody else's.",
        answering(task_id="other"),
    ),
    Defect(
        "answer_of_another_time",
        "The answer has another time than the record.",
        "Logs of client and server cannot be correlated.",
        answering(created_at=lambda text: text.replace("20", "19", 1)),
    ),
    Defect(
        "answer_in_local_time",
        "The time in the answer lacks its zone.",
        "Each client reads another moment.",
        answering(created_at=lambda text: text.rstrip("Z")),
    ),
    Defect(
        "another_stream_port",
        "The answer has another port of the stream.",
        _NO_STREAM,
        answering(stream_port=lambda port: port + 1),
    ),
    Defect(
        "another_stream_address",
        "The answer has another address of the stream.",
        _NO_STREAM,
        answering(stream_url="http://127.0.0.2"),
    ),
    Defect(
        "answers_with_its_password",
        "The answer holds the password of the broker.",
        "Every client learns the password of the broker.",
        answering(stream_url=_stream_with_password),
    ),
    Defect(
        "stream_not_served",
        "The stream of a job is not served.",
        "The view opens and stays empty.",
        override("stream", serve=do_nothing),
    ),
    Defect(
        "stream_without_rows",
        "The stream of a job opens and gives nothing.",
        "The view opens and stays empty.",
        streaming(lambda found: Rows([], found.over)),
    ),
    Defect(
        "stream_of_the_next_sensors",
        "The stream of a job is of the next sensors.",
        "An event is located at the wrong place of the fibre.",
        streaming(_of_the_next_sensors),
    ),
    Defect(
        "stream_of_a_cancelled_job",
        "The stream of a cancelled job is still served.",
        "Clients stay connected to a view that shows nothing any more.",
        override("stream", withdraw=do_nothing),
    ),
    Defect(
        "stream_of_no_job",
        "A stream is served of a job that does not exist.",
        "A client with a wrong id waits for rows that will never come.",
        override("stream", serve=_serve_another_one_too),
    ),
)
