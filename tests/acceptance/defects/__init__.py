"""Focus Servers with one defect each: `python -m tests.acceptance.defects NAME`, set up like the real one.

Each defect replaces a part of the server by one that does its work wrongly. `DEFECTS` holds all of them.
"""

from sandbox.focus_server import composition, serving
from sandbox.focus_server.logs import log_to_stderr
from sandbox.focus_server.settings import Settings
from tests.acceptance.defects import (  # noqa: F401 - they fill the registry
    discovery,
    figures,
    jobs,
    keeping,
    limits,
    metadata,
    recordings,
    regions,
    rows,
    safety,
    shapes,
    wire,
)
from tests.acceptance.defects.registry import DEFECTS


def serve_with(name: str) -> None:
    """Serve with a defect, set up by the environment, until a signal ends it."""
    log_to_stderr()
    settings, defect = Settings.from_environment(), DEFECTS[name]
    # The application as a whole is no part of the server that could be handed in.
    serving.create_app = lambda settings, parts: defect.wrap(composition.create_app(settings, parts))
    serving.serve(settings, defect.change(composition.build_parts(settings)))
