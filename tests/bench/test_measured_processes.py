"""Commands that are measured, and what is left of them."""

import sys

import psutil
import pytest

from bench.processes import RunFailed, run


def python(code):
    return [sys.executable, "-c", code]


def test_a_command_is_measured():
    ran = run(python("import sys; block = 'x' * 50_000_000; print('done'); import time; time.sleep(0.2)"))
    assert ran.output == "done\n"
    assert ran.peak_mb > 50
    assert ran.wall_s > 0.2
    assert ran.processor_s > 0


def test_a_command_that_fails_shows_its_output():
    with pytest.raises(RunFailed, match=r"(?s)exit status 3.*it broke"):
        run(python("print('it broke'); raise SystemExit(3)"))


def test_a_command_that_does_not_end_is_ended():
    with pytest.raises(RunFailed, match="not ended after 1 s"):
        run(python("import time; time.sleep(60)"), limit_s=1)


def test_what_a_command_has_started_ends_with_it(wait_for):
    code = (
        "import subprocess, sys; child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']); "
        "print(child.pid)"
    )
    pid = int(run(python(code)).output)
    wait_for(lambda: not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE)
