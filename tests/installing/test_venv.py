"""The virtual environment is made where it is missing, half made or does not fit; what hinders that is said once."""

import http.server
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from support.faults.local_server import serving

from .conftest import Machine, python

PINNED = "focus-made-up==1.0 --hash=sha256:" + 64 * "0" + "\n"
LINES = 8  # of a message: what it is, what pip said, what to do


def marker(machine: Machine):
    return machine.checkout / ".venv" / ".installed"


def is_one_message(said: str) -> bool:
    return "Traceback" not in said and len(said.splitlines()) <= LINES


@contextmanager
def index(body: bytes) -> Iterator[str]:
    """An index that answers every question with this page; its address, with a password."""

    class Answers(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with serving(http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answers)) as server:
        yield f"http://somebody:not-to-be-shown@127.0.0.1:{server.server_port}/simple"


def test_it_is_made_once(machine):
    assert machine.install_venv()[0] == 0
    assert marker(machine).exists()
    made = (machine.checkout / ".venv").stat().st_ino
    machine.has("python3", "echo not needed any more; exit 1")
    assert machine.install_venv() == (0, "")
    assert (machine.checkout / ".venv").stat().st_ino == made


@pytest.mark.parametrize("there_before", [False, True])
def test_its_interpreter_finds_the_checkout_where_python_does_not_look_there(machine, there_before):
    """As with PYTHONSAFEPATH, and in a venv of before that was known, too."""
    packages = machine.checkout / ".venv" / "lib" / "python3.11" / "site-packages"
    if there_before:
        assert machine.install_venv()[0] == 0
        packages.mkdir(parents=True)
    else:
        python3 = (machine.bin / "python3").read_text()
        machine.has("python3", python3.replace("mkdir -p .venv/bin", f"mkdir -p .venv/bin {packages}"))
    assert machine.install_venv()[0] == 0
    (machine.checkout / "ours.py").write_text("print('found')")
    script = f"import site; site.addsitedir({str(packages)!r}); import ours"
    found = subprocess.run(
        [sys.executable, "-P", "-S", "-c", script], capture_output=True, text=True, cwd=machine.checkout
    )
    assert found.stdout == "found\n", found.stderr


def test_it_is_made_anew_when_the_lock_is_newer(machine):
    machine.install_venv()
    (machine.checkout / ".venv" / "old").touch()
    os.utime(machine.checkout / "requirements.lock", (time.time() + 5, time.time() + 5))
    assert machine.install_venv()[0] == 0
    assert not (machine.checkout / ".venv" / "old").exists()


@pytest.mark.parametrize("how", ["moved", "copied"])
def test_a_checkout_that_was_moved_or_copied_gets_a_venv_that_fits(machine, how):
    machine.install_venv()
    (machine.checkout / ".venv" / "old").touch()
    elsewhere = machine.place / "else where"
    if how == "moved":
        machine.checkout.rename(elsewhere)
        machine.checkout.mkdir()  # where the tests' commands start
    else:
        shutil.copytree(machine.checkout, elsewhere, symlinks=True)
    status, said = machine.run("make", "-C", str(elsewhere), "installed")
    assert status == 0, said
    assert not (elsewhere / ".venv" / "old").exists()
    assert str(elsewhere) in (elsewhere / ".venv" / "pyvenv.cfg").read_text()


def test_a_link_to_a_venv_is_one_that_fits(machine):
    machine.install_venv()
    (machine.checkout / ".venv").rename(machine.place / "shared")
    os.symlink(machine.place / "shared", machine.checkout / ".venv")
    config = machine.place / "shared" / "pyvenv.cfg"
    config.write_text(f"command = /usr/bin/python3 -m venv {machine.place}/shared\n")
    assert machine.install_venv() == (0, "")
    assert (machine.checkout / ".venv").is_symlink()


def test_a_venv_whose_python_was_replaced_is_made_anew(machine):
    machine.install_venv()
    broken = machine.checkout / ".venv" / "bin" / "python"
    broken.write_text("#!/bin/sh\necho 'No module named pip' >&2; exit 1\n")
    assert machine.install_venv()[0] == 0
    assert "No module" not in broken.read_text()


def test_another_python_makes_it_anew_only_when_it_is_asked_for(machine):
    machine.install_venv()
    python(machine, version="3.13.5")
    made_by = machine.checkout / ".venv" / "bin" / "made-by"
    assert (machine.install_venv()[0], made_by.read_text()) == (0, "3.11.2 /usr\n")
    assert (machine.run("make", "installed", "PYTHON=python3")[0], made_by.read_text()) == (0, "3.13.5 /usr\n")
    assert machine.install_venv("python3") == (0, "")


