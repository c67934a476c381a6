"""Sending an execution to Xray, over https only; temporary failures are retried, and secrets never shown.

A request may have arrived although its answer was lost. A second attempt then makes a second execution, unless the
document names an existing one (`testExecutionKey`).
"""

from __future__ import annotations

import json
import re
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Self
from urllib.parse import urlsplit

import requests
from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    SecretStr,
    TypeAdapter,
    ValidationError,
    model_validator,
)
from pydantic_settings import BaseSettings, SettingsConfigDict
from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_after_attempt, wait_exponential
from urllib3.exceptions import InvalidHeader
from urllib3.util import Retry

from redaction import MASK, redact
from reporting.xray import Dialect
from support.core.characters import as_json
from support.core.errors import SettingsError
from support.core.http_access import HttpAccess
from support.profile.setting_types import CaFile

PATHS = {
    Dialect.SERVER: "/rest/raven/2.0/api/import/execution",
    Dialect.CLOUD: "/api/v2/import/execution",
}
_AUTHENTICATE = "/api/v2/authenticate"  # of Xray Cloud
_CLIENT = "FOCUS_PUBLISH_CLIENT_ID and FOCUS_PUBLISH_CLIENT_SECRET"
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


def _as_meant(token: object) -> object:
    """A token without what copying may add: white space, the quotes of JSON or of a shell, `Bearer`."""
    found = token.get_secret_value() if isinstance(token, SecretStr) else token
    if not isinstance(found, str):
        return token
    while True:
        bare = found.strip()
        if len(bare) >= 2 and bare[0] == bare[-1] and bare[0] in "'\"":
            bare = bare[1:-1]
        kind, _, rest = bare.partition(" ")
        if kind.lower() == "bearer" and rest:
            bare = rest
        if bare == found:
            return found
        found = bare


def _fits_a_header(token: SecretStr) -> SecretStr:
    # A client that refuses a header shows what is in it.
    if not all("!" <= mark <= "~" for mark in token.get_secret_value()):
        raise ValueError("expected printable ASCII without spaces (is there a line end in it?)")
    return token


Token = Annotated[SecretStr, BeforeValidator(_as_meant), Field(min_length=1), AfterValidator(_fits_a_header)]


class XrayTarget(BaseSettings):
    """Where to send the execution, from environment variables: `FOCUS_PUBLISH_URL`, `FOCUS_PUBLISH_TOKEN` and others.

    Xray Cloud gives a token for a client id and its secret, valid for a day; such a token can be set, too.
    """

    # A wrong value may be the token: messages do not show it.
    model_config = SettingsConfigDict(
        env_prefix="FOCUS_PUBLISH_", frozen=True, hide_input_in_errors=True, env_ignore_empty=True
    )

    url: Annotated[str, AfterValidator(_https)] = Field(description="of Jira, or of Xray Cloud; without the path")
    token: Token | None = None
    client_id: Annotated[str, BeforeValidator(_as_meant), Field(min_length=1)] | None = None
    client_secret: Annotated[SecretStr, BeforeValidator(_as_meant), Field(min_length=1)] | None = None
    dialect: Dialect = Dialect.SERVER
    ca_file: CaFile = Field(None, description="certificate authority of the address")
    timeout_s: float = Field(60.0, gt=0, description="no answer by then is tried again")

    @model_validator(mode="after")
    def _one_kind_of_credentials(self) -> Self:
        client = {"FOCUS_PUBLISH_CLIENT_ID": self.client_id, "FOCUS_PUBLISH_CLIENT_SECRET": self.client_secret}
        given = [name for name, value in client.items() if value is not None]
        if given and self.token is not None:
            raise ValueError(f"FOCUS_PUBLISH_TOKEN and {given[0]} are both set: set the token, or client id and secret")
        if len(given) == 1:
            (lacking,) = client.keys() - set(given)
            raise ValueError(f"{given[0]} is set without {lacking}: set both")
        if given and self.dialect is Dialect.SERVER:
            raise ValueError(
                "FOCUS_PUBLISH_CLIENT_ID is for Xray Cloud only: set FOCUS_PUBLISH_DIALECT=cloud, "
                "or FOCUS_PUBLISH_TOKEN instead of client id and secret"
            )
        return self

    @property
    def address(self) -> str:
        """The address with the path of the import."""
        return f"{self.url}{PATHS[self.dialect]}"

    @property
    def credentials(self) -> str:
        """The names of the variables that hold them, for a message."""
        return _CLIENT if self.client_id is not None else "FOCUS_PUBLISH_TOKEN"


class PublishFailed(Exception):
    """The execution was not accepted, or that is unknown; the message says what was expected, seen, and can be done."""


class _TryAgain(Exception):
    def __init__(self, message: str, after_s: float | None = None) -> None:
        super().__init__(message)
        self.after_s = after_s


class _Refused(Exception):
    """The credentials were refused."""


