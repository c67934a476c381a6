"""The Allure adapter under the real behave: tiny feature trees in, result files out."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from behave.model_type import Status as Outcome
from behave.parser import parse_feature

from redaction import MASK, redact
from support.core.characters import encodable
from support.evidence.allure_report import AllureReport, _Files

ROOT = Path(__file__).parents[2]
CONFIG = SimpleNamespace(userdata={})
URL = "https://tests.example/case/{key}?view=1"

# As the real suite uses it: the report comes first in every before hook and last in every after hook.
ENVIRONMENT = """
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from behave.model_type import Status
from support.evidence.allure_report import AllureReport
from support.core.characters import encodable


def before_all(context):
    context.report = AllureReport(
        Path(os.environ["RESULTS"]), context.config, context._runner.features,
        test_case_url=os.environ.get("TEST_CASE_URL"),
    )
    context.report.attach("made in before_all", "early", "text")
    if os.environ.get("STOP_WITH"):
        context.report.run_error(os.environ["STOP_WITH"])
        context.report.close()
        raise SystemExit(os.environ["STOP_WITH"])


def before_feature(context, feature):
    context.report.start_feature(feature)
    context.execute_steps("Given a table works\\n  | of no scenario |\\n  | 1 |")
    if "before_feature_breaks" in feature.tags:
        raise OSError("the broker is gone")


def after_feature(context, feature):
    context.report.stop_feature(feature)


def break_clean_up():
    raise OSError("the job could not be cancelled")


def before_scenario(context, scenario):
    context.report.start_scenario(scenario)
    tags = scenario.effective_tags
    if "before_breaks" in tags:
        raise ConnectionError("no database to look into")
    if "steps_in_hook" in tags:
        context.execute_steps("Given the hook works")
    if "skipped_by_hook" in tags:
        scenario.skip("needs another environment")
    if "interrupted_hook" in tags:
        raise KeyboardInterrupt
    if "clean_up_breaks" in tags:
        context.add_cleanup(break_clean_up)


def after_scenario(context, scenario):
    try:
        if "evidence" in scenario.effective_tags:
            context.report.attach("task document", '{"status": "running"}', "json")
            with ThreadPoolExecutor(1) as pool:
                pool.submit(context.report.attach, "from a worker", b"\\x89PNG", "png").result()
        if "after_fails" in scenario.effective_tags:
            assert False, "1 queue more than before, expected 0"
        if "marked_failed" in scenario.effective_tags:
            scenario.set_status(Status.failed)
        if "after_breaks" in scenario.effective_tags:
            raise TimeoutError("the clean-up did not end")
    finally:
        context.report.stop_scenario(scenario)


def before_step(context, step):
    context.report.start_step(step)


def after_step(context, step):
    try:
        if "after step fails" in step.name:
            assert False, "found after the step"
    finally:
        context.report.stop_step(step)


def after_all(context):
    context.report.attach("made in after_all", "late", "text")
    context.report.environment({"Base URL": "http://h:1/a=b", "path": "C:\\\\t\\n#é😀"})
    context.report.close()
    context.report.close()
"""

STEPS = """
from concurrent.futures import ThreadPoolExecutor
from behave import step


@step("{anything} works")
@step("a job is requested with {count:d} channels")
def _(context, **_kwargs): ...


@step("the answer is wrong")
def _(context):
    assert False, "3 task records, expected 1"


@step("the network is down")
def _(context):
    raise ConnectionError("connection refused")


@step("evidence is kept")
def _(context):
    context.report.attach("answer", "status: 200", "yaml")
    with ThreadPoolExecutor(1) as pool:
        pool.submit(context.report.attach, "seen by a worker", "<svg/>", "svg").result()


@step("the after step fails")
def _(context): ...


@step("other steps are run")
def _(context):
    context.execute_steps("Given the inner one works\\nAnd evidence is kept")
    context.report.attach("after the inner steps", "x", "text")


@step("the user presses Ctrl-C")
def _(context):
    raise KeyboardInterrupt
