"""`behave --jobs`: the real behave on small projects, whose hooks do what those of the suite do with workers."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree

import psutil
import pytest

from support.runner.jobs import most_in_turn

ROOT = Path(__file__).parents[2]

ENVIRONMENT = """
import os
import time
from pathlib import Path
from types import SimpleNamespace

import support.runner.behave_files
from behave.model import Step
from redaction import protect_output, redact
from support.evidence.allure_report import AllureReport
from support.runner.behave_files import OneMessage
from support.runner.jobs import jobs_of
from support.runner.run_folder import RunFolder
from support.runner.run_state import RunState

protect_output()


def log(*words):
    with open("log", "a") as file:
        file.write(" ".join(map(str, (os.getpid(), *words))) + "\\n")


def before_all(context):
    log("before_all")
    folder = RunFolder.make(Path("reports"), profile="made-up", command=[])
    report = AllureReport(folder.results, context.config, context._runner.features, test_case_url=None)
    shared = context.config.userdata.get("shared")
    context.run_state = RunState(folder=folder, report=report, endpoints=[] if shared else [{}] * 8)
    context.run_state.profile = SimpleNamespace(name="made-up")
    context.run_state.makes_disposable = "disposable" in context.config.userdata
    context._runner.formatters.insert(0, OneMessage())
    context.config.junit_directory = "junit"
    context.config.paths = [context.config.base_dir]
    if jobs_of(context._runner) == 1:
        open_run(context)


def open_run(context):
    redact.learn([f"secret-{os.getpid()}"])
    context.run_state.run = SimpleNamespace(
        description=lambda: {"Process": str(os.getpid())},
        settings=SimpleNamespace(secrets=lambda: [f"secret-{os.getpid()}"]),
    )


def before_worker(context):
    if context.config.userdata.get("broken"):
        context.run_state.reasons.append("there is no broker")
        context.abort(reason="there is no broker")
        return
    if context.config.userdata.get("slow_start"):
        log("starting", context.worker.number)
        time.sleep(20)
    open_run(context)
    log("before_worker", context.worker.number, context.worker.has_others)


def after_worker(context):
    if context.config.userdata.get("slow_end"):
        log("ending")
        time.sleep(30)
    context.run_state.report.close()
    log("after_worker")
    if context.config.userdata.get("late"):
        raise AssertionError("something came late")


def before_feature(context, feature):
    context.run_state.report.start_feature(feature)
    if "feature_skips" in feature.tags:
        feature.skip("not today")
    if "feature_breaks" in feature.tags:
        raise OSError("the feature's hook is broken")


def after_feature(context, feature):
    context.run_state.report.stop_feature(feature)


def before_scenario(context, scenario):
    context.run_state.report.start_scenario(scenario)
    context.run_state.scenarios.append(scenario)
    log("begin", scenario.name)
    if "another_environment" in scenario.effective_tags:
        another = SimpleNamespace(settings=SimpleNamespace(secrets=lambda: ["expected one"]))
        context.run_state.disposable = SimpleNamespace(made=another)
    if "skipped" in scenario.effective_tags:
        scenario.skip("needs another environment")
    if "aborts" in scenario.effective_tags:
        context.abort(reason="the sky has fallen")
    if "first_step" in scenario.effective_tags:
        scenario.steps.insert(0, Step(scenario.filename, scenario.line, "Given", "given", "it works"))
    if "breaks" in scenario.effective_tags:
        raise OSError("the hook is broken")
    scenario.steps.append(Step(scenario.filename, scenario.line, "And", "then", "nothing is left"))


def before_step(context, step):
    context.run_state.report.start_step(step)
    if context.aborted:  # Ctrl-C came between two steps.
        raise KeyboardInterrupt


def after_step(context, step):
    context.run_state.report.stop_step(step)


def after_scenario(context, scenario):
    log("end", scenario.name)
    if "known" in scenario.effective_tags:
        context.run_state.known.append(f"known: {scenario.name}")
    context.run_state.report.stop_scenario(scenario)


