"""An environment that is made for a run, and that may end before it."""

import json
import subprocess
import sys

import pytest

from support.core.errors import EnvironmentBroken
from support.core.files import ROOT
from support.profile.provider import ProvidedEnvironment
from support.profile.settings import Provider

# Gives endpoints, holds them until its standard input ends, and when it is killed otherwise says why.
HOLDING = "print('{}', flush=True); import sys; sys.stdin.read()"
ENDING = "print('{}', flush=True); import sys, os; os.close(1); sys.exit('part-x has ended (signal SIGKILL)')"


@pytest.fixture
def provided():
    made = []

    def provide(script):
        environment = ProvidedEnvironment(Provider(command=("{python}", "-c", script), ready_within_s=20))
        made.append(environment)
        assert environment.endpoints() == [{}]
        return environment

    yield provide
    for environment in made:
        environment.close()


def test_a_provider_finds_the_modules_of_the_checkout_also_where_python_does_not_look_there(provided, monkeypatch):
    monkeypatch.setenv("PYTHONSAFEPATH", "1")
    provided(f"import sandbox; {HOLDING}").check()


def test_an_environment_that_is_held_is_there(provided):
    environment = provided(HOLDING)
    environment.check()
    environment.check(within_s=0.1)


def test_an_environment_that_has_ended_is_told_with_the_last_words_of_its_provider(provided):
    with pytest.raises(EnvironmentBroken, match=r"has ended during the run(.|\n)*part-x has ended \(signal SIGKILL\)"):
        provided(ENDING).check(within_s=20)


def test_a_provider_that_was_killed_is_told_as_an_environment_that_has_ended(provided):
    environment = provided("print('{}', flush=True); import os; os.kill(os.getpid(), 9)")
    with pytest.raises(EnvironmentBroken, match="has ended during the run"):
        environment.check(within_s=20)


def test_of_a_provider_that_says_a_lot_the_beginning_is_told_and_the_end(provided):
    environment = provided(
        "import sys; print('{}', flush=True); print('the broker'.upper(), *('.' * 99,) * 99, 'Killed', sep='\\n', "
        "file=sys.stderr)"
    )
    with pytest.raises(EnvironmentBroken, match=r"(?s)THE BROKER.*Killed") as told:
        environment.check(10)
    assert len(str(told.value)) < 5000


# In a process of its own: forks of one that has gRPC loaded may not run Python.
WORKERS = """
import multiprocessing
from support.core.errors import EnvironmentBroken
from support.profile.provider import ProvidedEnvironment
from support.profile.settings import Provider

ENDING = "print('{}', flush=True); import sys, os, time; os.close(1); time.sleep(0.5); sys.exit('part-x has ended')"

def check():
    try:
        environment.check(within_s=20)
    except EnvironmentBroken as error:
        print("part-x has ended" in str(error), flush=True)

environment = ProvidedEnvironment(Provider(command=("{python}", "-c", ENDING), ready_within_s=20))
environment.endpoints()
workers = [multiprocessing.get_context("fork").Process(target=check) for _ in range(3)]
for worker in workers:
    worker.start()
for worker in workers:
    worker.join()
"""


def test_workers_are_told_the_last_words_too():
    ran = subprocess.run([sys.executable, "-c", WORKERS], cwd=ROOT, capture_output=True, text=True, timeout=60)
    # They write at the same time: between two words there need not be a line break.
    assert (ran.stdout.count("True"), ran.stdout.count("False")) == (3, 0), ran.stderr


def test_of_a_provider_that_makes_an_environment_for_each_job_all_are_given():
    script = (
        "import sys; print('[{\"n\": 1}, {\"n\": 2}]' if sys.argv[1] == '2' else '{}', flush=True); sys.stdin.read()"
    )
    environment = ProvidedEnvironment(Provider(command=("{python}", "-c", script, "{jobs}"), ready_within_s=20), jobs=2)
    assert environment.endpoints() == [{"n": 1}, {"n": 2}]
    environment.check()
    environment.close()


@pytest.mark.parametrize("printed", [[], [1], "text", [{}, None]])
def test_what_is_no_endpoints_is_refused(printed):
    script = f"print({json.dumps(json.dumps(printed))}, flush=True)"
    environment = ProvidedEnvironment(Provider(command=("{python}", "-c", script), ready_within_s=20))
    with pytest.raises(EnvironmentBroken, match="printed no endpoints"):
        environment.endpoints()
