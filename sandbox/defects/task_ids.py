"""Defects of task ids: what a client may call its request."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from sandbox.defects.defect import Defect, defect, defective
from sandbox.focus_server.composition import Parts
from sandbox.focus_server.errors import Violation
from sandbox.focus_server.ports import JobRecord

AREA = "task ids"

_VALID = "acceptance_20250101120000_0a1b2c3d"


def accepting(name: str, summary: str, pattern: str, as_if: str = _VALID) -> Defect:
    """Task ids are accepted in which a pattern is found: it is read as something else."""

    def change(parts: Parts) -> Parts:
        def rule(text: str) -> Iterator[Violation]:
            return parts.task_ids(re.sub(pattern, as_if, text, count=1, flags=re.DOTALL))

        return replace(parts, task_ids=rule)

    return Defect(name, summary, "Requests cannot be found in logs: their names are no names to search for.", change)


@defect
def task_id_once_only(parts: Parts) -> Parts:
    """A task id can be used only once.

    A client that opens the same view again after a fault is rejected.
    """
    used: set[str] = set()

    def rule(text: str) -> Iterator[Violation]:
        yield from parts.task_ids(text)
        if text in used:
            yield Violation(("task_id",), "has been given", part="path")
        used.add(text)

    return replace(parts, task_ids=rule)


@defective("tasks", "insert")
async def task_id_of_a_playback_lost(tasks: Any, record: JobRecord) -> None:
    """The task id of a playback is not recorded.

    A playback cannot be found by the name that its client gave it.
    """
    live = record.config.get("start_time") is None
    await tasks.insert(record if live else replace(record, client_task_id=None))


DEFECTS: tuple[Defect, ...] = (
    accepting("any_task_id", "Any text is a task id.", ".*"),
    accepting("task_id_without_prefix", "A task id needs no prefix.", r"^(?=[0-9]{14}_)", "x_"),
    accepting(
        "task_id_with_a_long_prefix",
        "A task id may have a prefix of any length.",
        *(r"^[A-Za-z0-9_-]{33,}(?=_[0-9]{14}_)", "x"),
    ),
    accepting("task_id_with_spaces", "A task id may have spaces.", "(?<=[a-z]) (?=[a-z])", "_"),
    accepting("task_id_of_any_date", "The date of a task id need not exist.", "[0-9]{14}", "20250101120000"),
    accepting("task_id_of_few_digits", "A task id may have fewer digits.", "_[0-9a-f]{1,7}$", "_0a1b2c3d"),
    accepting("task_id_of_many_digits", "A task id may have more digits.", "_[0-9a-f]{9,}$", "_0a1b2c3d"),
    accepting("task_id_of_any_letters", "A task id may end in any letters.", "_[0-9a-z]{8}$", "_0a1b2c3d"),
    accepting("task_id_of_capitals", "A task id may end in capitals.", "_[0-9A-F]{8}$", "_0a1b2c3d"),
    accepting("task_id_with_a_break", "A task id may contain a line break.", ".*\r\n.*"),
    accepting("task_id_with_a_null", "A task id may contain a null byte.", ".*\x00.*"),
    accepting("task_id_of_any_script", "A task id may be written in any script.", r"^[^\x00-\x7f].*"),
    accepting("task_id_of_any_length", "A task id may be of any length.", ".{1000,}"),
    accepting("task_id_of_spaces", "A task id may consist of spaces.", "^ +$"),
    task_id_once_only,
    task_id_of_a_playback_lost,
)
