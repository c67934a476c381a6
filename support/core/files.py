"""Files: where the checkout is, writing a file as a whole, and why one cannot be written or read."""

from __future__ import annotations

import os
import pwd
import secrets
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
"""The root of the checkout."""


def write_whole(path: Path, content: bytes) -> None:
    """Write a file, or replace it; who reads it meanwhile sees the earlier content.

    Raises:
        OSError: it cannot be written, as on a full disk; the earlier file stays, and nothing else is left.
    """
    draft = path.with_name(f".{secrets.token_hex(8)}.tmp")  # Short: the name of the file may be as long as one can be.
    try:
        draft.write_bytes(content)
        os.replace(draft, path)
    except OSError:
        draft.unlink(missing_ok=True)
        raise


def reason(error: OSError) -> str:
    """The operating system's reason for an error."""
    return error.strerror or str(error)


def nearest(path: Path) -> Path:
    """The path itself if it exists, else the nearest directory above it that does."""
    return next(one for one in (path, *path.parents) if os.path.lexists(one))


def owner_and_user(path: Path) -> str:
    """A sentence that names the owner of a file and the current user: where access is denied, they usually differ."""
    return f"{path} belongs to {_user(os.stat(path, follow_symlinks=False).st_uid)}, and you are {_user(os.geteuid())}."


def _user(uid: int) -> str:
    try:
        return f"{pwd.getpwuid(uid).pw_name} (uid {uid})"
    except KeyError:
        return f"uid {uid}"