"""

LABELS = """
@PZ-1 @minor @smoke @shared
Feature: Creating a job
  Why it matters.

  Background:
    Given the ground works

  Scenario: Outside of a rule
    Given this works

  @critical @PZ-2 @shared @own
  Scenario: Most severe
    Given this works

  @blocker @PZ-3 @of-the-rule
  Rule: An accepted job is whole
    The rule has a description.
      | and | what looks like a table |

    Background:
      Given the ground of the rule works

    Scenario: The same name
      Given a table works
        | kind | change |
        | task | +1     |
      And a text works
        \"\"\"
        a long text
        \"\"\"

    @minor @PZ-4
    Scenario: Less severe than its rule
      Given this works

    @trivial @PZ-10
    Scenario Outline: A range of <count>
      When a job is requested with <count> channels

      @critical @PZ-11
      Examples: small
        | count |
        | 1     |
        | 2     |

      @PZ-12
      Examples: the same again
        | count |
        | 1     |

  Rule: A refused job leaves nothing
    Scenario: The same name
      Given this works
"""

VERDICTS = """
@epic:Life_of_a_job
Feature: Verdicts

  Scenario: passes
    Given this works

  Scenario: step fails
    Given this works
    Then the answer is wrong
    And never reached works

  Scenario: step breaks
    Given the network is down

  Scenario: undefined step
    Given this works
    When nobody has written this
    Then never reached works

  @after_fails @evidence
  Scenario: fails in clean-up
    Given evidence is kept

  @after_breaks
  Scenario: breaks in clean-up
    Given this works

  @after_breaks
  Scenario: step fails and clean-up breaks
    Then the answer is wrong

  @before_breaks @evidence
  Scenario: breaks before
    Given this works

  @clean_up_breaks
  Scenario: context clean-up breaks
    Given this works

  @clean_up_breaks
  Scenario: step fails and context clean-up breaks
    Then the answer is wrong

  @marked_failed
  Scenario: marked as failed
    Given this works

  @skipped_by_hook
  Scenario: skipped
    Given this works

  @not_selected
  Scenario: not selected
    Given this works

  @steps_in_hook
  Scenario: prepared by a hook
    Given this works

  Scenario: fails after its step
    Given the after step fails

  Scenario: runs steps in a step
    Given other steps are run
    Then the last one works
"""

HOOK = """
@before_feature_breaks
Feature: Cannot start
  Scenario: never run
    Given this works
