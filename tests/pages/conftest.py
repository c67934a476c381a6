"""One browser for all pages; a visit fails when a page complains, or asks for anything elsewhere."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from .browser import LIMIT_MS, WINDOW, Visit, chromium

expect.set_options(timeout=LIMIT_MS)


# Of the package and not of the session: for as long as it lasts no other test can have an event loop.
@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture
def visit(browser: Browser) -> Iterator[Callable[..., Visit]]:
    """Begin a visit of its own; the options are those of a browser context."""
    begun = []

    def begin(**options: object) -> Visit:
        begun.append(Visit(browser.new_context(viewport=WINDOW, service_workers="block", **options)))
        return begun[-1]

    yield begin
    for one in begun:
        one.context.close()


# To begin a visit takes longer than to open a page.
@pytest.fixture(scope="package")
def visitor(browser: Browser) -> Visit:
    return Visit(browser.new_context(viewport=WINDOW, service_workers="block"))


@pytest.fixture
def opened(visitor: Visit) -> Iterator[Callable[[Path], Page]]:
    """Open a page of a file; at the end of the test it must have been content with itself."""

    def open_page(path: Path) -> Page:
        visitor.page.goto(path.as_uri())
        return visitor.page

    visitor.page.set_viewport_size(WINDOW)
    visitor.page.emulate_media(media="null")
    visitor.elsewhere.clear()
    visitor.complaints.clear()
    yield open_page
    assert (visitor.elsewhere, visitor.complaints) == ([], [])
