"""Which mutants there are of a text, and what they are known by."""

import sys
from pathlib import Path

import pytest

from proof import mutants, mutated_modules
from proof.mutants import Mutant, MutantId, mutants_of

ROOT = Path(__file__).resolve().parents[2]


def changes(text: str) -> set[tuple[str, str]]:
    return {(mutant.id.before, mutant.id.after) for mutant in mutants_of(text, "a.py")}


def test_a_comparison_is_moved_and_turned_round() -> None:
    found = changes("def high(x):\n    return x > 3\n")
    assert {("return x > 3", f"return x {other} 3") for other in ("==", "!=", "<", "<=", ">=")} <= found
    assert {("return x > 3", "return x > 4"), ("return x > 3", "return x > 2")} <= found


def test_operators_are_replaced_by_those_of_their_kind() -> None:
    found = {after for _, after in changes("y = a + b\nz = a & b\n")}
    assert {"y = a - b", "y = a ** b", "z = a | b", "z = a << b"} <= found
    assert not found & {"y = a & b", "z = a + b"}


@pytest.mark.parametrize(
    "text",
    [
        "def f(x: int | None) -> int | None: ...\n",
        "x: int | None\n",
        "X = Annotated[int | None, Field()]\n",
        "log.info('%d', 1 + 2)\n",
        "if x > 1:\n    log.info('%d', x)\n",
        "def f(*, x): ...\n",
        "'''A text: 1 + 2 > 3 and not False.'''\n",
        "f(*a, **b)\n",
    ],
)
def test_what_decides_nothing_has_no_mutants(text: str) -> None:
    assert changes(text) == set()


def test_two_ways_to_one_program_are_one_mutant() -> None:
    # `x is not None` as another comparison, and as the same one denied.
    assert len(mutants_of("if x is None:\n    f()\n", "a.py")) == 1


def test_each_mutant_is_known_by_a_name_of_its_own_that_lines_above_do_not_change() -> None:
    text = "def f(x):\n    if x:\n        return False\n    g()\n    return False\n"
    found = [mutant.id for mutant in mutants_of(text, "a.py")]
    assert MutantId("a.py", "f", "return False", "return True") in found
    assert MutantId("a.py", "f 2", "return False", "return True") in found
    assert [mutant.id for mutant in mutants_of("import os\n\n" + text, "a.py")] == found
    assert len(set(found)) == len(found)


def test_a_mutant_is_the_whole_text_with_one_change() -> None:
    text = "# kept\nA = 1\nB = 1\n"
    assert {mutant.source for mutant in mutants_of(text, "a.py") if mutant.line == 3} == {
        "# kept\nA = 1\nB = 2\n",
        "# kept\nA = 1\nB = 0\n",
    }


def test_a_removed_decorator_is_known_by_what_it_decorated() -> None:
    (mutant,) = mutants_of("class A:\n    @property\n    def b(self): ...\n", "a.py")
    assert mutant.id[2:] == ("@property def b(self): ...", "def b(self): ...")


def test_an_exception_with_a_dot_in_its_name_is_replaced_as_a_whole() -> None:
    text = "try:\n    f()\nexcept asyncio.CancelledError:\n    pass\n"
    assert changes(text) == {("except asyncio.CancelledError:", "except CosmicRayTestingException:")}


def test_every_module_that_decides_is_there() -> None:
    assert [file for file in mutated_modules.files(ROOT) if not file.is_file()] == []


def test_the_mutants_of_a_module_are_known_by_its_path() -> None:
    file = ROOT / "sandbox/focus_server/region.py"
    assert {mutant.id.file for mutant in mutants.read([file], ROOT)} == {"sandbox/focus_server/region.py"}


def test_every_feature_of_which_a_mutant_can_be_shown_is_run() -> None:
    stopping = "features/resilience/stopped_parts.feature"  # A run of it on a tenant would skip all.
    every = {str(file.relative_to(ROOT)) for file in ROOT.glob("features/**/*.feature")} - {stopping}
    for file in mutated_modules.files(ROOT):
        features = mutated_modules.features_for(file.name)
        assert all((ROOT / feature).is_file() for feature in features)
        others = mutated_modules.other_features(file.name)
        assert sorted([*features, *others]) == sorted(every)


def test_the_unchanged_module_is_what_is_on_disk() -> None:
    file = mutated_modules.files(ROOT)[0]
    name = str(file.relative_to(ROOT))
    mutant = Mutant(MutantId(name, "", "", "x"), 1, "any", "x")
    unchanged = mutants.unchanged(mutant, ROOT)
    assert unchanged.source == file.read_text("utf-8")
    assert unchanged.module == "sandbox.focus_server." + file.stem
    assert unchanged.module not in sys.modules or sys.modules[unchanged.module].__file__ == str(file)
