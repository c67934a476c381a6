"""`make screenshots`: pictures for docs/images of the pages that the last run, and the last proof, have left."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer
from playwright.sync_api import Page

from reporting.page import find_allure_site
from reporting.runs import find_run

from .browser import WINDOW, ChromiumMissing, Visit, chromium

LARGEST_KB = 200


@dataclass(frozen=True)
class Picture:
    """A page, what to do on it before it is taken, and what makes the page where it is missing."""

    name: str
    page: Path
    made_by: str
    prepare: Callable[[Page], object] = lambda page: None


def pictures(reports: Path) -> list[Picture]:
    """All of them, of the pages of the last run, and of the last proof."""
    found = find_run(reports, None)
    run = found.folder if found else reports
    return [
        Picture("traceability", run / "traceability.html", "make traceability"),
        Picture("docs-index", run / "docs/index.html", "make docs"),
        Picture("docs-feature", run / "docs/views-single_channel.html", "make docs"),
        Picture(
            "docs-vocabulary",
            run / "docs/vocabulary.html",
            "make docs",
            lambda page: page.get_by_label("Search").fill("running"),
        ),
        Picture("defects", reports / "defects.html", "make prove", lambda page: page.locator("summary").first.click()),
        Picture(
            "allure",
            run / (find_allure_site(run) or "allure-report/index.html"),
            "make report",
            lambda page: page.get_by_text("Job creation").first.wait_for(),
        ),
    ]


def take(
    reports: Annotated[Path, typer.Option(help="Where runs have their folders.")] = Path("reports"),
    images: Annotated[Path, typer.Option(help="Where the pictures go.")] = Path("docs/images"),
) -> None:
    """Take a picture of each page that is there. Where a page is missing, its last picture stays."""
    images.mkdir(parents=True, exist_ok=True)
    too_large = []
    try:
        with chromium() as browser:
            for picture in pictures(reports):
                page, image = picture.page, images / f"{picture.name}.png"
                if not page.exists():
                    typer.echo(f"{image}: not taken, there is no {page} ({picture.made_by})")
                    continue
                visit = Visit(browser.new_context(viewport=WINDOW, locale="en-GB", timezone_id="UTC"))
                visit.page.goto(page.resolve().as_uri())
                picture.prepare(visit.page)
                visit.page.mouse.move(0, 0)
                visit.page.screenshot(path=image, animations="disabled", caret="hide")
                visit.context.close()
                kb = image.stat().st_size / 1024
                typer.echo(f"{image} ({kb:.0f} KB)")
                if kb > LARGEST_KB:
                    too_large.append(str(image))
    except ChromiumMissing as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from None
    if too_large:
        typer.echo(f"expected pictures of at most {LARGEST_KB} KB, seen larger: {', '.join(too_large)}", err=True)
        raise typer.Exit(1)


if __name__ == "__main__":
    typer.run(take)
