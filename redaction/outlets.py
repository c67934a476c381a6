"""The output streams of a process: secrets are masked in all that is written to them."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterable, Mapping
from typing import Any

from redaction.environment import secrets_in
from redaction.redactor import redact


def protect_output(environment: Mapping[str, str] = os.environ) -> None:
    """From now on, mask secrets on standard output and error, and write any text, whatever their encoding.

    To be called where a command begins. Secrets are those of the environment, and all that is learnt later. A character
    that the encoding lacks is written by its number.
    """
    redact.learn(secrets_in(environment), surroundings=True)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # Not one that a test has put in its place.
            stream.reconfigure(errors="backslashreplace")
        guard(stream)


def guard(stream: Any) -> None:
    """From now on, mask what is written to a text stream, also by code that holds it already, such as a formatter."""
    # Not one that a test has put in its place; and once is enough.
    if not isinstance(stream, io.TextIOWrapper) or "write" in vars(stream):
        return
    write = stream.write

    def masked(text: str) -> int:
        write(redact(text))
        return len(text)

    def lines(texts: Iterable[str]) -> None:
        for text in texts:
            masked(text)

    # Behave hands its streams to formatters and reporters before it reads any code of ours: the stream itself has to be
    # changed, another one in `sys.stdout` would come too late.
    vars(stream).update(write=masked, writelines=lines)
