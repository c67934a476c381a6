"""Reading a profile: from a name or a file to checked settings, or to one message about what is wrong with them."""

from __future__ import annotations

import json
import os
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_settings import SettingsError as UnreadableVariable

from support.core.errors import SettingsError
from support.core.files import ROOT
from support.profile.setting_types import password_of
from support.profile.settings import Provider, Reports, Settings
from support.profile.variables import Setting, readable, settings_of, variable_of, variable_problems

_PLACEHOLDER = re.compile(r"^<.*>$")
T = TypeVar("T", bound=BaseModel)


@dataclass(frozen=True)
class Profile:
    """A profile as it stands in its file, merged with its secrets file, and not yet checked."""

    name: str
    path: Path
    tree: Mapping[str, Any]

    def provider(self) -> Provider | None:
        """The command that makes the environment, if the profile has one.

        Raises:
            SettingsError: the section is there and wrong.
        """
        section = self.tree.get("provider")
        return None if section is None else self._checked(lambda: Provider.model_validate(section), ("provider",))

    def reports(self) -> Reports:
        """Where reports go; this can be asked before the rest of the profile is complete.

        Raises:
            SettingsError: the section is there and wrong, or a variable that replaces it is.
        """
        section = self.tree.get("reports", {})
        if not isinstance(section, Mapping):
            raise self._unusable(["reports: expected a table of settings"])
        values = {**section, **_reports_of_the_environment()}
        return self._checked(lambda: Reports.model_validate(values), ("reports",))

    def check_variables(self) -> None:
        """Check that each environment variable that looks like a setting is one, and holds text.

        Raises:
            SettingsError: some are not; the message names them, and the settings that may be meant.
        """
        if problems := variable_problems(Settings, readable(os.environ)):
            raise self._unusable(problems)

    def settings(self, endpoints: Mapping[str, Any] | None = None) -> Settings:
        """All settings, checked, with the `endpoints` that a provider gave.

        Raises:
            SettingsError: a setting is missing, wrong, unknown, or still a placeholder.
        """
        tree = merged(self.tree, endpoints or {})
        tree.pop("provider", None)
        given = _given()
        placeholders = [
            f"{'.'.join(path)}: still a placeholder; set it in the profile or export {variable_of(path)}"
            for path, value in leaves(tree)
            if isinstance(value, str) and _PLACEHOLDER.match(value) and variable_of(path) not in given
        ]
        if problems := [*variable_problems(Settings, readable(os.environ)), *placeholders]:
            raise self._unusable(problems)
        return self._checked(lambda: Settings(**tree))

    def _checked(self, make: Callable[[], T], section: tuple[str, ...] = ()) -> T:
        try:
            return make()
        except ValidationError as error:
            raise self._unusable(_problems(error, section)) from None
        except UnreadableVariable as error:
            raise self._unusable([_unreadable(error)]) from None

    def _unusable(self, problems: list[str]) -> SettingsError:
        lines = "\n".join(f"  - {problem}" for problem in problems)
        return SettingsError(f"The profile '{self.name}' ({self.path}) cannot be used:\n{lines}")


def chosen_profile() -> str:
    """The name or path of the profile that FOCUS_PROFILE says, else `local`."""
    return os.environ.get("FOCUS_PROFILE") or "local"


def read_profile(name: str) -> Profile:
    """Find and read the profile of that name (`config/NAME.toml`), or the TOML or JSON file of that path.

    Raises:
        SettingsError: there is none, it cannot be read, or a file of the repository holds a password.
    """
    named = ROOT / "config" / f"{name}.toml"
    given = _expanded(name)
    # As elsewhere, a relative path that is not found here belongs to the checkout, wherever the run was started.
    path = next((one for one in (named, given) if _is_file(one)), ROOT / given)
    if not _is_file(path):
        if os.path.isdir(path):
            raise SettingsError(f"The profile '{name}' is a directory; give a file in it, or the name of a profile.")
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
        if not isinstance(secrets_file, str):
            raise SettingsError(f"secrets_file in {path} must be the path of a file, in quotes.")
        outside = ROOT / _expanded(secrets_file)
        if outside.resolve().is_relative_to(ROOT):
            raise SettingsError(f"secrets_file in {path} must lie outside of the repository, not at {outside}.")
        if not _is_file(outside):
            raise SettingsError(f"secrets_file in {path} names {outside}, which is not there.")
        tree = merged(tree, _read(outside))
    return Profile(name=path.name if path != named else name, path=path, tree=tree)


