"""Files that are there whole, or not at all."""

import os
import resource
import signal
from contextlib import contextmanager
from pathlib import Path

import pytest

from support.core.files import write_whole


@contextmanager
def no_room_above_a_kilobyte():
    """As on a full disk: a file can be made, and holds a part of what is written.

    It holds for the whole process, so nothing else may be done meanwhile: pytest itself writes into a file, too.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1024, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, handler)


@pytest.mark.parametrize("earlier", [b"what was there", None])
def test_what_cannot_be_written_whole_leaves_what_was_there_and_nothing_else(tmp_path, earlier):
    if earlier is not None:
        (tmp_path / "file").write_bytes(earlier)
    with pytest.raises(OSError, match="too large"), no_room_above_a_kilobyte():
        write_whole(tmp_path / "file", b"x" * 4096)
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == ({"file": earlier} if earlier else {})


def test_a_name_may_be_as_long_as_one_can_be(tmp_path):
    path = Path(tmp_path, "n" * os.pathconf(tmp_path, "PC_NAME_MAX"))
    write_whole(path, b"first")
    write_whole(path, b"second")
    assert [(file, file.read_bytes()) for file in tmp_path.iterdir()] == [(path, b"second")]
