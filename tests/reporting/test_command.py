"""The command line: what it writes, with which status it ends, and that publishing is off."""

import json
import os
import shutil
import subprocess
import sys
from html.parser import HTMLParser

import pytest
from small_checkout import CHECKOUT, leave_record

from redaction import MASK


@pytest.fixture
def reporting(tmp_path):
    def run(*arguments, **environment):
        own = {name: value for name, value in os.environ.items() if not name.startswith("FOCUS_")}
        return subprocess.run(
            [sys.executable, "-m", "reporting", *arguments],
            cwd=CHECKOUT,
            env={**own, "FOCUS__REPORTS__DIRECTORY": str(tmp_path), "COLUMNS": "80", **environment},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return run


@pytest.fixture
def run_folder(tmp_path):
    return tmp_path / "runs" / "one"


@pytest.fixture
def a_result(run_folder, ran):
    """A run of this checkout's first feature, by one result."""
    from reporting.features import read_features

    scenario = next(one for one in read_features(CHECKOUT)[0].scenarios if one.keys)
    (found, *_) = (ran.root / "reports/runs/one/allure-results").glob("*-result.json")
    result = json.loads(found.read_text())
    labels = [{"name": "location", "value": str(scenario.place)}]
    result |= {"name": scenario.name, "labels": labels, "status": "passed", "attachments": [], "steps": []}
    leave_record(run_folder)
    results = run_folder / "allure-results"
    results.mkdir()
    (results / "x-result.json").write_text(json.dumps(result))
    shutil.copy(ran.root / "reports/runs/one/allure-results/environment.properties", results)
    return scenario


def test_traceability_before_any_run(reporting, tmp_path):
    done = reporting("traceability")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "237 test cases" in done.stdout
    assert max(len(line) for line in done.stdout.splitlines() if str(tmp_path) not in line) <= 80
    assert len(done.stdout.splitlines()) < 50
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        f"traceability.{end}" for end in ("csv", "html", "json")
    ]


def test_traceability_after_a_run(reporting, tmp_path, run_folder, a_result):
    done = reporting("traceability")
    assert done.returncode == 0
    first, second, *_ = done.stdout.splitlines()
    assert first.startswith("Run one of 2026-11-26 17:00:00 UTC, profile test bench")
    assert second.startswith("Part of the suite: 1 of ")
    document = json.loads((run_folder / "traceability.json").read_text())
    assert document["run"]["environment"]["Version"] == "1.2"
    ran = {one["key"] for one in document["cases"] if one["state"] in ("passed", "incomplete")}
    assert ran == set(a_result.keys)
    reporting("traceability", "--no-results")
    assert json.loads((tmp_path / "traceability.json").read_text())["run"]["start"] is None


def test_a_problem_makes_it_fail_after_it_has_reported(reporting, tmp_path):
    rows = (CHECKOUT / "config/test_cases.csv").read_text().replace(",needs a decision,", ",,")
    (tmp_path / "plan.csv").write_text(rows)
    for command in ("lint", "traceability"):
        done = reporting(command, "--plan", str(tmp_path / "plan.csv"))
        assert done.returncode == 1
        assert "is shown by no scenario" in done.stdout
    assert "is shown by no scenario" in (tmp_path / "traceability.html").read_text()


def test_a_plan_that_cannot_be_read_is_named(reporting, tmp_path):
    done = reporting("lint", "--plan", str(tmp_path / "none.csv"))
    assert done.returncode == 2
    assert "none.csv: expected the plan" in done.stderr
    assert "Traceback" not in done.stderr


def test_export_writes_every_format(reporting, run_folder, a_result):
    assert reporting("export").returncode == 0
    written = sorted(path.name for path in (run_folder / "export").iterdir())
    assert written == ["cucumber.json", "junit.xml", "xray-cloud.json", "xray-server.json"]


def test_export_before_any_run_says_what_to_do(reporting):
    done = reporting("export")
    assert done.returncode == 2
    assert "run the features first" in done.stderr


