"""The status of a sandbox, for people and for programs."""

import json
from datetime import datetime
from typing import Any


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
