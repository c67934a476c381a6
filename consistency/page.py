"""The page of a history check: one file that needs nothing else."""

from __future__ import annotations

from pathlib import Path

from consistency.result import Result
from support.evidence.kept import keep, page_of

_TEMPLATE = Path(__file__).with_name("page.html.j2")


def write_page(result: Result, kept: Path) -> Path:
    """Write the page beside the JSON `kept`; gives its path."""
    return keep(page_of(_TEMPLATE, result=result), kept.with_suffix(".html"))
