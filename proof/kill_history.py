"""Which scenario killed which mutant in earlier runs, so that the likeliest are run first."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from proof.features import scenarios
from proof.mutants import MutantId

_FILE = "kill_history.json"
_RUN_FIRST = 4


class KillHistory:
    """The scenario that killed each mutant."""

    def __init__(self, before: Mapping[MutantId, str]) -> None:
        self._by_mutant = {mutant_id: name for mutant_id, name in before.items() if name in scenarios()}

    @classmethod
    def read(cls, directory: Path) -> KillHistory:
        """The history that earlier runs have written into a directory; empty if there is none."""
        file = directory / _FILE
        entries = json.loads(file.read_text("utf-8")) if file.exists() else []
        return cls({MutantId(*mutant_id): scenario for *mutant_id, scenario in entries})

    def write(self, directory: Path) -> None:
        """Write it into a directory for later runs."""
        directory.mkdir(parents=True, exist_ok=True)
        entries = [[*mutant_id, scenario] for mutant_id, scenario in self._by_mutant.items()]
        (directory / _FILE).write_text(json.dumps(entries, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")

    def add(self, mutant_id: MutantId, scenario: str) -> None:
        """Note that a scenario killed a mutant."""
        self._by_mutant[mutant_id] = scenario

    def candidates(self, mutant_id: MutantId) -> list[list[str]]:
        """The scenarios to run: first the likeliest; then all others that killed mutants of the same file."""
        dead = list(self._by_mutant.items())
        nearby = [name for one, name in dead if (one.file, one.definition) == (mutant_id.file, mutant_id.definition)]
        own = self._by_mutant.get(mutant_id)
        first = [own] if own else list(dict.fromkeys(reversed(nearby)))[:_RUN_FIRST]
        rest = dict.fromkeys(name for one, name in dead if one.file == mutant_id.file and name not in first)
        return [names for names in (first, list(rest)) if names]