def after_all(context):
    log("after_all")
    context.run_state.report.close()
    log("known", sorted(context.run_state.known))
    log("reasons", context.run_state.reasons)
    log("begun", len(context.run_state.scenarios))
"""

STEPS = """
import os, signal, time
from behave import step

class Odd(Exception):
    def __init__(self, one, two):
        super().__init__(f"{one} and {two}")

@step("it works")
def works(context): pass

@step("nothing is left")
def nothing(context): pass

@step("it fails")
def fails(context): assert False, f"expected one, seen two, secret-{os.getpid()}"

@step("it raises what cannot be pickled")
def odd(context): raise Odd(1, 2)

@step("it says {words}")
def says(context, words):
    for word in words.split():
        print(word, flush=True)
        time.sleep(0.02)

@step("its process is killed")
def killed(context): os.kill(os.getpid(), signal.SIGKILL)

@step("its process is killed the first time")
def killed_once(context):
    if not os.path.exists("once"):
        open("once", "w").close()
        os.kill(os.getpid(), signal.SIGKILL)

class Textless(Exception):
    def __str__(self):
        raise RuntimeError("no text")

@step("it raises what has no text")
def textless(context): raise Textless

@step("it exits")
def exits(context): raise SystemExit(0)

@step("it leaves a process behind and is killed")
def leaves(context):
    if os.fork() == 0:
        time.sleep(15)
        os._exit(0)
    os.kill(os.getpid(), signal.SIGKILL)

@step("it waits")
def waits(context): time.sleep(30)

@step("it takes a moment")
def moment(context): time.sleep(0.15)
"""

EVERYTHING = """
@top
Feature: All that may come of a scenario
  Background:
    Given it works

  Scenario: Passes
    When it works

  @known
  Scenario: Fails
    When it fails
    Then it works

  Scenario: Raises
    When it raises what cannot be pickled

  Scenario: Undefined
    When nobody knows this

  @skipped
  Scenario: Skipped
    When it works

  @breaks
  Scenario: Hook breaks
    When it works

  Scenario Outline: Row <n>
    When it <does>

    Examples: a
      | n | does  |
      | 1 | works |
      | 2 | fails |

  Rule: A rule
    Background:
      Given it works

    Scenario: Passes
      When it works

    Scenario: Passes
      When it works
