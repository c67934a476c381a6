"""The server's log: one line an event on stderr, with the id of the job that it is about."""

import logging
import re
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_job_id: ContextVar[str] = ContextVar("job_id", default="-")
_CREDENTIALS = re.compile(r"://[^/@\s]*@")


@contextmanager
def about(job_id: str) -> Iterator[None]:
    """Every line logged inside, and by tasks started inside, carries this job id."""
    token = _job_id.set(job_id)
    try:
        yield
    finally:
        _job_id.reset(token)


class _Lines(logging.Formatter):
    converter = staticmethod(time.gmtime)
    default_time_format = "%Y-%m-%dT%H:%M:%S"
    default_msec_format = "%s.%03dZ"

    def format(self, record: logging.LogRecord) -> str:
        record.job_id = _job_id.get()
        # A driver's message may hold the address it was given, password and all.
        return _CREDENTIALS.sub("://***@", super().format(record))


def log_to_stderr() -> None:
    """Send all logging of this process to stderr; libraries speak up from a warning on."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Lines("%(asctime)s %(levelname)s %(job_id)s %(message)s"))
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("sandbox.focus_server").setLevel(logging.INFO)
    # Every lost connection and every failed try is logged by the server itself, once.
    logging.getLogger("aiormq.connection").setLevel(logging.CRITICAL)
