"""Looking at the machines that the product runs on, as their operator does: over SSH (PZ-13900)."""

from __future__ import annotations

import asyncio
import os

import asyncssh

from support.core.addresses import host_and_port
from support.core.errors import EnvironmentBroken
from support.profile.settings import Ssh

HARMLESS = "true"
_NAMES_OF_USER = ("LOGNAME", "USER", "LNAME", "USERNAME")  # as `getpass.getuser` reads them


def login_problems(settings: Ssh) -> list[str]:
    """The machines that the operator cannot log in to and run a harmless command on, a line each with the reason.

    Only a key counts, and only a host that is known.

    Raises:
        EnvironmentBroken: the keys or the known hosts are to be those of the user who runs the suite, and who has no
            home directory.
    """
    _complete_local_user(settings)
    return asyncio.run(_problems(settings))


def _complete_local_user(settings: Ssh) -> None:
    """Give the local user what asyncssh asks for even where nothing depends on it: a name and a home directory."""
    if os.path.expanduser("~") == "~":
        if not (settings.key_file and settings.known_hosts_file):
            raise EnvironmentBroken(
                "The user who runs the suite has no home directory to find keys and known hosts in: set HOME, or "
                "ssh.key_file and ssh.known_hosts_file."
            )
        os.environ["HOME"] = "/nonexistent"
    if not any(map(os.environ.get, _NAMES_OF_USER)):
        os.environ["LOGNAME"] = settings.user


async def _problems(settings: Ssh) -> list[str]:
    outcomes = await asyncio.gather(*(_problem(host, settings) for host in settings.hosts))
    return [outcome for outcome in outcomes if outcome]


async def _problem(host: str, settings: Ssh) -> str | None:
    name, port = host_and_port(host)
    try:
        async with asyncio.timeout(settings.timeout_s):
            async with asyncssh.connect(
                name,
                port or 22,
                config=None,
                username=settings.user,
                client_keys=str(settings.key_file) if settings.key_file else (),
                known_hosts=str(settings.known_hosts_file) if settings.known_hosts_file else (),
                preferred_auth="publickey",
            ) as connection:
                status = (await connection.run(HARMLESS)).exit_status
    except TimeoutError:
        return f"{host}: no answer within {settings.timeout_s:g} s"
    except (OSError, ValueError, asyncssh.Error) as error:  # ValueError: a file that is no key
        return f"{host}: {type(error).__name__}: {error}"
    return None if status == 0 else f"{host}: the command '{HARMLESS}' ended with {status}"
