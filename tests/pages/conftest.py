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
    """Begin a visit; the options are those of a browser context."""
    begun = []

    def begin(**options: object) -> Visit:
        begun.append(Visit(browser.new_context(viewport=WINDOW, service_workers="block", **options)))
        return begun[-1]

    yield begin
    for one in begun:
        one.context.close()


@pytest.fixture
def opened(visit: Callable[..., Visit]) -> Iterator[Callable[..., Page]]:
    """Open a page of a file; at the end it must have been content with itself."""
    visits = []

    def open_page(path: Path, **options: object) -> Page:
        visits.append(visit(**options))
        visits[-1].page.goto(path.as_uri())
        return visits[-1].page

    yield open_page
    assert [(one.elsewhere, one.complaints) for one in visits] == [([], [])] * len(visits)
