"""The environment of the scenarios that stop parts of the product: made once, when the first of them asks."""

from pathlib import Path
from types import SimpleNamespace

import pytest
from stand_ins import settings

from support.core.errors import EnvironmentBroken
from support.profile.profile import Profile
from support.scenario import disposable
from support.scenario.disposable import Disposable, maker_of

MAKES = {"command": ["ordinary"], "disposable_command": ["{python}", "disposable"]}


def profile(**sections):
    return Profile("made-up", Path("made-up.toml"), sections)


def ordinary(**workloads):
    return SimpleNamespace(settings=settings(workloads=workloads), identity="the ordinary one")


@pytest.fixture
def made(monkeypatch):
    """What is made and closed, in its order; without an environment, where `broken` is set."""
    done = SimpleNamespace(steps=[], broken=False)

    class Provided:
        def __init__(self, provider):
            done.steps.append(provider.command)

        def endpoints(self):
            return [{"exclusive": True}]

        def close(self):
            done.steps.append("ended")

    def start(profile, provided, endpoints, others):
        assert others == ["the ordinary one"]  # Its journals are no other run's.
        if done.broken:
            raise EnvironmentBroken("it is ill")
        done.steps.append(endpoints)
        return SimpleNamespace(close=lambda: done.steps.append("closed"))

    monkeypatch.setattr(disposable, "ProvidedEnvironment", Provided)
    monkeypatch.setattr(disposable, "SuiteRun", SimpleNamespace(start=start))
    return done


def test_one_is_made_for_the_first_that_asks_shared_by_the_rest_and_given_back(made):
    environment = Disposable(profile(provider=MAKES), ordinary())
    assert environment.refusal() is None
    assert made.steps == []
    assert environment.take() is environment.take()
    assert made.steps == [("{python}", "disposable"), {"exclusive": True}]
    environment.close()
    assert made.steps[2:] == ["closed", "ended"]


def test_where_nobody_asks_none_is_made(made):
    Disposable(profile(provider=MAKES), ordinary()).close()
    assert made.steps == []


def test_one_that_is_ill_is_given_back_at_once(made):
    made.broken = True
    environment = Disposable(profile(provider=MAKES), ordinary())
    with pytest.raises(EnvironmentBroken, match="it is ill"):
        environment.take()
    assert made.steps[1:] == ["ended"]


def test_one_that_cannot_be_made_is_not_tried_again(made):
    made.broken = True
    environment = Disposable(profile(provider=MAKES), ordinary())
    for _ in range(2):
        with pytest.raises(EnvironmentBroken, match="it is ill"):
            environment.take()
    assert made.steps == [("{python}", "disposable"), "ended"]


def test_one_that_broke_is_given_up_and_the_next_that_asks_gets_another(made):
    environment = Disposable(profile(provider=MAKES), ordinary())
    broken = environment.take()
    environment.close()
    assert made.steps[2:] == ["closed", "ended"]
    assert environment.take() is not broken


@pytest.mark.parametrize("sections", [{}, {"provider": {"command": ["ordinary"]}}])
def test_without_a_command_it_is_the_ordinary_one_if_that_is_disposable(made, sections):
    lasting = Disposable(profile(**sections), ordinary())
    assert "workloads.disposable is not set" in lasting.refusal()
    run = ordinary(disposable=True)
    environment = Disposable(profile(**sections), run)
    assert environment.refusal() is None
    assert environment.take() is run
    environment.close()
    assert made.steps == []


def test_what_makes_one_is_set_in_the_profile():
    assert maker_of(profile(provider=MAKES)).command == ("{python}", "disposable")
    assert maker_of(profile(provider={"command": ["ordinary"]})) is None
    assert maker_of(profile()) is None
