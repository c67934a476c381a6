"""Behave's own forms: JUnit that any XML reader takes, output files of any text, feature files of any form."""

import codecs
import io
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from xml.etree import ElementTree

import pytest
from behave.capture import Captured
from behave.formatter.base import StreamOpener
from behave.model_type import Status
from behave.parser import ParserError, parse_feature
from behave.reporter.junit import JUnitReporter
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

import support.runner.behave_files
from redaction import protect_output
from support.core.errors import EnvironmentBroken, ExpectationFailed, SettingsError
from support.core.steady_time import SteadyTime
from support.runner.behave_files import OneMessage, parse_file

ROOT = Path(__file__).parents[2]
# With lone surrogates, which hypothesis leaves out unless asked, and what coloured traces and broken servers send.
ANY_TEXT = st.text(st.characters(exclude_categories=()))
ODD = "\x1b[31mboom\x1b[0m \x00 \ufffe ]]> \ud83d <b>&\"'\x85"

FEATURE = """\
Feature: F
  Scenario: It fails
    Given this
"""


def junit_of(directory, text, *, filename="features/one.feature", base=ROOT):
    """What behave's reporter writes of a feature in which all texts are this one."""
    feature = parse_feature(FEATURE, filename=filename)
    scenario = feature.scenarios[0]
    step = scenario.steps[0]
    feature.name = scenario.name = step.name = text
    scenario.tags = [text]
    step.status, step.exception, step.error_message = Status.failed, AssertionError(text), text
    scenario.capture_sink.process_captured(Captured(stdout=text, stderr=text, failed=True))
    config = SimpleNamespace(
        userdata={}, paths=[], base_dir=str(base), junit_directory=str(directory), show_skipped=True
    )
    reporter = JUnitReporter(config)
    reporter.feature(feature)
    return reporter, config


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (EnvironmentBroken("MongoDB cannot be read"), "EnvironmentBroken: MongoDB cannot be read"),
        (SettingsError("no such proxy"), "SettingsError: no such proxy"),
        (ExpectationFailed("+0 instead of +1"), "as behave says it"),
        (KeyError("job"), "as behave says it"),
        (None, "as behave says it"),
    ],
)
def test_a_step_that_the_environment_ended_has_a_message_and_no_traceback(error, message):
    step = SimpleNamespace(exception=error, error_message="as behave says it")
    OneMessage().result(step)
    assert step.error_message == message


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
@example(ODD)
@example("]]>")
@given(ANY_TEXT)
def test_whatever_a_server_says_junit_can_be_read(tmp_path, text):
    junit_of(tmp_path, text)
    (file,) = tmp_path.glob("*.xml")
    suite = ElementTree.parse(file).getroot()
    assert [child.tag for case in suite for child in case][:2] == ["failure", "system-out"]


@pytest.mark.parametrize("show_skipped", [True, False])
def test_a_scenario_that_was_not_run_is_not_among_those_that_passed(tmp_path, show_skipped):
    config = SimpleNamespace(
        userdata={}, paths=[], base_dir=str(ROOT), junit_directory=str(tmp_path), show_skipped=show_skipped
    )
    JUnitReporter(config).feature(parse_feature(FEATURE, filename="features/one.feature"))
    (file,) = tmp_path.glob("*.xml")
    suite = ElementTree.parse(file).getroot()
    assert (suite.get("tests"), suite.get("skipped"), len(suite.findall("testcase/skipped"))) == ("1", "1", 1)


def test_what_xml_can_hold_is_kept(tmp_path):
    junit_of(tmp_path, "Ünïcödé 🙂 أهلا <b>&")
    (file,) = tmp_path.glob("*.xml")
    assert ElementTree.parse(file).getroot()[0].get("name") == "Ünïcödé 🙂 أهلا <b>&"


def test_a_feature_in_a_long_path_and_features_of_like_names_have_files_of_their_own(tmp_path):
    deep = "/".join(["a" * 60, "ü" * 60, "b" * 60, "c" * 60])
    paths = [
        f"features/{deep}/one.feature",
        f"features/{deep}/two.feature",
        "features/a/b.feature",
        "features/a.b.feature",
        "features/A/B.feature",
    ]
    reporter, _ = junit_of(tmp_path, "F", filename=paths[0])
    for path in paths[1:]:
        reporter.feature(parse_feature(FEATURE, filename=path))
    names = [os.fsencode(file.name) for file in tmp_path.iterdir()]
    assert len({name.decode().casefold() for name in names}) == len(paths)
    assert max(map(len, names)) <= 200