"""

OTHER = "Feature: {name}\n" + "".join(f"  Scenario: {name} {{name}}\n    When it takes a moment\n" for name in "abc")


@pytest.fixture
def project(tmp_path):
    (tmp_path / "steps").mkdir()
    (tmp_path / "steps" / "all.py").write_text(STEPS)
    (tmp_path / "environment.py").write_text(ENVIRONMENT)
    (tmp_path / "features").mkdir()

    def write(**features):
        for name, text in features.items():
            (tmp_path / "features" / f"{name}.feature").write_text(text)
        return tmp_path

    return write


def command(*arguments):
    # A shell that starts the tests in its background has them ignore Ctrl-C, which would be inherited.
    return [
        "env",
        "--default-signal=INT",
        sys.executable,
        "-m",
        "behave",
        "-r",
        "support.runner.jobs:Runner",
        "--no-color",
        *arguments,
        "features",
    ]


def behave(folder, *arguments):
    return subprocess.run(
        command(*arguments), cwd=folder, env=environment(), capture_output=True, text=True, timeout=60
    )


def environment():
    return {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}


def log_of(folder):
    return [line.split(" ", 2) for line in (folder / "log").read_text().splitlines()]


def results_of(folder):
    return [json.loads(path.read_text()) for path in folder.glob("reports/runs/*/allure-results/*-result.json")]


def comparable(folder):
    """What must be the same however many jobs there are: JUnit and Allure, without times and processes."""

    def clean(text):
        return re.sub(r"secret-\d+|in \d+\.\d+s|took \d+\.\d+s|\d+\.\d{3,}s?", "", text or "")

    cases = {}
    for path in sorted(folder.glob("junit/*.xml")):
        suite = ElementTree.parse(path).getroot()
        cases[path.name] = [
            (case.get("name"), case.get("status"), [(part.tag, part.get("message"), part.get("type")) for part in case])
            for case in suite.iter("testcase")
        ] + [{name: suite.get(name) for name in ("tests", "errors", "failures", "skipped")}]
    results = sorted(
        (
            result["historyId"],
            result["status"],
            result["fullName"],
            clean(result.get("statusDetails", {}).get("message")),
            [(step["name"], step["status"]) for step in result["steps"]],
        )
        for result in results_of(folder)
    )
    return clean(json.dumps(cases, indent=1)).splitlines(), results


def counts(run):
    return [line for line in run.stdout.splitlines() if re.match(r"\d+ (features|rules|scenarios|steps) ", line)]


def test_several_jobs_come_to_the_same_as_one(project, tmp_path):
    folder = project(one=EVERYTHING, two=OTHER.format(name="two"))
    alone = behave(folder, "--junit", "-f", "json", "-o", "one.json")
    expected = comparable(folder), counts(alone), alone.returncode
    for name in ("reports", "junit"):
        subprocess.run(["rm", "-r", str(folder / name)], check=True)
    together = behave(folder, "--junit", "--jobs", "3", "-f", "json", "-o", "three.json")
    assert comparable(folder)[0] == expected[0][0]
    assert comparable(folder)[1] == expected[0][1]
    assert (counts(together), together.returncode) == expected[1:]
    assert expected[2] == 1
    assert "7 scenarios passed, 2 failed, 2 error, 1 hook_error, 1 skipped" in expected[1]
    assert [words[1:] for words in log_of(folder)[-3:]] == [
        ["known", "['known: Fails']"],
        ["reasons", "[]"],
        ["begun", "13"],
    ]
    documents = [
        [[one["name"] for one in feature["elements"]] for feature in json.loads((folder / name).read_text())]
        for name in ("one.json", "three.json")
    ]
    assert [sorted(names) for names in documents[0]] == [sorted(names) for names in documents[1]]


def test_a_run_of_several_jobs_is_green_when_all_is_and_reads_everything_once(project):
    folder = project(one=OTHER.format(name="one"), two=OTHER.format(name="two"))
    ran = behave(folder, "--jobs", "2")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    log = log_of(folder)
    assert Counter(words[1] for words in log) == {
        "before_all": 1, "before_worker": 2, "begin": 6, "end": 6, "after_worker": 2, "after_all": 1,
        "known": 1, "reasons": 1, "begun": 1,
    }  # fmt: skip
    assert len({pid for pid, *words in log if words[0] == "begin"}) == 2
    written = (next(folder.glob("reports/runs/*")) / "allure-results" / "environment.properties").read_text()
    processes = [pid for pid, *words in log if words[0] == "before_worker"]
    assert all(process in written for process in processes)


def test_output_is_whole_scenarios(project):
    words = "one two three four five six"
    folder = project(
        one="".join(["Feature: One\n", *(f"  Scenario: {name}\n    When it says {words}\n" for name in "abcdef")])
    )
    ran = behave(folder, "--jobs", "3", "--no-capture", "-f", "plain")
    said = [line for line in ran.stdout.splitlines() if line in words.split()]
    assert said == words.split() * 6
    for name in "abcdef":
        assert re.search(
            rf"Scenario: {name}\n +When it says {words} \.\.\. passed.*\n.*nothing is left.*\n+one\ntwo", ran.stdout
        )


def test_a_message_is_told_without_the_secrets_of_its_worker(project):
    folder = project(one=EVERYTHING)
    ran = behave(folder, "--jobs", "2", "-f", "plain")
    assert "expected one, seen two" in ran.stdout
    assert not re.search(r"secret-\d", ran.stdout)


def test_a_message_is_told_without_the_secrets_of_an_environment_that_a_worker_has_got_for_it(project):
    folder = project(one="@another_environment\n" + EVERYTHING, two=OTHER.format(name="two"))
    ran = behave(folder, "--jobs", "2", "-f", "plain")
    assert ", seen two" in ran.stdout
    assert "expected one" not in ran.stdout


def test_a_dead_worker_is_told_with_its_scenario_and_the_rest_goes_on(project):
    folder = project(
        one="Feature: One\n  Scenario: Deadly\n    When its process is killed\n", two=OTHER.format(name="two"),
        three=OTHER.format(name="three"),
    )  # fmt: skip
    ran = behave(folder, "--jobs", "2", "--junit", "-f", "plain")
    assert ran.returncode == 1
    assert re.search(r"The worker of this scenario has died \(process \d+, killed by SIGKILL\)", ran.stdout)
    assert "6 scenarios passed, 0 failed, 1 error, 0 skipped" in ran.stdout
    results = results_of(folder)
    assert Counter(result["status"] for result in results) == {"passed": 6, "broken": 1}
    [broken] = [result for result in results if result["status"] == "broken"]
    assert broken["name"] == "Deadly"
    assert "has died" in broken["statusDetails"]["message"]
    assert "has died" in (folder / "junit" / "TESTS-features.one.xml").read_text()


def test_of_workers_that_die_one_after_another_each_is_told(project):
    deadly = "".join(f"  Scenario: Deadly {n}\n    When its process is killed\n" for n in range(5))
    folder = project(one=f"Feature: One\n{deadly}  Scenario: Fine\n    When it works\n")
    ran = behave(folder, "--jobs", "2")
    assert "1 scenario passed, 0 failed, 5 error, 0 skipped" in ran.stdout
    assert Counter(result["status"] for result in results_of(folder)) == {"passed": 1, "broken": 5}


def test_where_workers_share_what_is_serial_comes_last_with_nothing_beside_it(project):
    serial = OTHER.format(name="serial").replace("Feature", "@serial\nFeature", 1)
    folder = project(a_first=serial, two=OTHER.format(name="two"))
    assert behave(folder, "--jobs", "3", "-D", "shared=yes").returncode == 0
    log = log_of(folder)
    order = [(words[1], "serial" in words[2]) for words in log if words[1] in ("begin", "end")]
    assert order[6:] == [("begin", True), ("end", True)] * 3
    assert not any(is_serial for _, is_serial in order[:6])
    alone = [words[2] for words in log if words[1] == "before_worker"]
    assert sorted(alone) == ["0 False", "0 True", "1 True", "2 True"]


def test_where_each_worker_has_its_own_what_is_serial_is_run_beside_others(project):
    folder = project(one=OTHER.format(name="serial").replace("Feature", "@serial\nFeature", 1))
    assert behave(folder, "--jobs", "3").returncode == 0
    assert sum(words[1] == "before_worker" for words in log_of(folder)) == 3


def test_what_needs_the_whole_machine_comes_last_with_nothing_beside_it(project):
    alone = OTHER.format(name="whole").replace("Feature", "@alone\nFeature", 1)
    folder = project(a_first=alone, two=OTHER.format(name="two"))
    assert behave(folder, "--jobs", "3").returncode == 0
    order = [(words[1], "whole" in words[2]) for words in log_of(folder) if words[1] in ("begin", "end")]
    assert order[6:] == [("begin", True), ("end", True)] * 3
    assert not any(is_alone for _, is_alone in order[:6])


DISRUPTIVE = OTHER.format(name="stops").replace("Feature", "@disruptive\nFeature", 1)


@pytest.mark.parametrize(("jobs", "share", "most"), [(8, 0.0, 1), (2, 0.3, 1), (4, 0.5, 2), (8, 0.3, 3), (16, 1.0, 4)])
def test_what_disturbs_gets_its_part_of_the_workers(jobs, share, most):
    assert most_in_turn(jobs, share) == most


@pytest.mark.parametrize(("took_s", "workers"), [(1.0, 2), (0.1, 1)])
def test_what_disturbs_is_run_by_its_part_of_the_workers_in_turn_beside_the_others(project, took_s, workers):
    folder = project(one=DISRUPTIVE, two=OTHER.format(name="two"))
    (folder / "reports").mkdir()
    known = {f"features/one.feature > {name} stops": took_s for name in "abc"}
    known |= {f"features/two.feature > {name} two": 1.0 for name in "abc"}
    (folder / "reports" / "durations.json").write_text(json.dumps(known))
    assert behave(folder, "--jobs", "4", "-D", "disposable=yes").returncode == 0
    begun = [words for words in log_of(folder) if words[1] == "begin"]
    assert len({process for process, _, name in begun if "stops" in name}) == workers
    assert sorted(name for _, _, name in begun if "stops" in name) == ["a stops", "b stops", "c stops"]
    assert any("two" in name for _, _, name in begun[:4])


@pytest.mark.parametrize("more", [(), ("-D", "shared=yes")])
def test_what_disturbs_an_environment_that_is_not_its_own_comes_last_with_nothing_beside_it(project, more):
    folder = project(a_first=DISRUPTIVE, two=OTHER.format(name="two"))
    assert behave(folder, "--jobs", "3", *more).returncode == 0
    order = [(words[1], "stops" in words[2]) for words in log_of(folder) if words[1] in ("begin", "end")]
    assert order[6:] == [("begin", True), ("end", True)] * 3


def test_when_the_worker_dies_that_disturbs_another_goes_on_with_that(project):
    deadly = "@disruptive\nFeature: One\n  Scenario: a\n    When its process is killed\n"
    folder = project(one=deadly + "".join(f"  Scenario: {name}\n    When it works\n" for name in "bc"))
    ran = behave(folder, "--jobs", "2", "-D", "disposable=yes")
    assert "2 scenarios passed, 0 failed, 1 error, 0 skipped" in ran.stdout
    begun = [words for words in log_of(folder) if words[1] == "begin"]
    assert sorted(name for _, _, name in begun) == ["a", "b", "c"]
    processes = [process for process, _, name in sorted(begun, key=lambda words: words[2])]
    assert processes[0] not in processes[1:]


def test_the_longest_of_the_last_run_comes_first(project):
    folder = project(one=OTHER.format(name="one"), two=OTHER.format(name="two"))
    (folder / "reports").mkdir()
    known = {f"features/one.feature > {name} one": 1.0 for name in "abc"} | {"features/two.feature > c two": 9.0}
    (folder / "reports" / "durations.json").write_text(json.dumps(known | {"features/two.feature > b two": 5.0}))
    behave(folder, "--jobs", "2")
    begun = [words[2] for words in log_of(folder) if words[1] == "begin"]
    assert set(begun[:2]) == {"c two", "b two"}


def test_a_failure_is_red_whatever_stands_before_it_and_was_not_run(project):
    scenarios = "".join(f"  Scenario: Fine {number}\n    When it takes a moment\n" for number in range(6))
    folder = project(one=f"Feature: One\n{scenarios}  Scenario: Last\n    When it fails\n")
    (folder / "reports").mkdir()
    (folder / "reports" / "durations.json").write_text('{"features/one.feature > Last": 9.0}')
    ran = behave(folder, "--jobs", "2", "--stop", "-f", "rerun", "-o", "rerun.txt")
    assert ran.returncode == 1
    assert "features/one.feature:14" in (folder / "rerun.txt").read_text()


def test_a_scenario_of_the_same_name_as_a_serial_one_is_run(project):
    serial = "@serial\nFeature: One\n  Scenario: Same\n    When it works\n"
    folder = project(one=serial, two="Feature: Two\n  Scenario: Same\n    When it fails\n")
    ran = behave(folder, "--jobs", "2", "-D", "shared=yes")
    assert ran.returncode == 1
    assert "1 scenario passed, 1 failed, 0 skipped" in ran.stdout


@pytest.mark.parametrize("step", ["it raises what has no text", "it exits"])
def test_a_worker_that_a_step_ends_or_that_cannot_say_what_happened_is_no_green_run(project, step):
    folder = project(one=f"Feature: One\n  Scenario: Odd\n    When {step}\n", two=OTHER.format(name="two"))
    ran = behave(folder, "--jobs", "2")
    assert ran.returncode == 1
    assert "3 scenarios passed, 0 failed, 1 error, 0 skipped" in ran.stdout


def test_a_hook_that_aborts_ends_the_whole_run_with_its_reason(project):
    waiting = "".join(f"  Scenario: Moment {number}\n    When it takes a moment\n" for number in range(30))
    folder = project(
        one="@aborts\nFeature: One\n  Scenario: Aborts\n    When it works\n", two=f"Feature: Two\n{waiting}"
    )
    ran = behave(folder, "--jobs", "2")
    assert ran.returncode == 1
    assert (ran.stdout + ran.stderr).count("ABORTED: the sky has fallen") == 1
    assert "untested" in ran.stdout


def test_a_hook_that_skips_a_feature_skips_all_of_it(project):
    folder = project(one=OTHER.format(name="one").replace("Feature", "@feature_skips\nFeature", 1))
    ran = behave(folder, "--jobs", "2")
    assert "0 scenarios passed, 0 failed, 3 skipped" in ran.stdout


def test_a_step_that_a_hook_puts_before_the_others_is_shown_there(project):
    text = "@first_step\nFeature: One\n  Scenario: A\n    When it fails\n  Scenario: B\n    When it takes a moment\n"
    ran = behave(project(one=text), "--jobs", "2", "-f", "plain")
    assert re.search(r"Given it works \.\.\. passed.*\n +When it fails \.\.\. failed", ran.stdout)


def test_a_process_that_a_dead_worker_has_started_does_not_hold_up_the_run(project):
    folder = project(one="Feature: One\n  Scenario: A\n    When it leaves a process behind and is killed\n"
                         "  Scenario: B\n    When it works\n")  # fmt: skip
    with (folder / "out").open("w") as out:
        process = subprocess.Popen(command("--jobs", "2"), cwd=folder, env=environment(), stdout=out)
        assert process.wait(timeout=12) == 1
    assert "killed by SIGKILL" in (folder / "out").read_text()


def test_output_that_nobody_reads_any_more_ends_the_run(project):
    waiting = "".join(f"  Scenario: Moment {number}\n    When it takes a moment\n" for number in range(40))
    folder = project(one=f"Feature: One\n{waiting}")
    process = subprocess.Popen(
        command("--jobs", "2", "-f", "plain"),
        cwd=folder,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    process.stdout.readline()
    process.stdout.close()
    process.stderr.close()
    workers = psutil.Process(process.pid).children()
    assert process.wait(timeout=20) != 0
    assert not psutil.wait_procs(workers, timeout=5)[1]


def test_formatters_that_need_whole_features_get_them_on_the_terminal_too(project):
    folder = project(one=OTHER.format(name="one"), two=OTHER.format(name="two"))
    ran = behave(folder, "--jobs", "2", "-f", "json", "--no-summary")
    document = json.loads(ran.stdout[ran.stdout.index("[") : ran.stdout.rindex("]") + 1])
    assert [(feature["name"], len(feature["elements"])) for feature in document] == [("one", 3), ("two", 3)]


@pytest.mark.parametrize("content", ['{"a": null}', '{"a": "x"}', "[]"])
def test_durations_that_cannot_be_read_cost_nothing(project, content):
    folder = project(one=OTHER.format(name="one"))
    (folder / "reports").mkdir()
    (folder / "reports" / "durations.json").write_text(content)
    assert behave(folder, "--jobs", "2").returncode == 0


def test_stop_ends_the_run_at_the_first_failure(project):
    fails = "  Scenario: Fails {}\n    When it fails\n"
    folder = project(one="Feature: One\n" + "".join(fails.format(number) for number in range(20)))
    ran = behave(folder, "--jobs", "2", "--stop")
    assert ran.returncode == 1
    assert 1 <= len(results_of(folder)) <= 3


def test_a_worker_without_an_environment_ends_the_run_with_one_message(project):
    folder = project(one=OTHER.format(name="one"))
    ran = behave(folder, "--jobs", "2", "-D", "broken=yes")
    assert ran.returncode == 1
    assert [words[2] for words in log_of(folder) if words[1] == "reasons"] == ["['there is no broker']"]
    assert (ran.stdout + ran.stderr).count("ABORTED: there is no broker") == 1
    assert "0 scenarios passed, 0 failed, 0 skipped, 3 untested" in ran.stdout
    assert "Traceback" not in ran.stdout + ran.stderr


def test_what_comes_late_in_a_worker_turns_the_run_red(project):
    ran = behave(project(one=OTHER.format(name="one")), "--jobs", "2", "-D", "late=yes")
    assert ran.returncode == 1
    assert ran.stdout.count("something came late") == 2


def test_a_broken_hook_of_a_feature_is_told_in_the_report_once_for_each_worker(project):
    folder = project(one=OTHER.format(name="one").replace("Feature", "@feature_breaks\nFeature", 1))
    ran = behave(folder, "--jobs", "2")
    assert ran.returncode == 1
    told = [path.read_text() for path in folder.glob("reports/runs/*/allure-results/*globals*.json")]
    assert 1 <= sum("the feature's hook is broken" in text for text in told) <= 2


def begun(folder, word, number):
    deadline = time.monotonic() + 60  # many tests share a core
    while not (folder / "log").exists() or sum(words[1] == word for words in log_of(folder)) < number:
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.mark.parametrize("arguments", [[], ["-D", "slow_start=yes"]], ids=["in a step", "in a hook"])
def test_ctrl_c_ends_all_workers_in_order(project, arguments):
    waiting = "".join(f"  Scenario: Waits {number}\n    When it waits\n" for number in range(4))
    folder = project(one=f"Feature: One\n{waiting}")
    process = subprocess.Popen(
        command("--jobs", "2", *arguments), cwd=folder, env=environment(), text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    begun(folder, "starting" if arguments else "begin", 2)
    workers = psutil.Process(process.pid).children()
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=20)
    assert process.returncode == 1
    log = log_of(folder)
    assert Counter(words[1] for words in log)["after_worker"] == 2
    assert log[-4][1] == "after_all"
    assert not any(worker.is_running() for worker in workers)


def test_ctrl_c_twice_kills_the_workers(project):
    waiting = "".join(f"  Scenario: Waits {number}\n    When it waits\n" for number in range(4))
    folder = project(one=f"Feature: One\n{waiting}")
    slow = command("--jobs", "2", "-D", "slow_end=yes")
    process = subprocess.Popen(slow, cwd=folder, env=environment(), stdout=subprocess.PIPE, text=True)
    begun(folder, "begin", 2)
    process.send_signal(signal.SIGINT)
    begun(folder, "ending", 2)
    process.send_signal(signal.SIGINT)
    printed = process.communicate(timeout=15)[0]  # By itself it would take twice as long.
    assert process.returncode == 1
    assert printed.count("killed by SIGKILL") == 2
    assert log_of(folder)[-4][1] == "after_all"


def test_workers_end_when_who_has_started_them_is_killed(project):
    waiting = "".join(f"  Scenario: Moment {number}\n    When it takes a moment\n" for number in range(40))
    folder = project(one=f"Feature: One\n{waiting}")
    process = subprocess.Popen(command("--jobs", "2"), cwd=folder, env=environment(), stdout=subprocess.DEVNULL)
    begun(folder, "begin", 2)
    workers = psutil.Process(process.pid).children()
    process.kill()
    process.wait()
    _, alive = psutil.wait_procs(workers, timeout=20)
    assert not alive
    assert sum(words[1] == "after_worker" for words in log_of(folder)) == 2
