"""Files that are there whole, or not at all."""

from __future__ import annotations

import os
import secrets
from pathlib import Path


def write_whole(path: Path, content: bytes) -> None:
    """Put content into the place of a file that may be there; whoever reads it meanwhile sees the earlier one.

    Raises:
        OSError: it cannot be written, as on a full disk; what was there stays, and nothing else is left.
    """
    draft = path.with_name(f".{secrets.token_hex(8)}.tmp")  # Short: the name of the file may be as long as one can be.
    try:
        draft.write_bytes(content)
        os.replace(draft, path)
    except OSError:
        draft.unlink(missing_ok=True)
        raise
