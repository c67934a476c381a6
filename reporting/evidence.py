"""Evidence for files that carry it inside."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from reporting.results import Attachment, Result
from reporting.verdicts import Status


class Which(StrEnum):
    """Of which scenarios evidence is carried along: of all, it is some 10 MB for the whole suite."""

    NONE = "none"
    RED = "red"
    ALL = "all"

    def includes(self, status: Status) -> bool:
        """Whether it holds for a scenario that ended so."""
        return self is Which.ALL or (self is Which.RED and status in (Status.FAILED, Status.BROKEN))


@dataclass(frozen=True)
class Enclosed:
    """An attachment as text."""

    filename: str
    media_type: str
    base64: str


def enclosed(results: Iterable[Result], which: Which) -> list[Enclosed]:
    """The evidence of these results, numbered, since many have the same name."""
    found = [one for result in results if which.includes(result.status) for one in result.evidence]
    return [
        Enclosed(f"{number:03}-{_filename(one)}", one.media_type, encoded(one)) for number, one in enumerate(found, 1)
    ]


def encoded(attachment: Attachment) -> str:
    """What is in its file, in base64."""
    return base64.b64encode(attachment.path.read_bytes()).decode("ascii")


def _filename(attachment: Attachment) -> str:
    return re.sub(r"[^\w.]+", "-", attachment.name).strip("-") + attachment.path.suffix
