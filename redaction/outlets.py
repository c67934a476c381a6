"""The ways out of a process: its streams let no secret through, whoever writes on them and why."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterable, Mapping
from typing import Any

from redaction.environment import secrets_in
from redaction.redactor import redact


def mask_output(environment: Mapping[str, str] = os.environ) -> None:
    """Mask from now on the secrets of the environment in all that is written on standard output and error.

    To be called where a command begins. What is learnt later is masked from then on.
    """
    redact.learn(secrets_in(environment), surroundings=True)
    guard(sys.stdout)
    guard(sys.stderr)


def guard(stream: Any) -> None:
    """Mask from now on what is written on a stream of text, also by who holds it already, such as a formatter."""
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
