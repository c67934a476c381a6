"""Which scenario killed which mutant: kept from run to run, so that the likeliest are asked first."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from proof.features import scenarios
from proof.mutants import Identity

_FILE = "killers.json"
_ASKED_FIRST = 4


class Killers:
    """Scenarios that have killed, by the mutants that they have."""

    def __init__(self, before: Mapping[Identity, str]) -> None:
        self._by_mutant = {identity: name for identity, name in before.items() if name in scenarios()}

    @classmethod
    def read(cls, directory: Path) -> Killers:
        """Those that earlier runs have written into a directory; none if there are none."""
        file = directory / _FILE
        kept = json.loads(file.read_text("utf-8")) if file.exists() else []
        return cls({Identity(*identity): scenario for *identity, scenario in kept})

    def write(self, directory: Path) -> None:
        """Keep them in a directory for later runs."""
        directory.mkdir(parents=True, exist_ok=True)
        kept = [[*identity, scenario] for identity, scenario in self._by_mutant.items()]
        (directory / _FILE).write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")

    def enter(self, identity: Identity, scenario: str) -> None:
        """It has killed this one."""
        self._by_mutant[identity] = scenario

    def likely(self, identity: Identity) -> list[list[str]]:
        """Those to ask, a run each: the likeliest; then all others that have killed in the same file."""
        dead = list(self._by_mutant.items())
        nearby = [name for one, name in dead if (one.file, one.definition) == (identity.file, identity.definition)]
        own = self._by_mutant.get(identity)
        first = [own] if own else list(dict.fromkeys(reversed(nearby)))[:_ASKED_FIRST]
        rest = dict.fromkeys(name for one, name in dead if one.file == identity.file and name not in first)
        return [names for names in (first, list(rest)) if names]
