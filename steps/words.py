"""Types of parameters whose words are known."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar

import parse

T = TypeVar("T")


def any_of(words: Iterable[str]) -> str:
    """The pattern of these words; the longest first, since one may begin as another does."""
    escaped = (re.escape(word).replace("\\ ", " ") for word in words)
    return "|".join(sorted(escaped, key=len, reverse=True))


def choice(meaning: str, values: Mapping[str, T]) -> Callable[[str], T]:
    """A type of which all words are known."""

    def parse_choice(text: str) -> T:
        return values[text]

    parse_choice.__doc__ = meaning
    typed: Callable[[str], T] = parse.with_pattern(any_of(values))(parse_choice)
    return typed


def named(*words: str) -> dict[str, str]:
    """Words that stand for themselves."""
    return dict(zip(words, words, strict=True))


def several(meaning: str, values: Mapping[str, T], *between: str) -> Callable[[str], list[T]]:
    """A type of one or several of these words, with something between them: `MongoDB and RabbitMQ`."""

    def parse_several(text: str) -> list[T]:
        return [values[word] for word in re.split("|".join(between), text)]

    parse_several.__doc__ = meaning
    one, separator = f"(?:{any_of(values)})", f"(?:{'|'.join(between)})"
    typed: Callable[[str], list[T]] = parse.with_pattern(f"{one}(?:{separator}{one})*")(parse_several)
    return typed
