"""Processes that are forked from one that has loaded everything; with who had them forked, they and their files go."""

from __future__ import annotations

import atexit
import ctypes
import multiprocessing
import os
import shutil
import signal
import tempfile
import time
from collections.abc import Callable
from functools import cache
from multiprocessing import forkserver
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any

_PR_SET_PDEATHSIG = 1
_LONGEST_TEMPORARY = 50  # bytes: a Unix socket has 107 (unix(7)), for its own name and that of its directory, too
_PLACE = "PROOF_PLACE"
_GONE_WITHIN_S = 5

FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(["proof.warm"])


@cache
def private_place() -> Path:
    """A directory for all that this process and its forks keep. It is made at the first call, with the fork server.

    It goes with this process; if that is killed, with the fork server, which notices.
    """
    temporary = tempfile.gettempdir()
    short = len(os.fsencode(temporary)) <= _LONGEST_TEMPORARY
    place = tempfile.mkdtemp(prefix="focus-proof-", dir=temporary if short else "/tmp")
    atexit.register(shutil.rmtree, place, ignore_errors=True)
    # For the sockets of `multiprocessing`. The directory that it would make for them stays when this process is killed.
    multiprocessing.current_process()._config["tempdir"] = place  # type: ignore[attr-defined]
    os.environ[_PLACE] = place
    forkserver.ensure_running()
    del os.environ[_PLACE]
    return Path(place)


def remove_place_at_end() -> None:
    """For the fork server, which ends when who started it has: leave nothing of what that kept."""
    if place := os.environ.pop(_PLACE, None):
        atexit.register(_remove, place)


def _remove(place: str) -> None:
    limit = time.monotonic() + _GONE_WITHIN_S
    while os.path.exists(place) and time.monotonic() < limit:
        shutil.rmtree(place, ignore_errors=True)  # Forks that are about to end may still write.


def fork(do: Callable[..., object], *args: Any) -> ForkServerProcess:
    """Do something in a process that is forked for it."""
    private_place()
    process = FORKS.Process(target=_forked, args=(do, *args))
    process.start()
    return process


def _forked(do: Callable[..., object], *args: Any) -> None:
    # The process that forks ends when nobody holds this end of a pipe any more, and it is handed on to its forks.
    os.close(forkserver._forkserver._forkserver_alive_fd)  # type: ignore[attr-defined]
    # However a proof ends, nothing of it goes on: forks end with the process that forked them, by this (Linux).
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    do(*args)