def test_publishing_is_off_unless_the_environment_says_where_to(reporting, a_result):
    done = reporting("publish")
    assert (done.returncode, done.stdout.split(":")[0]) == (0, "Publishing is off")


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({"FOCUS_PUBLISH_TOKEN": "s3cret"}, "FOCUS_PUBLISH_URL (Field required)"),
        ({"FOCUS_PUBLISH_URL": "https://localhost"}, "set FOCUS_PUBLISH_TOKEN, or for Xray Cloud"),
        ({"FOCUS_PUBLISH_CLIENT_SECRET": "s3cret"}, "FOCUS_PUBLISH_URL (Field required)"),
        (
            {"FOCUS_PUBLISH_URL": "https://localhost", "FOCUS_PUBLISH_TOKEN": "s3cret", "FOCUS_PUBLISH_CLIENT_ID": "i"},
            "FOCUS_PUBLISH_TOKEN and FOCUS_PUBLISH_CLIENT_ID are both set",
        ),
        ({"FOCUS_PUBLISH_URL": "http://localhost", "FOCUS_PUBLISH_TOKEN": "s3cret"}, "begins with https://"),
        ({"FOCUS_PUBLISH_URL": "https://localhost", "FOCUS_PUBLISH_TOKEN": "s3cret\ns3cret"}, "line end"),
    ],
)
def test_half_a_target_is_an_error_that_shows_no_token(reporting, a_result, environment, said):
    done = reporting("publish", **environment)
    assert done.returncode == 2
    assert said in done.stderr
    assert "s3cret" not in done.stdout + done.stderr


def test_a_dry_run_shows_what_would_be_sent(reporting, run_folder, a_result):
    # Nothing listens there: had it been sent, the command would not end well.
    environment = {"FOCUS_PUBLISH_URL": "https://127.0.0.1:1", "FOCUS_PUBLISH_TOKEN": "s3cret"}
    done = reporting("publish", "--dry-run", "--execution", "PZ-20001", **environment)
    assert done.returncode == 0, done.stderr
    assert "POST https://127.0.0.1:1/rest/raven/2.0/api/import/execution" in done.stdout
    assert f"Authorization: Bearer {MASK}" in done.stdout
    assert "s3cret" not in done.stdout + done.stderr
    assert json.loads((run_folder / "export/xray-server.json").read_text())["testExecutionKey"] == "PZ-20001"


def test_docs_are_written_anew(reporting, run_folder, a_result):
    (run_folder / "docs").mkdir()
    (run_folder / "docs" / "of-a-feature-that-is-gone.html").touch()
    done = reporting("docs", "--test-case-url", "https://tests.example/{key}")
    assert done.returncode == 0, done.stderr
    assert "docs/index.html, and" in done.stdout
    pages = {path.name: path.read_text() for path in (run_folder / "docs").iterdir()}
    assert "of-a-feature-that-is-gone.html" not in pages
    assert {"index.html", "vocabulary.html", "job_creation-creating_a_job.html"} < set(pages)
    assert f"https://tests.example/{a_result.keys[0]}" in pages["index.html"]
    assert "version 1.2, on test bench" in pages["index.html"]


class Addresses(HTMLParser):
    """What links of a page lead to, and what can be led to in it."""

    def __init__(self, html):
        super().__init__()
        self.ids, self.links = [], []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        if "id" in attributes:
            self.ids.append(attributes["id"])
        if tag == "a":
            self.links.append(attributes["href"])


def test_every_link_of_the_docs_leads_somewhere(reporting, tmp_path):
    assert reporting("docs", "--test-case-url", "https://tests.example/{key}").returncode == 0
    pages = {path.name: Addresses(path.read_text()) for path in (tmp_path / "docs").iterdir()}
    assert [name for name, page in pages.items() if len(set(page.ids)) < len(page.ids)] == []
    there = {f"{name}#{one}" for name, page in pages.items() for one in page.ids} | set(pages)
    links = {f"{name}{link}" if link[0] == "#" else link for name, page in pages.items() for link in page.links}
    assert len(links) > 300
    assert {link for link in links - there if not link.startswith("https://tests.example/PZ-")} == set()
