"""Errors whose text may be shown."""

from __future__ import annotations

from redaction.redactor import redact


class Masked:
    """For a class of errors: their text has no secret, whoever shows it."""

    def __str__(self) -> str:
        return redact(super().__str__())
