"""Output of the sandbox's commands, on a terminal, into a file or a pipe of any encoding."""

from __future__ import annotations

import io
import sys


def accept_any_text() -> None:
    """Write from now on what the encoding of standard output or error lacks by its number, instead of failing.

    To be called where a command begins.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
