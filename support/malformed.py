"""Bodies that no good client sends, by the words of the features: what is sent, and how it must be turned away."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Sequence
from typing import NamedTuple

from support.configuration import generate_config_payload
from support.settings import Answers

JSON = "application/json"


class Body(NamedTuple):
    """A body as it goes over the wire, with its content type; None: none is given."""

    content: bytes
    content_type: str | None = JSON
    content_encoding: str | None = None

    @property
    def headers(self) -> dict[str, str]:
        """The headers that it is sent with."""
        given = {"Content-Type": self.content_type, "Content-Encoding": self.content_encoding}
        return {name: value for name, value in given.items() if value is not None}


def _good() -> str:
    return json.dumps(generate_config_payload())


def _with(old: str, new: str) -> Body:
    text = _good()
    assert old in text
    return Body(text.replace(old, new).encode())


def padded(size: int) -> Body:
    """A good configuration with spaces behind, of so many bytes."""
    return Body(_good().encode().ljust(size))


BODIES: dict[str, Callable[[], Body]] = {
    "an empty body": lambda: Body(b""),
    "a body cut short": lambda: Body(_good()[:-20].encode()),
    "a body of plain text": lambda: Body(b"please make a job"),
    "a body with a comma behind": lambda: Body(_good().replace("}", ",}").encode()),
    "a body in single quotes": lambda: Body(_good().replace('"', "'").encode()),
    "not a number (NaN)": lambda: _with("500", "NaN"),
    "an infinite number": lambda: _with("500", "Infinity"),
    "bytes that are no text": lambda: Body(b"\xff\xfe\x00\x80" * 8),
    "a body in UTF-16": lambda: Body(_good().encode("utf-16")),
    "endless nesting": lambda: Body(b"[" * 30_000 + b"]" * 30_000),
    "a parameter given twice": lambda: _with('"nfftSelection": 1024', '"nfftSelection": 1024, "nfftSelection": 512'),
    "an empty object": lambda: Body(b"{}"),
    "a list": lambda: Body(f"[{_good()}]".encode()),
    "a number": lambda: Body(b"42"),
    "a text": lambda: Body(b'"a job"'),
    "nothing at all, null": lambda: Body(b"null"),
    "a configuration called text": lambda: Body(_good().encode(), "text/plain"),
    "a configuration called XML": lambda: Body(_good().encode(), "application/xml"),
    "a configuration called a form": lambda: Body(_good().encode(), "application/x-www-form-urlencoded"),
    "a configuration called nothing": lambda: Body(_good().encode(), None),
    "a compressed configuration": lambda: Body(gzip.compress(_good().encode()), content_encoding="gzip"),
    "a body of 100 kB": lambda: padded(100_000),
    "a body of 2 MB": lambda: padded(2_000_000),
}
"""What is sent."""


def statuses_for(why: str, answers: Answers) -> Sequence[int]:
    """The statuses that turn something away for that reason.

    Raises:
        ValueError: there is no such reason.
    """
    reasons = {
        "unreadable": answers.unreadable_statuses,
        "no configuration": answers.refused_statuses,
        "of the wrong type": answers.wrong_type_statuses,
        "too large": answers.too_large_statuses,
    }
    if why not in reasons:
        raise ValueError(f"nothing is turned away as '{why}'; there are: {', '.join(reasons)}")
    return reasons[why]
