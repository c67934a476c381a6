"""Characters that a form of file cannot hold. What servers send, and what people write, may have any of them."""

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
    """The text as every form of file can hold it: XML, JSON, HTML, CSV. U+FFFD stands for what they cannot."""
    return _NOT_XML.sub("\N{REPLACEMENT CHARACTER}", text)


def encodable(text: str) -> str:
    """The text as UTF-8 can hold it: U+FFFD stands for each surrogate, and everything else stays as it is."""
    return _SURROGATES.sub("\N{REPLACEMENT CHARACTER}", text)


def allowed_document(document: Any, each: Callable[[str], str] = allowed) -> Any:
    """A document of JSON with `allowed`, or another of these, for each text in it, the names of fields included."""
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
    """A document of JSON as a file, with characters that every program can read."""
    return json.dumps(allowed_document(document), ensure_ascii=False, indent=1).encode()


def file_name(text: str, ending: str = "", *, longest: int = 200) -> str:
    """A name for a file that says as much of the text as fits: letters, digits, `.`, `_` and `-`, then the ending.

    It is never empty, begins with no dot, and takes at most `longest` bytes in UTF-8, so also characters. A name that
    had to be shortened ends in a checksum of the whole text, so that two long texts have different names.
    """
    stem = _NOT_IN_FILE_NAMES.sub("-", text).strip("-.") or "unnamed"
    if len((stem + ending).encode()) <= longest:
        return stem + ending
    checksum = f"-{sha256(text.encode('utf-8', 'backslashreplace')).hexdigest()[:8]}"
    room = longest - len((checksum + ending).encode())
    return stem.encode()[:room].decode(errors="ignore") + checksum + ending
