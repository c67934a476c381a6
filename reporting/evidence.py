"""Evidence that is embedded in exported files."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

from reporting.results import Attachment, ScenarioResult
from reporting.verdicts import Status
from support.core.characters import file_name


class Which(StrEnum):
    """Of which scenarios evidence is included; of all, it is about 10 MB for the whole suite."""

    NONE = "none"
    RED = "red"
    ALL = "all"

    def includes(self, status: Status) -> bool:
        """Whether evidence of a scenario with this status is included."""
        return self is Which.ALL or (self is Which.RED and status in (Status.FAILED, Status.BROKEN))


@dataclass(frozen=True)
class Enclosed:
    """An attachment, encoded as text."""

    filename: str
    media_type: str
    base64: str


def enclosed(results: Iterable[ScenarioResult], which: Which) -> list[Enclosed]:
    """The evidence of these results, numbered, since many have the same name; a text stands for a lost file.

    File names have at most 200 bytes: Xray Cloud takes none above 250 characters, file systems none above 255 bytes.
    """
    found = []
    for number, one in enumerate(_evidence(results, which), 1):
        kept = enclose(one)
        found.append(replace(kept, filename=file_name(f"{number:03}-{one.name}", _ending(kept, one))))
    return found


def enclose(attachment: Attachment) -> Enclosed:
    """The content of its file under its own name, or a text which says that the file cannot be read."""
    try:
        return Enclosed(attachment.name, attachment.media_type, _base64(_content(attachment)))
    except OSError as error:
        return Enclosed(f"{attachment.name} is missing", "text/plain", _base64(_lost(attachment, error).encode()))


def missing(results: Iterable[ScenarioResult], which: Which) -> list[str]:
    """A line for each file of evidence that cannot be read."""
    lines = []
    for result in results:
        for one in _evidence([result], which):
            try:
                _content(one)
            except OSError as error:
                lines.append(f"{result.place}: {_lost(one, error)}")
    return lines


def _evidence(results: Iterable[ScenarioResult], which: Which) -> Iterator[Attachment]:
    return (one for result in results if which.includes(result.status) for one in result.evidence)


def _content(attachment: Attachment) -> bytes:
    if attachment.path.exists() and not attachment.path.is_file():
        raise OSError("it is no file")  # Reading a pipe or a terminal might not end.
    return attachment.path.read_bytes()


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode("ascii")


def _lost(attachment: Attachment, error: OSError) -> str:
    return f"evidence {attachment.name!r} is missing: {attachment.path}: {error.strerror or error}"


def _ending(kept: Enclosed, attachment: Attachment) -> str:
    if kept.filename != attachment.name:
        return "-is-missing.txt"
    suffix = attachment.path.suffix
    return suffix if re.fullmatch(r"\.\w{1,10}", suffix) else ""
