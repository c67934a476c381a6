"""Environment variables that set settings: which variable sets which setting, and how its value is written."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from types import UnionType
from typing import Any, Literal, NamedTuple, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from support.core.characters import encodable

PREFIX = "FOCUS__"
_QUOTES = "\"'"


class Setting(NamedTuple):
    """A setting, or a group of them, by its path."""

    path: tuple[str, ...]
    field: FieldInfo

    @property
    def variable(self) -> str:
        """The environment variable that sets it."""
        return variable_of(self.path)

    @property
    def is_group(self) -> bool:
        """Whether it is a group of settings; its variable holds JSON."""
        return _group_of(self.field) is not None

    @property
    def is_path(self) -> bool:
        """Whether it is a path."""
        return Path in _members(self.field.annotation)

    @property
    def form(self) -> str:
        """How its value is written in the variable, with an example."""
        example = shlex.quote(self._example())
        return f"{self._kind()}, such as {self.variable}={example}"

    def _kind(self) -> str:
        members = list(_members(self.field.annotation))
        choices = [str(one) for member in members if get_origin(member) is Literal for one in get_args(member)]
        kinds = {get_origin(member) or member for member in members}
        forms = {tuple: "a,b or JSON", dict: "name=value,name=value or JSON", bool: "true or false"}
        forms |= {int: "a whole number", float: "a number", Path: "a path"}
        if self.is_group:
            return "JSON"
        return " or ".join(choices) or next((form for kind, form in forms.items() if kind in kinds), "text")

    def _example(self) -> str:
        default = self.field.examples[0] if self.field.examples else self.field.default
        if (group := _group_of(self.field)) is not None:
            return json.dumps({next(iter(group.model_fields)): "…"}, ensure_ascii=False)
        if isinstance(default, tuple):
            return ",".join(map(str, default))
        if isinstance(default, dict):
            return ",".join(f"{name}={value}" for name, value in default.items())
        if isinstance(default, bool):
            return str(default).lower()
        return f"{default:g}" if isinstance(default, float) else str(default)


def variable_of(path: tuple[str, ...]) -> str:
    """The environment variable that sets the setting of that path."""
    return PREFIX + "__".join(path).upper()


def settings_of(model: type[BaseModel], path: tuple[str, ...] = ()) -> Iterator[Setting]:
    """Every setting of a model, and every group."""
    for name, field in model.model_fields.items():
        yield Setting((*path, name), field)
        if (group := _group_of(field)) is not None:
            yield from settings_of(group, (*path, name))


def readable(variables: Mapping[str, str | None]) -> dict[str, str]:
    """The variables that are set, with the values that are meant; an empty variable counts as not set.

    White space around a value (the line end of a file) and quotes around it (of an env file that no shell has read) do
    not belong to it.
    """
    meant = {name: _plain(value) for name, value in variables.items() if value is not None}
    return {name: value for name, value in meant.items() if value}


def _plain(value: str) -> str:
    text = value.strip()
    is_quoted = len(text) >= 2 and text[0] == text[-1] and text[0] in _QUOTES and text[0] not in text[1:-1]
    return text[1:-1].strip() if is_quoted else text


def variable_problems(model: type[BaseModel], variables: Mapping[str, str]) -> list[str]:
    """A line for each variable that looks like a setting and is not one, or that holds bytes which are not UTF-8."""
    known = {setting.variable: setting for setting in settings_of(model)}
    problems = []
    for name, value in sorted(variables.items()):
        setting = known.get(name.upper())
        if setting is None and _looks_like_one(name.upper(), known):
            problems.append(f"{name}: no such setting (an environment variable); {_hint(name.upper(), known)}")
        elif setting is not None and not setting.is_path and value != encodable(value):  # A path may hold any bytes.
            problems.append(f"{'.'.join(setting.path)}: the environment variable {name} holds bytes that are not UTF-8")
    return problems


def _looks_like_one(name: str, known: Mapping[str, Setting]) -> bool:
    """Whether this begins as a setting's variable does, or would be one with `FOCUS__` in place of `FOCUS_`."""
    return name.startswith(PREFIX) or (name.startswith("FOCUS_") and f"{PREFIX}{name.removeprefix('FOCUS_')}" in known)


def _hint(name: str, known: Mapping[str, Setting]) -> str:
    whole = next((known[one] for one in known if name.startswith(f"{one}__") and not known[one].is_group), None)
    if whole is not None:
        return f"{whole.variable} is set as a whole: {whole.form}"
    by_words = {_words(variable): variable for variable in known}
    near = get_close_matches(_words(name), by_words, n=1, cutoff=0.75)
    return f"is {by_words[near[0]]} meant?" if near else "all settings are listed in config/remote.example.toml"


def _words(variable: str) -> str:
    return variable.removeprefix("FOCUS").strip("_")


def _group_of(field: FieldInfo) -> type[BaseModel] | None:
    kind = field.annotation
    return kind if isinstance(kind, type) and issubclass(kind, BaseModel) else None


def _members(kind: Any) -> Iterator[Any]:
    """The kinds of a union, or the kind itself."""
    if get_origin(kind) in (Union, UnionType):
        for member in get_args(kind):
            yield from _members(member)
    elif hasattr(kind, "__metadata__"):
        yield from _members(kind.__origin__)
    else:
        yield kind
