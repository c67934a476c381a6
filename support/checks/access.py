"""Who gets into the record store and onto the machines, and who does not."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from support.api.job import Job
from support.core.addresses import split
from support.core.errors import ExpectationFailed, require
from support.observers.mongodb import AccessRefused, Database, Document, TaskRecords
from support.observers.stores import Stores
from support.profile.setting_types import password_of
from support.profile.settings import MongoDB, Ssh


def has_password(settings: MongoDB) -> bool:
    """Whether the profile's address of the record store holds a password."""
    return password_of(settings.uri.get_secret_value()) is not None


def expect_access(settings: MongoDB) -> None:
    """See that the record store is reached over TCP, with its credentials, and can be written to (PZ-13806).

    Raises:
        ExpectationFailed: it refuses them.
        EnvironmentBroken: it does not answer, or takes no writes.
    """
    if refusal := _refusal(settings.uri.get_secret_value(), settings):
        raise ExpectationFailed(f"expected to get into the record store with its credentials\n  - {refusal}")


def expect_no_access_with(credentials: str, settings: MongoDB) -> None:
    """See that the record store is closed to `no credentials`, or to `a wrong password`.

    Raises:
        ExpectationFailed: it is open.
        EnvironmentBroken: it does not answer.
        ValueError: there are no such credentials.
    """
    address = split(settings.uri.get_secret_value())
    user = address.login.partition(":")[0] or "nobody"
    logins = {"no credentials": "", "a wrong password": f"{user}:none-of-yours"}
    if credentials not in logins:
        raise ValueError(f"there is no '{credentials}'; there are: {', '.join(logins)}")
    refusal = _refusal(str(address._replace(login=logins[credentials])), settings)
    require(f"the record store to be closed to {credentials}", [] if refusal else ["it is open"])


def expect_record_read_by_server(job: Job, settings: MongoDB) -> None:
    """See that the server's own access leads to the records that it writes (PZ-13807).

    Raises:
        ExpectationFailed: it is refused, or does not lead to the job's record.
        EnvironmentBroken: the record store does not answer.
    """
    assert settings.server_uri is not None
    database = _database(settings.server_uri.get_secret_value(), settings)
    try:
        found = TaskRecords(database.collection(settings.tasks_collection)).of_job(job.job_id)
    except AccessRefused as error:
        raise ExpectationFailed(f"expected the server's own access to the record store\n  - {error}") from None
    finally:
        database.close()
    problems = [] if len(found) == 1 else [f"{len(found)} records of {job.job_id} are found"]
    require("the record of the job, by the server's own access", problems)


def expect_written_and_removed(
    document: Document, written: Sequence[Document], left: Sequence[Document], problems: Sequence[str]
) -> None:
    """Raise ExpectationFailed unless a document was there as it was written, and is no more (PZ-13898).

    `problems` are those of its removal.
    """
    wrong = [] if list(written) == [document] else [f"{document} was written, and {list(written)} read"]
    require("a document to be written, read back and removed", [*wrong, *problems, *(f"left is {one}" for one in left)])


def query_times_s(stores: Stores, job: Job, count: int) -> list[float]:
    """How long MongoDB takes for so many queries of the product's own kinds, s: a job's record, a day's recordings."""
    now = datetime.now(UTC)
    times_s = []
    for number in range(count):
        started = time.perf_counter()
        if number % 2:
            stores.recordings.between(now - timedelta(days=1), now)
        else:
            stores.records.of_job(job.job_id)
        times_s.append(time.perf_counter() - started)
    return times_s


def expect_quick_answers(answers_s: Sequence[float], quick: int, limit_s: float) -> None:
    """Raise ExpectationFailed unless so many of these answers came within the limit, s (PZ-13808)."""
    slowest_s = sorted(answers_s)[quick - 1]
    problems = [] if slowest_s < limit_s else [f"{quick} of {len(answers_s)} took up to {slowest_s:.3f} s"]
    require(f"answers in under {limit_s:g} s (time_limits.record_store_answers_s)", problems)


def expect_login_to_machines(settings: Ssh) -> None:
    """Raise ExpectationFailed unless the operator gets onto every machine (PZ-13900)."""
    from support.observers.machines import login_problems  # Here: it loads an SSH client, which one scenario needs.

    require(f"{settings.user} to log in to each of {', '.join(settings.hosts)}", login_problems(settings))


def _refusal(uri: str, settings: MongoDB) -> str | None:
    """What a database says that does not let these credentials in; None when it answers reads and takes writes."""
    database = _database(uri, settings)
    try:
        database.check_health()
        database.collections()
    except AccessRefused as error:
        return str(error)
    finally:
        database.close()
    return None


def _database(uri: str, settings: MongoDB) -> Database:
    return Database(uri, settings.database, settings.timeout_s, settings.ca_file)
