"""Features of any form and language: behave runs them, and reports find what it ran, in the same places."""

import codecs
import json
import subprocess
import sys
from datetime import UTC, datetime

import pytest
from small_checkout import CHECKOUT, ENVIRONMENT, STEPS, Checkout

from reporting.cucumber import as_cucumber
from reporting.documentation.capabilities import Capability
from reporting.documentation.pages import as_pages
from reporting.documentation.vocabulary import Vocabulary
from reporting.features import FeatureUnreadable
from reporting.glossary import Glossary
from reporting.junit import as_junit
from reporting.lint import lint
from reporting.results import read_results
from reporting.verdicts import Status
from support.core.characters import as_json

PLAN = """\
key,title,area,priority,state,reason
PZ-10001,In German,first,High,,
PZ-10002,In French,first,High,,
PZ-10003,With tabs,first,High,,
"""
GERMAN = '''\
# language: de
@PZ-10001
Funktionalität:
  Warum es zählt: äöü …

  Grundlage:
    Angenommen der Grund works

  Szenario:
    Gegeben sei das works
      """
      Scenario: kein Szenario, sondern Text
        eingerückt
      """
    Aber dies works

  Regel: Was gilt
    Grundlage:
      Angenommen der zweite Grund works

    Szenariogrundriss: Es <geht>
      Wenn es <geht> works

      Beispiele: eins
        | geht |
        | gut  |

      Beispiele: zwei
        | geht   |
        | besser |
        | am \\| besten |
'''
FRENCH = """\
# language: fr
@PZ-10002
Fonctionnalité: L'été
  Scénario: Déjà vu
    Étant donné que le sol works
    Lorsqu'il works
    * ceci works
"""
TABS = """\
@PZ-10003
Feature: Tabs
\tScenario Template: It <does>
\t\tGiven it <does> works
\t\t\t| kind\t| change |
\t\t\t| task\t| +1 |
\tScenarios:
\t\t| does |
\t\t| well |
"""


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    root = tmp_path_factory.mktemp("forms")
    made = Checkout(root)
    made.write({"steps/steps.py": STEPS, "config/test_cases.csv": "\ufeff" + PLAN.replace("\n", "\r\n")})
    made.write({"environment.py": f"import support.runner.behave_files\n{ENVIRONMENT}"})
    contents = {
        "features/über/deutsch.feature": codecs.BOM_UTF8 + GERMAN.replace("\n", "\r\n").encode(),
        "features/b/fr.feature": FRENCH.encode(),
        "features/b/tabs #1?.feature": codecs.BOM_UTF8 + TABS.encode(),
    }
    for name, content in contents.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(content)
    run = subprocess.run(
        [sys.executable, "-m", "behave", "--junit", "--no-color", "features"],
        cwd=root, env={"PYTHONPATH": str(CHECKOUT)}, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert run.returncode == 0, run.stdout + run.stderr
    return made


@pytest.fixture(scope="module")
def traced(ran):
    return ran.traced(read_results(ran.root / "reports/runs/one/allure-results"))


def test_every_result_finds_its_scenario_in_its_place(traced):
    assert traced.stale == ()
    assert {one.status for one in traced.scenarios} == {Status.PASSED}
    assert [one.state for one in traced.cases] == ["passed"] * 3
    german = [one.scenario for one in traced.scenarios if one.scenario.place.file == "features/über/deutsch.feature"]
    assert [(one.name, one.place.line, one.rule, one.feature) for one in german] == [
        ("Szenario", 9, "", "deutsch"),
        ("Es gut -- @1.1 eins", 26, "Was gilt", "deutsch"),
        ("Es besser -- @2.1 zwei", 30, "Was gilt", "deutsch"),
        ("Es am | besten -- @2.2 zwei", 31, "Was gilt", "deutsch"),
    ]


def test_lint_has_nothing_against_them(ran, traced):
    assert lint(ran.features, traced) == []


def test_steps_are_those_that_ran_background_and_keywords_included(ran, traced):
    elements = {one["name"]: one for feature in as_cucumber(traced, ran.features) for one in feature["elements"]}
    assert {one["result"]["status"] for element in elements.values() for one in element["steps"]} == {"passed"}
    assert [(one["keyword"], one["name"]) for one in elements["Szenario"]["steps"]] == [
        ("Angenommen ", "der Grund works"), ("Gegeben sei ", "das works"), ("Aber ", "dies works"),
    ]  # fmt: skip
    assert elements["Szenario"]["steps"][1]["doc_string"]["value"].splitlines() == [
        "Scenario: kein Szenario, sondern Text", "  eingerückt",
    ]  # fmt: skip
    assert [one["name"] for one in elements["Es gut -- @1.1 eins"]["steps"]] == [
        "der Grund works", "der zweite Grund works", "es gut works",
    ]  # fmt: skip
    assert [one["keyword"] for one in elements["Déjà vu"]["steps"]] == ["Étant donné que ", "Lorsqu' ", "* "]
    assert {one["keyword"] for one in elements.values()} == {
        "Szenario", "Szenariogrundriss", "Scénario", "Scenario Template",
    }  # fmt: skip
    assert elements["It well -- @1.1"]["steps"][0]["rows"] == [{"cells": ["kind", "change"]}, {"cells": ["task", "+1"]}]


def test_exports_and_pages_have_them(ran, traced):
    assert b"D\xc3\xa9j\xc3\xa0 vu" in as_junit(traced)
    assert json.loads(as_json(as_cucumber(traced, ran.features)))
    chapter = [Capability("b", "B", "All.", ran.features)]
    pages = as_pages(chapter, Vocabulary((), ()), Glossary(), traced, test_case_url=None, made=traced.run.start)
    assert set(pages) == {
        "index.html",
        "glossary.html",
        "vocabulary.html",
        "über-deutsch.html",
        "b-fr.html",
        "b-tabs-1.html",
    }
    assert "Lorsqu&#39;" in pages["b-fr.html"]
    for page in pages:
        assert page in ("index.html", "vocabulary.html") or f'href="{page}"' in pages["index.html"]


def test_features_of_like_names_have_pages_of_their_own(checkout):
    text = "Feature: F\n  Scenario: S\n    Given this works\n"
    paths = [
        "features/a/b.feature",
        "features/x/a/b.feature",
        "features/A/B.feature",
        f"features/{'l' * 240}/{'m' * 240}.feature",
    ]
    made = checkout({**dict.fromkeys(paths, text), "config/test_cases.csv": PLAN})
    chapter = [Capability("b", "B", "All.", made.features)]
    traced = made.traced()
    pages = as_pages(chapter, Vocabulary((), ()), Glossary(), traced, test_case_url=None, made=datetime.now(UTC))
    assert len({page.casefold() for page in pages}) == len(paths) + 3
    assert max(len(page.encode()) for page in pages) <= 200


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("Feature: F\n  Scenario: für\n".encode("latin-1"), r"features/a/odd.feature:2: .*UTF-8"),
        ("Feature: F".encode("utf-16"), r"features/a/odd.feature:1: .*UTF-8"),
        (b"# language: klingon\nFeature: F\n", r"features/a/odd.feature:1: .*klingon"),
        (b'Feature: F\n  Scenario: S\n    Given this\n      """\n    text\n', r"features/a/odd.feature:\d+: "),
        (b"Scenario: S\n  Given this\n", r"features/a/odd.feature:1: "),
    ],
)
def test_a_file_that_is_none_is_named_with_its_line(checkout, content, said):
    made = checkout({"features/a/fine.feature": TABS})
    (made.root / "features/a/odd.feature").write_bytes(content)
    with pytest.raises(FeatureUnreadable, match=said):
        made.features  # noqa: B018


def test_a_folder_that_is_called_like_a_feature_is_named(checkout):
    made = checkout({"features/a/fine.feature": TABS})
    (made.root / "features/a/odd.feature").mkdir()
    with pytest.raises(FeatureUnreadable, match=r"odd\.feature:1: .*directory"):
        made.features  # noqa: B018
