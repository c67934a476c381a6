"""The page of a load: one file that needs nothing else."""

from __future__ import annotations

import base64
from pathlib import Path
from xml.etree import ElementTree

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from load.plots import pictures
from load.result import Result, earlier
from load.run import LIMITS
from redaction import redact
from support.core.characters import allowed
from support.profile.settings import Load

_EARLIER = 10


def write_page(result: Result, limits: Load, kept: Path) -> Path:
    """Write the page beside the JSON `kept`, with the earlier results of that folder; gives its path."""
    pages = Environment(loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined)
    pages.filters["seconds"] = lambda value: "–" if value is None else f"{value:.3f} s"
    before = earlier(kept.parent, result)[:_EARLIER]
    text = pages.get_template("page.html.j2").render(
        result=result,
        limits={kind: [(setting, getattr(limits, setting)) for setting in named] for kind, named in LIMITS.items()},
        pictures=[_picture(title, svg) for title, svg in pictures(result, limits).items()],
        before=before,
    )
    path = kept.with_suffix(".html")
    path.write_text(redact(allowed(text)), encoding="utf-8")
    return path


def _picture(title: str, svg: str) -> dict[str, str]:
    words = ElementTree.fromstring(svg).findtext("{http://www.w3.org/2000/svg}desc") or title
    return {"title": title, "words": words, "source": base64.b64encode(svg.encode()).decode()}
