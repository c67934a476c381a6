"""Bodies that no good client sends, by the words of the features: what is sent, and how it must be turned away."""

from __future__ import annotations

import gzip
import json
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

from support.contract.configuration import generate_config_payload, with_value
from support.contract.limits import PARAMETERS
from support.profile.settings import Answers

JSON = "application/json"
Payload: TypeAlias = Mapping[str, Any]


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


Make: TypeAlias = Callable[..., Body]

# Each is made of a good configuration, which need not be the usual one: where the environment is shared it is marked.
_GOOD = generate_config_payload()


def padded(size: int, good: Payload = _GOOD) -> Body:
    """A good configuration with spaces behind, of so many bytes."""
    return Body(json.dumps(good).encode().ljust(size))


def with_character_set(good: Payload = _GOOD) -> Body:
    """A good configuration whose content type says that it is in UTF-8, as JSON always is."""
    return Body(json.dumps(good).encode(), f"{JSON}; charset=utf-8")


def _as(change: Callable[[str], str | bytes], content_type: str | None = JSON, encoding: str | None = None) -> Make:
    """A body made of the text of a configuration."""

    def make(good: Payload = _GOOD) -> Body:
        changed = change(json.dumps(good))
        return Body(changed.encode() if isinstance(changed, str) else changed, content_type, encoding)

    return make


def _of_other(content_type: str | None) -> Make:
    return _as(lambda text: text, content_type)


def _with_highest(number: float) -> Make:
    return lambda good=_GOOD: Body(json.dumps(with_value(good, PARAMETERS["highest frequency"], number)).encode())


def _always(content: bytes) -> Make:
    return _as(lambda text: content)


BODIES: dict[str, Make] = {
    "an empty body": _always(b""),
    "a body cut short": _as(lambda text: text[:-20]),
    "a body of plain text": _always(b"please make a job"),
    "a body with a comma behind": _as(lambda text: text.replace("}", ",}")),
    "a body in single quotes": _as(lambda text: text.replace('"', "'")),
    "not a number (NaN)": _with_highest(math.nan),
    "an infinite number": _with_highest(math.inf),
    "bytes that are no text": _always(b"\xff\xfe\x00\x80" * 8),
    "a body in UTF-16": _as(lambda text: text.encode("utf-16")),
    "endless nesting": _always(b"[" * 30_000 + b"]" * 30_000),
    "a parameter given twice": _as(lambda text: text.replace('"channels"', '"nfftSelection": 512, "channels"')),
    "an empty object": _always(b"{}"),
    "a list": _as(lambda text: f"[{text}]"),
    "a number": _always(b"42"),
    "a text": _always(b'"a job"'),
    "nothing at all, null": _always(b"null"),
    "a configuration called text": _of_other("text/plain"),
    "a configuration called XML": _of_other("application/xml"),
    "a configuration called a form": _of_other("application/x-www-form-urlencoded"),
    "a configuration called nothing": _of_other(None),
    "a compressed configuration": _as(lambda text: gzip.compress(text.encode()), encoding="gzip"),
    "a body of 100 kB": lambda good=_GOOD: padded(100_000, good),
    "a body of 2 MB": lambda good=_GOOD: padded(2_000_000, good),
}
"""What is sent: `BODIES[what]()`, or `BODIES[what](configuration)` to make it of another one."""


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
