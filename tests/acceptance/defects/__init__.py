"""Focus Servers with one defect each: `python -m tests.acceptance.defects NAME`, set up like the real one.

Each defect replaces a part of the server by one that does its work wrongly. `DEFECTS` holds all of them.
"""

from sandbox.focus_server.composition import build_parts
from sandbox.focus_server.logs import log_to_stderr
from sandbox.focus_server.serving import serve
from sandbox.focus_server.settings import Settings
from tests.acceptance.defects import jobs  # noqa: F401 - fills the registry
from tests.acceptance.defects.registry import DEFECTS


def serve_with(name: str) -> None:
    """Serve with a defect, set up by the environment, until a signal ends it."""
    log_to_stderr()
    settings = Settings.from_environment()
    serve(settings, DEFECTS[name].change(build_parts(settings)))
