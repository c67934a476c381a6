"""What a sandbox says about itself: its endpoints (in the form of a profile of the suite) and its status."""

import json
import os
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, TypeAlias

from redaction import redact

Endpoints: TypeAlias = dict[str, bool | Mapping[str, str | float | list[str] | dict[str, str]]]


def lines(tree: Endpoints) -> list[str]:
    """Write the endpoints for people, one a line, without passwords."""
    return [
        f"{f'{section}.{key}':<28} {redact(', '.join(value) if isinstance(value, list) else str(value))}"
        for section, entries in tree.items()
        if isinstance(entries, Mapping)
        for key, value in entries.items()
    ]


def write(file: Path, tree: Endpoints) -> None:
    """Put the endpoints into a file that only its owner can read; it appears at one stroke.

    Raises OSError.
    """
    fresh = file.with_name(f".{file.name}.{os.getpid()}")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with open(descriptor, "w", encoding="utf-8") as out:
        json.dump(tree, out, indent=2)
        out.write("\n")
    fresh.replace(file)


def as_json(answer: dict[str, Any]) -> str:
    """Write the status as JSON; times are seconds since the epoch."""
    return json.dumps({key: value for key, value in answer.items() if key != "ok"}, indent=2)


def as_text(answer: dict[str, Any]) -> str:
    """Write the status as a few lines; times are local."""
    if answer["state"] == "down":
        return f"The sandbox {answer['name']!r} is down."
    lines = [f"The sandbox {answer['name']!r}: {answer['state']}; since {_moment(answer['since'])}."]
    lines.append(f"  supervisor    pid {answer['supervisor']}, log {answer['log']}")
    lines += [f"  {_part(part)}" for part in answer["parts"]]
    for tenant in answer["tenants"]:
        lines.append(f"  tenant {tenant['name']} ({tenant['use']})")
        if tenant["server"]:
            lines.append(f"    {_part(tenant['server'])}")
    return "\n".join(lines)


def _part(part: dict[str, Any]) -> str:
    state = f"since {_moment(part['since'])}" if part["alive"] else "HAS ENDED"
    return f"{part['name']:<13} pid {part['pid']:<8} {part['address'] or '-':<45} {state}"


def _moment(epoch: float) -> str:
    return datetime.fromtimestamp(epoch).astimezone().isoformat(sep=" ", timespec="seconds")
