"""A plan, features and a run that nobody ran, and the pages that are made of them."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

from reporting.documentation.capabilities import read_capabilities
from reporting.documentation.pages import as_pages
from reporting.documentation.vocabulary import Vocabulary, read_vocabulary
from reporting.features import FeatureScenario, read_features
from reporting.glossary import read_glossary
from reporting.page import as_page
from reporting.plan import read_plan
from reporting.results import RunResults, ScenarioResult
from reporting.traceability import trace
from reporting.verdicts import Status

CHECKOUT = Path(__file__).resolve().parents[2]
URL = "https://tests.example/{key}"
MADE = datetime(2030, 1, 2, tzinfo=UTC)

PLAN = """\
key,title,area,priority,state,reason
PZ-10001,Opens,doors,High,,
PZ-10002,Closes,doors,Low,,
PZ-10003,Rings,bells,High,,
PZ-10004,"Comes <later>",bells,Low,planned,needs a bell
"""

FEATURE = """\
Feature: Doors and <bells>

  @PZ-10001
  Scenario Outline: A door opens <how>
    Given a door

    Examples:
      | how     |
      | at once |
      | slowly  |
      | by hand |
      | at last |

  @PZ-10002
  Scenario: A door closes
    Given a door

  @PZ-10003
  Scenario: A bell rings
    Given a bell
"""

STATUSES = {"A door closes": Status.FAILED}


def run_of(scenarios: tuple[FeatureScenario, ...], status_of: Callable[[FeatureScenario], Status]) -> RunResults:
    """One after another, a second each."""
    results = []
    for at, scenario in enumerate(scenarios):
        start, status = MADE + timedelta(seconds=at), status_of(scenario)
        message = "" if status is Status.PASSED else "expected <b>a</b> job & seen none"
        stop = start + timedelta(seconds=1)
        results.append(
            ScenarioResult(
                f"uuid-{at}", scenario.name, scenario.name, scenario.place, scenario.keys, status, start, stop, message
            )
        )
    return RunResults(tuple(results), {"Profile": "test bench", "Version": "1.2"})


def small_traceability(root: Path, allure_site: str | None = "site/index.html") -> Path:
    """The traceability of the plan above, beside what could be a site of Allure."""
    for name, text in {
        "plan.csv": PLAN,
        "features/house/entrance.feature": FEATURE,
        "site/index.html": "evidence",
    }.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, "utf-8")
    features = read_features(root)
    run = run_of(features[0].scenarios, lambda scenario: STATUSES.get(scenario.name, Status.PASSED))
    traced = trace(read_plan(root / "plan.csv", root), features, run)
    page = root / "traceability.html"
    page.write_text(as_page(traced, [], test_case_url=URL, allure_site=allure_site, made=MADE), "utf-8")
    return page


def traceability_of_this_project(root: Path) -> Path:
    """The traceability of the suite's own plan and features, before any run."""
    traced = trace(read_plan(CHECKOUT / "config/test_cases.csv", CHECKOUT), read_features(CHECKOUT), RunResults())
    page = root / "traceability.html"
    page.write_text(as_page(traced, [], test_case_url=None, allure_site=None, made=MADE), "utf-8")
    return page


@cache
def _vocabulary() -> Vocabulary:
    return read_vocabulary(CHECKOUT, read_features(CHECKOUT))


def docs_of_this_project(root: Path, *, ran: bool) -> Path:
    """The folder of the suite's own docs, before a run, or after one in which the bounds of a job failed."""
    features = read_features(CHECKOUT)
    scenarios = tuple(scenario for feature in features for scenario in feature.scenarios)
    run = (
        run_of(scenarios, lambda one: Status.FAILED if "limits" in one.place.file else Status.PASSED)
        if ran
        else RunResults()
    )
    pages = as_pages(
        read_capabilities(CHECKOUT, features),
        _vocabulary(),
        read_glossary(CHECKOUT),
        trace([], features, run if ran else RunResults()),
        test_case_url=URL,
        made=MADE,
    )
    for name, page in pages.items():
        (root / name).write_text(page, "utf-8")
    return root
