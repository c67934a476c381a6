"""The SSH server of a sandbox: starting it, and what a client needs to be let in."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from sandbox.launchers.processes import Launcher, RunningPart, announced

_USER = "operator"


@dataclass(frozen=True)
class SshAccess:
    """An SSH server and the way in."""

    part: RunningPart
    host: str  # with the port
    user: str
    key_file: Path
    known_hosts_file: Path


async def start(launcher: Launcher, directory: Path, environment: Mapping[str, str]) -> SshAccess:
    """Start an SSH server; returns when it lets its user in. Raises PartFailed."""
    place = directory / "ssh"
    place.mkdir()
    key_file, known_hosts_file = place / "operator_key", place / "known_hosts"
    options = ["--user", _USER, "--key-file", str(key_file), "--known-hosts-file", str(known_hosts_file)]
    part = launcher.launch(
        "ssh",
        [sys.executable, "-m", "sandbox.emulators.ssh", *options],
        directory,
        environment=environment,
        separate_output=True,
    )
    part = await announced(part)
    return SshAccess(part, part.address.partition("://")[2], _USER, key_file, known_hosts_file)
