"""The features as pages, as a product owner reads them, and the vocabulary, as those do who write scenarios."""

import re
import tomllib

import pytest
from playwright.sync_api import expect

from .looks import sticks_out_px, too_pale
from .made_up import CHECKOUT, docs_of_this_project

CREATING = "Creating a streaming job"
SCENARIO = "A job is created in under two seconds"


@pytest.fixture(scope="module")
def before_a_run(tmp_path_factory):
    return docs_of_this_project(tmp_path_factory.mktemp("before"), ran=False)


@pytest.fixture(scope="module")
def docs(tmp_path_factory):
    return docs_of_this_project(tmp_path_factory.mktemp("docs"), ran=True)


def test_capabilities_stand_in_their_order_with_what_they_promise(opened, docs):
    index = opened(docs / "index.html")
    entries = tomllib.loads((CHECKOUT / "features/capabilities.toml").read_text())
    assert index.locator("h2").all_inner_texts() == [entry["name"] for entry in entries.values()]
    for folder, entry in entries.items():
        expect(index.locator(f"#{folder}")).to_contain_text(entry["promise"])


def test_from_the_index_to_a_feature_to_a_scenario_and_back(opened, docs):
    page = opened(docs / "index.html")
    page.get_by_role("link", name=CREATING).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(CREATING)
    page.get_by_role("link", name=SCENARIO).click()
    scenario = page.locator("article:target")
    expect(scenario).to_be_in_viewport()
    expect(scenario.locator(".steps > li")).to_have_count(5)
    expect(scenario.locator(".steps > li").first).to_have_text("Given a live configuration with every parameter set")
    expect(scenario.get_by_role("link", name="PZ-14090")).to_have_attribute("href", "https://tests.example/PZ-14090")
    expect(scenario).to_contain_text("✓ passed")
    page.get_by_role("link", name=re.compile("→$")).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("What can be computed, and what cannot")
    page.get_by_role("link", name="All capabilities").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("What the Focus Server promises")


def test_a_search_finds_scenarios_by_their_keys_and_opens_them(opened, docs):
    page = opened(docs / "index.html")
    link = page.get_by_role("link", name=SCENARIO)
    expect(link).to_be_hidden()
    page.get_by_label("Search").fill("pz-14090")
    expect(page.get_by_role("status")).to_have_text(re.compile(r"^1 of \d\d+ scenarios$"))
    assert page.locator("[data-search]:visible").count() == 1
    assert page.locator("article:visible").count() == 1
    assert page.locator("section:visible").count() == 1
    page.keyboard.press("Enter")
    link.click()
    expect(page.locator("article:target")).to_contain_text(SCENARIO)
    page.go_back()
    page.get_by_label("Search").fill("")
    expect(page.get_by_role("status")).to_have_text("")
    assert page.locator("article:visible").count() == page.locator("article").count() > 1


def test_an_outline_has_its_examples_with_titles_keys_and_results(opened, docs):
    page = opened(docs / "views-single_channel.html")
    outline = page.locator("#a-single-channel-view-of-channel-channel")
    expect(outline.locator(".steps var")).to_have_text("<channel>")
    assert outline.locator("thead th").all_inner_texts() == ["channel", "result"]
    examples = outline.locator("tbody", has_text="in the middle")
    expect(examples.locator("th")).to_have_text("in the middle PZ-13834")
    assert examples.locator("td").all_inner_texts() == ["1111", "✓ passed"]
    expect(outline).not_to_contain_text("PZ-13862")


def test_a_table_of_a_step_is_a_table(opened, docs):
    page = opened(docs / "job_creation-limits_of_a_job.html")
    table = page.locator("#the-largest-of-everything .steps table")
    assert table.locator("th").all_inner_texts() == ["parameter", "value"]
    assert table.locator("tbody tr").count() == 7
    expect(page.locator("#the-largest-of-everything .state")).to_have_text("✗ failed")


def test_why_a_scenario_is_beyond_the_plan_is_told(opened, docs):
    page = opened(docs / "job_creation-limits_of_a_job.html")
    expect(page.locator("#a-parameter-that-is-value-is-accepted")).to_contain_text(
        "Beyond the plan: it has the extremes"
    )


def test_before_a_run_nothing_is_said_of_results(opened, before_a_run):
    page = opened(before_a_run / "index.html")
    expect(page.locator("footer")).to_contain_text("nothing has been run yet")
    assert page.locator(".state").count() == 0
    page.get_by_role("link", name=CREATING).click()
    assert page.locator(".state").count() == 0


def test_the_vocabulary_says_what_a_step_takes_and_how_it_is_used(opened, docs):
    page = opened(docs / "vocabulary.html")
    page.get_by_label("Search").fill("running kind change another")
    (row,) = page.locator("tbody tr[data-search]:visible").all()
    expect(row.locator("td").first).to_contain_text("Given another running Kind [Change]")
    expect(row.locator("td").nth(1)).to_have_text("And another running job with sensor range 100 to 199")
    expect(row.locator("td").nth(2)).to_have_text(re.compile(r"^\d+$"))
    row.get_by_role("link", name="Kind").click()
    expect(page.locator("#type-Kind")).to_be_in_viewport()
    expect(page.locator("#type-Kind")).to_contain_text("single channel job")


def test_the_vocabulary_has_every_step(opened, docs):
    page = opened(docs / "vocabulary.html")
    decorators = [
        line
        for path in (CHECKOUT / "steps").glob("*_steps.py")
        for line in path.read_text().splitlines()
        if line.startswith(("@given(", "@when(", "@then("))
    ]
    assert page.locator("tr[data-search]").count() == len(decorators) > 100
    heading = page.get_by_role("heading", name="What a scenario changes in the stores, stated and unstated")
    expect(heading).to_be_visible()
    expect(page.locator("tr", has_text="What is special about the body")).to_contain_text("as large as is read")


@pytest.mark.parametrize("name", ["index.html", "job_creation-limits_of_a_job.html", "vocabulary.html"])
def test_it_can_be_read_on_screens_wide_and_narrow(opened, docs, name):
    page = opened(docs / name)
    assert too_pale(page, ".state, .soft, code, a, td, th, var, .steps b, p, summary, .key") == []
    for width in (1280, 400):
        page.set_viewport_size({"width": width, "height": 900})
        assert sticks_out_px(page) == 0


def test_printed_everything_is_there_and_no_controls(opened, docs):
    page = opened(docs / "index.html")
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    expect(page.get_by_label("Search")).to_be_hidden()
    expect(page.get_by_role("link", name=SCENARIO)).to_be_visible()
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    expect(page.get_by_role("link", name=SCENARIO)).to_be_hidden()


def test_without_scripts_everything_can_be_read(visit, docs):
    page = visit(java_script_enabled=False).page
    page.goto((docs / "index.html").as_uri())
    expect(page.get_by_label("Search")).to_be_hidden()
    expect(page.get_by_role("link", name=CREATING)).to_be_visible()


def test_it_is_used_by_keyboard(opened, docs):
    page = opened(docs / "index.html")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.hash") == "#job_creation"
    page.get_by_label("Search").focus()
    page.keyboard.type(SCENARIO)
    page.keyboard.press("Tab")  # the capability
    page.keyboard.press("Tab")  # its feature
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text(CREATING)
