"""Files of the form of `java.util.Properties`, which Allure reads the table of the environment from."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

_LETTERS = {"n": "\n", "r": "\r", "t": "\t", "f": "\f"}
_VALUE = str.maketrans({"\\": "\\\\"} | {mark: f"\\{letter}" for letter, mark in _LETTERS.items()})
_KEY = _VALUE | str.maketrans({mark: f"\\{mark}" for mark in " :=#!"})
_LINE = re.compile(r"((?:[^\\=]|\\.)*)=(.*)")


def dump(values: Mapping[str, str]) -> bytes:
    """The file, in ASCII."""
    lines = [f"{key.translate(_KEY)}={value.translate(_VALUE)}\n" for key, value in values.items()]
    # White space before a value is not part of it, unless it is escaped.
    return re.sub(r"[^ -~\n]", _code, "".join(lines).replace("= ", "=\\ ")).encode("ascii")


def load(content: bytes) -> dict[str, str]:
    """The values of a file as `dump` writes it; other lines are ignored."""
    lines = map(_LINE.fullmatch, content.decode("latin-1").splitlines())
    return {_unescaped(line[1]): _unescaped(line[2]) for line in lines if line is not None}


def _code(mark: re.Match[str]) -> str:
    r"""A character as `\u0041`; one beyond the basic plane takes two, its surrogates."""
    return re.sub("....", r"\\u\g<0>", mark[0].encode("utf-16-be", "surrogatepass").hex())


def _unescaped(text: str) -> str:
    def character(match: re.Match[str]) -> str:
        return chr(int(match[1], 16)) if match[1] else _LETTERS.get(match[2], match[2])

    characters = re.sub(r"\\(?:u([0-9a-fA-F]{4})|(.))", character, text)
    return characters.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def merged(tables: Iterable[Mapping[str, str]]) -> dict[str, str]:
    """One table of several; where their values differ, all of them."""
    values: dict[str, dict[str, None]] = {}
    for table in tables:
        for name, value in table.items():
            values.setdefault(name, {})[value] = None
    return {name: "; ".join(seen) for name, seen in values.items()}
