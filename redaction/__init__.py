"""Secrets are masked in everything that is shown or stored: console, report, evidence, errors.

The one place for it, for the suite, the sandbox and every command of this project. It imports none of these.
"""

from redaction.errors import Masked
from redaction.outlets import guard, protect_output
from redaction.redactor import MASK, Redactor, is_ordinary, redact

__all__ = ["MASK", "Masked", "Redactor", "guard", "is_ordinary", "protect_output", "redact"]
