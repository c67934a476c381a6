"""Focus Servers with one defect each: `python -m sandbox.defects NAME`, set up like the real one.

Each defect replaces a part of the server by one that does its work wrongly. `DEFECTS` holds all of them.
"""

from dataclasses import replace
from typing import Any

from sandbox.defects import (  # noqa: F401 - they fill the registry
    discovery,
    effects,
    figures,
    jobs,
    keeping,
    limits,
    metadata,
    outages,
    recordings,
    regions,
    rows,
    runs,
    safety,
    shapes,
    wire,
)
from sandbox.defects.registry import DEFECTS, Changed, Defect
from sandbox.focus_server import composition, serving
from sandbox.focus_server.logs import log_to_stderr
from sandbox.focus_server.settings import Settings

__all__ = ["DEFECTS", "Changed", "Defect", "serve_with", "start_and_tell"]


def serve_with(name: str | None) -> None:
    """Serve with a defect, or without one, set up by the environment, until a signal ends it.

    Before the server says that it is ready, it is said where its streams are: their port may be any free one.
    """
    log_to_stderr()
    settings, defect = Settings.from_environment(), DEFECTS[name] if name else Defect("", "", "", "")
    parts = defect.change(composition.build_parts(settings))
    # The application as a whole is no part of the server that could be handed in.
    serving.create_app = lambda settings, parts: defect.wrap(composition.create_app(settings, parts))
    serving.serve(settings, replace(parts, stream=Changed(parts.stream, start=start_and_tell)))


async def start_and_tell(stream: Any) -> None:
    """Start a stream, and say on stdout at which port."""
    await stream.start()
    print(f"streams {stream.port}", flush=True)
