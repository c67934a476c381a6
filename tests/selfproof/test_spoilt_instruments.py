"""Every instrument that judges, waits, looks or cleans up can be wrong, and something notices when it is."""

import json
import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.selfproof.catalogue import SPOILINGS
from tests.selfproof.trials import ROOT, Ran, Spoiling, problem

pytestmark = pytest.mark.timeout(600)

LIMIT_S = 580  # far more than it takes: many may share a core


def came_of(names, module="tests.selfproof.catalogue", **environment):
    """What came of trials in a process of their own."""
    process = subprocess.run(
        [sys.executable, "-m", "tests.selfproof.trials", module],
        input=json.dumps(names),
        cwd=ROOT,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        text=True,
        timeout=LIMIT_S,
        check=True,
    )
    return json.loads(process.stdout)


@pytest.fixture(scope="module")
def tried(request, warm_sandbox):
    """What came of all those that were selected, tried side by side."""
    parameters = [item.callspec.params for item in request.session.items if hasattr(item, "callspec")]
    names = [params["spoiling"].what for params in parameters if "spoiling" in params]
    return came_of(names, FOCUS_SANDBOX_TEST_PLACE=str(warm_sandbox.place))


def test_no_two_have_one_name():
    assert len({spoiling.what for spoiling in SPOILINGS}) == len(SPOILINGS)


@pytest.mark.instruments
@pytest.mark.parametrize("spoiling", SPOILINGS, ids=lambda spoiling: spoiling.what)
def test_it_is_noticed(tried, spoiling):
    if told := tried[spoiling.what]:
        pytest.fail(told, pytrace=False)


OWN_TESTS = """
from support.contract.limits import Limits
from support.observers.request_marks import MARKED_FIELDS

def test_green():
    assert "displayInfo" in MARKED_FIELDS, "the mark is gone"

def test_red():
    assert False, "red already"
"""

OWN_CATALOGUE = """
import os
from tests.selfproof.trials import Spoiling

def spoilt(what, make, test="green", told="the mark is gone"):
    return Spoiling(what, "support.observers.request_marks:MARKED_FIELDS", make, f"WITNESSES::test_{test}", told)

SPOILINGS = [
    spoilt("noticed", lambda there: ()),
    spoilt("not noticed", lambda there: there),
    spoilt("noticed for another reason", lambda there: (), told="the moon is gone"),
    spoilt("noticed by what is red already", lambda there: (), test="red", told="red already"),
    spoilt("deadly", lambda there: os._exit(1)),
]
"""


def test_what_is_not_noticed_or_not_shown_to_be_is_told():
    place = ROOT / ".run"
    place.mkdir(exist_ok=True)
    with TemporaryDirectory(dir=place) as directory:
        witnesses = Path(directory) / "test_own.py"
        witnesses.write_text(OWN_TESTS)
        catalogue = Path(directory) / "own_catalogue.py"
        catalogue.write_text(OWN_CATALOGUE.replace("WITNESSES", str(witnesses.relative_to(ROOT))))
        names = ["noticed", "not noticed", "noticed for another reason", "noticed by what is red already", "deadly"]
        came = came_of(names, "own_catalogue", PYTHONPATH=directory)
    assert list(came) == names
    assert came["noticed"] is None
    for name, told in (
        ("not noticed", "missed: .run/"),
        ("noticed for another reason", "for another reason than 'the moon is gone':\nAssertionError: the mark is gone"),
        ("noticed by what is red already", "is not green by itself: .run/"),
        ("deadly", "cannot be run: the process ended without a word"),
    ):
        assert told in came[name]


@pytest.mark.parametrize(
    ("clean", "spoilt", "told"),
    [
        (Ran(["w"]), Ran(red={"w": "it is wrong"}), None),
        (Ran(), Ran(red={"w": "it is wrong"}), "not green by itself"),
        (Ran(["w"], {"w[2]": "it is wrong"}), Ran(red={"w": "it is wrong"}), "not green by itself"),
        (Ran(["w"]), Ran(["w"]), "missed"),
        (Ran(["w"]), Ran(red={"w": "another"}), "for another reason than 'wrong'"),
        (Ran(broken="no such test"), Ran(red={"w": "it is wrong"}), "cannot be run: no such test"),
        (Ran(["w"]), Ran(broken="no such place"), "cannot be run: no such place"),
    ],
)
def test_only_a_witness_that_turns_red_for_the_right_reason_shows_it(clean, spoilt, told):
    seen = problem(Spoiling("", "", lambda there: there, "w", "wrong"), clean, spoilt)
    assert seen is None if told is None else told in seen


def test_a_witness_is_told_apart_from_others_and_has_all_its_parameters():
    ran = Ran(["f.py::w[1]", "f.py::w_2"], {"f.py::w[2]": "red", "f.py::W::w": "red"})
    assert ran.of("f.py::w") == Ran(["f.py::w[1]"], {"f.py::w[2]": "red"})
