"""The client's side of a supervisor: one JSON line there, one back, over a Unix socket.

Requests are ``{"ask": "up", "focus_server": true}``, ``{"ask": "lease"}``, ``{"ask": "status"}`` and
``{"ask": "down"}``, one a connection; answers carry ``"ok"``, and if it is false a ``"message"`` for
people. A lease lasts until its connection is closed from either side, which the kernel does for a client
that was killed.
"""

import contextlib
import json
import os
import select
import signal
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sandbox.lifecycle import directories
from sandbox.lifecycle.directories import CHECKOUT, Home

Answer = dict[str, Any]
Kind = Literal["up", "lease"]

_LOOK_AGAIN = 0.02
_BUSY_LIMIT = 20.0  # seconds for a predecessor to be gone, or to begin to answer
_GONE_LIMIT = 30.0
_ANSWER_LIMIT = 10.0  # to what a supervisor knows without having to start anything


class Failure(Exception):
    """What the caller is told; complete and without a traceback."""


class Hung(Failure):
    """The supervisor is there, but does not answer."""


@dataclass(frozen=True)
class Connection:
    """A connection to a supervisor; ``started`` is its process if it was started for this connection."""

    place: Home
    channel: socket.socket
    started: subprocess.Popen[bytes] | None = None

    def peer(self) -> tuple[int, int]:
        """Return process and user id of who listened for this connection."""
        credentials = self.channel.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
        pid, uid, _ = struct.unpack("3i", credentials)
        return pid, uid

    def send(self, ask: str, **details: object) -> None:
        """Send a request. Raises Failure if the supervisor has gone."""
        try:
            self.channel.sendall(json.dumps({"ask": ask, **details}).encode() + b"\n")
        except OSError as failure:
            raise Failure(f"The sandbox {self.place.name!r} ended meanwhile ({failure}).") from failure

    def receive(self) -> Answer:
        """Wait for the answer. Raises Failure if it says so, or if the supervisor ended or hangs without one."""
        line = b""
        while not line.endswith(b"\n"):
            try:
                piece = self.channel.recv(65536)
            except TimeoutError as failure:
                raise Hung(
                    f"The supervisor of the sandbox {self.place.name!r} (pid {self.peer()[0]}) has not answered within "
                    f"{_ANSWER_LIMIT:.0f} s: it hangs, or was suspended. `down` (with the same --name) kills it."
                ) from failure
            except ConnectionResetError:
                piece = b""
            if not piece:
                raise Failure(f"The supervisor of the sandbox {self.place.name!r} ended without an answer.")
            line += piece
        answer: Answer = json.loads(line)
        if not answer["ok"] and not answer.get("busy"):
            raise Failure(answer["message"])
        return answer

    def ask(self, what: str, **details: object) -> Answer:
        """Send a request and wait for its answer. Raises Failure."""
        self.send(what, **details)
        return self.receive()

    def hang_up(self) -> None:
        """Let the supervisor know that this connection is to end, without waiting for what it does then."""
        with contextlib.suppress(OSError):  # It has ended, which is at least as good.
            self.channel.shutdown(socket.SHUT_WR)

    def end(self) -> None:
        """Close; returns when the supervisor has dealt with that: a lease is gone, or all of a sandbox.

        Raises Failure if that takes too long.
        """
        self.hang_up()
        try:
            self.channel.settimeout(_GONE_LIMIT)
            while self.channel.recv(65536):
                pass
        except TimeoutError as failure:
            raise Failure(
                f"The sandbox {self.place.name!r} has not cleared up within {_GONE_LIMIT:.0f} s: "
                f"see {self.place.supervisor_log}."
            ) from failure
        except OSError:  # it has ended, which is at least as good
            pass
        self.channel.close()
        if self.started is not None:
            wait_until_gone(self.place)
            self.started.wait()


def connect(place: Home) -> Connection | None:
    """Reach the supervisor of a sandbox; None if there is none. Raises Failure if another user answers.

    What it is asked has to be answered within 10 s, unless the caller sets another limit.
    """
    channel = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        channel.connect(os.fspath(place.socket))
    except (FileNotFoundError, ConnectionRefusedError):
        channel.close()
        return None
    channel.settimeout(_ANSWER_LIMIT)
    connection = Connection(place, channel)
    if (uid := connection.peer()[1]) != os.getuid():
        channel.close()
        raise Failure(f"{place.socket} is listened on by the user of id {uid}, not by yours: it is not trusted.")
    return connection


def start(place: Home, kind: Kind, options: Sequence[str] = ()) -> Connection:
    """Start a supervisor in the background, in a session of its own, connected to the caller only."""
    ours, theirs = socket.socketpair()
    command = [sys.executable, "-m", "sandbox.lifecycle.supervisor", place.name, str(place.root), kind]
    with theirs:
        process = subprocess.Popen(
            [*command, str(theirs.fileno()), *options],
            cwd=CHECKOUT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            pass_fds=[theirs.fileno()],
            start_new_session=True,
        )
    return Connection(place, ours, process)


def up(place: Home, *, focus_server: bool) -> tuple[Answer, bool]:
    """Have the sandbox up; returns its answer and whether it was up before. Raises Failure."""
    deadline = time.monotonic() + _BUSY_LIMIT
    while True:
        found = connect(place)
        if found is None:
            directories.sweep_stale(place.root)
        connection = found or start(place, "up", () if focus_server else ["--without-focus-server"])
        connection.channel.settimeout(None)
        try:
            answer = connection.ask("up", focus_server=focus_server)
        except (Failure, KeyboardInterrupt):
            connection.end()
            raise
        if answer["ok"]:
            return answer, found is not None
        connection.channel.close()
        if time.monotonic() > deadline:
            raise Failure(
                f"The sandbox {place.name!r} neither answers nor ends since {_BUSY_LIMIT:.0f} s: somebody holds "
                f"{place.lock}. See who does (`fuser {place.lock}`), or take another --name."
            )
        time.sleep(_LOOK_AGAIN)


def down(place: Home) -> bool:
    """End a sandbox, by force if it hangs, and wait until it is gone; False if it was not up. Raises Failure."""
    connection = connect(place)
    if connection is None:
        return False
    supervisor = os.pidfd_open(connection.peer()[0])
    try:
        connection.ask("down")
        connection.end()
    except Hung:
        signal.pidfd_send_signal(supervisor, signal.SIGKILL)  # its reaper clears up
    wait_until_gone(place)
    select.select([supervisor], [], [], _GONE_LIMIT)
    os.close(supervisor)
    return True


def wait_until_gone(place: Home) -> None:
    """Wait until nothing of a sandbox is left. Raises Failure after 30 s."""
    deadline = time.monotonic() + _GONE_LIMIT
    while place.lock.exists():
        descriptor = directories.acquire(place)
        if descriptor is not None:
            directories.sweep(place)
            directories.release(place, descriptor)
            return
        if time.monotonic() > deadline:
            raise Failure(
                f"The sandbox {place.name!r} is not gone after {_GONE_LIMIT:.0f} s: see {place.supervisor_log}."
            )
        time.sleep(_LOOK_AGAIN)
