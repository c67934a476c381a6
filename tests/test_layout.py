"""The tests can all be collected at once, as `make test` does; CI runs them in parts and would not notice."""

from collections import Counter
from pathlib import Path

HERE = Path(__file__).parent


def test_modules_outside_packages_have_names_of_their_own():
    modules = [path.name for path in HERE.rglob("test_*.py") if not (path.parent / "__init__.py").exists()]
    assert modules, "no test modules were found"
    assert [name for name, times in Counter(modules).items() if times > 1] == []