def _expanded(name: str) -> Path:
    try:
        return Path(name).expanduser()
    except RuntimeError:
        raise SettingsError(f"The home directory in {name} is not known; write the whole path.") from None


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # A name that no file can have, or a directory that may not be looked into.
        return False


def reports_without_a_profile() -> Reports:
    """Where reports go when no profile can be read: where the environment says, else where they go by default."""
    try:
        return Reports.model_validate(_reports_of_the_environment())
    except ValidationError:
        return Reports()


def _given() -> dict[str, str]:
    """The environment variables that are set, by their names in capitals."""
    return {name.upper(): value for name, value in readable(os.environ).items()}


def _reports_of_the_environment() -> dict[str, str]:
    given = _given()
    return {
        name: given[variable] for name in Reports.model_fields if (variable := variable_of(("reports", name))) in given
    }


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
        text = path.read_text(encoding="utf-8-sig")  # A byte order mark, as some editors write it, is none of the text.
        tree = json.loads(text) if path.suffix == ".json" else tomllib.loads(text)
    except UnicodeDecodeError as error:
        raise SettingsError(f"The profile {path} cannot be read: {error}. Save it as UTF-8.") from None
    except (OSError, ValueError) as error:
        raise SettingsError(f"The profile {path} cannot be read: {error}") from None
    if not isinstance(tree, dict):
        raise SettingsError(f"The profile {path} must hold a table of settings.")
    return tree


def _problems(error: ValidationError, section: tuple[str, ...]) -> list[str]:
    """One line for each problem, with its remedy and without the value, which may be a secret."""
    known = {setting.path: setting for setting in settings_of(Settings)}
    given = _given()
    lines = []
    for problem in error.errors(include_input=False, include_url=False, include_context=False):
        path = (*section, *map(str, problem["loc"]))
        name = ".".join(path)
        # Below a setting are the items of a list; no variable sets one of them alone.
        setting = next((known[path[:end]] for end in range(len(path), 0, -1) if path[:end] in known), None)
        if problem["type"] == "missing":
            lines += [
                f"{'.'.join(one.path)}: missing; set it in the profile or export it: {one.form}"
                for one in _required(known.get(path))
            ] or [f"{name}: missing; set it in the profile"]
        elif problem["type"] == "extra_forbidden":
            near = get_close_matches(name.lower(), map(".".join, known), n=1)
            lines.append(f"{name}: no such setting; {f'is {near[0]} meant?' if near else 'take it out'}")
        elif setting is not None and setting.variable in given:
            remedy = f"correct the environment variable {setting.variable}: {setting.form}"
            lines.append(f"{name}: {problem['msg']}; {remedy}")
        else:
            export = f", or export it: {setting.form}" if setting is not None else ""
            lines.append(f"{name}: {problem['msg']}; correct it in the profile{export}")
    return lines


def _required(missing: Setting | None) -> list[Setting]:
    """The settings that must be given where this one is missing: of a group, those without a default."""
    if missing is None or not missing.is_group:
        return [missing] if missing is not None else []
    return [one for one in settings_of(Settings) if one.path[:-1] == missing.path and one.field.is_required()]


def _unreadable(error: UnreadableVariable) -> str:
    """What pydantic-settings says of a variable that holds a group: it must be JSON."""
    named = re.search(r'"(\w+)"', str(error))
    setting = next((one for one in settings_of(Settings) if named and one.path == (named[1],)), None)
    if setting is None:
        return str(error)
    return f"{setting.variable}: the JSON of this group of settings cannot be read ({error.__cause__}): {setting.form}"
