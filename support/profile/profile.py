"""Reading a profile: from a name or a file to checked settings, or to one message about what is wrong with them."""

from __future__ import annotations

import json
import os
import re
import tomllib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_settings import SettingsError as UnreadableVariable

from support.core.errors import SettingsError
from support.profile.settings import ROOT as ROOT  # For those who deal with profiles.
from support.profile.settings import Provider, Reports, Settings, password_of
from support.profile.variables import Setting, not_text, readable, settings_of, unknown
from support.profile.variables import variable_of as variable_of

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

    def reports(self) -> Reports:
        """Where reports go, known before the rest of the profile is complete.

        Raises:
            SettingsError: the section is there and wrong, or what the environment sets in its place.
        """
        section = self.tree.get("reports", {})
        if not isinstance(section, Mapping):
            raise self._unusable(["reports: expected a table of settings"])
        try:
            return Reports.model_validate({**section, **_reports_of_the_environment()})
        except ValidationError as error:
            given = {name.upper() for name in readable(os.environ)}
            raise self._unusable(_problems(error, given, ("reports",))) from None

    def check_variables(self) -> None:
        """See that each environment variable that looks like a setting is one, and holds text.

        Raises:
            SettingsError: some are not; the message names them, and the settings that may be meant.
        """
        if wrong := _wrong_variables():
            raise self._unusable(wrong)

    def settings(self, endpoints: Mapping[str, Any] | None = None) -> Settings:
        """Check the whole, with the `endpoints` that a provider gave.

        Raises:
            SettingsError: a setting is missing, wrong, unknown, or still a placeholder.
        """
        tree = merged(self.tree, endpoints or {})
        tree.pop("provider", None)
        given = {name.upper() for name in readable(os.environ)}
        placeholders = [
            f"{'.'.join(path)}: still a placeholder; set it in the profile or export {variable_of(path)}"
            for path, value in leaves(tree)
            if isinstance(value, str) and _PLACEHOLDER.match(value) and variable_of(path) not in given
        ]
        if wrong := [*_wrong_variables(), *placeholders]:
            raise self._unusable(wrong)
        try:
            return Settings(**tree)
        except ValidationError as error:
            raise self._unusable(_problems(error, given)) from None
        except UnreadableVariable as error:
            raise self._unusable([_unreadable(error)]) from None

    def _unusable(self, problems: list[str]) -> SettingsError:
        lines = "\n".join(f"  - {problem}" for problem in problems)
        return SettingsError(f"The profile '{self.name}' ({self.path}) cannot be used:\n{lines}")


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


def _wrong_variables() -> list[str]:
    given = readable(os.environ)
    return [*unknown(Settings, given), *not_text(Settings, given)]


def _reports_of_the_environment() -> Mapping[str, str]:
    given = {name.upper(): value for name, value in readable(os.environ).items()}
    variables = {name: variable_of(("reports", name)) for name in Reports.model_fields}
    return {name: given[variable] for name, variable in variables.items() if variable in given}


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


def _problems(error: ValidationError, given: Collection[str] = (), prefix: tuple[str, ...] = ()) -> list[str]:
    """One line a problem, without the values: they may be secrets. `given` are the variables that are set."""
    known = {setting.path: setting for setting in settings_of(Settings)}
    lines = []
    for problem in error.errors(include_input=False, include_url=False, include_context=False):
        path = (*prefix, *(str(part) for part in problem["loc"]))
        name = ".".join(path)
        # Below a setting are the items of a list; no variable sets one of them alone.
        setting = next((known[path[:end]] for end in range(len(path), 0, -1) if path[:end] in known), None)
        if problem["type"] == "missing":
            lines += (
                [
                    f"{'.'.join(one.path)}: missing; set it in the profile or export it: {one.form}"
                    for one in _required_below(known[path])
                ]
                if path in known
                else [f"{name}: missing; set it in the profile"]
            )
        elif problem["type"] == "extra_forbidden":
            lines.append(f"{name}: no such setting; {_nearest(name, known)}")
        elif setting is None:
            lines.append(f"{name}: {problem['msg']}; correct it in the profile")
        elif setting.variable in given:
            lines.append(
                f"{name}: {problem['msg']}; correct the environment variable {setting.variable}: {setting.form}"
            )
        else:
            lines.append(f"{name}: {problem['msg']}; correct it in the profile, or export it: {setting.form}")
    return lines


def _nearest(name: str, known: Mapping[tuple[str, ...], Setting]) -> str:
    near = get_close_matches(name.lower(), [".".join(path) for path in known], n=1)
    return f"is {near[0]} meant?" if near else "take it out"


def _unreadable(error: UnreadableVariable) -> str:
    """What pydantic-settings says of a variable that holds a group: it must be JSON."""
    named = re.search(r'"(\w+)"', str(error))
    known = {setting.path: setting for setting in settings_of(Settings)}
    setting = known.get((named[1],)) if named is not None else None
    if setting is None:
        return str(error)
    return f"{setting.variable}: the JSON of this group of settings cannot be read ({error.__cause__}): {setting.form}"


def _required_below(setting: Setting) -> list[Setting]:
    """The settings that must be given where this one is missing: of a whole group, those without a default."""
    if not setting.is_group:
        return [setting]
    return [one for one in settings_of(Settings) if one.path[:-1] == setting.path and one.field.is_required()]
