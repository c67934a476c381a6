"""An SSH server that stands in for a production server: `python -m sandbox.emulators.ssh --help`.

It lets in one user with one key, both made at its start, and runs nothing: it only knows what `true` says.
"""

import argparse
import asyncio
import logging
import os
import signal
import sys
from pathlib import Path

import asyncssh

_HOST = "127.0.0.1"
_ALGORITHM = "ssh-ed25519"
_KNOWN_COMMAND = "true"
_NOT_FOUND = 127  # as a shell says it


class _Access(asyncssh.SSHServer):
    """Lets in one user with one key; anything but a session is refused by default."""

    def __init__(self, user: str, key: asyncssh.SSHKey) -> None:
        self._user = user
        self._key = key.public_data

    def public_key_auth_supported(self) -> bool:
        """Tell clients that a key can let them in."""
        return True

    def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        """Say whether this key lets this user in; that the client has its private half is checked elsewhere."""
        return username == self._user and key.public_data == self._key


def _answer(process: "asyncssh.SSHServerProcess[str]") -> None:
    if process.command is not None and process.command.strip() == _KNOWN_COMMAND:
        process.exit(0)
        return
    asked = process.command or process.subsystem or "a shell"
    process.stderr.write(f"{asked}: not found; the only command here is `{_KNOWN_COMMAND}`\n")
    process.exit(_NOT_FOUND)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m sandbox.emulators.ssh", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="port on 127.0.0.1; 0 takes a free one")
    parser.add_argument("--user", required=True, help="who is let in")
    parser.add_argument("--key-file", type=Path, required=True, help="file to write for clients: the private key")
    parser.add_argument("--known-hosts-file", type=Path, required=True, help="file to write for clients: the host key")
    return parser.parse_args()


async def _serve(options: argparse.Namespace) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    host_key, client_key = (asyncssh.generate_private_key(_ALGORITHM) for _ in range(2))
    server = await asyncssh.listen(
        _HOST,
        options.port,
        server_factory=lambda: _Access(options.user, client_key),
        process_factory=_answer,
        server_host_keys=[host_key],
        password_auth=False,
        kbdint_auth=False,
        host_based_auth=False,
        allow_pty=False,
        line_editor=False,
        agent_forwarding=False,
        x11_forwarding=False,
    )
    port = server.get_port()
    descriptor = os.open(options.key_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with open(descriptor, "wb") as file:
        file.write(client_key.export_private_key())
    known = host_key.export_public_key().decode().strip()
    options.known_hosts_file.write_text(f"[{_HOST}]:{port} {known}\n", "utf-8")
    print(f"ready ssh://{_HOST}:{port}", flush=True)
    async with server:
        await stop.wait()


def main() -> None:
    """Serve until SIGTERM or SIGINT."""
    logging.basicConfig(stream=sys.stderr, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    options = _options()
    try:
        asyncio.run(_serve(options))
    except OSError as failure:
        sys.exit(f"cannot serve: {failure}; choose another --port, and files that are not there yet")


if __name__ == "__main__":
    main()
