"""The page of a load: one file that needs nothing else."""

from __future__ import annotations

import base64
from pathlib import Path
from xml.etree import ElementTree

from load.plots import pictures
from load.result import Result, earlier
from load.run import LIMITS
from support.evidence.kept import keep, page_of
from support.profile.settings import Load

_TEMPLATE = Path(__file__).with_name("page.html.j2")
_EARLIER = 10


def write_page(result: Result, limits: Load, kept: Path) -> Path:
    """Write the page beside the JSON `kept`, with the earlier results of that folder; gives its path."""
    before = earlier(kept.parent, result)[:_EARLIER]
    text = page_of(
        _TEMPLATE,
        result=result,
        limits={kind: [(setting, getattr(limits, setting)) for setting in named] for kind, named in LIMITS.items()},
        pictures=[_picture(title, svg) for title, svg in pictures(result, limits).items()],
        before=before,
    )
    return keep(text, kept.with_suffix(".html"))


def _picture(title: str, svg: str) -> dict[str, str]:
    words = ElementTree.fromstring(svg).findtext("{http://www.w3.org/2000/svg}desc") or title
    return {"title": title, "words": words, "source": base64.b64encode(svg.encode()).decode()}
