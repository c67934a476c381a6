from collections import Counter
from pathlib import Path


def test_each_test_module_has_a_name_of_its_own():
    """`make test` collects all of them in one process, where two of one name clash; CI runs them in two halves."""
    names = Counter(path.name for path in Path(__file__).parent.rglob("test_*.py"))
    assert [name for name, count in names.items() if count > 1] == []
