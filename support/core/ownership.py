"""Why something on this machine's disk cannot be written or read: said for whoever can mend it."""

from __future__ import annotations

import os
import pwd
from pathlib import Path


def reason(error: OSError) -> str:
    """What the system says."""
    return error.strerror or str(error)


def nearest(path: Path) -> Path:
    """The path itself if it is there, else the nearest directory above it that is."""
    return next(one for one in (path, *path.parents) if os.path.lexists(one))


def owner_and_user(path: Path) -> str:
    """Whose it is, and who asks: mostly that is somebody else."""
    return f"{path} belongs to {_user(os.stat(path, follow_symlinks=False).st_uid)}, and you are {_user(os.geteuid())}."


def _user(uid: int) -> str:
    try:
        return f"{pwd.getpwuid(uid).pw_name} (uid {uid})"
    except KeyError:
        return f"uid {uid}"
