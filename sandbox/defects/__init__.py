"""Focus Servers with one defect each: `python -m sandbox.defects NAME`, set up like the real one.

Each defect replaces a part of the server by one that does its work wrongly. `DEFECTS` holds all of them.
"""

from collections.abc import Iterable
from dataclasses import replace
from types import ModuleType
from typing import Any

from sandbox.defects import (
    analyzers,
    answers,
    discovery,
    edges,
    figures,
    health,
    http_messages,
    jobs,
    limits,
    load,
    metadata,
    momentary,
    outages,
    parsing,
    queues,
    recordings,
    records,
    regions,
    security,
    survival,
    task_ids,
    waterfall,
    whole_runs,
)
from sandbox.defects.defect import Defect, Overridden
from sandbox.focus_server import composition, serving
from sandbox.focus_server.logs import log_to_stderr
from sandbox.focus_server.settings import Settings

__all__ = ["DEFECTS", "Defect", "announcing_its_port", "serve_with"]


def catalogue(areas: Iterable[ModuleType]) -> dict[str, Defect]:
    """The defects of several modules by their names, each with the area of its module.

    Raises:
        ValueError: two have one name, or one does not say what is wrong or what that means for users.
    """
    defects = [replace(defect, area=area.AREA) for area in areas for defect in area.DEFECTS]
    by_name = {defect.name: defect for defect in defects}
    if len(by_name) < len(defects) or not all(defect.summary and defect.impact for defect in defects):
        raise ValueError("two defects have one name, or one has no summary or no impact")
    return by_name


DEFECTS = catalogue(
    (
        discovery,
        records,
        analyzers,
        queues,
        momentary,
        answers,
        figures,
        jobs,
        task_ids,
        limits,
        metadata,
        outages,
        survival,
        recordings,
        regions,
        waterfall,
        load,
        whole_runs,
        health,
        security,
        http_messages,
        edges,
        # The slowest, which generated requests show, at the end: proofs begin with them.
        parsing,
    )
)


def serve_with(name: str | None) -> None:
    """Serve with a defect, or without one, set up by the environment, until a signal ends it.

    Before the server says that it is ready, the port of its streams is printed: it may be any free one.
    """
    log_to_stderr()
    settings, defect = Settings.from_environment(), DEFECTS[name] if name else Defect("", "", "")
    parts = announcing_its_port(defect.change(composition.build_parts(settings)))
    serving.serve(settings, parts, lambda settings, parts: defect.wrap(composition.create_app(settings, parts)))


def announcing_its_port(parts: composition.Parts) -> composition.Parts:
    """The same parts; the stream prints its port when it has started."""

    async def start(stream: Any) -> None:
        await stream.start()
        print(f"streams {stream.port}", flush=True)

    return replace(parts, stream=Overridden(parts.stream, start=start))