def publish(document: Mapping[str, Any], target: XrayTarget, *, sleep: Callable[[float], None] = time.sleep) -> str:
    """Send the document, and return the key of the execution that holds the results.

    Without a connection, and after 429 and 5xx, the request is repeated, up to five attempts in all, after the seconds
    of `Retry-After`, but at most a minute. A refused token from client id and secret is requested once more. Other
    failures are final.

    Raises:
        PublishFailed: it was refused, there was no success in five attempts, there are no credentials, or a variable
            of the environment names certificates or a proxy that cannot be used.
    """
    given = target.token or target.client_secret
    if given is None:
        raise PublishFailed(
            f"Expected credentials in the environment, seen none: set FOCUS_PUBLISH_TOKEN, or for Xray Cloud {_CLIENT}."
        )
    _never_show(given)
    try:
        access = HttpAccess.to(target.address, target.ca_file, "FOCUS_PUBLISH_CA_FILE")
    except SettingsError as error:
        raise PublishFailed(str(error)) from None
    xray = _Xray(target, access, sleep)
    body = as_json(document)
    try:
        return xray.imported(body, target.token or xray.authenticated())
    except _Refused as refusal:
        if target.client_id is None:
            raise _not_taken(target, refusal, _OF_A_TOKEN) from None
    try:
        return xray.imported(body, xray.authenticated())
    except _Refused as refusal:
        raise _not_taken(target, refusal, _OF_A_CLIENT) from None


def as_dry_run(document: Mapping[str, Any], target: XrayTarget) -> str:
    """What `publish` would send, as text for a person; of evidence, only the number of files."""
    statuses = Counter(test["status"] for test in document["tests"])
    evidence = sum(len(test.get(name, ())) for test in document["tests"] for name in ("evidence", "evidences"))
    return "\n".join(
        (
            f"Would be sent: POST {target.address}",
            f"  Authorization: Bearer {MASK} ({_authorized_by(target)})",
            "  Content-Type: application/json",
            f"  {document['info']['summary']}, to {document.get('testExecutionKey', 'a new execution')}",
            f"  {len(document['tests'])} tests: "
            + ", ".join(f"{count} {status}" for status, count in sorted(statuses.items()))
            + f"; {evidence} files of evidence",
        )
    )


def _authorized_by(target: XrayTarget) -> str:
    if target.client_id is not None:
        return f"asked for at {target.url}{_AUTHENTICATE} with {_CLIENT}"
    return "FOCUS_PUBLISH_TOKEN" if target.token else "neither a token nor client id and secret are set yet"


_OF_A_TOKEN = "Is FOCUS_PUBLISH_TOKEN right, and not expired?"
_OF_A_CLIENT = f"The token that {_CLIENT} were good for is refused, a new one too: may this client import results?"
_ADVICE = {
    400: "See what it says, and `--dry-run` for what was sent.",
    403: "May the owner of {credentials} make executions in this project?",
    404: "Are FOCUS_PUBLISH_URL (without the path of the import) and FOCUS_PUBLISH_DIALECT (server, cloud) right?",
    413: "It is too large, by its evidence as a rule: `--evidence red` sends that of red scenarios only, "
    "`--evidence none` sends none.",
}
_ELSEWHERE = (
    "Set FOCUS_PUBLISH_URL to the address that this one leads to; where that is a page to log in, Xray is elsewhere, "
    "or wants other credentials than {credentials}."
)


