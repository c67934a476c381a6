"""Step C: the id of a job, the names that are made from it, and the clock."""

import re
import secrets
from datetime import UTC, datetime


class JobIds:
    """Makes job ids, ``job_`` and 8 hex digits (contract, "Words"), and knows them again."""

    _PATTERN = re.compile(r"job_[0-9a-f]{8}")

    def new(self) -> str:
        """A fresh id; that nobody has it is checked where it is stored."""
        return f"job_{secrets.token_hex(4)}"

    def is_one(self, text: str) -> bool:
        """Whether a text from outside could be the id of a job at all."""
        return self._PATTERN.fullmatch(text) is not None


class SystemClock:
    """The time of the machine."""

    def now(self) -> datetime:
        """Now, in UTC."""
        return datetime.now(UTC)


def to_milliseconds(moment: datetime) -> datetime:
    """The moment as it is told, and as MongoDB can keep it, so that the answer and the record say the same."""
    return datetime.fromisoformat(as_iso(moment))


def as_iso(moment: datetime) -> str:
    """ISO 8601 in UTC with milliseconds, ending in ``Z``."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def object_name(job_id: str) -> str:
    """Name of the Kubernetes Job: Kubernetes refuses ``_`` in names (contract, "Kubernetes refuses")."""
    return f"baby-analyzer-{job_id.replace('_', '-')}"


def queue_name(job_id: str) -> str:
    """Name of the RabbitMQ queue of a job."""
    return f"grpc-job-{job_id}"


def job_id_of_queue(name: str) -> str | None:
    """The job whose queue has this name; None when it is no job's."""
    job_id = name.removeprefix(queue_name(""))
    return job_id if queue_name(job_id) == name else None


def consumer_tag(job_id: str) -> str:
    """Tag of the consumer of a job's queue."""
    return f"focus-server-{job_id}"
