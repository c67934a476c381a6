"""The capabilities in the order of `features/capabilities.toml`, each with its features."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, RootModel, ValidationError

from reporting.features import Feature
from support.core.validation import validation_problems

FILE = Path("features/capabilities.toml")


class CapabilitiesError(Exception):
    """The file cannot be read, or does not match the folders of the features; the message says what to do."""


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: str
    promise: str


class _Entries(RootModel[dict[str, _Entry]]):
    pass


@dataclass(frozen=True)
class Capability:
    """A capability of the product, in the product's words."""

    folder: str
    name: str
    promise: str
    features: tuple[Feature, ...]


def read_capabilities(root: Path, features: Iterable[Feature]) -> tuple[Capability, ...]:
    """All capabilities, in the order of the file.

    Raises:
        CapabilitiesError: the file is missing or wrong, or a folder has no entry, or an entry no folder.
    """
    try:
        entries = _Entries.model_validate(tomllib.loads((root / FILE).read_text("utf-8-sig"))).root
    except (OSError, ValueError) as error:
        why = validation_problems(error)[0] if isinstance(error, ValidationError) else str(error)
        raise CapabilitiesError(f"{FILE}: expected a name and a promise for each folder, seen: {why}") from None
    by_folder: dict[str, list[Feature]] = {}
    for feature in features:
        by_folder.setdefault(feature.capability, []).append(feature)
    for folder in by_folder.keys() - entries.keys():
        place = by_folder[folder][0].place
        raise CapabilitiesError(
            f"{FILE}: expected an entry [{folder}] for {place.file}, seen none: add it in its place"
        )
    for folder in entries.keys() - by_folder.keys():
        raise CapabilitiesError(f"{FILE}: expected features in the folder {folder}, seen none: take [{folder}] away")
    return tuple(
        Capability(folder, entry.name, entry.promise, tuple(by_folder[folder])) for folder, entry in entries.items()
    )
