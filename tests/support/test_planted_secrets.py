"""Secrets of the environment, planted in everything that goes wrong: no output of behave or of a command shows one."""

import json
import os
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from redaction import MASK

ROOT = Path(__file__).parents[2]
PLANTED = {
    "HTTPS_PROXY": "http://svc:Tr4in#Spotting@127.0.0.1:9",
    "all_proxy": "svc:c0rr3ct/h0rse@127.0.0.1:9",
    "FOCUS_PUBLISH_TOKEN": "Ta0kenTa0kenTa0ken",
    "FOCUS_PUBLISH_CLIENT_SECRET": 'h"ush–hüsh',
    "BROKER_PASSWORD": "battery\\st4ple",
    "ORDINARY_PASSWORD": "everyday",
    "ANOTHER_PASSWORD": "broken",
}
SECRETS = ["Tr4in", "Spotting", "c0rr3ct", "h0rse", "Ta0ken", "ush–h", "hüsh", "st4ple"]
EVERYTHING = "' and '".join(PLANTED.values())

# As the real hooks do it, with errors of everybody's everywhere.
ENVIRONMENT = """
import os
from pathlib import Path
import support.runner.behave_files
from redaction import protect_output
from support.evidence.allure_report import AllureReport
protect_output()
ALL = " and ".join(value for name, value in os.environ.items() if name in os.environ["NAMES"].split())

def fail(what):
    try:
        raise KeyError(f"{what}: {ALL}")
    except KeyError as inner:
        inner.add_note(f"a note: {ALL}")
        raise ValueError(f"{what}: cannot use '{ALL}'") from inner

def before_all(context):
    context.fail, context.all = fail, ALL
    context.config.setup_logging()
    context.report = AllureReport(Path("results"), context.config, context._runner.features, test_case_url=None)
    context.report.run_error(ALL)
    context.report.environment({"Everything": ALL})

def before_feature(context, feature):
    context.report.start_feature(feature)

def before_scenario(context, scenario):
    context.report.start_scenario(scenario)
    if "hook" in scenario.tags:
        fail("before_scenario")

def before_step(context, step):
    context.report.start_step(step)

def after_step(context, step):
    context.report.stop_step(step)

def after_scenario(context, scenario):
    context.report.stop_scenario(scenario)

def after_feature(context, feature):
    context.report.stop_feature(feature)

def after_all(context):
    context.report.close()
    context.abort(reason=ALL)
    fail("after_all")
"""
STEPS = """
import logging, sys
from behave import given

@given("this")
def this(context):
    print(context.all)
    print(context.all, file=sys.stderr)
    logging.getLogger("library").error("logged %s", context.all)
    context.report.attach("text", context.all, "text")
    context.report.attach(context.all, context.all.encode(), "json")
    context.add_cleanup(context.fail, "clean-up")
    context.fail("step")
"""
FEATURE = "Feature: F\n  Scenario: An everyday step\n    Given this\n  @hook\n  Scenario: A hook\n    Given this\n"


def is_clean(text):
    return not [secret for secret in SECRETS if secret in text]


@pytest.mark.parametrize("options", [(), ("--no-capture", "--verbose", "-f", "plain")])
def test_no_output_of_behave_shows_a_secret_of_the_environment(tmp_path, options):
    (tmp_path / "steps").mkdir()
    (tmp_path / "steps" / "steps.py").write_text(STEPS, "utf-8")
    (tmp_path / "environment.py").write_text(ENVIRONMENT, "utf-8")
    (tmp_path / "one.feature").write_text(FEATURE, "utf-8")
    outputs = ["--junit", "--junit-directory", "junit", "-f", "json", "-o", "out.json", "-f", "pretty"]
    run = subprocess.run(
        [sys.executable, "-m", "behave", ".", *outputs, *options],
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT), "PATH": os.environ["PATH"], "NAMES": " ".join(PLANTED), **PLANTED},
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert run.returncode == 1
    files = {path.name: path.read_bytes() for path in tmp_path.rglob("*.*") if path.suffix not in (".py", ".pyc")}
    assert len(files) > 6, sorted(files)  # JUnit, JSON, results, containers, attachments, globals
    for name, content in {"stdout": run.stdout, "stderr": run.stderr, **files}.items():
        text = content.decode("utf-8")
        assert is_clean(text), f"{name}: {text}"
    for said in (run.stdout, run.stderr, *(files[name] for name in files if "TESTS-" in name)):
        assert MASK in said.decode("utf-8")
    # An ordinary word in place of a secret spoils no name and no status.
    cases = ElementTree.fromstring(files["TESTS-one.xml"]).iter("testcase")
    assert "An everyday step" in [case.attrib["name"] for case in cases]
    results = [json.loads(content) for name, content in files.items() if name.endswith("-result.json")]
    assert "An everyday step" in [result["name"] for result in results]
    assert "broken" in [result["status"] for result in results]


# Whatever a command does first fails as a library might: with everything in its message.
FAILING = """
import os, runpy, sys
def fail(event, arguments):
    if event == "socket.connect" or event == "open" and str(arguments[0]).endswith((".csv", "local.toml")):
        raise ValueError("cannot use '" + os.environ["EVERYTHING"] + "'")
sys.addaudithook(fail)
sys.argv = sys.argv[1:]
runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=False)
"""


@pytest.mark.parametrize(
    "command",
    [
        ("reporting", "traceability", "--no-results"),
        ("support.scenario.sweeping",),
        ("sandbox", "status"),
        ("proof", "prove", "--only", "nothing"),
    ],
    ids=lambda command: command[0],
)
def test_no_command_shows_a_secret_of_the_environment(tmp_path, command):
    run = subprocess.run(
        [sys.executable, "-c", FAILING, *command],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), "EVERYTHING": EVERYTHING, **PLANTED},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert run.returncode != 0
    assert "cannot use" in run.stderr, run.stderr
    assert is_clean(run.stdout + run.stderr), run.stderr
