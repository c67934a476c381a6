"""A checkout on a machine that has only what a test gives it: stand-ins for python, apt and the like, alone on PATH."""

import os
import shutil
import stat
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[2]
# What every machine has.
TOOLS = """
sh bash env make sed grep awk sort uniq head tail cut cat rm mkdir mktemp mv ln touch sleep printf dirname basename tr
expand id uname chmod ls setpriv flock
""".split()  # noqa: SIM905


@dataclass
class Machine:
    """Runs the installing scripts in a copy of what they need; `bin` is all that is on PATH."""

    place: Path
    settings: dict[str, str] = field(default_factory=dict)

    @property
    def checkout(self) -> Path:
        return self.place / "checkout"

    @property
    def bin(self) -> Path:
        return self.place / "bin"

    def has(self, name: str, script: str) -> None:
        """Give it a command: lines of shell."""
        path = self.bin / name
        path.unlink(missing_ok=True)
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(path.stat().st_mode | stat.S_IXUSR)

    def is_root(self, yes: bool) -> None:
        self.has("id", f"echo {0 if yes else 1000}")

    def start(self, *command: str) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            # A shell cannot trap what it was started to ignore, as everything under nohup or in the background is.
            ("env", "--default-signal=INT,HUP", *command),
            cwd=self.checkout,
            env={"PATH": str(self.bin), "HOME": str(self.place), "TMPDIR": str(self.place / "tmp"), **self.settings},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def run(self, *command: str) -> tuple[int, str]:
        """Exit status and what was printed."""
        process = self.start(*command)
        said, _ = process.communicate(timeout=60)
        return process.returncode, said

    def install_venv(self, *python: str) -> tuple[int, str]:
        return self.run("sh", "sandbox/install_venv.sh", *python)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    machine = Machine(tmp_path)
    for folder in (machine.bin, tmp_path / "tmp"):
        folder.mkdir()
    for name in (
        "Makefile",
        "sandbox/install_venv.sh",
        "sandbox/install_packages.sh",
        "tests/pages/install_chromium.sh",
        ".ci/fresh_machine",
    ):
        (machine.checkout / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(CHECKOUT / name, machine.checkout / name)
    (machine.checkout / "requirements.lock").write_text("")
    for tool in TOOLS:
        found = shutil.which(tool)
        assert found, tool
        os.symlink(found, machine.bin / tool)
    machine.is_root(False)
    python(machine)
    return machine


# The interpreter of a made venv has the real pip; whatever that would install goes nowhere.
OF_A_VENV = f"""
case "$*" in
  *"-m pip --version") echo "pip $(cat pip-version) from /somewhere (python 3.11)" ;;
  *"-m pip install"*.venv/uv.lock) cat uv >.venv/bin/uv && chmod +x .venv/bin/uv && echo "$*" >>asked-of-pip ;;
  *"-m pip install"*)
    echo "$*" >>asked-of-pip
    [ -s requirements.lock ] || exit 0
    PIP_DRY_RUN=1 PIP_CONFIG_FILE=/dev/null exec {sys.executable} "$@" ;;
  *"-m pip config get"*) cat "of-pip-${{*##* }}" ;;
  *"sys.base_prefix"*) cat "$(dirname "$0")/made-by" ;;
  *) ;;
esac
"""


def python(machine: Machine, version: str = "3.11.2", ensurepip: bool = True, pip: str = "23.0.1") -> None:
    """Give the machine an interpreter: a stand-in that makes venvs as the real one does, but at once."""
    (machine.checkout / "pip-version").write_text(pip)
    (machine.place / "ensurepip").unlink(missing_ok=True)
    if ensurepip:
        (machine.place / "ensurepip").touch()
    of_a_venv = machine.place / "python-of-a-venv"
    of_a_venv.write_text(f"#!/bin/sh\n{OF_A_VENV}")
    of_a_venv.chmod(0o755)
    old = tuple(int(part) for part in version.split(".")) < (3, 11)
    machine.has(
        "python3",
        f"""
case "$*" in
  *"import ensurepip"*) [ -e {machine.place}/ensurepip ] ;;
  *"sys.base_prefix"*) echo {version} /usr ;;
  *"sys.version_info"*) echo {version}; exit {int(old)} ;;
  "-m venv .venv")
    mkdir -p .venv/bin && cat {of_a_venv} >.venv/bin/python && chmod +x .venv/bin/python &&
    echo {version} /usr >.venv/bin/made-by &&
    echo "command = /usr/bin/python3 -m venv $PWD/.venv" >.venv/pyvenv.cfg ;;
  *) echo "unexpected: $*"; exit 99 ;;
esac
""",
    )
