import pytest

from support.core.errors import EnvironmentBroken, ExpectationFailed
from support.evidence import known_issues


def test_keys_are_read_from_the_tags():
    tags = ["PZ-1", "known-issue:PZ-30", "known-issue:PZ-4", "known-issue:PZ-30", "known-issue:later", "smoke"]
    assert known_issues.keys_of(tags) == ["PZ-30", "PZ-4"]


@pytest.mark.parametrize(
    ("keys", "error", "explained"),
    [
        (["PZ-4"], ExpectationFailed("3 records"), True),
        ([], ExpectationFailed("3 records"), False),
        (["PZ-4"], EnvironmentBroken("no broker"), False),
        (["PZ-4"], KeyError("a defect of the suite"), False),
        (["PZ-4"], None, False),
    ],
)
def test_only_a_failure_of_the_product_is_explained(keys, error, explained):
    assert known_issues.explains(keys, error) is explained


def test_an_issue_that_is_fixed_is_told_with_the_tag_to_remove():
    with pytest.raises(ExpectationFailed, match=r"remove @known-issue:PZ-4, @known-issue:PZ-5 at a\.feature:7 "):
        known_issues.expect_to_show(["PZ-4", "PZ-5"], "a.feature:7")
