"""Processes that are forked from one that has loaded everything. They and their files go when their parent ends."""

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
_MAX_TEMPORARY = 50  # bytes: a Unix socket has 107 (unix(7)), for its own name and that of its directory, too
_DIRECTORY = "PROOF_DIRECTORY"
_GONE_WITHIN_S = 5

FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(["proof.preloaded"])


@cache
def private_directory() -> Path:
    """The directory for all files of this process and its forks. The first call makes it, and starts the fork server.

    It is removed when this process ends; if that is killed, by the fork server, which notices.
    """
    temporary = tempfile.gettempdir()
    short = len(os.fsencode(temporary)) <= _MAX_TEMPORARY
    directory = tempfile.mkdtemp(prefix="focus-proof-", dir=temporary if short else "/tmp")
    atexit.register(shutil.rmtree, directory, ignore_errors=True)
    # For the sockets of `multiprocessing`. The directory that it would make for them stays when this process is killed.
    multiprocessing.current_process()._config["tempdir"] = directory  # type: ignore[attr-defined]
    os.environ[_DIRECTORY] = directory
    forkserver.ensure_running()
    del os.environ[_DIRECTORY]
    return Path(directory)


def remove_directory_at_end() -> None:
    """Have the fork server, which ends after the process that started it, remove the directory of that process."""
    if directory := os.environ.pop(_DIRECTORY, None):
        atexit.register(_remove, directory)


def _remove(directory: str) -> None:
    limit = time.monotonic() + _GONE_WITHIN_S
    while os.path.exists(directory) and time.monotonic() < limit:
        shutil.rmtree(directory, ignore_errors=True)  # Forks that are about to end may still write.


def fork(do: Callable[..., object], *args: Any) -> ForkServerProcess:
    """Call a function in a process that is forked for it."""
    private_directory()
    process = FORKS.Process(target=_forked, args=(do, *args))
    process.start()
    return process


def _forked(do: Callable[..., object], *args: Any) -> None:
    # The fork server ends when nobody has this end of a pipe open any more, and its forks inherit it.
    os.close(forkserver._forkserver._forkserver_alive_fd)  # type: ignore[attr-defined]
    # However a proof ends, none of its processes goes on: by this, forks end with the process that forked them (Linux).
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    do(*args)
