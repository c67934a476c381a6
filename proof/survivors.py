"""The mutants that no scenario kills, each with the reason why none has to: `survivors.csv`, a line each."""

from __future__ import annotations

import csv
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from proof.mutants import Identity

SURVIVORS = Path(__file__).with_name("survivors.csv")


class Why(StrEnum):
    """Why a mutant may live: there is nothing to see of it at all, or not for somebody who uses the server."""

    EQUIVALENT = "equivalent"
    NOT_VISIBLE = "not visible from outside"


@dataclass(frozen=True)
class Excuse:
    """A reason that a mutant may live."""

    why: Why
    reason: str


class SurvivorsError(Exception):
    """The file of survivors cannot be used; each mistake with its line."""


def read(file: Path = SURVIVORS) -> dict[Identity, Excuse]:
    """The excuses, by the mutants that they are for.

    Raises:
        SurvivorsError: a line has no reason or one of another kind, or there are two for one mutant.
    """
    excuses: dict[Identity, Excuse] = {}
    problems = []
    with file.open(newline="", encoding="utf-8") as text:
        for number, row in enumerate(csv.DictReader(text), start=2):
            identity = Identity(row["file"], row["definition"], row["before"], row["after"])
            if identity in excuses:
                problems.append(f"{file.name}: line {number}: there is a line for this mutant already")
            elif row["why"] not in list(Why) or not row["reason"]:
                problems.append(f"{file.name}: line {number}: it must say {' or '.join(Why)}, and the reason")
            else:
                excuses[identity] = Excuse(Why(row["why"]), row["reason"])
    if problems:
        raise SurvivorsError("\n".join(problems))
    return excuses


def unknown(excuses: Mapping[Identity, Excuse], mutants: Collection[Identity]) -> list[Identity]:
    """Those that are excused and that there are not, or not any more: their line was changed."""
    return [identity for identity in excuses if identity not in mutants]
