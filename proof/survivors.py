"""The surviving mutants that are accepted, each with the reason: `survivors.csv`, a line each."""

from __future__ import annotations

import csv
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from proof.mutants import MutantId

SURVIVORS = Path(__file__).with_name("survivors.csv")


class Classification(StrEnum):
    """Why a survivor is accepted: it is the same program, or nobody who uses the server can see the difference."""

    EQUIVALENT = "equivalent"
    NOT_OBSERVABLE = "not observable"


@dataclass(frozen=True)
class AcceptedSurvivor:
    """Why a mutant may survive."""

    classification: Classification
    reason: str


class SurvivorsError(Exception):
    """The file of survivors cannot be used; the message lists each problem with its line."""


def read(file: Path = SURVIVORS) -> dict[MutantId, AcceptedSurvivor]:
    """The accepted survivors by their ids.

    Raises:
        SurvivorsError: a line has no reason or an unknown classification, or two lines are about one mutant.
    """
    accepted_survivors: dict[MutantId, AcceptedSurvivor] = {}
    problems = []
    with file.open(newline="", encoding="utf-8") as text:
        for number, row in enumerate(csv.DictReader(text), start=2):
            mutant_id = MutantId(row["file"], row["definition"], row["before"], row["after"])
            if mutant_id in accepted_survivors:
                problems.append(f"{file.name}: line {number}: there is a line for this mutant already")
            elif row["classification"] not in list(Classification) or not row["reason"]:
                problems.append(
                    f"{file.name}: line {number}: it must say {' or '.join(Classification)}, and the reason"
                )
            else:
                accepted_survivors[mutant_id] = AcceptedSurvivor(Classification(row["classification"]), row["reason"])
    if problems:
        raise SurvivorsError("\n".join(problems))
    return accepted_survivors


def obsolete(accepted_survivors: Mapping[MutantId, AcceptedSurvivor], mutants: Collection[MutantId]) -> list[MutantId]:
    """The accepted mutants that do not exist, or not any more: their line was changed."""
    return [mutant_id for mutant_id in accepted_survivors if mutant_id not in mutants]
