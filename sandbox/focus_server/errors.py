"""The errors of the server; how each is answered is in ``http_answers``."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from pydantic import ValidationError


@dataclass(frozen=True)
class Violation:
    """One reason to refuse a request: where in which part of it, and what is accepted there."""

    loc: tuple[str | int, ...]
    msg: str
    part: str = "body"


def violations_of(error: ValidationError) -> list[Violation]:
    """What pydantic found wrong with a body."""
    details = error.errors(include_url=False, include_context=False, include_input=False)
    return [Violation(each["loc"], each["msg"]) for each in details]


class InvalidRequest(Exception):
    """A request can be read, and asks for something that it must not."""

    def __init__(self, violations: list[Violation]) -> None:
        super().__init__("; ".join(f"{'.'.join(map(str, v.loc))}: {v.msg}" for v in violations))
        self.violations = violations


class InvalidConfiguration(InvalidRequest):
    """A configuration breaks the contract's field table, or comes with a task id that is none."""


class NoRecording(Exception):
    """A historic job was asked for, and nothing was recorded in its time window."""


class NoLiveSource(Exception):
    """No recording is under way, so there is nothing live."""


class BadRowCount(Exception):
    """The number of rows asked for is none; `most` is the highest that is accepted."""

    def __init__(self, most: int) -> None:
        super().__init__(f"the number of rows must be a whole number, 1 to {most}")


class CannotServe(Exception):
    """The server cannot start as it is set up; the message names the setting, and says why."""


class UnknownJob(Exception):
    """No job has this id."""


class StepFailed(Exception):
    """A step of a job's creation failed.

    ``no_effect`` is true when the step certainly changed nothing, so that there is nothing to undo.
    """

    def __init__(self, message: str, *, no_effect: bool = False) -> None:
        super().__init__(message)
        self.no_effect = no_effect


class IdTaken(StepFailed):
    """The id drawn for a new job is in use already; another one may be free."""

    def __init__(self, where: str) -> None:
        super().__init__(f"the job id is already in use in {where}", no_effect=True)


class DependencyUnavailable(StepFailed):
    """MongoDB, RabbitMQ or Kubernetes was unreachable, refused, or did not answer in time."""

    def __init__(self, dependency: str, reason: str, *, no_effect: bool = False) -> None:
        super().__init__(f"{dependency} is not available: {reason}", no_effect=no_effect)
        self.dependency = dependency


@asynccontextmanager
async def guarded(
    dependency: str,
    limit_s: float,
    errors: tuple[type[Exception], ...],
    no_effect: tuple[type[Exception], ...] = (),
) -> AsyncIterator[None]:
    """Bound the time of a block, and turn a dependency's own errors into `DependencyUnavailable`.

    The reason names the kind of error only: a driver's text may hold addresses, and goes to the log as cause.
    """
    try:
        async with asyncio.timeout(limit_s):
            yield
    except TimeoutError as error:
        raise DependencyUnavailable(dependency, f"no answer within {limit_s:g} s") from error
    except errors as error:
        raise DependencyUnavailable(
            dependency,
            f"it could not be reached or refused ({type(error).__name__})",
            no_effect=isinstance(error, no_effect),
        ) from error
