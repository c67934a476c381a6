"""The page of a history check, as those read it who look for what went wrong."""

from datetime import UTC, datetime

import pytest
from playwright.sync_api import expect

from consistency.operations import Disturbed, Fault, Operation
from consistency.page import write_page
from consistency.result import Result
from consistency.timeline import Moment, Told

from .looks import sticks_out_px, too_pale

OPERATION = Operation(client="0", kind="create", job_id="job_1", outcome="ok", invoked_s=1, completed_s=1.5, status=200)
VIOLATION = Told(
    promise="an acknowledged job is not whole",
    problem="there are <b>0</b> records instead of 1",
    job_id="job_1",
    timeline=[
        Moment(at_s=1, until_s=1.5, who="client 0", what="create :ok, 200, configured"),
        Moment(at_s=1.2, until_s=None, who="MongoDB", what="cut"),
    ],
)


def result(**changes):
    values = {
        "seed": 7,
        "wanted": 2,
        "clients": 4,
        "environment": "local",
        "started": datetime(2026, 11, 27, 5, 0, tzinfo=UTC),
        "took_s": 12,
        "replay": "make history SEED=7 OPERATIONS=2 CLIENTS=4",
        "operations": [OPERATION, OPERATION.model_copy(update={"outcome": "info", "status": None, "job_id": None})],
        "disturbed": [Disturbed(fault=Fault(part="MongoDB", what="cut", begins=3, ends=9), begun_s=1.2)],
    }
    return Result(**values | changes)


@pytest.fixture
def page_of(opened, tmp_path):
    def show(one):
        return opened(write_page(one, one.write(tmp_path)))

    return show


def test_what_was_kept_is_told_with_the_seed_and_the_way_to_do_it_again(page_of):
    page = page_of(result())
    expect(page.locator("#verdict")).to_have_text("Every promise was kept.")
    expect(page.locator("h1")).to_have_text("History, seed 7")
    expect(page.locator("code")).to_have_text("make history SEED=7 OPERATIONS=2 CLIENTS=4")
    expect(page.locator("#violations")).to_have_count(0)
    assert page.locator("#counts tbody tr").first.locator("td").all_inner_texts() == ["1", "0", "1"]
    assert page.locator("#faults tbody td").all_inner_texts() == ["3", "9", "1.200 s", "–", "MongoDB", "cut"]


def test_all_operations_are_there_for_those_who_ask(page_of):
    page = page_of(result())
    expect(page.locator("#operations")).to_be_hidden()
    page.locator("summary").click()
    expect(page.locator("#operations tbody tr")).to_have_count(2)
    expect(page.locator("#operations tbody tr").last).to_contain_text(":info")


def test_a_violation_is_told_with_its_timeline_and_what_it_says_is_escaped(page_of):
    page = page_of(result(violations=[VIOLATION]))
    expect(page.locator("#verdict")).to_have_text("Not every promise was kept.")
    expect(page.locator("article h3")).to_have_text("an acknowledged job is not whole, job_1")
    expect(page.locator("article .missed")).to_have_text("there are <b>0</b> records instead of 1")
    rows = page.locator("article tbody tr")
    assert rows.first.locator("td").all_inner_texts() == [
        "1.000 s",
        "1.500 s",
        "client 0",
        "create :ok, 200, configured",
    ]
    expect(rows.last).to_contain_text("MongoDB")


def test_what_could_not_be_disturbed_is_told(page_of):
    page = page_of(result(unseen=["Focus Server is not stopped: workloads.focus_server is not set"]))
    expect(page.locator("#unseen li")).to_contain_text("workloads.focus_server is not set")


def test_the_page_is_readable_on_a_small_window_and_dark_enough(page_of):
    page = page_of(result(violations=[VIOLATION], unseen=["something"]))
    assert too_pale(page, "p, li, th, td, h3") == []
    page.set_viewport_size({"width": 400, "height": 800})
    assert sticks_out_px(page) == 0
