"""Replacing characters that a file format cannot hold: servers send any of them, and people write any of them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import Any

# XML 1.0 has the fewest characters of all that is written here: https://www.w3.org/TR/xml/#charsets. Lone surrogates,
# which UTF-8 cannot hold, are not among them.
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_SURROGATES = re.compile("[\ud800-\udfff]")
_NOT_IN_FILE_NAMES = re.compile(r"[^\w.]+")


def allowed(text: str) -> str:
    """The text with U+FFFD for each character that XML, JSON, HTML or CSV cannot hold."""
    return _NOT_XML.sub("\N{REPLACEMENT CHARACTER}", text)


def encodable(text: str) -> str:
    """The text with U+FFFD for each surrogate, which UTF-8 cannot hold."""
    return _SURROGATES.sub("\N{REPLACEMENT CHARACTER}", text)


def allowed_document(document: Any, each: Callable[[str], str] = allowed) -> Any:
    """A JSON document with `allowed`, or `each`, applied to every text in it, the names of fields included."""
    match document:
        case str():
            return each(document)
        case Mapping():
            return {each(str(name)): allowed_document(value, each) for name, value in document.items()}
        case list() | tuple():
            return [allowed_document(value, each) for value in document]
        case _:
            return document


def as_json(document: Any) -> bytes:
    """The content of a JSON file for this document, with characters that every program can read."""
    return json.dumps(allowed_document(document), ensure_ascii=False, indent=1).encode()


def file_name(text: str, ending: str = "", *, longest: int = 200) -> str:
    """A file name made of the text, as much as fits: letters, digits, `.`, `_` and `-`, then the ending.

    It is never empty, begins with no dot, and takes at most `longest` bytes in UTF-8, so also characters. A name that
    had to be shortened ends in a checksum of the whole text, so that two long texts have different names.
    """
    stem = _NOT_IN_FILE_NAMES.sub("-", text).strip("-.") or "unnamed"
    if len((stem + ending).encode()) <= longest:
        return stem + ending
    checksum = f"-{sha256(text.encode('utf-8', 'backslashreplace')).hexdigest()[:8]}"
    room = longest - len((checksum + ending).encode())
    return stem.encode()[:room].decode(errors="ignore") + checksum + ending
