"""The features as a set of HTML pages, which need no other files and no network."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from reporting.documentation.capabilities import Capability
from reporting.documentation.scenarios import WrittenFeature, as_written
from reporting.documentation.vocabulary import Vocabulary
from reporting.glossary import Glossary
from reporting.page import MARKS
from reporting.traceability import Traceability
from support.core.characters import file_name

INDEX, VOCABULARY, GLOSSARY = "index.html", "vocabulary.html", "glossary.html"
_PARAMETER = re.compile(r"(<[^<>]+>)")


def as_pages(
    capabilities: Sequence[Capability],
    vocabulary: Vocabulary,
    glossary: Glossary,
    traced: Traceability,
    *,
    test_case_url: str | None,
    made: datetime,
) -> Mapping[str, str]:
    """The pages by their file names; they belong into one folder.

    `test_case_url` has `{key}` where a case's key belongs; without it, keys are not links. Results are shown if the
    run has any.
    """
    templates = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    templates.filters["pieces"] = _PARAMETER.split
    templates.globals.update(
        run=traced.run,
        stale=len(traced.stale),
        made=made,
        marks=MARKS,
        case_link=lambda key: test_case_url.replace("{key}", key) if test_case_url else None,
    )
    names: set[str] = set()
    chapters = [
        (one, [_with_own_page(as_written(feature, traced.scenarios), names) for feature in one.features])
        for one in capabilities
    ]
    pages = {
        INDEX: templates.get_template("index.html.j2").render(chapters=chapters, counted=_counted),
        VOCABULARY: templates.get_template("vocabulary.html.j2").render(vocabulary=vocabulary),
        GLOSSARY: templates.get_template("glossary.html.j2").render(glossary=glossary),
    }
    in_order = [(capability, feature) for capability, features in chapters for feature in features]
    for at, (capability, feature) in enumerate(in_order):
        pages[feature.page] = templates.get_template("feature.html.j2").render(
            capability=capability,
            written=feature,
            before=in_order[at - 1][1] if at else None,
            after=in_order[at + 1][1] if at + 1 < len(in_order) else None,
        )
    return pages


def _with_own_page(written: WrittenFeature, taken: set[str]) -> WrittenFeature:
    """The feature with a file name that no other page has, even on a file system that ignores case."""
    stem, number, page = written.page.removesuffix(".html"), 1, written.page
    while page.casefold() in taken:
        number += 1
        page = file_name(stem, f"-{number}.html")
    taken.add(page.casefold())
    return replace(written, page=page)


def _counted(features: Sequence[WrittenFeature]) -> Mapping[str, int]:
    """The number of their scenarios with each verdict, in the order of the marks."""
    counts = Counter(scenario.verdict.value for feature in features for scenario in feature.scenarios)
    return {state: counts[state] for state in MARKS if counts[state]}
