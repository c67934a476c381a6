"""Packages are installed where that can be done, only those that are missing; what hinders that is said once."""

import shutil

import pytest

from .conftest import Machine

LINES = 8
UNREACHABLE = """\
case "$*" in
  *update*) echo "W: Failed to fetch http://mirror/dists/InRelease  Temporary failure resolving 'mirror'" ;;
  *) echo "E: Unable to locate package chromium"; exit 100 ;;
esac"""
LOCKED = """\
echo "E: Could not get lock /var/lib/dpkg/lock-frontend. It is held by process 4711 (unattended-upgr)"; exit 100"""
LISTS_LOCKED = """\
case "$*" in
  *update*) echo "E: Could not get lock /var/lib/apt/lists/lock. It is held by process 4711 (apt-get)"; exit 100 ;;
esac"""
FULL = """\
case "$*" in
  *install*) echo "E: You don't have enough free space in /var/cache/apt/archives/."; exit 100 ;;
esac"""
SECRET = """\
case "$*" in
  *update*) echo "W: Failed to fetch http://somebody:not-to-be-shown@mirror/dists/InRelease  401  Unauthorized" ;;
  *) echo "E: Unable to locate package chromium"; exit 100 ;;
esac"""
WITH_LIBRARY = "echo '	libatomic.so.1 (libc6,x86-64) => /lib/libatomic.so.1'"


def installed(machine: Machine) -> str:
    """What apt was asked to install."""
    asked = machine.place / "asked"
    lines = asked.read_text().splitlines() if asked.exists() else []
    return " ".join(line.split("--no-install-recommends ")[1] for line in lines if "--no-install-recommends" in line)


@pytest.fixture
def debian(machine):
    """Root on a machine with an apt that notes what it is asked."""
    machine.is_root(True)
    machine.has("apt-get", f'echo "$*" >>{machine.place}/asked')
    machine.has("ldconfig", "true")
    return machine


@pytest.mark.parametrize(
    ("has_chromium", "has_library", "missing"),
    [
        (False, False, "chromium libatomic1"),
        (True, False, "libatomic1"),
        (False, True, "chromium"),
        (True, True, ""),
    ],
)
def test_what_the_pages_need_and_no_more(debian, has_chromium, has_library, missing):
    if has_chromium:
        debian.has("chromium", "true")
    if has_library:
        debian.has("ldconfig", WITH_LIBRARY)
    status, said = debian.run("sh", "tests/pages/install_chromium.sh")
    assert (status, installed(debian)) == (0, missing), said


@pytest.mark.parametrize("reason", ["not root", "no apt"])
def test_without_the_right_to_install(debian, reason):
    if reason == "not root":
        debian.is_root(False)
    else:
        (debian.bin / "apt-get").unlink()
    status, said = debian.run("sh", "tests/pages/install_chromium.sh")
    assert status == 1
    assert "apt-get install chromium libatomic1 (as root)" in said
    assert len(said.splitlines()) <= LINES
    assert installed(debian) == ""


@pytest.mark.parametrize(
    ("apt", "words"),
    [
        (UNREACHABLE, ["did not get them from its sources", "Temporary failure resolving", "network"]),
        (LOCKED, ["has held the lock of apt for 0 s", "process 4711", "make again"]),
        (LISTS_LOCKED, ["has held the lock of apt for 0 s", "process 4711"]),
        (FULL, ["enough free space", "apt-get install chromium"]),
        (SECRET, ["401", "did not get them"]),
    ],
)
def test_what_hinders_apt_is_said_once(debian, apt, words):
    debian.settings["APT_LOCK_WAIT_S"] = "0"
    debian.has("ldconfig", WITH_LIBRARY)
    debian.has("apt-get", apt)
    status, said = debian.run("sh", "tests/pages/install_chromium.sh")
    assert status == 1
    assert [word for word in words if word not in said] == [], said
    assert len(said.splitlines()) <= LINES
    assert "not-to-be-shown" not in said


def test_a_lock_is_waited_for(debian):
    debian.has("ldconfig", WITH_LIBRARY)
    debian.has(
        "apt-get",
        f"""
echo "$*" >>{debian.place}/asked
[ -e {debian.place}/free ] || {{ touch {debian.place}/free
  echo "E: Could not get lock /var/lib/apt/lists/lock. It is held by process 1 (apt-get)"; exit 100; }}""",
    )
    status, said = debian.run("sh", "tests/pages/install_chromium.sh")
    assert (status, installed(debian)) == (0, "chromium"), said


def test_a_source_that_cannot_be_read_does_not_matter_when_another_has_the_package(debian):
    debian.has(
        "apt-get",
        f"""
echo "$*" >>{debian.place}/asked
case "$*" in *update*) echo "E: The repository 'http://gone Release' is not signed."; exit 100 ;; esac""",
    )
    status, said = debian.run("sh", "tests/pages/install_chromium.sh")
    assert (status, installed(debian)) == (0, "chromium libatomic1"), said


def test_nothing_is_left_in_the_temporary_folder(debian):
    debian.has("apt-get", FULL)
    debian.run("sh", "tests/pages/install_chromium.sh")
    assert list((debian.place / "tmp").iterdir()) == []
    assert shutil.which("chromium", path=str(debian.bin)) is None
