"""Errors whose text is safe to show."""

from __future__ import annotations

from redaction.redactor import redact


class Masked:
    """A base for errors: secrets are masked in their text."""

    def __str__(self) -> str:
        return redact(super().__str__())
