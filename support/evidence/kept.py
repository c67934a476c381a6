"""What is kept of a load, a history check and the like: data, and a page that needs no other file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from redaction import redact
from support.core.characters import allowed


def page_of(template: Path, **content: Any) -> str:
    """The page that a template makes of this content."""
    pages = Environment(loader=FileSystemLoader(template.parent), autoescape=True, undefined=StrictUndefined)
    pages.filters["seconds"] = lambda value: "–" if value is None else f"{value:.3f} s"
    return allowed(pages.get_template(template.name).render(content))


def keep(text: str, path: Path) -> Path:
    """Write a text without secrets into a file, whose folder is made if there is none; gives the file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(redact(text), encoding="utf-8")
    return path
