"""The ways in which a run can go wrong, told apart because different people act on them.

A product failure is an `ExpectationFailed` (behave: *failed*), everything else that ends a step is an environment
failure (behave: *error*, Allure: *broken*).
"""

from __future__ import annotations

from pydantic import ValidationError

__all__ = ["APIError", "EnvironmentBroken", "ExpectationFailed", "SettingsError", "ValidationError"]


class ExpectationFailed(AssertionError):
    """The product did something other than promised. The message says what was expected and what was seen."""


class EnvironmentBroken(Exception):
    """Something that the product or the suite stands on cannot be reached or used: no verdict is possible."""


class SettingsError(Exception):
    """A setting is missing or wrong. The message names the setting, the profile and the fix."""


class APIError(Exception):
    """A call to the Focus Server that did not succeed; `__cause__` is what went wrong underneath, where there is one.

    `status` is the HTTP status, or None when no answer came; `detail` is what the server gave as the reason.
    """

    def __init__(self, message: str, *, status: int | None = None, detail: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.detail = detail
