"""The site that Allure makes of a run, in a browser: what it shows, and that it asks for nothing elsewhere."""

import json
import subprocess
from pathlib import Path

import pytest
from playwright.sync_api import expect

from reporting.page import find_allure_site

from .made_up import CHECKOUT, small_traceability

MESSAGE = "expected one consumer, seen <b>none</b>"


def result(uuid, name, status, message=""):
    """As the suite writes its results."""
    return {
        "uuid": uuid,
        "historyId": name,
        "name": name,
        "fullName": f"Doors: {name}",
        "status": status,
        "statusDetails": {"message": message},
        "start": 1_900_000_000_000,
        "stop": 1_900_000_001_000,
        "labels": [{"name": "epic", "value": "House"}, {"name": "feature", "value": "Doors"}],
        "steps": [{"name": "Given a door", "status": status, "start": 1_900_000_000_000, "stop": 1_900_000_001_000}],
    }


@pytest.fixture(scope="module")
def reports(tmp_path_factory) -> Path:
    """A folder with the site of two results, and a traceability beside it."""
    reports = tmp_path_factory.mktemp("reports") / "runs" / "one"
    (reports / "allure-results").mkdir(parents=True)
    # uuid-4 is what the traceability beside it has a link to.
    for one in (result("uuid-0", "A door opens", "passed"), result("uuid-4", "A door closes", "failed", MESSAGE)):
        (reports / "allure-results" / f"{one['uuid']}-result.json").write_text(json.dumps(one))
    (reports / "allure-results" / "environment.properties").write_text("Profile=the-test-bench\n")
    made = subprocess.run(
        ["/bin/sh", CHECKOUT / "report/site.sh", reports], capture_output=True, text=True, timeout=100
    )
    if "needs Node.js" in made.stderr:
        pytest.skip(made.stderr.strip())
    assert (reports / "allure-report/index.html").exists(), made.stdout + made.stderr
    small_traceability(reports, allure_site=find_allure_site(reports))
    return reports


def test_it_shows_the_run_and_where_that_was(opened, reports):
    page = opened(reports / find_allure_site(reports))
    expect(page.get_by_text("Focus Server acceptance")).to_be_visible()
    expect(page.get_by_text("the-test-bench")).to_be_visible()
    expect(page.get_by_text("House").first).to_be_visible()
    page.get_by_placeholder("Search tests").fill("closes")
    expect(page.get_by_text("A door closes").first).to_be_visible()
    expect(page.get_by_text("A door opens")).to_have_count(0)


def test_evidence_of_the_traceability_is_the_result_on_the_site(opened, reports):
    page = opened(reports / "traceability.html")
    page.get_by_role("link", name="Evidence of A door closes").click()
    expect(page.get_by_text(MESSAGE).first).to_be_visible()
    expect(page.get_by_text("Given a door").first).to_be_visible()


@pytest.mark.parametrize(("name", "shown"), [("index.html", "Dashboard"), ("dashboard/index.html", "Current status")])
def test_its_other_pages_show_the_run(opened, reports, name, shown):
    page = opened(reports / "allure-report" / name)
    expect(page.get_by_text(shown).first).to_be_visible()
    expect(page.get_by_text("50%").first).to_be_visible()
