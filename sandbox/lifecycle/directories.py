"""The directories of a sandbox: one private directory for each name, and the lock that says who owns it."""

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

from sandbox.lifecycle import reaper

CHECKOUT = Path(__file__).resolve().parents[2]
"""The directory that holds the package `sandbox`; supervisor and parts run in it."""

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
_PLAIN_PATH = re.compile(r"[A-Za-z0-9/._-]+")
_SOCKET_PATH_LIMIT = 107  # bytes, without the closing zero (unix(7))
_NEEDED_MB = 200
"""Free space for a sandbox: what it writes in a long run, and the 50 MB below which RabbitMQ takes no more messages."""


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

    @property
    def plain_path(self) -> Path:
        """A link to the data of the parts, where their own path has characters that not every part can read."""
        return self.directory / "data"


def default_name(checkout: Path = CHECKOUT) -> str:
    """Name of the sandbox that belongs to a checkout: two clones do not share one."""
    return f"c-{hashlib.sha256(os.fsencode(checkout)).hexdigest()[:10]}"


def runtime_root(environ: Mapping[str, str] = os.environ) -> Path:
    """Directory of this user's sandboxes, which need not exist yet."""
    if runtime := environ.get("XDG_RUNTIME_DIR"):
        return Path(runtime).absolute() / "focus-sandbox"
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
    try:
        _check_private(chosen.root)
    except OSError as failure:
        raise unusable_runtime(chosen, failure) from failure
    return chosen


def acquire(place: Home) -> int | None:
    """Take the lock of a sandbox and return its descriptor; None while somebody else holds it.

    Raises UnusableDirectory when the runtime directory is not this user's own, or cannot be written to.
    """
    try:
        return _acquire(place)
    except OSError as failure:
        raise unusable_runtime(place, failure) from failure


def _acquire(place: Home) -> int | None:
    while True:
        try:
            place.root.mkdir(mode=0o700, parents=True, exist_ok=True)
        except FileExistsError:  # something else has this name, or the last sandbox to end has just removed the root
            _check_private(place.root)
            continue
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
    Raises UnusableDirectory when there is no temporary directory, or too little space in it.
    """
    try:
        parent = Path(tempfile.gettempdir())
        free = shutil.disk_usage(parent).free >> 20
    except OSError as failure:
        raise UnusableDirectory(
            f"There is no temporary directory for the data of the sandbox ({failure}): set TMPDIR to a directory that "
            f"you can write to, with {_NEEDED_MB} MB free."
        ) from failure
    if free < _NEEDED_MB:
        raise UnusableDirectory(
            f"Expected {_NEEDED_MB} MB to be free in {parent} for the data of the sandbox, seen {free} MB: make room, "
            "or set TMPDIR to another directory."
        )
    return parent / f"focus-sandbox-{place.name}-{secrets.token_hex(8)}"


def make_data(place: Home, data: Path) -> Path:
    """Make the directory for the data of the parts, and return the path by which they are given it.

    RabbitMQ reads paths in shell scripts, configuration files and Erlang terms, each with quotes and comments of its
    own. A path with more than English letters, digits and ``._-`` is therefore given as a link to it.
    Raises UnusableDirectory when it cannot be made, or the path of the link is no better.
    """
    try:
        data.mkdir(mode=0o700)
        if _is_plain(data):
            return data
        if not _is_plain(place.plain_path):
            raise UnusableDirectory(
                "RabbitMQ can use neither the temporary nor the runtime directory, since both paths have more than "
                f"English letters, digits and '._-' in them: {data.parent} and {place.root}. Set TMPDIR or "
                "XDG_RUNTIME_DIR to a directory with a plain path."
            )
        place.plain_path.symlink_to(data)
    except OSError as failure:
        raise unusable_data(data, failure) from failure
    return place.plain_path


def unusable_data(data: Path, failure: OSError) -> UnusableDirectory:
    """What is said when the data of the parts cannot be written."""
    return UnusableDirectory(
        f"The data of the sandbox cannot be written to {data}: {failure.strerror or failure}. Make room there, or set "
        "TMPDIR to another directory that you can write to."
    )


def unusable_runtime(place: Home, failure: OSError) -> UnusableDirectory:
    """What is said when the state of a sandbox cannot be written."""
    return UnusableDirectory(
        f"The state of the sandbox cannot be written to {place.root}: {failure.strerror or failure}. Set "
        "XDG_RUNTIME_DIR to a directory of your own that can be written to, with some MB free."
    )


def _is_plain(path: Path) -> bool:
    return _PLAIN_PATH.fullmatch(str(path)) is not None


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
