"""Where a sandbox keeps its state and data: any directory does, or one message says what to set."""

import errno
import os
import tempfile
from pathlib import Path

import pytest

from sandbox.lifecycle import directories
from sandbox.lifecycle.directories import Home, UnusableDirectory


@pytest.fixture
def place(tmp_path):
    place = Home(tmp_path / "runtime", "own")
    place.directory.mkdir(parents=True)
    return place


@pytest.mark.parametrize("letter", [*"\n\t '\"#%:$`\\ü日😀", "\udcff"])
def test_parts_are_given_a_plain_path_to_data_in_any_directory(place, tmp_path, letter):
    parent = tmp_path / f"a{letter}b"
    parent.mkdir()
    given = directories.make_data(place, parent / "data")
    assert set(str(given).removeprefix(str(tmp_path))) <= set("abcdefghijklmnopqrstuvwxyz/")
    (given / "written").touch()
    assert (parent / "data" / "written").exists()
    directories.sweep(place)
    assert not os.path.lexists(given)


def test_data_with_a_plain_path_has_no_other(place, tmp_path):
    data = tmp_path / "focus-1_2.3"
    assert directories.make_data(place, data) == data
    assert list(place.directory.iterdir()) == []


def test_two_odd_paths_are_refused_with_both_settings(tmp_path):
    place = Home(tmp_path / "a b", "own")
    place.directory.mkdir(parents=True)
    with pytest.raises(UnusableDirectory, match="Set TMPDIR or XDG_RUNTIME_DIR to a directory with a plain path"):
        directories.make_data(place, tmp_path / "c d")


def test_a_runtime_directory_that_another_sandbox_removes_just_then_is_made_again(tmp_path, monkeypatch):
    place, mkdir, removed = Home(tmp_path / "runtime", "own"), Path.mkdir, []

    def too_late(path, *arguments, **options):
        if path == place.root and not removed:
            removed.append(path)
            raise FileExistsError(errno.EEXIST, "File exists", str(path))  # pathlib found it, and then no directory.
        mkdir(path, *arguments, **options)

    monkeypatch.setattr(Path, "mkdir", too_late)
    descriptor = directories.acquire(place)
    assert removed
    assert place.lock.exists()
    directories.release(place, descriptor)


def test_a_file_in_the_place_of_the_runtime_directory_is_told(tmp_path):
    (tmp_path / "runtime").touch()
    with pytest.raises(UnusableDirectory, match="must be a directory of your own"):
        directories.acquire(Home(tmp_path / "runtime", "own"))


def test_little_space_is_told_before_anything_is_made(place, monkeypatch):
    used = type(directories.shutil.disk_usage("/"))(total=10**9, used=10**9 - 2**20, free=2**20)
    monkeypatch.setattr(directories.shutil, "disk_usage", lambda path: used)
    with pytest.raises(UnusableDirectory, match=r"200 MB to be free in .*seen 1 MB.*set TMPDIR"):
        directories.temporary(place)


def test_no_temporary_directory_at_all_is_told(place, monkeypatch):
    monkeypatch.setattr(tempfile, "_candidate_tempdir_list", lambda: ["/nowhere"])
    monkeypatch.setattr(tempfile, "tempdir", None)
    with pytest.raises(UnusableDirectory, match=r"No usable temporary directory.*set TMPDIR"):
        directories.temporary(place)


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EACCES, errno.EROFS])
def test_data_that_cannot_be_made_is_told_with_the_setting(place, tmp_path, monkeypatch, number):
    def refuse(path, mode):
        raise OSError(number, os.strerror(number), str(path))

    monkeypatch.setattr(Path, "mkdir", refuse)
    with pytest.raises(UnusableDirectory) as told:
        directories.make_data(place, tmp_path / "data")
    for words in (str(tmp_path / "data"), os.strerror(number), "TMPDIR"):
        assert words in str(told.value)


@pytest.mark.parametrize("command", ["up", "down", "status", "lease"])
def test_a_runtime_directory_that_cannot_be_had_is_told_in_one_line(new_sandboxes, tmp_path, command):
    (tmp_path / "file").touch()
    answer = new_sandboxes(XDG_RUNTIME_DIR=str(tmp_path / "file")).run(command)
    assert answer.returncode == 1
    assert answer.stderr.startswith(f"sandbox: The state of the sandbox cannot be written to {tmp_path}/file")
    assert "XDG_RUNTIME_DIR" in answer.stderr
    assert len(answer.stderr.splitlines()) == 1


@pytest.mark.parametrize("command", ["up", "lease"])
def test_a_start_that_cannot_write_is_told_in_one_line_and_leaves_nothing(new_sandboxes, command):
    sandboxes = new_sandboxes(XDG_RUNTIME_DIR="/proc/1")
    with sandboxes.start(command) as failed:
        assert failed.wait(30) == 1
        said = failed.stderr.read()
    assert said.startswith("sandbox: The state of the sandbox cannot be written to /proc/1/focus-sandbox")
    assert len(said.splitlines()) == 1
    assert sandboxes.left() == []


def test_the_name_of_a_sandbox_is_made_of_any_path_of_a_checkout():
    assert directories.default_name(Path("/a\udcff")) != directories.default_name(Path("/a"))