@dataclass(frozen=True)
class _Xray:
    """Requests to Xray, with retries."""

    target: XrayTarget
    access: HttpAccess
    sleep: Callable[[float], None]

    def authenticated(self) -> SecretStr:
        """A token for client id and secret."""
        target = self.target
        address = f"{target.url}{_AUTHENTICATE}"
        secret = target.client_secret.get_secret_value() if target.client_secret else ""
        client = json.dumps({"client_id": target.client_id, "client_secret": secret}).encode()
        try:
            answer = self._posted(address, client, None, "give a token")
        except (_Refused, _BadRequest) as refusal:
            raise PublishFailed(
                f"Expected {address} to give a token, seen {refusal}. Are {_CLIENT} right, and not revoked?"
            ) from None
        try:
            token = TypeAdapter(Token).validate_python(answer.content.decode("utf-8", "replace"))
        except ValidationError:
            raise PublishFailed(
                f"Expected {address} to answer a token, seen {_said(answer)}. Is FOCUS_PUBLISH_URL right?"
            ) from None
        _never_show(token)
        return token

    def imported(self, body: bytes, token: SecretStr) -> str:
        """The key of the execution."""
        target = self.target
        try:
            answer = self._posted(target.address, body, token, "take the execution")
        except _BadRequest as refusal:
            raise _not_taken(target, refusal, _ADVICE[400]) from None
        try:
            made = answer.json()
            key = (made["testExecIssue"] if target.dialect is Dialect.SERVER else made)["key"]
        except (ValueError, KeyError, TypeError):
            key = None
        if not isinstance(key, str) or not key:
            raise PublishFailed(
                f"Expected {target.address} to answer the key of the execution, seen {_said(answer)}. "
                "Are FOCUS_PUBLISH_URL and FOCUS_PUBLISH_DIALECT right? Look whether an execution was made."
            )
        return key

    def _posted(self, address: str, body: bytes, token: SecretStr | None, what: str) -> requests.Response:
        """The answer, when it is 200."""
        retrying = Retrying(
            retry=retry_if_exception_type(_TryAgain),
            stop=stop_after_attempt(_ATTEMPTS),
            wait=_wait,
            sleep=self.sleep,
            reraise=True,
        )
        try:
            answer: requests.Response = retrying(self._post, address, body, token)
        except _TryAgain as last:
            raise PublishFailed(
                f"Expected {address} to {what}, seen {_ATTEMPTS} times no success, at last: "
                f"{str(last).removesuffix('.')}. {_size(body)} were sent. "
                "Try again later; look first whether an execution was made."
            ) from None
        status = answer.status_code
        if status == requests.codes.ok:
            return answer
        refusal = f"{status} {_said(answer)}"
        if status == requests.codes.unauthorized:
            raise _Refused(refusal)
        if status == requests.codes.bad_request:
            raise _BadRequest(refusal)
        if status == requests.codes.request_entity_too_large:
            refusal = f"{status} for {_size(body)}: {_said(answer)}"
        advice = _ELSEWHERE if 300 <= status < 400 else _ADVICE.get(status, _ADVICE[400])
        raise PublishFailed(
            f"Expected {address} to {what}, seen {refusal}. " + advice.format(credentials=self.target.credentials)
        )

    def _post(self, address: str, body: bytes, token: SecretStr | None) -> requests.Response:
        headers = {"Accept": "application/json", "Content-Type": "application/json"}
        if token is not None:
            headers["Authorization"] = f"Bearer {token.get_secret_value()}"
        try:
            with self.access.session() as session:
                answer = session.post(
                    address,
                    data=body,
                    headers=headers,
                    timeout=self.target.timeout_s,
                    allow_redirects=False,  # they could lead away from https
                )
        except requests.exceptions.SSLError as error:
            raise PublishFailed(
                f"Expected a certificate of {address} that can be verified, seen: {error}. {self.access.on_distrust}"
            ) from None
        except requests.exceptions.ProxyError as error:
            raise _TryAgain(f"not reached{self.access.through}: {self.access.on_proxy_failure(error)}") from None
        except (requests.ConnectionError, requests.Timeout, requests.exceptions.ChunkedEncodingError) as error:
            raise _TryAgain(f"{type(error).__name__}: {error}") from None
        except requests.RequestException as error:
            raise PublishFailed(
                f"Expected an address that can be sent to, seen {address}: {error}. Set FOCUS_PUBLISH_URL right."
            ) from None
        if answer.status_code == requests.codes.too_many_requests or answer.status_code >= 500:
            raise _TryAgain(f"{answer.status_code} {_said(answer)}", _seconds(answer.headers.get("Retry-After")))
        return answer


class _BadRequest(Exception):
    """The request was not understood, or not accepted (400)."""


def _not_taken(target: XrayTarget, refusal: Exception, advice: str) -> PublishFailed:
    return PublishFailed(f"Expected {target.address} to take the execution, seen {refusal}. {advice}")


def _never_show(secret: SecretStr) -> None:
    plain = secret.get_secret_value()
    redact.learn([plain, json.dumps(plain)[1:-1]])


def _size(body: bytes) -> str:
    return f"{len(body) / 1e6:.1f} MB" if len(body) >= 1e5 else f"{len(body) / 1e3:.1f} kB"


def _said(answer: requests.Response) -> str:
    """The beginning of an answer, for a message and without secrets; of a redirection, its target.

    An answer that is only a JSON string may be a token, and is not shown.
    """
    where = answer.headers.get("Location", "").partition("?")[0]
    to = f"to {where} " if where else ""
    text = answer.content[: 20 * _EXCERPT].decode("utf-8", "replace")
    if page := re.match(r"\s*(<!doctype html|<html)", text, re.IGNORECASE):
        title = re.search(r"<title[^>]*>([^<]*)", text[page.end() :], re.IGNORECASE)
        text = f"a page of HTML{f' with the title {title.group(1).strip()!r}' if title else ''}"
    elif re.fullmatch(r'\s*"[^"\s]*"\s*', text):
        text = f"a text of {len(text.strip()) - 2} characters"
    return redact(f"{to}{text}")[:_EXCERPT]


def _wait(state: RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome else None
    asked_s = error.after_s if isinstance(error, _TryAgain) else None
    return float(wait_exponential(min=1, max=_LONGEST_WAIT_S)(state)) if asked_s is None else asked_s


def _seconds(retry_after: str | None) -> float | None:
    """`Retry-After` in seconds, but at most a minute; None if there is none, or one that is not understood."""
    if not retry_after:
        return None
    try:
        return min(Retry().parse_retry_after(retry_after), _LONGEST_WAIT_S)
    except (InvalidHeader, ValueError, OverflowError):  # The last two: a date or a number that Python cannot hold.
        return None