"""


@dataclass(frozen=True)
class Run:
    exit_status: int
    output: str
    results_dir: Path

    def read(self, kind: str) -> list[dict[str, Any]]:
        return [json.loads(path.read_text("utf-8")) for path in self.results_dir.glob(f"*-{kind}.json")]

    @property
    def names(self) -> list[str]:
        return sorted(result["name"] for result in self.read("result"))

    def find(self, name: str, story: str | None = None) -> dict[str, Any]:
        found = [
            result
            for result in self.read("result")
            if result["name"] == name and (story is None or labels(result, "story") == [story])
        ]
        assert len(found) == 1, f"{len(found)} results named {name!r}, expected 1, in {self.names}\n{self.output}"
        return found[0]

    def body(self, attachment: dict[str, Any]) -> bytes:
        return (self.results_dir / str(attachment["source"])).read_bytes()


def labels(result: dict[str, Any], name: str) -> list[str]:
    return [label["value"] for label in result["labels"] if label["name"] == name]


def message(result: dict[str, Any]) -> str:
    return str(result["statusDetails"]["message"])


def start(tree: Path, features: dict[str, str], *arguments: str, **environment: str) -> "subprocess.Popen[str]":
    files = {**features, "environment.py": ENVIRONMENT, "steps/steps.py": STEPS}
    for name, text in files.items():
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_text(text, "utf-8")
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("ALLURE", "BEHAVE"))}
    path = os.pathsep.join(filter(None, (os.environ.get("PYTHONPATH"), str(ROOT))))
    settings = {"RESULTS": str(tree / "results"), "PYTHONPATH": path, **environment}
    return subprocess.Popen(
        [sys.executable, "-m", "behave", *arguments, "features"],
        cwd=tree,
        env={**inherited, **settings},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def behave(tree: Path, features: dict[str, str], *arguments: str, **environment: str) -> Run:
    process = start(tree, features, *arguments, **environment)
    output, _ = process.communicate(timeout=60)
    return Run(process.returncode, output, Path(environment.get("RESULTS", tree / "results")))


@pytest.fixture(scope="module")
def labelled(tmp_path_factory: pytest.TempPathFactory) -> Run:
    tree = tmp_path_factory.mktemp("labels")
    run = behave(tree, {"features/job_creation/create.feature": LABELS}, TEST_CASE_URL=URL)
    assert run.exit_status == 0, run.output
    return run


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> Run:
    tree = tmp_path_factory.mktemp("verdicts")
    features = {"features/a_folder/verdicts.feature": VERDICTS, "features/hook.feature": HOOK}
    run = behave(tree, features, "--tags=not @not_selected")
    assert run.exit_status == 1, run.output
    return run


def test_every_scenario_is_kept_in_rules_and_outlines_too(labelled: Run) -> None:
    assert labelled.names == sorted(
        [
            "Outside of a rule",
            "Most severe",
            "The same name",
            "Less severe than its rule",
            "A range of 1 -- @1.1 small",
            "A range of 2 -- @1.2 small",
            "A range of 1 -- @2.1 the same again",
            "The same name",
        ]
    )
    assert {result["status"] for result in labelled.read("result")} == {"passed"}


@pytest.mark.parametrize(
    ("name", "story", "severity", "keys", "tags"),
    [
        ("Outside of a rule", "Outside of a rule", "minor", {"PZ-1"}, ["shared", "smoke"]),
        ("Most severe", "Most severe", "critical", {"PZ-1", "PZ-2"}, ["own", "shared", "smoke"]),
        (
            "The same name",
            "An accepted job is whole",
            "blocker",
            {"PZ-1", "PZ-3"},
            ["of-the-rule", "shared", "smoke"],
        ),
        (
            "Less severe than its rule",
            "An accepted job is whole",
            "minor",
            {"PZ-1", "PZ-3", "PZ-4"},
            ["of-the-rule", "shared", "smoke"],
        ),
        (
            "A range of 1 -- @1.1 small",
            "An accepted job is whole",
            "critical",
            {"PZ-1", "PZ-3", "PZ-10", "PZ-11"},
            ["of-the-rule", "shared", "smoke"],
        ),
        (
            "A range of 1 -- @2.1 the same again",
            "An accepted job is whole",
            "trivial",
            {"PZ-1", "PZ-3", "PZ-10", "PZ-12"},
            ["of-the-rule", "shared", "smoke"],
        ),
        ("The same name", "A refused job leaves nothing", "minor", {"PZ-1"}, ["shared", "smoke"]),
    ],
)
def test_labels_and_links(
    labelled: Run, name: str, story: str, severity: str, keys: set[str], tags: Sequence[str]
) -> None:
    result = labelled.find(name, story)
    assert labels(result, "epic") == ["Job creation"]
    assert labels(result, "feature") == ["Creating a job"]
    assert labels(result, "severity") == [severity]
    assert sorted(labels(result, "tag")) == list(tags)
    expected = sorted((key, f"https://tests.example/case/{key}?view=1", "tms") for key in keys)
    assert sorted((link["name"], link["url"], link["type"]) for link in result["links"]) == expected


@pytest.mark.parametrize(
    ("name", "line", "keys"),
    [
        ("Outside of a rule", "    Scenario: Outside of a rule", ["PZ-1"]),
        ("Less severe than its rule", "    Scenario: Less severe than its rule", ["PZ-1", "PZ-3", "PZ-4"]),
        ("A range of 2 -- @1.2 small", "        | 2     |", ["PZ-1", "PZ-3", "PZ-10", "PZ-11"]),
    ],
)
def test_a_result_can_be_traced_to_its_scenario_and_to_its_test_cases(
    labelled: Run, name: str, line: str, keys: list[str]
) -> None:
    result = labelled.find(name)
    number = [text.strip() for text in LABELS.splitlines()].index(line.strip()) + 1
    assert labels(result, "location") == [f"features/job_creation/create.feature:{number}"]
    assert labels(result, "key") == keys


def test_without_an_address_a_key_is_a_tag_and_severity_is_normal(tmp_path: Path) -> None:
    feature = "@PZ-7 @epic:Life_of_a_job\nFeature: F\n  Scenario: S\n    Given this works\n"
    result = behave(tmp_path, {"features/f.feature": feature}, "--no-capture").find("S")
    assert "links" not in result
    assert labels(result, "tag") == ["PZ-7"]
    assert labels(result, "epic") == ["Life of a job"]
    assert labels(result, "severity") == ["normal"]


def test_no_two_scenarios_or_rows_share_their_history(labelled: Run) -> None:
    results = labelled.read("result")
    assert len({result["historyId"] for result in results}) == len(results)


def test_rows_of_an_outline_are_one_test_case_with_parameters(labelled: Run) -> None:
    first, second = (labelled.find(f"A range of {n} -- @1.{n} small") for n in (1, 2))
    assert [(p["name"], p["value"]) for p in first["parameters"]] == [("count", "1")]
    assert [(p["name"], p["value"]) for p in second["parameters"]] == [("count", "2")]
    assert first["testCaseId"] == second["testCaseId"]
    # Equal rows have equal parameters: as the same test case, a report would show only one of them.
    assert labelled.find("A range of 1 -- @2.1 the same again")["testCaseId"] != first["testCaseId"]
    same = {result["testCaseId"] for result in labelled.read("result") if result["name"] == "The same name"}
    assert len(same) == 2


def test_history_survives_a_new_run_and_a_new_row(labelled: Run, tmp_path: Path) -> None:
    changed = LABELS.replace("| count |\n        | 1     |\n        | 2", "| count |\n| 9 |\n| 1     |\n| 2", 1)
    changed = changed.replace("Scenario: The same name", "Scenario: Another name", 1)
    again = behave(tmp_path, {"features/job_creation/create.feature": "\n" + changed})
    assert "A range of 9 -- @1.1 small" in again.names
    assert (
        again.find("A range of 2 -- @1.3 small")["historyId"]
        == labelled.find("A range of 2 -- @1.2 small")["historyId"]
    )
    assert again.find("Most severe")["historyId"] == labelled.find("Most severe")["historyId"]
    refused = ("The same name", "A refused job leaves nothing")
    assert again.find(*refused)["historyId"] == labelled.find(*refused)["historyId"]


def test_a_rule_is_a_branch_of_the_reports_tree(labelled: Run) -> None:
    path = labelled.find("The same name", "A refused job leaves nothing")["titlePath"]
    assert path == ["features", "job_creation", "Creating a job", "A refused job leaves nothing"]


def test_background_steps_tables_and_texts_are_shown(labelled: Run) -> None:
    steps = labelled.find("The same name", "An accepted job is whole")["steps"]
    assert [step["name"] for step in steps] == [
        "Given the ground works",
        "Given the ground of the rule works",
        "Given a table works",
        "And a text works",
    ]
    assert labelled.body(steps[2]["attachments"][0]).split() == [b"kind,change", b"task,+1"]
    assert labelled.body(steps[3]["attachments"][0]) == b"a long text"


@pytest.mark.parametrize(
    ("name", "status", "said"),
    [
        ("step fails", "failed", ["3 task records, expected 1"]),
        ("step breaks", "broken", ["connection refused"]),
        ("undefined step", "broken", ["nobody has written this"]),
        ("fails in clean-up", "failed", ["1 queue more than before, expected 0"]),
        ("breaks in clean-up", "broken", ["the clean-up did not end"]),
        (
            "step fails and clean-up breaks",
            "failed",
            ["3 task records, expected 1", "the clean-up did not end"],
        ),
        ("breaks before", "broken", ["no database to look into"]),
        ("context clean-up breaks", "broken", ["the job could not be cancelled"]),
        (
            "step fails and context clean-up breaks",
            "failed",
            ["3 task records, expected 1", "the job could not be cancelled"],
        ),
        ("marked as failed", "failed", ["without a message"]),
        ("skipped", "skipped", ["needs another environment"]),
        ("fails after its step", "failed", ["found after the step"]),
    ],
)
def test_status_and_message(judged: Run, name: str, status: str, said: Sequence[str]) -> None:
    result = judged.find(name)
    assert result["status"] == status
    places = [message(result).find(text) for text in said]
    assert -1 not in places, message(result)
    assert places == sorted(places), "what went wrong first is told first"


def test_passing_scenarios_and_those_not_selected(judged: Run) -> None:
    assert judged.find("passes")["status"] == "passed"
    assert judged.find("runs steps in a step")["status"] == "passed"
    assert "statusDetails" not in judged.find("passes")
    assert "not selected" not in judged.names


@pytest.mark.parametrize(
    ("name", "statuses"),
    [
        ("step fails", ["passed", "failed", "skipped"]),
        ("undefined step", ["passed", "broken", "skipped"]),
        ("breaks before", ["skipped"]),
        ("fails after its step", ["failed"]),
        ("fails in clean-up", ["passed"]),
    ],
)
def test_every_step_is_shown_with_its_own_status(judged: Run, name: str, statuses: Sequence[str]) -> None:
    result = judged.find(name)
    assert [step["status"] for step in result["steps"]] == list(statuses)
    times = [result["start"], *(time for step in result["steps"] for time in (step["start"], step["stop"]))]
    assert [*times, result["stop"]] == sorted([*times, result["stop"]])


def test_steps_run_by_a_step_lie_inside_it(judged: Run) -> None:
    outer, last = judged.find("runs steps in a step")["steps"]
    assert [step["name"] for step in outer["steps"]] == ["Given the inner one works", "And evidence is kept"]
    assert [a["name"] for a in outer["steps"][1]["attachments"]] == ["answer", "seen by a worker"]
    assert [a["name"] for a in outer["attachments"]] == ["after the inner steps"]
    assert last["name"] == "Then the last one works"


def test_steps_run_by_a_hook_come_before_the_scenarios_own(judged: Run) -> None:
    steps = judged.find("prepared by a hook")["steps"]
    assert [(step["name"], step["status"]) for step in steps] == [
        ("Given the hook works", "passed"),
        ("Given this works", "passed"),
    ]


def test_evidence_lies_where_it_was_made(judged: Run) -> None:
    result = judged.find("fails in clean-up")
    in_step = [(a["name"], a["type"], judged.body(a)) for a in result["steps"][0]["attachments"]]
    assert in_step == [
        ("answer", "application/yaml", b"status: 200"),
        ("seen by a worker", "image/svg+xml", b"<svg/>"),
    ]
    outside = [(a["name"], a["type"], judged.body(a)) for a in result["attachments"]]
    assert outside == [
        ("task document", "application/json", b'{"status": "running"}'),
        ("from a worker", "image/png", b"\x89PNG"),
    ]
    assert len(judged.find("breaks before")["attachments"]) == 2


def test_evidence_and_errors_outside_of_scenarios_belong_to_the_run(judged: Run) -> None:
    run = judged.read("globals")
    attached = {a["name"]: judged.body(a) for part in run for a in part.get("attachments", ())}
    assert attached == {"made in before_all": b"early", "made in after_all": b"late"}
    (error,) = [error["message"] for part in run for error in part.get("errors", ())]
    assert "Cannot start" in error
    assert "the broker is gone" in error
    assert "never run" not in judged.names


def test_environment_is_written_as_java_properties(judged: Run) -> None:
    lines = (judged.results_dir / "environment.properties").read_bytes().splitlines()
    assert lines == [rb"Base\ URL=http://h:1/a=b", rb"path=C:\\t\n#\u00e9\ud83d\ude00"]


def test_a_scenario_that_is_skipped_leaves_its_reason_also_where_behave_prints_none(tmp_path: Path) -> None:
    feature = (
        "Feature: F\n  @skipped_by_hook\n  Scenario: skipped\n    Given this works\n"
        "  Scenario: kept\n    Given this works\n"
    )
    run = behave(tmp_path, {"features/f.feature": feature}, "--no-skipped")
    assert run.names == ["kept", "skipped"]
    assert "needs another environment" in message(run.find("skipped"))


@pytest.mark.parametrize("place", ["step", "hook"])
def test_ctrl_c_gives_a_broken_result_and_ends_the_run(tmp_path: Path, place: str) -> None:
    tag, step = ("", "the user presses Ctrl-C") if place == "step" else ("@interrupted_hook", "this works")
    feature = (
        f"Feature: F\n  {tag}\n  Scenario: interrupted\n    Given {step}\n    Then the rest works\n"
        "  Scenario: next\n    Given this works\n"
    )
    run = behave(tmp_path, {"features/f.feature": feature})
    assert run.exit_status != 0
    assert run.names == ["interrupted"]
    result = run.find("interrupted")
    assert result["status"] == "broken"
    assert "nterrupt" in message(result)


def test_what_is_open_when_the_run_breaks_off_is_written(tmp_path: Path) -> None:
    # A signal can arrive between a hook and its step; behave then calls no hook but after_all.
    feature = parse_feature("Feature: F\n  Scenario: S\n    Given a step\n", filename="f.feature")
    scenario = feature.scenarios[0]
    report = AllureReport(tmp_path, CONFIG, [], test_case_url=None)
    report.start_feature(feature)
    report.start_scenario(scenario)
    report.start_step(scenario.steps[0])
    report.close()
    result = Run(0, "", tmp_path).find("S")
    assert result["status"] == "broken"
    assert "aborted" in message(result)
    assert [(step["name"], step["status"]) for step in result["steps"]] == [("Given a step", "skipped")]
    assert result["steps"][0]["stop"] <= result["stop"]


@pytest.mark.parametrize("text", ["\x1b[31mboom\x1b[0m \x00 \ufffe ]]> \ud83d <b>&", "Ünïcödé 🙂 أهلا", "x" * 1000])
def test_results_with_any_text_can_be_read(tmp_path: Path, text: str) -> None:
    feature = parse_feature("Feature: F\n  Scenario: S\n    Given a step\n", filename="f.feature")
    (scenario,) = feature.scenarios
    (step,) = scenario.steps
    # Names are those of a file in UTF-8, which has no lone surrogates.
    feature.name = scenario.name = encodable(text)
    step.name = step.text = text
    step.status, step.exception, step.error_message = Outcome.failed, AssertionError(text), text
    report = AllureReport(tmp_path, CONFIG, [], test_case_url=None)
    report.start_feature(feature)
    report.start_scenario(scenario)
    report.start_step(step)
    report.attach(text, text, "text")
    report.stop_step(step)
    report.stop_scenario(scenario)
    report.attach(text, text, "text")
    report.run_error(text)
    report.stop_feature(feature)
    report.close()
    (result,) = [json.loads(path.read_bytes()) for path in tmp_path.glob("*-result.json")]
    assert result["name"] == encodable(text)
    for path in tmp_path.iterdir():
        path.read_text("utf-8")
        assert len(path.name.encode()) <= 200


def test_no_result_ends_before_it_begins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    feature = parse_feature("Feature: F\n  Scenario: S\n    Given a step\n", filename="f.feature")
    (scenario,) = feature.scenarios
    report = AllureReport(tmp_path, CONFIG, [], test_case_url=None)
    set_back = time.time() - 3600
    report.start_feature(feature)
    report.start_scenario(scenario)
    report.start_step(scenario.steps[0])
    monkeypatch.setattr("time.time", lambda: set_back)
    report.stop_step(scenario.steps[0])
    report.stop_scenario(scenario)
    report.close()
    result = Run(0, "", tmp_path).find("S")
    for part in (result, *result["steps"]):
        assert 0 <= part["stop"] - part["start"] < 60_000


def test_a_run_that_stops_before_any_scenario_leaves_its_error(tmp_path: Path) -> None:
    feature = {"features/f.feature": "Feature: F\n  Scenario: S\n    Given this works\n"}
    run = behave(tmp_path, feature, STOP_WITH="environment broken: no MongoDB at 127.0.0.1:1")
    assert run.exit_status != 0
    assert run.names == []
    errors = [error["message"] for part in run.read("globals") for error in part.get("errors", ())]
    assert errors == ["environment broken: no MongoDB at 127.0.0.1:1"]


def test_a_dry_run_writes_nothing(tmp_path: Path) -> None:
    feature = {"features/f.feature": "Feature: F\n  Scenario: S\n    Given this works\n"}
    run = behave(tmp_path, feature, "--dry-run")
    assert run.exit_status == 0, run.output
    assert not run.results_dir.exists()


def test_two_processes_write_one_folder(tmp_path: Path) -> None:
    results = str(tmp_path / "results")
    feature = "Feature: {0}\n  Scenario: {0}\n    Given this works\n"
    processes = [
        start(tmp_path / name, {"features/f.feature": feature.format(name)}, RESULTS=results) for name in ("one", "two")
    ]
    assert [process.communicate(timeout=60) and process.returncode for process in processes] == [0, 0]
    assert Run(0, "", Path(results)).names == ["one", "two"]
    assert not list(Path(results).glob("*.tmp"))


def test_a_file_that_cannot_be_written_is_told_and_disturbs_nobody(tmp_path: Path) -> None:
    lost: list[OSError] = []
    report = AllureReport(tmp_path / "results", CONFIG, [], test_case_url=None, lost=lost.append)
    (tmp_path / "results").rmdir()
    report.environment({"Profile": "local"})
    report.attach("evidence", "text", "text")
    report.run_error("message")
    report.close()
    assert len(lost) >= 3
    assert {type(one) for one in lost} == {FileNotFoundError}


def test_a_secret_with_a_letter_that_cannot_be_written_is_masked_in_an_attachment(tmp_path):
    redact.learn(["p\udce4ssw0rd9"])  # A byte of a variable that is no UTF-8.
    _Files(tmp_path, lambda error: None).report_attached_data("it is p\udce4ssw0rd9", "x-attachment.txt")
    assert (tmp_path / "x-attachment.txt").read_text("utf-8") == f"it is {MASK}"
