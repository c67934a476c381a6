"""A body that goes out as it is, not as JSON of ours."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True)
class Halves:
    """A body that goes out in two halves, with `pause_s` seconds between them. Its length is told beforehand."""

    content: bytes
    pause_s: float

    def __bytes__(self) -> bytes:
        return self.content

    def __len__(self) -> int:
        return len(self.content)

    def __iter__(self) -> Iterator[bytes]:
        half = len(self.content) // 2
        yield self.content[:half]
        time.sleep(self.pause_s)  # The pause itself is what a server is shown; there is nothing to wait for.
        yield self.content[half:]


RawBody: TypeAlias = bytes | Halves
