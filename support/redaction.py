"""What is never shown: see the package `redaction`, which sandbox and commands share."""

from redaction import MASK as MASK
from redaction import Redactor as Redactor
from redaction import redact as redact
