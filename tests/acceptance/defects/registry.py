"""The defects that a Focus Server can be given, each by its name."""

from __future__ import annotations

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
    """What is wrong with a server, in the product's words; its parts are changed for it, or the whole is wrapped."""

    name: str
    words: str
    change: Change = lambda parts: parts
    wrap: Wrap = lambda app: app


DEFECTS: dict[str, Defect] = {}


def register(name: str, words: str | None, **how: Any) -> None:
    """Add a defect under a name that no other one has; `words` is one line, `how` is `change` or `wrap`."""
    assert name not in DEFECTS, name
    assert words, name
    DEFECTS[name] = Defect(name, words, **how)


def defect(change: Function) -> Function:
    """Register a change of parts by its name and its docstring."""
    register(change.__name__, change.__doc__, change=change)
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