def test_an_interrupted_installation_says_so_and_the_next_one_makes_it_whole(machine):
    interpreter = machine.place / "python-of-a-venv"
    works = interpreter.read_text()
    interpreter.write_text(works.replace("[ -s requirements.lock ]", "touch started; exec sleep 60"))
    process = machine.start("sh", "sandbox/install_venv.sh")
    while not (machine.checkout / "started").exists():
        assert process.poll() is None, process.communicate()
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGINT)
    said, _ = process.communicate(timeout=20)
    assert process.returncode != 0
    assert "Interrupted" in said, said
    assert is_one_message(said), said
    assert not marker(machine).exists()
    interpreter.write_text(works)
    assert machine.install_venv()[0] == 0
    assert marker(machine).exists()


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"version": "3.9.2"}, ["3.11 or later", "Python 3.9.2", "make PYTHON="]),
        ({"pip": "20.0.2"}, ["pip 20.0.2", "22.3 or later", "make PYTHON="]),
        ({"pip": ""}, ["22.3 or later"]),
        ({"ensurepip": False}, ["ensurepip is missing", "apt-get install python3-venv"]),
    ],
)
def test_an_interpreter_that_will_not_do(machine, given, words):
    python(machine, **given)
    status, said = machine.install_venv()
    assert status == 1
    assert is_one_message(said), said
    assert [word for word in words if word not in said] == [], said
    assert not marker(machine).exists()
    python(machine)
    assert machine.install_venv()[0] == 0, "the next make works when the cause has gone"


@pytest.mark.parametrize("script", [None, "exit 127", "echo pyenv: no such version >&2; exit 1"])
def test_no_interpreter_at_all(machine, script):
    if script is None:
        (machine.bin / "python3").unlink()
    else:
        machine.has("python3", script)
    status, said = machine.install_venv()
    assert (status, len(said.splitlines())) == (1, 1), said
    assert "Python 3.11 or later is needed" in said


def test_as_root_the_package_is_installed(machine):
    python(machine, ensurepip=False)
    machine.is_root(True)
    machine.has(
        "apt-get", f'echo "$*" >>{machine.place}/asked; case "$*" in *install*) touch {machine.place}/ensurepip; esac'
    )
    status, said = machine.install_venv()
    assert status == 0, said
    assert "install -y --no-install-recommends python3-venv" in (machine.place / "asked").read_text()


WITH_UV = """\
focus-made-up==1.0 \\
    --hash=sha256:00
uv==1.2 \\
    --hash=sha256:11 \\
    --hash=sha256:12
yarl==1.0 \\
    --hash=sha256:22
"""


def has_uv(machine: Machine, status: int = 0) -> None:
    """What pip installs for `uv` notes with what it is asked, and ends with this status."""
    (machine.checkout / "requirements.lock").write_text(WITH_UV)
    uv = machine.checkout / "uv"
    uv.write_text(f'#!/bin/sh\necho "$SSL_CERT_FILE: $*" >asked-of-uv\nexit {status}\n')
    uv.chmod(0o755)


def test_uv_installs_all_but_itself(machine):
    has_uv(machine)
    assert machine.install_venv()[0] == 0
    assert (machine.checkout / ".venv" / "uv.lock").read_text() == "".join(WITH_UV.splitlines(keepends=True)[2:5])
    assert len((machine.checkout / "asked-of-pip").read_text().splitlines()) == 1
    asked = (machine.checkout / "asked-of-uv").read_text()
    assert asked.startswith(": pip install")
    assert "--index" not in asked
    assert asked.endswith("--require-hashes -r requirements.lock\n")


@pytest.mark.parametrize("where", ["configuration", "environment"])
def test_uv_has_the_index_and_the_authority_of_pip(machine, where):
    has_uv(machine)
    if where == "environment":
        machine.settings |= {"PIP_INDEX_URL": "https://index.invalid/simple", "PIP_CERT": "/own/authority.pem"}
    else:
        (machine.checkout / "of-pip-global.index-url").write_text("https://index.invalid/simple\n")
        (machine.checkout / "of-pip-global.cert").write_text("/own/authority.pem\n")
    assert machine.install_venv()[0] == 0
    asked = (machine.checkout / "asked-of-uv").read_text()
    assert asked.startswith("/own/authority.pem: ")
    assert "--default-index https://index.invalid/simple " in asked


