"""An empty run is not a green one: what is said of what was asked for."""

from types import SimpleNamespace

import pytest
from behave.configuration import Configuration
from behave.runner_util import collect_feature_locations, parse_features

from support.runner.selection import all_were_skipped, find_mistakes, is_asked_for, may_be_empty

FEATURE = """\
@house
Feature: Doors
  @smoke
  Scenario: A door opens
    Given a door
  Rule: Locks
    @PZ-1
    Scenario Outline: A lock of <kind>
      Given a lock
      Examples:
        | kind |
        | iron |
"""


@pytest.fixture
def mistakes(tmp_path, monkeypatch):
    (tmp_path / "doors.feature").write_text(FEATURE)
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path)

    def find(*arguments):
        config = Configuration(list(arguments), load_config=False)
        locations = [one for one in collect_feature_locations(config.paths) if not config.exclude(one)]
        return find_mistakes(config, parse_features(locations))

    return find


@pytest.mark.parametrize(
    "asked",
    [
        ["doors.feature"],
        ["doors.feature:4"],
        ["doors.feature:12"],
        ["--tags=@smoke", "."],
        ["--tags=not @smoke", "."],
        ["--tags=@house", "--tags=@PZ-1", "."],
        ["-n", "A lock of iron", "."],
        ["--include", "doors", "."],
        ["--tags=@nothing", "-D", "allow_empty=yes", "."],
        ["empty", "-D", "allow_empty"],
    ],
)
def test_what_selects_something_is_right_and_so_is_nothing_where_that_may_be(mistakes, asked):
    assert mistakes(*asked) is None


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (["--tags=@smoek", "."], "none of them has @smoek; is it @smoke?"),
        (["--tags=smoek", "."], "none of them has @smoek; is it @smoke?"),
        (["--tags=@smoek or @PZ-2", "."], "none of them has @PZ-2; is it @PZ-1?"),
        (["--tags=@smoke", "--tags=@PZ-1", "."], "with the tags @smoke and @PZ-1"),
        (["--tags=not @house", "."], "with the tags not @house"),
        (["-n", "A window", "."], "with a name that matches A window"),
        (["--tags=@smoke", "doors.feature:8"], "in doors.feature:8"),
        (["--include", "windows", "."], "with --include windows"),
        (["--exclude", "doors", "."], "with --exclude doors"),
        (["empty"], "selected none of 0 in 0 features.\n  - in empty"),
    ],
)
def test_nothing_selected_says_what_was_asked_for_and_what_was_perhaps_meant(mistakes, asked, told):
    message = mistakes(*asked)
    assert message.startswith("Expected scenarios to run, selected none of")
    assert told in message
    assert "-D allow_empty=yes" in message


@pytest.mark.parametrize("asked", [["doors.feature:13"], ["doors.feature:4", "doors.feature:99"], ["@list.txt"]])
def test_a_line_beyond_the_end_of_its_file_is_wrong_though_behave_runs_the_last_scenario(mistakes, tmp_path, asked):
    (tmp_path / "list.txt").write_text("doors.feature:14\n")
    assert "and the file has 12 lines. Is the line right?" in mistakes(*asked)


def test_lines_are_counted_as_behave_counts_them(mistakes, tmp_path):
    (tmp_path / "doors.feature").write_text(FEATURE.replace("Doors", "Doors\n  of\x85glass"), "utf-8")
    assert mistakes("doors.feature:14") is None


def test_of_skipped_scenarios_each_reason_is_told_once():
    message = all_were_skipped(["no ssh.hosts", "no ssh.hosts", None])
    assert message.count("no ssh.hosts") == 1
    assert "no reason given" in message
    assert "-D allow_empty=yes" in message


@pytest.mark.parametrize(("value", "allowed"), [("yes", True), ("true", True), ("no", False), ("false", False)])
def test_an_empty_run_is_allowed_by_name(value, allowed):
    assert may_be_empty(Configuration(["-D", f"allow_empty={value}"], load_config=False)) is allowed
    assert may_be_empty(Configuration([], load_config=False)) is False


@pytest.mark.parametrize(
    ("tags", "asked"),
    [
        ("@soak", True),
        ("@load and @soak", True),
        (["@soak"], True),
        ("@load", False),
        ("not @soak", False),
        ("@load and not @soak", False),
        ("@soaking", False),
        (None, False),
        ([], False),
    ],
)
def test_what_takes_an_hour_runs_only_where_its_tag_is_asked_for(tags, asked):
    assert is_asked_for(SimpleNamespace(tags=tags), "soak") is asked
