import errno
import os
import pathlib
import subprocess
import sys

import pytest

from support.core.errors import EnvironmentBroken
from support.scenario.journal import Journal, of_dead_runs


def killed_run(directory, entries):
    """A run in a process of its own that is killed while its journal is open."""
    script = (
        "import sys, pathlib, time\n"
        "from support.scenario.journal import Journal\n"
        "run = Journal(pathlib.Path(sys.argv[1]), 'http://127.0.0.1:1', provided=None)\n"
        "j, other = run.begin(), run.begin()\n"
        f"{entries}\n"
        "print('written', flush=True)\n"
        "sys.stdin.read()\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", script, str(directory)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "written\n"
    living = list(of_dead_runs(directory))
    process.kill()
    process.communicate()
    return living


def test_a_killed_run_leaves_what_it_made_and_a_living_one_is_left_alone(tmp_path):
    living = killed_run(
        tmp_path,
        "j.created('job_1'); j.settled(); other.requested({'displayInfo.height': 7}); other.created('job_2')\n"
        "j.recorded('r_1'); j.broker_limited(); j.settled(); other.recorded('r_2'); other.recorded('r_3')",
    )
    assert living == []
    (dead,) = of_dead_runs(tmp_path)
    kinds = ("created", "requested", "recorded", "broker_limited")
    assert [dead.values(kind) for kind in kinds] == [["job_2"], [{"displayInfo.height": 7}], ["r_2", "r_3"], []]
    assert len(dead.open) == 1
    assert dead.base_url == "http://127.0.0.1:1"


def test_a_line_cut_by_the_kill_does_not_hide_the_others(tmp_path):
    killed_run(tmp_path, "j.created('job_1'); run._file.write(b'{\"creat'); run._file.flush()")
    (dead,) = of_dead_runs(tmp_path)
    assert dead.values("created") == ["job_1"]


OLDER = """{"case": 0, "base_url": "http://127.0.0.1:1", "provided": %s}
{"case": 1, "created": "job_1"}
{"case": 2, "requested": {"displayInfo.height": 7}}
{"case": 1, "settled": true}
{"case": 2, "created": "job_2"}
"""


@pytest.mark.parametrize(("written", "is_provided"), [("true", True), ("false", False)])
def test_a_journal_of_an_older_version_is_read(tmp_path, written, is_provided):
    (tmp_path / "older.jsonl").write_text(OLDER % written)
    (dead,) = of_dead_runs(tmp_path)
    assert (dead.base_url, bool(dead.provided)) == ("http://127.0.0.1:1", is_provided)
    assert (dead.values("created"), dead.values("requested")) == (["job_2"], [{"displayInfo.height": 7}])
    assert dead.unknown_lines == []


@pytest.mark.parametrize(
    "line",
    [
        b"7",
        b"not JSON",
        b"\xff",
        b"",
        b'{"created": "job_2"}',
        b'{"scenario": "1", "created": "job_2"}',
        b'{"scenario": 1, "created": ["job_2"]}',
        b'{"scenario": 1, "borrowed": "job_2"}',
        b'{"scenario": 1, "requested": "job_2"}',
    ],
)
def test_a_line_of_an_unknown_form_is_numbered_and_the_others_are_read(tmp_path, line):
    header, known = b'{"scenario": 0, "base_url": "http://127.0.0.1:1"}', b'{"scenario": 1, "created": "job_1"}'
    (tmp_path / "newer.jsonl").write_bytes(b"\n".join([header, line, known, b""]))
    (dead,) = of_dead_runs(tmp_path)
    assert (dead.base_url, dead.unknown_lines, dead.values("created")) == ("http://127.0.0.1:1", [2], ["job_1"])


@pytest.fixture
def journal(tmp_path):
    return Journal(tmp_path, "http://127.0.0.1:1", provided=None)


def test_a_run_that_left_nothing_leaves_no_journal(tmp_path, journal):
    scenario = journal.begin()
    scenario.requested({"displayInfo.height": 7})
    scenario.created("job_1")
    scenario.settled()
    journal.close()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("entry", "values"),
    [
        ("created", ["job_1"]),
        ("requested", [{"displayInfo.height": 7}]),
        ("recorded", ["r_1"]),
        ("broker_limited", []),
        ("analyzers_refused", []),
        ("record_spoilt", ["job_1"]),
        ("profiler_on", []),
        ("proxy_made", ["focus_client_1"]),
        ("way_broken", ["way-to-mongodb"]),
        ("part_disturbed", ["MongoDB", 1]),
        ("part_scaled", ["MongoDB", 0]),
    ],
)
def test_a_run_that_may_have_left_something_leaves_its_journal(tmp_path, journal, entry, values):
    getattr(journal.begin(), entry)(*values)
    journal.begin().settled()
    journal.close()
    told = dict([values]) if entry.startswith("part_") else values[0] if values else True
    left = [{"scenario": 1, entry: told}]
    assert [dead.open for dead in of_dead_runs(tmp_path)] == [{1: left}]


def refusing(directory, name):
    """A directory of journals that refuses something, in the form that this has on every machine, root's too."""
    directory.mkdir()
    if name == "no directory":
        directory.rmdir()
        directory.touch()
    elif name == "no file":
        (directory / "of-another.jsonl").mkdir()
    return directory


def test_a_journal_that_cannot_be_kept_is_the_environments_failure_with_the_setting(tmp_path):
    directory = refusing(tmp_path / "journals", "no directory")
    with pytest.raises(EnvironmentBroken, match=r"journals.*File exists.*FOCUS__JOURNALS=/another/directory"):
        Journal(directory, "http://127.0.0.1:1", provided=None)


@pytest.mark.parametrize("name", ["no directory", "no file"])
def test_journals_that_cannot_be_read_are_not_taken_for_none(tmp_path, name):
    directory = refusing(tmp_path / "journals", name)
    with pytest.raises(EnvironmentBroken, match=r"directory.*FOCUS__JOURNALS=/another/directory"):
        list(of_dead_runs(directory))


def test_a_disk_that_fills_up_is_the_environments_failure(tmp_path):
    journal = Journal(tmp_path, "http://127.0.0.1:1", provided=None)
    scenario = journal.begin()
    with open("/dev/full", "wb", buffering=0) as full:
        os.dup2(full.fileno(), journal._file.fileno())
    with pytest.raises(EnvironmentBroken, match=f"{tmp_path}.*No space left on device"):
        scenario.created("job_1")


def test_a_journal_of_another_user_is_named_with_its_owner(tmp_path, monkeypatch):
    (tmp_path / "roots.jsonl").touch()

    def refuse(*_, **__):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr(pathlib.Path, "open", refuse)
    with pytest.raises(EnvironmentBroken, match=rf"roots.jsonl belongs to .*uid {os.getuid()}\), and you are"):
        list(of_dead_runs(tmp_path))
