from collections import Counter

import pytest

from proof import catalogue
from proof.catalogue import Expectation, catalogue_problems
from proof.features import NamedScenario
from sandbox.defects import DEFECTS
from support.fuzzing.malformed_bodies import MALFORMED_BODIES

KNOWN = {
    "A job": NamedScenario("A job", ("a.feature",), frozenset({"PZ-1"}), frozenset({"PZ-1"}), frozenset({"it is made"}))
}
GOOD = Expectation("no_job", ("PZ-1",), "A job", "it is made", "no job")


def test_a_good_line_has_no_mistake():
    assert catalogue_problems([GOOD], {"no_job"}, KNOWN) == []


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (GOOD._replace(defect="two_jobs"), "line 2: there is no defect 'two_jobs'"),
        (GOOD._replace(scenario="Two jobs"), "line 2: there is no scenario 'Two jobs'"),
        (GOOD._replace(step="it is there"), "line 2: the scenario 'A job' has no step 'it is there'"),
        (GOOD._replace(keys=("PZ-1", "PZ-2")), "line 2: the scenario 'A job' does not have the key PZ-2"),
        (GOOD._replace(keys=("extra",)), "line 2: the scenario 'A job' does not have the key extra"),
        (GOOD._replace(keys=()), "line 2: the scenario 'A job' does not have the key (none is given)"),
        (GOOD._replace(message=""), "line 2: it does not say what the message must contain"),
    ],
)
def test_a_mistake_is_told_with_its_line(line, told):
    assert told in catalogue_problems([line], {"no_job"}, KNOWN)


def test_a_defect_without_a_line_is_told():
    assert catalogue_problems([GOOD], {"no_job", "two_jobs"}, KNOWN) == ["the defect 'two_jobs' has no line"]


def test_a_defect_of_scenarios_that_stop_parts_and_of_others_is_told():
    stops = NamedScenario(
        "A part", ("b.feature",), frozenset({"PZ-2"}), frozenset({"disruptive"}), frozenset({"it is"})
    )
    lines = [GOOD, Expectation("no_job", ("PZ-2",), "A part", "it is", "no part")]
    (told,) = catalogue_problems(lines, {"no_job"}, KNOWN | {"A part": stops})
    assert told == "line 3: 'no_job' has scenarios that stop parts of the product, and others"


class TestTheCatalogue:
    def test_it_has_no_mistake(self):
        assert len(catalogue.read()) >= 500

    def test_each_says_what_is_wrong_in_words_of_its_own(self):
        counts = Counter(defect.summary for defect in DEFECTS.values())
        assert [words for words, count in counts.items() if count > 1] == []

    def test_every_malformed_body_is_taken_for_good_by_one(self):
        caught = {line.scenario for entry in catalogue.read() for line in entry.expected}
        assert [what for what in MALFORMED_BODIES if f"{what} is sent" not in caught] == []

    def test_what_is_out_of_reach_has_a_reason(self):
        assert all(catalogue.exempt_test_cases().values())


def test_a_catalogue_with_a_mistake_is_refused(tmp_path):
    file = tmp_path / "expected.csv"
    file.write_text("defect,keys,scenario,step,message\nno_such,PZ-1,A job,it is made,no job\n")
    with pytest.raises(catalogue.CatalogueError, match=r"expected\.csv: line 2: there is no defect 'no_such'"):
        catalogue.read(file)
