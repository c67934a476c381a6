"""Focus Servers, one after another, each set up by the environment, that are killed at the points that are named.

`python dying_server.py POINT…`: a point is a call of a part, such as `analyzers.launch`, before which the server is
killed. With `fails:` before it, the call fails, and what is done about that goes on. Each point may hold several, with
commas between them. After each comes one that lives. Each prints its process id first. They are forked from one process
that has loaded all they need.
"""

import os
import signal
import sys
from typing import Any

from sandbox.defects.defect import Change, combine, override
from sandbox.focus_server.composition import build_parts
from sandbox.focus_server.errors import DependencyUnavailable
from sandbox.focus_server.logs import log_to_stderr
from sandbox.focus_server.serving import serve
from sandbox.focus_server.settings import Settings


def die(*_: Any, **__: Any) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


async def fail(*_: Any) -> None:
    raise DependencyUnavailable("It", "it was told to fail")


def change(point: str) -> Change:
    do, _, call = point.rpartition(":")
    part, method = call.split(".")
    return override(part, **{method: fail if do else die})


def serve_with(*changes: Change) -> None:
    if server := os.fork():
        os.waitpid(server, 0)
        return
    print(os.getpid(), flush=True)
    settings = Settings.from_environment()
    serve(settings, combine(*changes)(build_parts(settings)))
    os._exit(0)


log_to_stderr()
for points in sys.argv[1:]:
    serve_with(*map(change, points.split(",")))
    serve_with()
