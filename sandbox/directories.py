"""Where a sandbox keeps its state: one private directory a name, and the lock that says who owns it."""

import fcntl
import hashlib
import os
import re
import secrets
import shutil
import stat
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from sandbox import reaper

CHECKOUT = Path(__file__).resolve().parent.parent
"""The directory that holds the package; the parts are started from here."""

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
_SOCKET_PATH_LIMIT = 107  # bytes, without the closing zero (unix(7))


class UnusableDirectory(Exception):
    """The runtime directory or the name cannot be used; the text says why and what to do."""


@dataclass(frozen=True)
class Home:
    """The state of the sandbox of one name."""

    root: Path
    name: str

    @property
    def directory(self) -> Path:
        """Holds everything below but the lock; mode 0700."""
        return self.root / self.name

    @property
    def socket(self) -> Path:
        """The supervisor answers here."""
        return self.directory / "s"

    @property
    def record(self) -> Path:
        """What has to be cleared when the supervisor is gone."""
        return self.directory / "record.json"

    @property
    def supervisor_log(self) -> Path:
        """What the supervisor itself had to say."""
        return self.directory / "supervisor.log"

    @property
    def lock(self) -> Path:
        """Locked as long as the supervisor, or what clears up after it, lives."""
        return self.root / f"{self.name}.lock"


def default_name(checkout: Path = CHECKOUT) -> str:
    """Name of the sandbox that belongs to a checkout: two clones do not share one."""
    return f"c-{hashlib.sha256(str(checkout).encode()).hexdigest()[:10]}"


def runtime_root(environ: Mapping[str, str] = os.environ) -> Path:
    """Directory of this user's sandboxes, which need not exist yet."""
    if runtime := environ.get("XDG_RUNTIME_DIR"):
        return Path(runtime) / "focus-sandbox"
    return Path("/tmp") / f"focus-sandbox-{os.getuid()}"


def home(name: str | None, root: Path | None = None) -> Home:
    """Find the place of a sandbox.

    Raises UnusableDirectory for a name or path that cannot be used, or a root that is not this user's own:
    whoever owns that could answer in the place of a sandbox.
    """
    chosen = Home(root or runtime_root(), default_name() if name is None else name)
    if not _NAME.fullmatch(chosen.name):
        raise UnusableDirectory(f"A sandbox's name is 1 to 40 lower-case letters, digits and '-', not {chosen.name!r}.")
    if len(os.fsencode(chosen.socket)) > _SOCKET_PATH_LIMIT:
        raise UnusableDirectory(
            f"{chosen.socket} is too long for a Unix socket ({_SOCKET_PATH_LIMIT} bytes at most): "
            "give a shorter --name, or set XDG_RUNTIME_DIR to a shorter path."
        )
    _check_private(chosen.root)
    return chosen


def acquire(place: Home) -> int | None:
    """Take the lock of a sandbox and return its descriptor; None while somebody else holds it.

    Raises UnusableDirectory when the runtime directory is not this user's own.
    """
    while True:
        place.root.mkdir(mode=0o700, parents=True, exist_ok=True)
        _check_private(place.root)
        try:
            descriptor = os.open(place.lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except FileNotFoundError:  # the last sandbox to end has just removed the root
            continue
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return None
        # The holder before removes the file before it lets go: a lock on a removed file is worth nothing.
        try:
            if os.fstat(descriptor).st_ino == place.lock.stat().st_ino:
                return descriptor
        except FileNotFoundError:
            pass
        os.close(descriptor)


def release(place: Home, descriptor: int) -> None:
    """Give the lock back, and remove its file and the runtime directory if nothing else is in it."""
    place.lock.unlink(missing_ok=True)
    os.close(descriptor)
    remove_if_empty(place.root)


def remove_if_empty(directory: Path) -> None:
    """Remove a directory unless something is in it."""
    try:
        directory.rmdir()
    except OSError:  # in use, or gone already
        return


def sweep_stale(root: Path) -> list[str]:
    """Clear what dead supervisors left whose reaper died too; return the names of those sandboxes."""
    swept = []
    for lock in sorted(root.glob("*.lock")):
        place = Home(root, lock.stem)
        # Looked at first: a supervisor makes it when it has the lock, so one that is starting is let be.
        if not place.directory.exists():
            continue
        descriptor = acquire(place)
        if descriptor is None:
            continue
        sweep(place)
        release(place, descriptor)
        swept.append(place.name)
    return swept


def sweep(place: Home) -> None:
    """Clear what is left of a sandbox whose lock the caller holds."""
    record = reaper.Record.load(place.record)
    if record is not None:
        reaper.clear(record, last_try=True)
    shutil.rmtree(place.directory, ignore_errors=True)


def temporary(place: Home) -> Path:
    """Choose a directory, yet to be made, for the data of the parts.

    Not in the runtime directory, which is a small part of the memory on most systems.
    """
    return Path(tempfile.gettempdir(), f"focus-sandbox-{place.name}-{secrets.token_hex(8)}")


def _check_private(root: Path) -> None:
    try:
        found = root.lstat()
    except FileNotFoundError:
        return
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o077:
        raise UnusableDirectory(
            f"{root} must be a directory of your own with mode 0700, but is not: "
            "remove it, or set XDG_RUNTIME_DIR to a directory of your own."
        )
