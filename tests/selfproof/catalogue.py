"""Instruments of the suite, each spoilt in one way, and the test that must notice."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from tests.selfproof.trials import Spoiling

TESTS = "tests/support/test_"


def always(value: Any) -> Callable[[Any], Any]:
    """Whatever it is called with, it gives this."""
    return lambda there: lambda *_, **__: value


def spoilt(what: str, place: str, make: Callable[[Any], Any], witness: str, told: str) -> Spoiling:
    """A row of the catalogue: places are within `support`, witnesses within its tests."""
    return Spoiling(what, f"support.{place}", make, f"{TESTS}{witness}", told)


def at_the_first_look(eventually):
    return lambda expected, look, problems, patience, hopeless=None: look()


def without_another_look(eventually):
    def once(expected, look, problems, patience, hopeless=lambda seen: ()):
        return eventually(expected, look, problems, replace(patience, limit_s=0), hopeless)

    return once


WAITING = [
    spoilt(
        "a wait that does not even look",
        "eventually:eventually",
        always(None),
        "eventually.py::test_what_comes_to_hold_is_returned_as_seen",
        "assert None == 4",
    ),
    spoilt(
        "a wait that takes what it sees first for right",
        "eventually:eventually",
        at_the_first_look,
        "eventually.py::test_what_never_holds_is_reported_with_the_last_look_the_wait_and_the_setting",
        "DID NOT RAISE",
    ),
    spoilt(
        "a wait that looks once only",
        "eventually:eventually",
        without_another_look,
        "eventually.py::test_what_comes_to_hold_is_returned_as_seen",
        "look 1 is too early",
    ),
]

SPOILINGS = [*WAITING]
