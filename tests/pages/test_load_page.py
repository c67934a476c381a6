"""The page of a load, as those read it who ask what the server carries."""

from datetime import timedelta

import pytest
from playwright.sync_api import expect

from load.messages import Worker
from load.page import write_page
from tests.load.made_results import BEGUN, result

from .looks import sticks_out_px, too_pale


@pytest.fixture
def page_of(opened, tmp_path):
    def show(one):
        return opened(write_page(one, one.limits, one.write(tmp_path)))

    return show


def test_what_was_held_is_told_in_words_and_figures(page_of):
    page = page_of(result())
    expect(page.locator("#verdict")).to_have_text("All was held.")
    expect(page.locator("#problems")).to_have_count(0)
    expect(page.locator("#generator")).to_have_count(0)
    row = page.locator("#figures tbody tr", has_text="create")
    expect(row.locator("td").first).to_have_text("60")
    expect(row).to_contain_text("0.129 s")
    expect(page.locator("body")).to_contain_text("nearest rank")
    expect(page.locator("body")).to_contain_text("count from when a request was due")


def test_a_lost_job_is_told_at_the_head_and_what_it_says_is_escaped(page_of):
    page = page_of(result(whole=59, problems=["job_1 was acknowledged and is not whole: <b>no</b> record"]))
    expect(page.locator("#verdict")).to_have_text("Not all was held.")
    expect(page.locator("#problems li")).to_have_text("job_1 was acknowledged and is not whole: <b>no</b> record")


def test_a_generator_that_was_the_limit_is_told(page_of):
    page = page_of(result(generators=[Worker(name="one", cpu_shares=[0.5, 0.95, 0.99], requested=60)]))
    expect(page.locator("#generator")).to_contain_text("The load generator was the limit")
    expect(page.locator("#generator")).to_contain_text("one for 2 s")


def test_earlier_loads_of_the_shape_and_the_environment_are_beside_it(page_of, tmp_path):
    for hours, changes in ((3, {}), (2, {"name": "peak"}), (1, {"environment": "staging"})):
        result(started=BEGUN - timedelta(hours=hours), **changes).write(tmp_path)
    page = page_of(result())
    assert page.locator("#before tbody th").all_inner_texts() == ["this one", "2026-11-27 02:00"]


def test_every_picture_is_there_and_says_in_words_what_it_shows(page_of):
    page = page_of(result())
    pictures = page.locator("figure img").all()
    assert len(pictures) == 9
    for picture in pictures:
        assert picture.evaluate("one => one.complete && one.naturalWidth > 0")
        assert len(picture.get_attribute("alt")) > 20


def test_the_page_is_readable_on_a_small_window_and_dark_enough(page_of):
    page = page_of(result(problems=["something"]))
    assert too_pale(page, "p, li, th, td, .totals div") == []
    page.set_viewport_size({"width": 400, "height": 800})
    assert sticks_out_px(page) == 0
