"""What a sandbox hands out: the same tree as a profile of the suite."""

import json
import os
import re
from pathlib import Path
from typing import TypeAlias

Endpoints: TypeAlias = dict[str, bool | dict[str, str] | dict[str, float]]

_PASSWORD = re.compile(r"(?<=://)([^:/@\s]*):[^@/\s]*@")


def redacted(text: str) -> str:
    """Put ``***`` in the place of the passwords of all addresses in a text."""
    return _PASSWORD.sub(r"\1:***@", text)


def lines(tree: Endpoints) -> list[str]:
    """Write the endpoints for people, one a line, without passwords."""
    return [
        f"{f'{section}.{key}':<28} {redacted(str(value))}"
        for section, entries in tree.items()
        if isinstance(entries, dict)
        for key, value in entries.items()
    ]


def write(file: Path, tree: Endpoints) -> None:
    """Put the endpoints into a file that only its owner can read; it appears at one stroke.

    Raises OSError.
    """
    fresh = file.with_name(f".{file.name}.{os.getpid()}")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with open(descriptor, "w") as out:
        json.dump(tree, out, indent=2)
        out.write("\n")
    fresh.replace(file)
