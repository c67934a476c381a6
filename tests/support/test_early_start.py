"""The environment that is asked for before all else."""

from types import SimpleNamespace

import pytest

from support.core.errors import EnvironmentBroken, SettingsError
from support.runner import early_start
from support.runner.early_start import EarlyStart, profile_name


class Provided:
    def __init__(self):
        self.closed = 0

    def close(self):
        self.closed += 1


def config(**userdata):
    return SimpleNamespace(userdata=userdata, jobs=3)


@pytest.fixture
def provided(monkeypatch):
    made = Provided()

    def provide(profile, *, jobs):
        assert (profile, jobs) == ("the profile local", 3)
        return made

    monkeypatch.delenv("FOCUS_PROFILE", raising=False)
    monkeypatch.setattr(early_start, "read_profile", lambda name: f"the profile {name}")
    monkeypatch.setattr(early_start, "provide", provide)
    return made


def test_what_nobody_takes_is_given_back(provided):
    start = EarlyStart(config())
    start.close()
    assert provided.closed == 1


def test_what_was_taken_is_left_to_the_one_who_took_it_and_is_there_once(provided):
    start = EarlyStart(config())
    assert start.take() is provided
    assert start.take() is None
    start.close()
    assert provided.closed == 0


@pytest.mark.parametrize("error", [SettingsError("no such profile"), EnvironmentBroken("cannot be started")])
def test_a_mistake_is_left_for_the_hook_that_can_tell_it(monkeypatch, error):
    def fail(*_, **__):
        raise error

    monkeypatch.setattr(early_start, "read_profile", fail)
    start = EarlyStart(config())
    assert start.take() is None
    start.close()


def test_the_profile_is_that_of_the_command_line_then_that_of_the_environment(monkeypatch):
    monkeypatch.setenv("FOCUS_PROFILE", "staging")
    assert profile_name(config(profile="here")) == "here"
    assert profile_name(config()) == "staging"
    monkeypatch.setenv("FOCUS_PROFILE", "")
    assert profile_name(config()) == "local"
