"""Forked processes, and the files of all, go with who had them forked."""

import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from support.core.files import ROOT

FORKING = """
import time
from proof.forks import fork, private_directory
if __name__ == "__main__":
    process = fork(time.sleep, 600)
    (private_directory() / "kept").touch()
    print(process.pid, flush=True)
    time.sleep(600)
"""


@pytest.mark.parametrize("how", [subprocess.Popen.terminate, subprocess.Popen.kill])
def test_a_fork_ends_however_who_had_it_forked_does_and_leaves_nothing(tmp_path, wait_for, how):
    program = tmp_path / "forking.py"
    program.write_text(FORKING)
    temporary = tmp_path / "t"
    temporary.mkdir()
    environment = {"PYTHONPATH": str(ROOT), "TMPDIR": str(temporary)}
    with subprocess.Popen(
        [sys.executable, str(program)], cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True
    ) as process:
        fork = psutil.Process(int(process.stdout.readline()))
        how(process)
        gone, alive = psutil.wait_procs([fork], timeout=20)
    assert (len(gone), alive) == (1, [])
    wait_for(lambda: not any(temporary.iterdir()))


def test_the_sockets_of_forks_have_a_place_where_the_temporary_directory_is_too_long_for_them(tmp_path):
    temporary = tmp_path / ("x" * 100)
    temporary.mkdir()
    script = (
        "from proof.forks import fork, private_directory\n"
        "process = fork(print, 'forked'); process.join(); print(private_directory())"
    )
    environment = {"PYTHONPATH": str(ROOT), "TMPDIR": str(temporary)}
    ran = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60
    )
    forked, place = ran.stdout.splitlines()
    assert forked == "forked", ran.stderr
    assert not Path(place).exists()
