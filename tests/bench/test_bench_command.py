"""The command line of the benchmarks."""

import json

import pytest
from typer.testing import CliRunner

import bench.__main__ as command
from bench.measurements import Part, Quantity
from bench.processes import RunFailed


@pytest.fixture
def call(tmp_path, monkeypatch):
    """Call the command with parts that measure nothing; its output, its exit status and the files that it keeps."""

    def quick(rounds, arguments, tell):
        values = [float(number) for number in range(rounds)]
        return Part(
            name="quick", question="How quick?", rounds=rounds, quantities=[Quantity(name="a", unit="s", values=values)]
        )

    def broken(rounds, arguments, tell):
        raise RunFailed("a scenario is red")

    monkeypatch.setattr(command, "FOLDER", tmp_path)
    monkeypatch.setattr(command, "PARTS", {"quick": (quick, 2), "broken": (broken, 1)})

    def called(*arguments):
        ended = CliRunner().invoke(command.app, arguments)
        return ended.output, ended.exit_code, [json.loads(path.read_text()) for path in tmp_path.glob("*.json")]

    return called


def test_a_part_can_be_chosen_and_is_kept(call):
    output, status, (kept,) = call("--only", "quick", "--rounds", "3")
    assert status == 0
    assert "How quick? (3 rounds" in output
    assert [one["part"]["quantities"][0]["values"] for one in kept["parts"]] == [[0.0, 1.0, 2.0]]


def test_a_part_that_fails_does_not_take_the_others_with_it(call):
    output, status, (kept,) = call()
    assert status == 1
    assert "a scenario is red" in output
    assert [one["part"]["name"] for one in kept["parts"]] == ["quick"]


def test_a_part_that_is_not_there_is_told_with_those_that_are(call):
    output, status, kept = call("--only", "speed")
    assert (status, kept) == (2, [])
    assert "there is no part speed" in output


def test_there_is_no_page_without_figures(call):
    output, status, _ = call("page")
    assert status == 1
    assert "Run `make bench` first" in output
