"""Forked processes go with who had them forked."""

import subprocess
import sys

import psutil
import pytest

from support.profile import ROOT

FORKING = """
import time
from proof.processes import FORKS, forked
if __name__ == "__main__":
    process = FORKS.Process(target=forked, args=(time.sleep, 600))
    process.start()
    print(process.pid, flush=True)
    time.sleep(600)
"""


@pytest.mark.parametrize("how", [subprocess.Popen.terminate, subprocess.Popen.kill])
def test_a_fork_ends_however_who_had_it_forked_does(tmp_path, how):
    program = tmp_path / "forking.py"
    program.write_text(FORKING)
    with subprocess.Popen(
        [sys.executable, str(program)], cwd=ROOT, env={"PYTHONPATH": str(ROOT)}, stdout=subprocess.PIPE, text=True
    ) as process:
        fork = psutil.Process(int(process.stdout.readline()))
        how(process)
        gone, alive = psutil.wait_procs([fork], timeout=20)
    assert (len(gone), alive) == (1, [])
