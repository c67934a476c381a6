"""The page holds what people look for, safely, and asks nobody for anything."""

import os
import re
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import md5
from html.parser import HTMLParser

import pytest
from small_checkout import VERDICTS

from reporting.features import Place
from reporting.lint import Problem
from reporting.page import as_page, find_allure_site
from reporting.results import RunResults
from reporting.verdicts import Status

MADE = datetime(2030, 1, 2, tzinfo=UTC)
URL = "https://tests.example/{key}?a=1&b=2"


class Page(HTMLParser):
    """Elements by name with their attributes; the rows of the cases with their text."""

    def __init__(self, html):
        super().__init__()
        self.found, self.rows, self._row = [], {}, None
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        self.found.append((tag, attributes))
        if tag == "tr":
            self._row = attributes.get("id")
        if tag == "a" and self._row:
            self.rows.setdefault(self._row, []).append(attributes["href"])

    def handle_data(self, data):
        if self._row and data.strip():
            self.rows.setdefault(self._row, []).append(data.strip())

    def all(self, *tags):
        return [attributes for tag, attributes in self.found if tag in tags]


@pytest.fixture(scope="module")
def html(traced):
    return as_page(traced, [], test_case_url=URL, allure_site="allure-report/index.html", made=MADE)


@pytest.fixture(scope="module")
def page(html):
    return Page(html)


def test_every_case_is_there_with_its_result_scenarios_and_links(page, traced):
    states = {attributes["id"]: attributes["data-state"] for attributes in page.all("tr") if "data-state" in attributes}
    assert states == {**VERDICTS, "PZ-10007": "planned"}
    row = page.rows["PZ-10003"]
    assert {"Breaks", "first", "Medium", "broken", "!", "features/views/two.feature:4"} <= set(row)
    assert row[0] == "https://tests.example/PZ-10003?a=1&b=2"
    (result,) = [one for one in traced.run.results if one.name == "It breaks"]
    assert f"allure-report/index.html#{md5(result.uuid.encode()).hexdigest()}" in row
    assert any("connection refused" in text for text in row)
    assert "needs an outage" in page.rows["PZ-10007"]


def test_totals_stand_at_its_head_and_by_area_and_priority(html):
    cards = re.sub(r"\s+", " ", re.sub("<[^>]+>", " ", html[html.index('class="cards"') : html.index("</ul>")]))
    assert "9 test cases 8 automated" in cards
    for count, mark, state in (
        ("4", "✗", "failed"),
        ("1", "!", "broken"),
        ("2", "○", "not run"),
        ("1", "…", "planned"),
    ):
        assert f"{count} {mark} {state}" in cards
    text = re.sub(r"\s+", " ", re.sub("<[^>]+>", " ", html))
    assert "second 4" in text[text.index("By area") :]
    assert "Highest 1" in text[text.index("By priority") :]


def test_what_a_server_said_is_text_and_never_markup(html):
    assert "seen &lt;b&gt;3&lt;/b&gt; &amp;" in html
    assert "<b>3</b>" not in html
    assert "it has no case for &lt;this&gt; &amp; &#34;that&#34;." in html


def test_nothing_is_loaded_from_anywhere(page):
    loading = [
        tag for tag, attributes in page.found if tag in ("link", "img", "iframe", "object") or "src" in attributes
    ]
    assert loading == []
    (policy,) = [one["content"] for one in page.all("meta") if one.get("http-equiv") == "Content-Security-Policy"]
    assert policy.startswith("default-src 'none'")


def test_every_control_is_a_real_one_with_a_label(page):
    controls = page.all("input", "select")
    assert [one["id"] for one in controls] == ["search", "area", "priority", "state"]
    assert {one["id"] for one in controls} == {label["for"] for label in page.all("label")}
    assert [one["type"] for one in page.all("button")] == ["reset"]
    assert {"role": "status", "id": "count"} in page.all("span")


def test_no_two_elements_have_one_id_and_links_within_the_page_lead_somewhere(page):
    ids = [attributes["id"] for _, attributes in page.found if "id" in attributes]
    assert sorted(set(ids)) == sorted(ids)
    assert {one["href"][1:] for one in page.all("a") if one["href"].startswith("#")} <= set(ids)


def test_without_addresses_there_are_no_links(traced):
    page = Page(as_page(traced, [], test_case_url=None, allure_site=None, made=MADE))
    assert [one for one in page.all("a") if not one["href"].startswith("#")] == []


def test_problems_stale_results_and_errors_of_the_run_are_told(ran, traced):
    run = RunResults(traced.run.results, traced.run.environment, ("no <database> to look into",))
    html = as_page(
        ran.traced(run), [Problem(Place("a.feature", 7), "is <wrong>")], test_case_url=None, allure_site=None, made=MADE
    )
    assert "<code>a.feature:7</code> is &lt;wrong&gt;" in html
    assert "no &lt;database&gt; to look into" in html
    assert "The features have changed since the run" not in html


def test_before_a_run_it_says_so(ran):
    html = as_page(ran.traced(), [], test_case_url=None, allure_site=None, made=MADE)
    assert "Nothing has been run yet" in html
    assert 'id="part"' not in html
    assert "make report" not in html


def header(traced, **addresses):
    html = as_page(traced, [], **{"test_case_url": None, "allure_site": None, **addresses}, made=MADE)
    return " ".join(re.sub("<[^>]+>", "", html[html.index("<header>") : html.index("</header>")]).split())


def test_a_run_of_a_part_says_so_at_the_head(ran, traced):
    assert "Part of the suite: 6 of 8 scenarios were run." in header(traced)
    whole = tuple(one for one in traced.scenarios if one.status not in (Status.NOT_RUN, Status.SKIPPED))
    assert "Part of the suite" not in header(replace(traced, scenarios=whole))


def test_the_version_and_where_it_was_tested_are_told_at_the_head(ran, traced):
    assert "UTC, version 1.2 on test bench." in header(traced)
    unknown = ran.traced(replace(traced.run, environment={"Profile": "lab"}))
    assert "UTC, version not stated (FOCUS__FOCUS_SERVER__VERSION) on lab." in header(unknown)


def test_without_a_site_of_the_run_it_says_how_to_get_links_to_the_evidence(traced):
    assert "For links to the evidence: make report, then make traceability." in header(traced)
    assert "make report" not in header(traced, allure_site="allure-report/index.html")


def test_the_site_of_allure_is_found_where_it_was_built(tmp_path):
    assert find_allure_site(tmp_path) is None
    for built in ("allure-report/index.html", "allure-report/awesome/index.html"):
        (tmp_path / built).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / built).touch()
        assert find_allure_site(tmp_path) == built


def test_a_site_of_an_earlier_run_is_none(tmp_path):
    site, *results = (
        tmp_path / name
        for name in ("allure-report/index.html", "allure-results/a-result.json", "allure-results/b-result.json")
    )
    for path in (site, *results):
        path.parent.mkdir(exist_ok=True)
        path.touch()
    for path, time in zip(results, (100, 200), strict=True):
        os.utime(path, (time, time))
    os.utime(site, (150, 150))
    assert find_allure_site(tmp_path) is None
    os.utime(site, (200, 200))
    assert find_allure_site(tmp_path) == "allure-report/index.html"
