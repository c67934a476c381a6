"""Reading a profile: from a name or a file to checked settings, or to one message about what is wrong with them."""

from __future__ import annotations

import json
import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_settings import SettingsError as UnreadableVariable

from support.errors import SettingsError
from support.settings import ENVIRONMENT_PREFIX, Provider, Settings, password_of
from support.settings import ROOT as ROOT  # For those who deal with profiles.

_PLACEHOLDER = re.compile(r"^<.*>$")


@dataclass(frozen=True)
class Profile:
    """A profile as it stands in its file, secrets file merged in, not yet checked."""

    name: str
    path: Path
    tree: Mapping[str, Any]

    def provider(self) -> Provider | None:
        """The command that makes the environment, where the profile has one.

        Raises:
            SettingsError: the section is there and wrong.
        """
        if "provider" not in self.tree:
            return None
        try:
            return Provider.model_validate(self.tree["provider"])
        except ValidationError as error:
            raise self._unusable(_problems(error, prefix=("provider",))) from None

    def settings(self, endpoints: Mapping[str, Any] | None = None) -> Settings:
        """Check the whole, with the `endpoints` that a provider gave.

        Raises:
            SettingsError: a setting is missing, wrong, unknown, or still a placeholder.
        """
        tree = merged(self.tree, endpoints or {})
        tree.pop("provider", None)
        unknown = [
            f"{name}: no such setting (an environment variable; is it spelt right?)"
            for name in os.environ
            if name.startswith(ENVIRONMENT_PREFIX)
            and name.removeprefix(ENVIRONMENT_PREFIX).split("__")[0].lower() not in Settings.model_fields
        ]
        given = {name.upper() for name in os.environ}
        placeholders = [
            f"{'.'.join(path)}: still a placeholder; set it in the profile or export {variable_of(path)}"
            for path, value in leaves(tree)
            if isinstance(value, str) and _PLACEHOLDER.match(value) and variable_of(path) not in given
        ]
        if unknown or placeholders:
            raise self._unusable(unknown + placeholders)
        try:
            return Settings(**tree)
        except ValidationError as error:
            raise self._unusable(_problems(error)) from None
        except UnreadableVariable as error:
            raise self._unusable([str(error)]) from None

    def _unusable(self, problems: list[str]) -> SettingsError:
        lines = "\n".join(f"  - {problem}" for problem in problems)
        return SettingsError(f"The profile '{self.name}' ({self.path}) cannot be used:\n{lines}")


def read_profile(name: str) -> Profile:
    """Find and read the profile of that name (`config/NAME.toml`), or the TOML or JSON file of that path.

    Raises:
        SettingsError: there is none, it cannot be read, or a file of the repository holds a password.
    """
    named = ROOT / "config" / f"{name}.toml"
    path = named if named.is_file() else Path(name).expanduser()
    if not path.is_file():
        known = ", ".join(sorted(file.stem for file in (ROOT / "config").glob("*.toml")))
        raise SettingsError(
            f"There is no profile '{name}'. Known in config/: {known}; or give the path of a file, "
            "with -D profile=… or FOCUS_PROFILE."
        )
    tree = _read(path)
    secrets_file = tree.pop("secrets_file", None)
    if path.suffix == ".toml" and path.resolve().is_relative_to(ROOT):
        for keys, value in leaves(tree):
            if password_of(value):
                raise SettingsError(
                    f"{'.'.join(keys)} in {path} holds a password, and that file is part of the repository. "
                    f"Take it out and export {variable_of(keys)}, or name a file outside in secrets_file."
                )
    if secrets_file is not None:
        outside = Path(secrets_file).expanduser()
        if outside.resolve().is_relative_to(ROOT):
            raise SettingsError(f"secrets_file in {path} must lie outside of the repository, not at {outside}.")
        if not outside.is_file():
            raise SettingsError(f"secrets_file in {path} names {outside}, which is not there.")
        tree = merged(tree, _read(outside))
    return Profile(name=path.name if path != named else name, path=path, tree=tree)


def variable_of(path: tuple[str, ...]) -> str:
    """The environment variable that sets the setting of that path."""
    return ENVIRONMENT_PREFIX + "__".join(path).upper()


def merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Lay one tree over another; where both have a value, `above` wins."""
    result = dict(below)
    for key, value in above.items():
        under = result.get(key)
        both = isinstance(under, Mapping) and isinstance(value, Mapping)
        result[key] = merged(under, value) if both and under is not None else value
    return result


def leaves(tree: Mapping[str, Any], path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every value of a tree with its path."""
    for key, value in tree.items():
        if isinstance(value, Mapping):
            yield from leaves(value, (*path, key))
        else:
            yield (*path, key), value


def _read(path: Path) -> dict[str, Any]:
    try:
        text = path.read_text(encoding="utf-8")
        tree = json.loads(text) if path.suffix == ".json" else tomllib.loads(text)
    except (OSError, UnicodeDecodeError, ValueError) as error:
        raise SettingsError(f"The profile {path} cannot be read: {error}") from None
    if not isinstance(tree, dict):
        raise SettingsError(f"The profile {path} must hold a table of settings.")
    return tree


def _problems(error: ValidationError, prefix: tuple[str, ...] = ()) -> list[str]:
    """One line a problem, without the values: they may be secrets."""
    lines = []
    for problem in error.errors(include_input=False, include_url=False, include_context=False):
        path = (*prefix, *(str(part) for part in problem["loc"]))
        name = ".".join(path)
        if problem["type"] == "missing":
            lines += [
                f"{'.'.join(missing)}: missing; set it in the profile or export {variable_of(missing)}"
                for missing in _required_below(path)
            ]
        elif problem["type"] == "extra_forbidden":
            lines.append(f"{name}: no such setting; take it out or mend its spelling")
        else:
            lines.append(f"{name}: {problem['msg']}; correct it in the profile or in {variable_of(path)}")
    return lines


def _required_below(path: tuple[str, ...]) -> list[tuple[str, ...]]:
    """The settings that must be given where this one is missing: of a whole group, those without a default."""
    field = Settings.model_fields.get(path[0]) if len(path) == 1 else None
    group = field.annotation if field is not None else None
    if not (isinstance(group, type) and issubclass(group, BaseModel)):
        return [path]
    return [(*path, name) for name, setting in group.model_fields.items() if setting.is_required()]
