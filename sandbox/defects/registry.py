"""The defects that a Focus Server can be given, each by its name."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from starlette.types import ASGIApp

from sandbox.focus_server.composition import Parts

Change = Callable[[Parts], Parts]
Wrap = Callable[[ASGIApp], ASGIApp]
Function = TypeVar("Function", bound=Callable[..., Any])


@dataclass(frozen=True)
class Defect:
    """What is wrong with a server, and what a user suffers of it, in the product's words.

    The server's parts are changed for it, or its application as a whole is wrapped. `area` is what its module is about.
    One that `restores` puts back as it ends what it has changed in the stores, and must not be killed.
    """

    name: str
    area: str
    words: str
    harm: str
    change: Change = lambda parts: parts
    wrap: Wrap = lambda app: app
    restores: bool = False


MOMENT_S = 1.0
"""How long something is there, or is not there yet, that only a first look can see, s: long enough for a look on a busy
machine, and shorter than a proof's time limits, so that a suite that waits before it judges would miss it."""

DEFECTS: dict[str, Defect] = {}


def register(name: str, words: str, harm: str, *, callers: int = 1, **how: Any) -> None:
    """Add a defect under a name that no other one has; `words` and `harm` are a line each, `how` the rest of it.

    It is of the area of the module that calls, directly or by way of so many `callers`.

    Raises:
        ValueError: the name is taken, or the words or the harm are missing.
    """
    if name in DEFECTS or not words or not harm:
        raise ValueError(f"the defect {name!r} is there already, or it is not said what is wrong and who suffers")
    module = sys._getframe(callers).f_globals  # Not by inspect.stack(), which takes 25 ms.
    DEFECTS[name] = Defect(name, module["AREA"], words, harm, **how)


def told_by(function: Callable[..., Any]) -> tuple[str, str]:
    """What is wrong and what is suffered, as a docstring tells it: its first line, and the rest."""
    words, _, harm = inspect.cleandoc(function.__doc__ or "").partition("\n")
    return words, " ".join(harm.split())


def defect(change: Function) -> Function:
    """Register a change of parts by its name and its docstring."""
    register(change.__name__, *told_by(change), callers=2, change=change)
    return change


class Changed:
    """A part with some of its methods replaced; a replacement gets the part as its first argument."""

    def __init__(self, part: Any, **replacements: Callable[..., Any]) -> None:
        self._part = part
        for name, function in replacements.items():
            setattr(self, name, lambda *args, _do=function, **kwargs: _do(part, *args, **kwargs))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._part, name)


def derived(base: type, **methods: Callable[..., Any]) -> Any:
    """A class with some methods replaced; a replacement gets, before what it is called with, the one it replaces."""

    def method(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        replaced = getattr(base, name)
        return lambda self, *args, **kwargs: function(self, replaced.__get__(self), *args, **kwargs)

    return type(base.__name__, (base,), {name: method(name, function) for name, function in methods.items()})


def answering(parts: Parts, **changes: Any) -> Parts:
    """A server whose answer about a new job says something else; a function is given what it should say."""

    def configured(answers: Any, record: Any) -> Any:
        answer = answers.configured(record)
        update = {
            name: change(getattr(answer, name)) if callable(change) else change for name, change in changes.items()
        }
        return answer.model_copy(update=update)

    return replace(parts, answers=Changed(parts.answers, configured=configured))
