"""The traceability, as those use it who ask which cases passed."""

import pytest
from playwright.sync_api import expect

from .looks import sticks_out_px, too_pale
from .made_up import small_traceability, traceability_of_this_project


@pytest.fixture
def small(opened, tmp_path):
    return opened(small_traceability(tmp_path))


@pytest.fixture(scope="module")
def of_this_project(tmp_path_factory):
    return traceability_of_this_project(tmp_path_factory.mktemp("traceability"))


def shown(page):
    return page.locator("#cases tbody tr:visible").evaluate_all("rows => rows.map(row => row.id)")


@pytest.mark.parametrize(
    ("words", "keys"),
    [
        ("PZ-10002", ["PZ-10002"]),
        ("door", ["PZ-10001", "PZ-10002"]),
        ("DOOR closes", ["PZ-10002"]),  # every word, in any case and order
        ("a bell", ["PZ-10003", "PZ-10004"]),  # reasons are searched, too
        ("<later>", ["PZ-10004"]),
        ("nowhere", []),
    ],
)
def test_a_search_leaves_what_has_all_words(small, words, keys):
    small.get_by_label("Search").fill(words)
    assert shown(small) == keys
    expect(small.get_by_role("status")).to_have_text(f"{len(keys)} of 4 cases")


@pytest.mark.parametrize(
    ("choices", "keys"),
    [
        ({"Area": "bells"}, ["PZ-10003", "PZ-10004"]),
        ({"Priority": "High"}, ["PZ-10001", "PZ-10003"]),
        ({"Result": "failed"}, ["PZ-10002"]),
        ({"Result": "planned"}, ["PZ-10004"]),
        ({"Area": "doors", "Priority": "High"}, ["PZ-10001"]),
        ({"Area": "doors", "Result": "planned"}, []),
    ],
)
def test_filters_hold_together_and_are_taken_back(small, choices, keys):
    for label, choice in choices.items():
        small.get_by_label(label).select_option(choice)
    assert shown(small) == keys
    small.get_by_role("button", name="Show all").click()
    expect(small.get_by_role("status")).to_have_text("4 of 4 cases")
    assert len(shown(small)) == 4


def test_a_key_leads_to_its_case_and_a_scenario_to_its_evidence(small):
    expect(small.get_by_role("link", name="PZ-10003")).to_have_attribute("href", "https://tests.example/PZ-10003")
    small.get_by_role("link", name="Evidence of A door closes").click()
    expect(small.locator("body")).to_have_text("evidence")
    assert small.url.partition("#")[2]


def test_it_is_used_by_keyboard(small):
    search = small.get_by_label("Search")
    while not search.evaluate("one => one === document.activeElement"):
        small.keyboard.press("Tab")
    small.keyboard.type("opens")
    small.keyboard.press("Enter")  # must not load the page anew
    assert shown(small) == ["PZ-10001"]
    summary = small.get_by_text("4 scenarios")
    while not summary.evaluate("one => one === document.activeElement"):
        small.keyboard.press("Tab")
    expect(small.get_by_text("A door opens by hand")).to_be_hidden()
    small.keyboard.press("Enter")
    expect(small.get_by_text("A door opens by hand")).to_be_visible()


def test_what_a_server_said_is_shown_as_text(small):
    expect(small.locator("#PZ-10002 pre")).to_have_text("expected <b>a</b> job & seen none")


def test_printed_it_holds_what_was_filtered_and_no_controls(small):
    small.get_by_label("Area").select_option("bells")
    small.emulate_media(media="print")
    for control in ("Search", "Area", "Priority", "Result"):
        expect(small.get_by_label(control, exact=True)).to_be_hidden()
    expect(small.get_by_role("navigation")).to_be_hidden()
    assert shown(small) == ["PZ-10003", "PZ-10004"]
    expect(small.get_by_role("status")).to_be_visible()


def test_printed_everything_is_unfolded(small):
    small.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert small.locator("details:not([open])").count() == 0
    small.evaluate("dispatchEvent(new Event('afterprint'))")
    assert small.locator("details[open]").count() == 0


def test_it_can_be_read(small):
    assert too_pale(small, ".state, .soft, code, a, td, th, pre") == []
    assert sticks_out_px(small) == 0


def test_that_of_this_project_holds_the_whole_plan(opened, of_this_project):
    page = opened(of_this_project)
    assert len(shown(page)) == 237
    page.get_by_label("Search").fill("PZ-13873")
    assert "PZ-13873" in shown(page)
    expect(page.locator("#PZ-13873")).to_contain_text("features/job_creation/creating_a_job.feature:")
    page.get_by_label("Search").fill("")
    page.get_by_label("Result").select_option("not run")
    states = page.locator("#cases tbody tr:visible").evaluate_all("rows => rows.map(row => row.dataset.state)")
    assert states
    assert set(states) == {"not run"}
    for link in page.get_by_role("navigation").get_by_role("link").all():
        target = link.get_attribute("href")
        link.click()
        expect(page.locator(target)).to_be_in_viewport()


@pytest.mark.parametrize("width", [1280, 1000])
def test_that_of_this_project_fits_the_window(opened, of_this_project, width):
    page = opened(of_this_project)
    page.set_viewport_size({"width": width, "height": 900})
    assert sticks_out_px(page) == 0
