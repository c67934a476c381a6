"""A module is loaded from another text than its file's, and that only."""

import importlib
import sys

import pytest

from proof.mutated_server import FromText

MODULE = "sandbox.focus_server.calculation"


def test_the_module_is_the_text_and_others_are_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    own = importlib.import_module(MODULE)
    assert own.__file__ is not None
    finder = FromText(
        MODULE, own.__file__, "from sandbox.focus_server import limits\nMUTATED = limits.Limits.sensors\n"
    )
    monkeypatch.setattr(sys, "meta_path", [finder, *sys.meta_path])
    monkeypatch.delitem(sys.modules, MODULE)
    monkeypatch.delitem(sys.modules, "sandbox.focus_server.limits", raising=False)
    mutated = importlib.import_module(MODULE)
    assert mutated.MUTATED == 2222
    assert mutated.__file__ == own.__file__
    monkeypatch.setitem(sys.modules, MODULE, own)