def test_what_uv_cannot_install_pip_does(machine):
    has_uv(machine, status=2)
    machine.settings["PIP_INDEX_URL"] = "http://127.0.0.1:9/simple"
    machine.settings["PIP_RETRIES"] = "1"
    status, said = machine.install_venv()
    assert len((machine.checkout / "asked-of-pip").read_text().splitlines()) == 2
    assert status == 1
    assert "pip cannot reach its index" in said
    assert is_one_message(said), said


def test_no_way_to_the_index(machine):
    (machine.checkout / "requirements.lock").write_text(PINNED)
    machine.settings["PIP_INDEX_URL"] = "http://somebody:not-to-be-shown@127.0.0.1:9/simple"
    machine.settings["PIP_RETRIES"] = "1"
    status, said = machine.install_venv()
    assert status == 1
    assert "pip cannot reach its index" in said, said
    assert "Connection refused" in said, said
    assert "PIP_INDEX_URL" in said, said
    assert is_one_message(said), said
    assert "not-to-be-shown" not in said
    (machine.checkout / "requirements.lock").write_text("")
    assert machine.install_venv()[0] == 0


def test_a_proxy_that_is_not_there(machine):
    (machine.checkout / "requirements.lock").write_text(PINNED)
    machine.settings |= {"HTTPS_PROXY": "http://somebody:not-to-be-shown@127.0.0.1:9", "PIP_RETRIES": "1"}
    machine.settings["PIP_INDEX_URL"] = "https://index.invalid/simple"
    status, said = machine.install_venv()
    assert status == 1
    assert "pip cannot reach its index" in said, said
    assert "Cannot connect to proxy" in said, said
    assert "HTTPS_PROXY" in said, said
    assert is_one_message(said), said
    assert "not-to-be-shown" not in said, said


def test_an_index_that_pip_does_not_trust(machine):
    (machine.checkout / "requirements.lock").write_text(PINNED)
    machine.settings["PIP_INDEX_URL"] = "http://index.invalid/simple"
    status, said = machine.install_venv()
    assert status == 1
    assert "pip cannot reach its index" in said, said
    assert "not a trusted or secure host" in said, said
    assert is_one_message(said), said


def test_an_index_that_does_not_have_it(machine):
    (machine.checkout / "requirements.lock").write_text(PINNED)
    with index(b"<!DOCTYPE html><html><body></body></html>") as address:
        machine.settings["PIP_INDEX_URL"] = address
        status, said = machine.install_venv()
    assert status == 1
    assert "does not have what requirements.lock names" in said, said
    assert "focus-made-up==1.0" in said, said
    assert is_one_message(said), said
    assert "not-to-be-shown" not in said, said


def test_an_index_that_has_another_file(machine, tmp_path):
    (machine.checkout / "requirements.lock").write_text(PINNED)
    page = b'<!DOCTYPE html><a href="focus_made_up-1.0-py3-none-any.whl">focus_made_up-1.0-py3-none-any.whl</a>'
    with index(page) as address:
        machine.settings["PIP_INDEX_URL"] = address
        status, said = machine.install_venv()
    assert status == 1
    assert "other files than those whose hashes are in requirements.lock" in said, said
    assert is_one_message(said), said


@pytest.mark.parametrize(
    ("printed", "words"),
    [
        ("ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device", "disk is full"),
        ("Traceback (most recent call last):\n  File 'x'\nModuleNotFoundError: No module named '_ssl'", "named '_ssl'"),
        ("", "All that pip said"),
    ],
)
def test_what_else_pip_says(machine, printed, words):
    interpreter = machine.place / "python-of-a-venv"
    (machine.place / "printed").write_text(printed)
    interpreter.write_text(
        interpreter.read_text().replace("[ -s requirements.lock ]", f"cat {machine.place}/printed; exit 2")
    )
    status, said = machine.install_venv()
    assert status == 1
    assert words in said
    assert is_one_message(said), said
    assert not marker(machine).exists()


def test_a_folder_that_cannot_be_written(machine):
    machine.has("rm", "echo \"rm: cannot remove '.venv': Permission denied\" >&2; exit 1")
    status, said = machine.install_venv()
    assert status == 1
    assert ".venv cannot be made anew here: rm: cannot remove '.venv': Permission denied" in said
    assert is_one_message(said), said
