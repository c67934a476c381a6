"""Sending an execution to Xray: over https only, tried again where that can help, the token never shown.

What was sent may have arrived though its answer was lost. A second attempt then makes a second execution, unless the
document names one that is already there (`testExecutionKey`).
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Annotated, Any
from urllib.parse import urlsplit

import requests
from pydantic import AfterValidator, Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict
from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_after_attempt, wait_exponential

from reporting.xray import Dialect
from support.errors import SettingsError
from support.http_access import HttpAccess
from support.settings import Authority

PATHS = {
    Dialect.SERVER: "/rest/raven/2.0/api/import/execution",
    Dialect.CLOUD: "/api/v2/import/execution",
}
_ATTEMPTS = 5
_LONGEST_WAIT_S = 60.0
_EXCERPT = 500


def _https(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme != "https" or not parts.hostname:
        raise ValueError("expected an address that begins with https://")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ValueError("expected an address without user, password, query and fragment")
    return url.rstrip("/")


def _fits_a_header(token: SecretStr) -> SecretStr:
    # A client that refuses a header shows what is in it.
    if not all("!" <= mark <= "~" for mark in token.get_secret_value()):
        raise ValueError("expected printable ASCII without spaces (is there a line end in it?)")
    return token


class Target(BaseSettings):
    """Where to send: `FOCUS_PUBLISH_URL`, `FOCUS_PUBLISH_TOKEN` and the like of the environment."""

    # A wrong value may be the token: messages do not show it.
    model_config = SettingsConfigDict(
        env_prefix="FOCUS_PUBLISH_", frozen=True, hide_input_in_errors=True, env_ignore_empty=True
    )

    url: Annotated[str, AfterValidator(_https)] = Field(description="of Jira, or of Xray Cloud; without the path")
    token: Annotated[SecretStr, Field(min_length=1), AfterValidator(_fits_a_header)]
    dialect: Dialect = Dialect.SERVER
    ca_file: Authority | None = Field(None, description="certificate authority of the address")
    timeout_s: float = Field(60.0, gt=0, description="no answer by then is tried again")

    @property
    def address(self) -> str:
        """With the path of the import."""
        return f"{self.url}{PATHS[self.dialect]}"


class PublishFailed(Exception):
    """The execution was not taken, or nobody said so; the message says what was expected, seen, and is to be done."""


class _TryAgain(Exception):
    def __init__(self, message: str, after_s: float | None = None) -> None:
        super().__init__(message)
        self.after_s = after_s


def publish(document: Mapping[str, Any], target: Target, *, sleep: Callable[[float], None] = time.sleep) -> str:
    """Send it, and return the key of the execution that has it now.

    No connection, 429 and 5xx are tried again, up to five times in all; after as many seconds as `Retry-After` says,
    but at most a minute. Anything else is not.

    Raises:
        PublishFailed: it was refused, there was no success in five attempts, or a variable of the environment names
            certificates or a proxy that cannot be used.
    """
    try:
        access = HttpAccess.to(target.address, target.ca_file, "FOCUS_PUBLISH_CA_FILE")
    except SettingsError as error:
        raise PublishFailed(str(error)) from None
    retrying = Retrying(
        retry=retry_if_exception_type(_TryAgain),
        stop=stop_after_attempt(_ATTEMPTS),
        wait=_wait,
        sleep=sleep,
        reraise=True,
    )
    try:
        return retrying(_send, document, target, access)
    except _TryAgain as last:
        raise PublishFailed(
            f"Expected {target.address} to take the execution, seen {_ATTEMPTS} times no success, at last: {last}. "
            "Try again later; look first whether an execution was made."
        ) from None


def as_dry_run(document: Mapping[str, Any], target: Target) -> str:
    """What `publish` would send, for a person; evidence only by its number."""
    statuses = Counter(test["status"] for test in document["tests"])
    evidence = sum(len(test.get(name, ())) for test in document["tests"] for name in ("evidence", "evidences"))
    return "\n".join(
        (
            f"Would be sent: POST {target.address}",
            "  Authorization: Bearer ***",
            "  Content-Type: application/json",
            f"  {document['info']['summary']}, to {document.get('testExecutionKey', 'a new execution')}",
            f"  {len(document['tests'])} tests: "
            + ", ".join(f"{count} {status}" for status, count in sorted(statuses.items()))
            + f"; {evidence} files of evidence",
        )
    )


def _send(document: Mapping[str, Any], target: Target, access: HttpAccess) -> str:
    def authorize(request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {target.token.get_secret_value()}"
        return request

    try:
        with access.session() as session:
            answer = session.post(
                target.address,
                json=document,
                auth=authorize,
                headers={"Accept": "application/json"},
                timeout=target.timeout_s,
                allow_redirects=False,  # they could lead away from https
            )
    except requests.exceptions.SSLError as error:
        raise PublishFailed(
            f"Expected a certificate of {target.address} that can be verified, seen: {error}. {access.on_distrust}"
        ) from None
    except requests.exceptions.ProxyError as error:
        raise _TryAgain(f"not reached{access.through}: {access.on_proxy_failure(error)}") from None
    except (requests.ConnectionError, requests.Timeout, requests.exceptions.ChunkedEncodingError) as error:
        raise _TryAgain(f"{type(error).__name__}: {error}") from None
    except requests.RequestException as error:
        raise PublishFailed(
            f"Expected an address that can be sent to, seen {target.address}: {error}. Set FOCUS_PUBLISH_URL right."
        ) from None
    said = answer.content.decode("utf-8", "replace").replace(target.token.get_secret_value(), "***")[:_EXCERPT]
    if answer.status_code == requests.codes.too_many_requests or answer.status_code >= 500:
        raise _TryAgain(f"{answer.status_code} {said}", _seconds(answer.headers.get("Retry-After")))
    if answer.status_code != requests.codes.ok:
        raise PublishFailed(
            f"Expected {target.address} to take the execution, seen {answer.status_code} {said}. "
            + _ADVICE.get(answer.status_code, "See what it says, and `--dry-run` for what was sent.")
        )
    return _key(answer, said, target)


_ADVICE = {
    301: "Set FOCUS_PUBLISH_URL to the address that this one leads to.",
    302: "Set FOCUS_PUBLISH_URL to the address that this one leads to.",
    401: "Is FOCUS_PUBLISH_TOKEN right, and not expired?",
    403: "May the owner of FOCUS_PUBLISH_TOKEN make executions in this project?",
    404: "Are FOCUS_PUBLISH_URL and FOCUS_PUBLISH_DIALECT (server, cloud) right?",
}


def _key(answer: requests.Response, said: str, target: Target) -> str:
    try:
        made = answer.json()
        return str((made["testExecIssue"] if target.dialect is Dialect.SERVER else made)["key"])
    except (ValueError, KeyError, TypeError):
        raise PublishFailed(
            f"Expected {target.address} to answer the key of the execution, seen {said}. "
            "Is FOCUS_PUBLISH_DIALECT right? Look whether an execution was made."
        ) from None


def _wait(state: RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome else None
    asked_s = error.after_s if isinstance(error, _TryAgain) else None
    return float(wait_exponential(min=1, max=_LONGEST_WAIT_S)(state)) if asked_s is None else asked_s


def _seconds(retry_after: str | None) -> float | None:
    """A number of seconds or a date; not longer than anybody waits here."""
    if not retry_after:
        return None
    try:
        if retry_after.isdigit():
            asked_s = float(retry_after)
        else:
            asked_s = (parsedate_to_datetime(retry_after) - datetime.now(UTC)).total_seconds()
    except (ValueError, TypeError):
        return None  # neither: as if it were not there
    return min(max(asked_s, 0.0), _LONGEST_WAIT_S)
