"""The words of the product, from `features/glossary.toml`, and other words for the same things."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from support.core.validation import validation_problems

FILE = Path("features/glossary.toml")


class GlossaryError(Exception):
    """The file cannot be read; the message says what was expected."""


class Term(BaseModel):
    """A word of the product, what it means, and which words features use `never` for it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    means: str
    never: tuple[str, ...] = ()


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")

    term: tuple[Term, ...]


@dataclass(frozen=True)
class Glossary:
    """The terms, in the order of the file."""

    terms: tuple[Term, ...] = ()

    def other_words(self, text: str) -> Iterator[tuple[str, Term]]:
        """The words in a text that are never used, each as it is written, with the term to use; plurals as well."""
        for term in self.terms:
            for word in term.never:
                for found in re.finditer(rf"\b{re.escape(word)}s?\b", text, re.IGNORECASE):
                    yield found[0], term


def read_glossary(root: Path) -> Glossary:
    """The glossary of a checkout.

    Raises:
        GlossaryError: it is missing or wrong.
    """
    try:
        return Glossary(_File.model_validate(tomllib.loads((root / FILE).read_text("utf-8-sig"))).term)
    except (OSError, ValueError) as error:
        why = validation_problems(error)[0] if isinstance(error, ValidationError) else str(error)
        raise GlossaryError(f"{FILE}: expected terms with name and meaning, seen: {why}") from None
