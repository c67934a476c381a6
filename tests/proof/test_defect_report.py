import json

from proof import defect_report
from proof.behave_runs import ScenarioOutcome
from proof.catalogue import Entry, Expectation
from proof.defect_report import Proof
from proof.detection import outcome_of
from sandbox.defects import DEFECTS

NAME = "analyzer_not_launched"
LINE = Expectation(NAME, ("PZ-13873",), "A job", "it is made", "no analyzer")
ENTRY = Entry(DEFECTS[NAME], (LINE,))
CAUGHT = outcome_of(ENTRY, {"A job": ScenarioOutcome("failed", "it is made", "there is no analyzer <of it>")})
MISSED = outcome_of(ENTRY, {"A job": ScenarioOutcome("passed")})


def proof(*outcomes, before=(), after=(), exempt=(), whole=False):
    return Proof(dict(before), outcomes, dict(after), 12.34, dict(exempt), whole)


def test_a_proof_without_a_problem():
    assert proof(CAUGHT).problems == []


def test_a_missed_defect_is_a_problem():
    (problem,) = proof(MISSED).problems
    assert problem == f"{NAME}: missed by PZ-13873, A job (passed)"


def test_one_that_only_others_noticed_is_a_problem_of_its_own():
    noticed = outcome_of(ENTRY, {"A job": ScenarioOutcome("passed")})
    noticed = type(noticed)(noticed.entry, noticed.expectations, ("Another job",))
    assert proof(noticed).problems[1:] == [f"{NAME}: noticed only by Another job"]


def test_red_without_a_defect_is_a_problem():
    red = {"A job": ScenarioOutcome("failed", "it is made", "no\n analyzer")}
    assert proof(CAUGHT, before=red).problems == [
        "red without any defect, before: A job (failed at 'it is made': no analyzer)"
    ]
    assert proof(CAUGHT, after=red).problems == [
        "red without any defect, after: A job (failed at 'it is made': no analyzer)"
    ]


def test_a_case_that_never_caught_anything_needs_a_reason():
    assert "PZ-13900 has caught nothing, and no reason is given" in proof(CAUGHT).gaps
    accepted = proof(CAUGHT, exempt={"PZ-13900": "It is about machines.", "PZ-13873": "It is not."}).gaps
    assert "PZ-13900 has caught nothing, and no reason is given" not in accepted
    assert "PZ-13873 is exempt, and has caught something" in accepted


def test_of_a_part_of_the_catalogue_it_is_no_problem_what_caught_nothing():
    assert proof(CAUGHT, whole=True).problems == proof(CAUGHT).gaps
    assert proof(CAUGHT, whole=False).problems == []


def test_the_matrix_is_written_for_people_and_for_programs(tmp_path):
    html, data = defect_report.write(proof(CAUGHT, MISSED), tmp_path / "reports")
    told = json.loads(data.read_text())
    assert (told["defects"], told["caught"], told["matrix_s"]) == (2, 1, 12.3)
    assert told["matrix"][0]["by"] == [
        {
            "keys": ["PZ-13873"],
            "scenario": "A job",
            "result": "caught",
            "failed_step": "it is made",
            "message": "there is no analyzer <of it>",
        }
    ]
    page = html.read_text()
    for shown in (
        ENTRY.defect.summary,
        ENTRY.defect.impact,
        "PZ-13873",
        "there is no analyzer &lt;of it&gt;",
        "missed",
    ):
        assert shown in page
