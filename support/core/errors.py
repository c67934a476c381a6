"""The kinds of failure of a run, distinguished because different people act on them.

A product failure is an `ExpectationFailed` (behave: *failed*), everything else that ends a step is an environment
failure (behave: *error*, Allure: *broken*).
"""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import ValidationError

from redaction import Masked
from transport.errors import SettingsError

__all__ = ["APIError", "EnvironmentBroken", "ExpectationFailed", "SettingsError", "ValidationError", "require"]


class ExpectationFailed(Masked, AssertionError):
    """The product did something other than promised. The message says what was expected and what was seen."""


def require(expected: str, problems: Sequence[str], seen: object = None) -> None:
    """Fail unless there are no problems.

    Raises:
        ExpectationFailed: there are; the message has what was expected, each of them, and what was seen.
    """
    if problems:
        raise ExpectationFailed(failure_text(expected, problems, seen))


def failure_text(expected: str, problems: Sequence[str], seen: object = None) -> str:
    """The message of a failure: what was expected, a line for each problem, and what was seen if that is given."""
    listed = [f"  - {problem}" for problem in problems]
    return "\n".join([f"expected {expected}", *listed, *([f"seen: {seen}"] if seen is not None else [])])


class EnvironmentBroken(Masked, Exception):
    """Something that the product or the suite stands on cannot be reached or used: no verdict is possible."""


class APIError(Masked, Exception):
    """A call to the Focus Server that did not succeed; `__cause__` is what went wrong underneath, where there is one.

    `status` is the HTTP status, or None when no answer came; `unreachable` says that there was not even a connection;
    `detail` is what the server gave as the reason.
    """

    def __init__(self, message: str, *, status: int | None = None, detail: str = "", unreachable: bool = False) -> None:
        super().__init__(message)
        self.status = status
        self.detail = detail
        self.unreachable = unreachable

    def judged(self) -> ExpectationFailed | EnvironmentBroken:
        """Whose failure it is: the environment's when nothing could be reached, else the product's."""
        return EnvironmentBroken(str(self)) if self.unreachable else ExpectationFailed(str(self))
