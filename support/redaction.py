"""Keeping secrets out of everything that is shown or kept: console, evidence, errors."""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import quote, unquote

MASK = "•••"
_IN_ADDRESS = re.compile(r"(?P<scheme>[a-z][a-z0-9+.-]*://[^\s:/@]*):[^\s@]+@", re.IGNORECASE)
_IN_HEADER = re.compile(
    r"(?P<name>authorization|token|password)(?P<between>['\"]?\s*[:=]\s*['\"]?)(?P<kind>bearer |basic )?"
    r"[^\s'\",}]+",
    re.IGNORECASE,
)


class Redactor:
    """Replaces the known secrets, and whatever stands where a password stands in an address or a header."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._secrets: list[str] = []
        self.learn(secrets)

    def learn(self, secrets: Iterable[str]) -> None:
        """Know further secrets from now on. Shorter than four characters would mask ordinary text."""
        plain = {secret for secret in secrets if len(secret) >= 4}
        forms = {form for secret in plain for form in (secret, quote(secret, safe=""), unquote(secret))}
        # The longest first: one secret may hold another.
        self._secrets = sorted({*self._secrets, *forms}, key=len, reverse=True)

    def __call__(self, text: str) -> str:
        """The text with every secret masked."""
        for secret in self._secrets:
            text = text.replace(secret, MASK)
        text = _IN_ADDRESS.sub(rf"\g<scheme>:{MASK}@", text)
        return _IN_HEADER.sub(rf"\g<name>\g<between>\g<kind>{MASK}", text)


redact = Redactor()
"""The process's own. One for all, like the handlers of `logging`: an error may be shown from anywhere, also by behave,
which takes the text of an exception as it is."""
