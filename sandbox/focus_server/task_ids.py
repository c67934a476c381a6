"""Task ids: a client's own names for its requests (contract, "Words")."""

import re
from collections.abc import Callable, Iterator
from datetime import datetime

from sandbox.focus_server.errors import Violation

_PATTERN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,31}_([0-9]{14})_[0-9a-f]{8}")

TaskIdRule = Callable[[str], Iterator[Violation]]
"""Yields what is wrong with a text as a task id."""


def task_id_well_formed(text: str) -> Iterator[Violation]:
    """A task id is ``{prefix}_{YYYYMMDDHHMMSS}_{8 hex}``, and its date is a real one.

    It need not be a new one: what tells jobs apart is the job id.
    """
    parts = _PATTERN.fullmatch(text)
    if parts is None:
        yield _violation("must be {prefix}_{YYYYMMDDHHMMSS}_{8 lower-case hex digits}, prefix of A-Z a-z 0-9 _ -")
    elif not _is_real(parts[1]):
        yield _violation("must hold a date and time that exist")


def _violation(msg: str) -> Violation:
    return Violation(("task_id",), msg, part="path")


def _is_real(moment: str) -> bool:
    try:
        datetime.strptime(moment, "%Y%m%d%H%M%S")
    except ValueError:
        return False
    return True
