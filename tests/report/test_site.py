"""The site that is made of the results, from results as the suite writes them; and what is said where it cannot be."""

import base64
import json
import os
import re
import shutil
import subprocess
from itertools import count
from pathlib import Path
from types import SimpleNamespace

import pytest

from support.core.errors import ExpectationFailed
from support.core.eventually import WaitPolicy, eventually
from support.evidence import known_issues

SITE = Path(__file__).parents[2] / "report" / "site.sh"


def late():
    with pytest.raises(ExpectationFailed) as caught:
        eventually(
            "a record", lambda: 0, lambda seen: ["there is none"], WaitPolicy(0, 0, "time_limits.effect_appears_s")
        )
    return str(caught.value)


# Name -> status, message, and whether it is known.
OUTCOMES = {
    "passes": ("passed", "", False),
    "is known": ("failed", known_issues.shown(["PZ-9"], late()), True),
    "is late": ("failed", late(), False),
    "is wrong": ("failed", "expected 200", False),
    "is broken": ("broken", "RabbitMQ cannot be read", False),
}
CATEGORIES = {
    "is known": "Known issue",
    "is late": "Time limit",
    "is wrong": "Product failure",
    "is broken": "Environment broken",
}


@pytest.fixture
def site(tmp_path):
    """Makes a site of a run with results of these names, each beside those before."""
    return maker_in(tmp_path)


@pytest.fixture(scope="module")
def of_all(tmp_path_factory):
    """The site of a run with all outcomes."""
    return maker_in(tmp_path_factory.mktemp("all"))(*OUTCOMES)


def maker_in(directory):
    number = count(1)

    def make(*names, path=os.environ["PATH"]):
        run = directory / "runs" / str(next(number))
        results = run / "allure-results"
        results.mkdir(parents=True)
        (results / "environment.properties").write_text("Profile=the-one-of-the-test")
        for name in names:
            status, message, known = OUTCOMES[name]
            result = {
                "uuid": f"00000000-0000-4000-8000-{list(OUTCOMES).index(name):012}",
                "historyId": name,
                "name": name,
                "fullName": name,
                "status": status,
                "statusDetails": {"message": message, "known": known},
                "start": 1000,
                "stop": 2000,
                "labels": [{"name": "epic", "value": "E"}],
            }
            (results / f"{result['uuid']}-result.json").write_text(json.dumps(result))
        ran = subprocess.run(
            ["/bin/sh", SITE, run], env={**os.environ, "PATH": path}, capture_output=True, text=True, timeout=100
        )
        said, place = ran.stdout + ran.stderr, run / "allure-report"
        return SimpleNamespace(status=ran.returncode, said=said, place=place, run=run)

    return make


def kept(page, name):
    """What a page of one file keeps under the name of a file of data."""
    found = re.search(rf'd\("{re.escape(name)}","([A-Za-z0-9+/=]*)"', page.read_text())
    return json.loads(base64.b64decode(found[1]))


needs_node = pytest.mark.skipif(shutil.which("npm") is None, reason="a site is made by Node.js with npm")


@needs_node
def test_each_kind_of_failure_has_a_category_and_known_ones_pass_the_gate(of_all):
    report = of_all.place / "awesome" / "index.html"
    nodes = kept(report, "widgets/categories.json")["nodes"]

    def results_in(node):
        below = [name for child in node.get("childrenIds", ()) for name in results_in(nodes[child])]
        return [node["name"]] if node["type"] == "tr" else below

    categories = [node for node in nodes.values() if node["type"] == "category"]
    assert {name: category["name"] for category in categories for name in results_in(category)} == CATEGORIES
    assert "the-one-of-the-test" in json.dumps(kept(report, "widgets/allure_environment.json"))
    assert of_all.status == 1
    # Three: neither what passes nor what is known.
    assert re.search(r"number of failed tests \S*3\S* exceeds", of_all.said), of_all.said


@needs_node
def test_a_run_with_nothing_but_known_failures_passes_the_gate_and_runs_make_a_history(site, tmp_path):
    assert site("passes", "is known").status == 0
    again = site("passes", "is known")
    assert again.status == 0, again.said
    assert "Quality gate: passed" in again.said
    subprocess.run(["/bin/sh", SITE, again.run], check=True)  # The same run once more, which is not another.
    history = (tmp_path / "allure-history.jsonl").read_text().splitlines()
    assert [sorted(result["name"] for result in json.loads(run)["testResults"].values()) for run in history] == [
        ["is known", "passes"]
    ] * 2


@needs_node
def test_a_run_without_results_does_not_pass_the_gate(site):
    """One that passes does: see above."""
    assert site().status == 1


@needs_node
def test_no_page_asks_for_anything_elsewhere(of_all):
    pages = list(of_all.place.rglob("*.html"))
    assert {page.parent.name for page in pages} == {"allure-report", "awesome", "dashboard"}
    for page in pages:
        html = page.read_text()
        assert "default-src 'self' data: blob:" in html
        assert not re.search(r"""<(script|link|img|iframe)[^>]*\s(src|href)=["']?(https?:)?//""", html)
        assert "googletagmanager" not in html


def test_without_node_it_is_said_how_to_get_the_site(site, tmp_path):
    tools = tmp_path / "tools"
    tools.mkdir()
    for tool in ("dirname", "rm", "sed"):
        (tools / tool).symlink_to(shutil.which(tool))
    ran = site("passes", path=str(tools))
    assert ran.status == 1
    assert ran.said == ("No site was made of the results: that needs Node.js 20 or later with npm. Then: make report\n")
