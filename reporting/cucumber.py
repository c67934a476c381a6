"""Cucumber's JSON, which many tools import: features, scenarios and steps, with the keys as tags.

The format has no `broken`: such a step is `failed`, and its message begins with `ENVIRONMENT_BROKE`. An error outside
of the steps, in a hook, is a failed `after`. Scenarios that were not run have skipped steps.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from itertools import zip_longest
from typing import Any

from reporting.evidence import Which, enclose
from reporting.features import Feature, FeatureScenario, Step, Tag
from reporting.results import Attachment, StepResult
from reporting.traceability import Traceability, TracedScenario
from reporting.verdicts import Status

ENVIRONMENT_BROKE = "The environment broke: "
_RED = (Status.FAILED, Status.BROKEN)


def as_cucumber(
    traced: Traceability, features: Iterable[Feature], *, evidence: Which = Which.RED
) -> list[dict[str, Any]]:
    """The document, with every feature and scenario, whether it was run or not."""
    results = {(one.scenario.place, one.scenario.name): one for one in traced.scenarios}
    return [
        {
            "uri": feature.place.file,
            "id": _id(feature.name),
            "keyword": feature.keyword,
            "name": feature.name,
            "description": feature.description,
            "line": feature.place.line,
            "tags": _tags(feature.tags),
            "elements": [_element(results[(one.place, one.name)], evidence) for one in feature.scenarios],
        }
        for feature in features
    ]


def _element(one: TracedScenario, evidence: Which) -> dict[str, Any]:
    scenario, result = one.scenario, one.result
    steps = _steps(scenario, result.steps if result else (), evidence.includes(one.status))
    element = {
        "id": f"{_id(scenario.feature)};{_id(scenario.name)}",
        "keyword": scenario.keyword,
        "type": "scenario",
        "name": scenario.name,
        "description": scenario.description,
        "line": scenario.place.line,
        "tags": _tags(scenario.tags),
        "steps": steps,
    }
    if result:
        element["start_timestamp"] = result.start.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        if result.status in _RED and all(step.status not in _RED for step in result.steps):
            after = {"match": {"location": str(scenario.place)}, "result": _outcome(result.status, 0, result.message)}
            element["after"] = [after]
    return element


def _steps(scenario: FeatureScenario, results: Iterable[StepResult], with_evidence: bool) -> list[dict[str, Any]]:
    """The steps as they were run, or as they are written if they were not run."""
    written = (*scenario.background, *scenario.steps)
    steps = []
    # Every run adds closing steps at the end.
    for step, result in zip_longest(written, results):
        keyword, name = _words(step, result)
        found: dict[str, Any] = {
            "keyword": f"{keyword} ",
            "name": name,
            "line": step.line if step else scenario.place.line,
            "match": {"location": str(scenario.place)},
            "result": _outcome(result.status, _nanoseconds(result), result.message)
            if result
            else _outcome(Status.SKIPPED, 0, ""),
        }
        if step:
            found |= _arguments(step)
        if result and with_evidence and result.attachments:
            found["embeddings"] = [_embedding(one) for one in result.attachments]
        steps.append(found)
    return steps


def _words(step: Step | None, result: StepResult | None) -> tuple[str, str]:
    """Keyword and text of a step; a keyword may have several words, as `Étant donné` has."""
    if result is None:
        return (step.keyword, step.name) if step else ("", "")
    if step and result.name.startswith(f"{step.keyword} "):
        return step.keyword, result.name.removeprefix(f"{step.keyword} ")
    keyword, _, name = result.name.partition(" ")
    return keyword, name


def _outcome(status: Status, nanoseconds: int, message: str) -> Mapping[str, Any]:
    outcome = {"status": "failed" if status in _RED else status.value, "duration": nanoseconds}
    if status in _RED:
        outcome["error_message"] = f"{ENVIRONMENT_BROKE if status is Status.BROKEN else ''}{message}"
    return outcome


def _nanoseconds(result: StepResult) -> int:
    return round((result.stop - result.start).total_seconds() * 1_000) * 1_000_000


def _arguments(step: Step) -> Mapping[str, Any]:
    found: dict[str, Any] = {}
    if step.table:
        found["rows"] = [{"cells": list(row)} for row in step.table]
    if step.text is not None:
        found["doc_string"] = {"value": step.text, "content_type": "", "line": step.line + 1}
    return found


def _embedding(attachment: Attachment) -> Mapping[str, str]:
    kept = enclose(attachment)
    return {"mime_type": kept.media_type, "data": kept.base64, "name": kept.filename}


def _tags(tags: Iterable[Tag]) -> list[Mapping[str, Any]]:
    return [{"name": f"@{tag.name}", "line": tag.place.line} for tag in tags]


def _id(name: str) -> str:
    return re.sub(r"\W+", "-", name.lower()).strip("-")
