"""The reaper: a process that removes what a sandbox leaves behind, however its supervisor died.

A supervisor writes down in a *record* what would outlive it: a marker that
its processes carry, directories, commands that remove what lives elsewhere (a
container, a namespace), and variables for these, which may hold a password:
only its owner can read the record. A small process of its own session waits
until the supervisor's end of a pipe closes, which the kernel does for it even
on ``kill -9``, and then clears the record. This file uses the standard library only and runs by its path, so that it
starts fast and keeps working when the checkout is gone.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path

MARKER = "FOCUS_SANDBOX_INSTANCE"
"""Environment variable that every process of one sandbox carries, its descendants included."""

_EXEC_TIME = 0.05
_END_LIMIT = 10.0
_COMMAND_LIMIT = 30.0


@dataclass
class Record:
    """What one supervisor must not leave behind; kept on disk, written anew on every change."""

    path: Path
    marker: str
    directories: list[str] = field(default_factory=list)
    commands: list[list[str]] = field(default_factory=list)
    environment: dict[str, str] = field(default_factory=dict)
    """Variables for the commands; they override those of the process that runs them."""
    working_directory: str | None = None
    """The working directory of the commands; None: that of the process that runs them."""

    @property
    def mark(self) -> dict[str, str]:
        """The environment variable that every process of this sandbox carries."""
        return {MARKER: self.marker}

    def add_command(self, command: list[str]) -> None:
        """Add a command, on disk as well: the supervisor may die at any moment."""
        self.commands.append(command)
        self.save()

    def save(self) -> None:
        """Replace the file on disk, which only its owner can read, at one stroke."""
        written = {key: value for key, value in asdict(self).items() if key != "path"}
        fresh = self.path.with_suffix(".new")
        fresh.unlink(missing_ok=True)
        with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            file.write(json.dumps(written))
        fresh.replace(self.path)

    @classmethod
    def load(cls, path: Path) -> "Record | None":
        """Read a record; None where there is none (its supervisor had not begun, or has cleared it)."""
        try:
            return cls(path=path, **json.loads(path.read_text(encoding="utf-8")))
        except FileNotFoundError:
            return None


def marked_processes(marker: str) -> Iterator[int]:
    """Yield the living processes that carry the marker; nothing where there is no /proc."""
    wanted = f"{MARKER}={marker}".encode()
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            # The kernel empties a zombie's environment, so only the living are found.
            if wanted in (entry / "environ").read_bytes().split(b"\0"):
                yield int(entry.name)
        except OSError:  # ended meanwhile, or another user's
            continue


def _executing(marker: str) -> list[int]:
    """Look again a moment later: while a process replaces its program, its environment reads as empty."""
    time.sleep(_EXEC_TIME)
    return list(marked_processes(marker))


def end_processes(marker: str) -> None:
    """Kill all that carry the marker, in any process group; wait until they are gone.

    Raises TimeoutError naming the processes that are still there after 10 s.
    """
    deadline = time.monotonic() + _END_LIMIT
    while left := list(marked_processes(marker)) or _executing(marker):
        if time.monotonic() > deadline:
            raise TimeoutError(f"processes {left} of the sandbox are still there {_END_LIMIT:.0f} s after SIGKILL")
        for pid in left:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        time.sleep(0.01)


def clear(record: Record, *, last_try: bool = False) -> bool:
    """End and remove everything in the record, the record's own directory last; whether that was all.

    Commands that ask for another try (exit status 75) stay in the record, with its directory, unless this is the last.
    """
    end_processes(record.marker)
    again = [command for command in record.commands if _run(command, record) == os.EX_TEMPFAIL]
    own = str(record.path.parent)
    for directory in record.directories:
        if last_try or not again or directory != own:
            shutil.rmtree(directory, ignore_errors=True)
    if again and not last_try:
        record.commands, record.directories = again, [own]
        record.save()
    return not again


def _run(command: list[str], record: Record) -> int | None:
    """Run a command; its exit status, or None if it did not come to one."""
    try:
        done = subprocess.run(
            command,
            env={**os.environ, **record.environment},
            cwd=record.working_directory,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_COMMAND_LIMIT,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as failure:
        print(f"could not run {command}: {failure}", file=sys.stderr)
        return None
    if done.returncode:
        said = done.stderr.decode(errors="replace")
        print(f"{command} ended with exit status {done.returncode}: {said}", file=sys.stderr)
    return done.returncode


def main(record: Path, lock: Path) -> None:
    """Wait for the end of standard input, then clear the record and remove the lock file.

    The supervisor's lock is held by this process too (an inherited descriptor), so that nobody starts a
    sandbox of the same name before the old one is gone.
    """
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    while os.read(0, 4096):
        pass
    found = Record.load(record)
    if found is not None and not clear(found):
        return  # The file of the lock shows the next sweep that there is something left to do.
    lock.unlink(missing_ok=True)
    try:
        lock.parent.rmdir()
    except OSError:  # other sandboxes live there
        return


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