def test_a_step_never_takes_less_than_no_time(monkeypatch):
    clock = SteadyTime()
    before = clock.time()
    monkeypatch.setattr("time.time", lambda: before - 3600)  # as when the machine's clock is set back
    assert 0 <= clock.time() - before < 60
    assert isinstance(support.runner.behave_files.behave.model.time, SteadyTime)


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
def test_an_output_file_holds_any_text_whatever_the_terminal_has(tmp_path, encoding):
    opener = StreamOpener(str(tmp_path / "new" / "out.txt"), encoding=encoding)
    opener.open().write(f"Ünïcödé … {ODD}")
    assert opener.close()
    assert (tmp_path / "new" / "out.txt").read_text("utf-8").startswith("Ünïcödé … \x1b[31mboom")


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
def test_what_a_terminal_cannot_show_is_replaced(monkeypatch, encoding):
    written = io.BytesIO()
    monkeypatch.setattr("sys.stdout", io.TextIOWrapper(written, encoding, errors="strict"))
    protect_output({})
    print(f"é … 🙂 {ODD}", flush=True)
    assert "boom" in written.getvalue().decode(encoding)
    assert "\\ud83d" in written.getvalue().decode(encoding)


FORMS = {
    "a byte order mark": codecs.BOM_UTF8 + FEATURE.encode(),
    "line ends of Windows": FEATURE.replace("\n", "\r\n").encode(),
    "both": codecs.BOM_UTF8 + FEATURE.replace("\n", "\r\n").encode(),
    "tabs": FEATURE.replace("  ", "\t").encode(),
    "no line end": FEATURE.strip().encode(),
}
GERMAN = """\
# language: de
Funktionalität: F
  Szenario: It fails
    Angenommen this
"""


@pytest.mark.parametrize("content", FORMS.values(), ids=FORMS)
def test_a_feature_is_the_same_in_any_form_of_file(tmp_path, content):
    (tmp_path / "one.feature").write_bytes(content)
    feature = parse_file(str(tmp_path / "one.feature"))
    (scenario,) = feature.scenarios
    assert (feature.name, feature.line, scenario.name, scenario.line) == ("F", 1, "It fails", 2)
    assert [(step.step_type, step.name, step.line) for step in scenario.steps] == [("given", "this", 3)]


def test_a_feature_of_another_language_may_begin_with_a_byte_order_mark(tmp_path):
    (tmp_path / "one.feature").write_text(GERMAN, "utf-8-sig")
    (scenario,) = parse_file(str(tmp_path / "one.feature")).scenarios
    assert (scenario.keyword, scenario.steps[0].keyword, scenario.steps[0].step_type) == (
        "Szenario", "Angenommen", "given",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("content", "line", "said"),
    [
        ("Feature: F\n  Scenario: für\n".encode("latin-1"), 2, "UTF-8"),
        ("Feature: für\n".encode("utf-16"), 1, "UTF-8"),
        (b"# language: klingon\nFeature: F\n", 1, "klingon"),
        (b"Feature: F\n  Scenario: S\n    Given this\n      | a |\n      | 1 | 2 |\n", 5, "table"),
    ],
)
def test_a_file_that_is_no_feature_is_told_with_its_line(tmp_path, content, line, said):
    (tmp_path / "one.feature").write_bytes(content)
    with pytest.raises(ParserError) as refused:
        parse_file(str(tmp_path / "one.feature"))
    assert refused.value.line == line
    assert "one.feature" in str(refused.value)
    assert said in str(refused.value)


def test_behave_itself_shows_and_writes_any_text_on_a_terminal_of_seven_bits(tmp_path):
    steps = tmp_path / "steps"
    steps.mkdir()
    (steps / "steps.py").write_text(
        "from behave import given\n\n\n@given('this')\ndef _(context):\n"
        f"    print({ODD!r})\n    assert False, {ODD!r} + 'ü 🙂'\n",
        "utf-8",
    )
    (tmp_path / "environment.py").write_text(
        "import support.runner.behave_files\nfrom redaction import protect_output\n\nprotect_output()\n", "utf-8"
    )
    (tmp_path / "one.feature").write_text(FEATURE.replace("It fails", "… für 🙂 \ufffe"), "utf-8-sig")
    command = [
        sys.executable, "-m", "behave", ".", "--junit", "--junit-directory", "junit",
        "--no-color", "-f", "plain", "-o", "out.txt", "-f", "pretty",
    ]  # fmt: skip
    environment = {
        "PYTHONPATH": str(ROOT),
        "LC_ALL": "C",
        "PYTHONIOENCODING": "ascii:strict",
        "PATH": os.environ["PATH"],
    }
    run = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, timeout=60, check=False)
    said = (run.stdout + run.stderr).decode("ascii")
    assert run.returncode == 1, said
    assert "UnicodeEncodeError" not in said
    assert "1 scenario failed" in said or "0 scenarios passed, 1 failed" in said
    assert "f\\xfcr" in said
    (file,) = (tmp_path / "junit").glob("*.xml")
    assert "für" in ElementTree.parse(file).getroot()[0].get("name")
    assert "für" in (tmp_path / "out.txt").read_text("utf-8")
