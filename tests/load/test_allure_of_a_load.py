"""A load in Allure: one test for each shape and environment, with its page, figures and plots."""

import json

import pytest

from load.allure import write_allure_result
from load.page import write_page
from redaction import redact
from tests.load.made_results import result


@pytest.fixture
def written(tmp_path):
    """Writes a result; gives what Allure has of it, and the texts of its attachments by their names."""

    def write(one):
        kept = one.write(tmp_path)
        before = set(tmp_path.glob("allure-results/*-result.json"))
        folder = write_allure_result(one, kept, write_page(one, one.limits, kept))
        (file,) = set(folder.glob("*-result.json")) - before
        found = json.loads(file.read_text("utf-8"))
        return found, {each["name"]: (folder / each["source"]).read_text("utf-8") for each in found["attachments"]}

    return write


def test_a_load_that_holds_has_passed_and_shows_all_there_is(written):
    found, attachments = written(result())
    assert (found["name"], found["status"]) == ("Load: spike", "passed")
    assert found["stop"] - found["start"] == pytest.approx(34_659, abs=1), "from its beginning to its last answer, ms"
    assert json.loads(attachments["figures"])["acknowledged"] == 60
    assert attachments["page"].startswith("<!doctype html>")
    plots = attachments.keys() - {"figures", "page"}
    assert {"create: latency", "Jobs: latency over time", "Memory of the server"} <= plots
    assert all(attachments[plot].startswith("<svg") for plot in plots)


def test_a_lost_job_is_a_failure_that_says_so_without_secrets(written):
    redact.learn(["s3cret-of-the-store"])
    found, attachments = written(result(problems=["job_1 is lost: mongodb://me:s3cret-of-the-store@store"]))
    assert found["status"] == "failed"
    assert "job_1 is lost" in found["statusDetails"]["message"]
    assert not [name for name, text in (attachments | {"result": json.dumps(found)}).items() if "s3cret" in text]


def test_loads_of_one_shape_and_environment_are_one_test(written):
    ids = [written(result(**changes))[0]["historyId"] for changes in ({}, {"whole": 59}, {"environment": "staging"})]
    assert ids[0] == ids[1] != ids[2]
