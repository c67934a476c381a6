"""Malformed bodies, by the words of the features."""

from __future__ import annotations

import gzip
import json
import math
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, TypeAlias

from support.api.raw_body import Halves, RawBody
from support.contract.configuration import generate_config_payload, with_value
from support.contract.limits import PARAMETERS

JSON = "application/json"
Payload: TypeAlias = Mapping[str, Any]


class Body(NamedTuple):
    """A body as it goes over the wire, with its content type; None: none is given."""

    content: RawBody
    content_type: str | None = JSON
    content_encoding: str | None = None

    @property
    def headers(self) -> dict[str, str]:
        """The headers that it is sent with."""
        given = {"Content-Type": self.content_type, "Content-Encoding": self.content_encoding}
        return {name: value for name, value in given.items() if value is not None}


Make: TypeAlias = Callable[..., Body]

_BOUNDARY = "between-the-parts"
_PAUSE_S = 0.2

# Each is made of a valid configuration, not always of this one: where the environment is shared it is marked.
_VALID = generate_config_payload()


def padded(size: int, valid: Payload = _VALID) -> Body:
    """A valid configuration, padded with spaces to so many bytes."""
    return Body(json.dumps(valid).encode().ljust(size))


def with_character_set(valid: Payload = _VALID) -> Body:
    """A valid configuration whose content type says that it is in UTF-8, as JSON always is."""
    return Body(json.dumps(valid).encode(), f"{JSON}; charset=utf-8")


def in_two_halves(valid: Payload = _VALID, size: int = 0) -> Body:
    """A valid configuration that a slow network brings in two parts, padded with spaces to at least so many bytes."""
    return Body(Halves(json.dumps(valid).encode().ljust(size), _PAUSE_S))


def _as(change: Callable[[str], str | bytes], content_type: str | None = JSON, encoding: str | None = None) -> Make:
    """A body made of the text of a configuration."""

    def make(valid: Payload = _VALID) -> Body:
        changed = change(json.dumps(valid))
        return Body(changed.encode() if isinstance(changed, str) else changed, content_type, encoding)

    return make


def _of_other(content_type: str | None) -> Make:
    return _as(lambda text: text, content_type)


def _with_highest(number: float) -> Make:
    return lambda valid=_VALID: Body(json.dumps(with_value(valid, PARAMETERS["highest frequency"], number)).encode())


def _always(content: bytes) -> Make:
    return _as(lambda text: content)


def _multipart(text: str) -> str:
    head = 'Content-Disposition: form-data; name="configuration"'
    return f"--{_BOUNDARY}\r\n{head}\r\n\r\n{text}\r\n--{_BOUNDARY}--\r\n"


MALFORMED_BODIES: dict[str, Make] = {
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
    "a form with a configuration in it": _as(_multipart, f"multipart/form-data; boundary={_BOUNDARY}"),
    "a configuration called nothing": _of_other(None),
    "a compressed configuration": _as(lambda text: gzip.compress(text.encode(), mtime=0), encoding="gzip"),
    "a body of 100 kB": lambda valid=_VALID: padded(100_000, valid),
    "a body of 2 MB": lambda valid=_VALID: padded(2_000_000, valid),
}
"""What is sent: `MALFORMED_BODIES[what]()`, or with a configuration to make it of that one."""
