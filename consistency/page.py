"""The page of a history check: one file that needs nothing else."""

from __future__ import annotations

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from consistency.result import Result
from support.core.characters import allowed


def write_page(result: Result, kept: Path) -> Path:
    """Write the page beside the JSON `kept`; gives its path."""
    pages = Environment(loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined)
    pages.filters["seconds"] = lambda value: "–" if value is None else f"{value:.3f} s"
    path = kept.with_suffix(".html")
    path.write_text(allowed(pages.get_template("page.html.j2").render(result=result)), encoding="utf-8")
    return path
