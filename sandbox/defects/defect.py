"""What a defect is: one fault injected into a Focus Server; and the means to inject it."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from starlette.types import ASGIApp

from sandbox.focus_server.composition import Parts

Change = Callable[[Parts], Parts]
Wrap = Callable[[ASGIApp], ASGIApp]


@dataclass(frozen=True)
class Defect:
    """A fault in a server: what is wrong, and what that means for users; a sentence each, in the product's words.

    The server's parts are changed for it, or its application as a whole is wrapped. One that `restores` undoes its
    changes in the stores when it ends, and must not be killed. `area` is set where the catalogue is put together.
    """

    name: str
    summary: str
    impact: str
    change: Change = lambda parts: parts
    wrap: Wrap = lambda app: app
    restores: bool = False
    area: str = ""


MOMENT_S = 1.0
"""How long something exists, or is still missing, that only a first look can see, s: long enough for a look on a busy
machine, and shorter than a proof's time limits, so that a suite that waits before it judges would miss it."""


def defect(change: Change) -> Defect:
    """Decorate a change of parts: its name is the defect's, its docstring has the summary and, below, the impact."""
    summary, _, impact = inspect.cleandoc(change.__doc__ or "").partition("\n")
    return Defect(change.__name__, summary, " ".join(impact.split()), change)


def defective(part: str, method: str) -> Callable[[Callable[..., Any]], Defect]:
    """Decorate a function that replaces a method of a part (see `override`), and describes the defect like `defect`."""

    def decorate(function: Callable[..., Any]) -> Defect:
        return replace(defect(function), change=override(part, **{method: function}))

    return decorate


def override(part: str, **methods: Callable[..., Any]) -> Change:
    """Replace methods of a part; a replacement gets the part as it was before what it is called with.

    Of a part that is a class it gets the instance and the method that it replaces.
    """

    def change(parts: Parts) -> Parts:
        original = getattr(parts, part)
        make = subclass if isinstance(original, type) else Overridden
        return replace(parts, **{part: make(original, **methods)})

    return change


def combine(*changes: Change) -> Change:
    """Make several changes, one after another."""

    def change(parts: Parts) -> Parts:
        for one in changes:
            parts = one(parts)
        return parts

    return change


class Overridden:
    """An object with some of its methods replaced; a replacement gets the object as its first argument."""

    def __init__(self, original: Any, **methods: Callable[..., Any]) -> None:
        self._original = original
        for name, function in methods.items():
            setattr(self, name, lambda *args, _do=function, **kwargs: _do(original, *args, **kwargs))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._original, name)


def subclass(base: type, **methods: Callable[..., Any]) -> Any:
    """A class with some methods replaced; a replacement gets, after the instance, the method that it replaces."""

    def method(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        replaced = getattr(base, name)
        return lambda self, *args, **kwargs: function(self, replaced.__get__(self), *args, **kwargs)

    return type(base.__name__, (base,), {name: method(name, function) for name, function in methods.items()})


async def do_nothing(*_: Any) -> None:
    """Stand in for a method that should do something."""


def later(delay_s: float, do: Callable[..., Any], *args: Any) -> None:
    """Begin something after a while, without waiting for it."""
    asyncio.get_running_loop().call_later(delay_s, lambda: asyncio.ensure_future(do(*args)))
