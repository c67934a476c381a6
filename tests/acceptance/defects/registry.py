"""The defects that a Focus Server can be given, each by its name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sandbox.focus_server.composition import Parts

Change = Callable[[Parts], Parts]


@dataclass(frozen=True)
class Defect:
    """What is wrong with a server, in the product's words, and how its parts are changed for it."""

    name: str
    words: str
    change: Change


DEFECTS: dict[str, Defect] = {}


def register(name: str, words: str, change: Change) -> None:
    """Add a defect under a name that no other one has; `words` is one line."""
    assert name not in DEFECTS, name
    assert words, name
    DEFECTS[name] = Defect(name, words.strip(), change)


def defect(change: Change) -> Change:
    """Register a change of parts by its name and its docstring."""
    register(change.__name__, change.__doc__ or "", change)
    return change


class Changed:
    """A part with some of its methods replaced; a replacement gets the part as its first argument."""

    def __init__(self, part: Any, **replacements: Callable[..., Any]) -> None:
        self._part = part
        for name, function in replacements.items():
            setattr(self, name, lambda *args, _do=function, **kwargs: _do(part, *args, **kwargs))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._part, name)
