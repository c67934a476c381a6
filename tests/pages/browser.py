"""Chromium as Debian has it, and pages that are opened in it with an eye on what they ask for and complain of."""

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

# It may not phone home, and nothing that a page asks for may leave the machine.
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)
WINDOW = {"width": 1280, "height": 900}
LIMIT_MS = 20_000  # many tests share a core
_HERE = re.compile(r"(file:///|data:|blob:|about:|https?://127\.0\.0\.1[:/])")


class ChromiumMissing(Exception):
    """There is no Chromium on this machine; the message says what to do."""


@contextmanager
def chromium() -> Iterator[Browser]:
    """A browser without a window, for as long as the block lasts."""
    found = shutil.which("chromium")
    if not found:
        raise ChromiumMissing("expected Debian's chromium on this machine, seen none: make chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=list(FLAGS))
        try:
            yield browser
        finally:
            browser.close()


@dataclass
class Visit:
    """Pages of one visitor; what they ask for elsewhere is refused, and noted with what they complain of."""

    context: BrowserContext
    elsewhere: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.context.set_default_timeout(LIMIT_MS)
        self.context.route(lambda url: not _HERE.match(url), self._refuse)
        self.context.on("console", lambda said: said.type in ("error", "warning") and self.complaints.append(said.text))
        self.context.on("weberror", lambda error: self.complaints.append(str(error.error)))
        self.page: Page = self.context.new_page()
        self.page.on("websocket", lambda socket: self.elsewhere.append(socket.url))

    def _refuse(self, route) -> None:
        self.elsewhere.append(route.request.url)
        route.abort()
