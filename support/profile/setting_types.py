"""The types of settings: addresses, paths, templates, lists and tables. Each refuses a value that cannot work.

Addresses are checked by hand. The standard library's splitting refuses, from some release of Python on, what MongoDB
may be given. pydantic's types (`AmqpDsn`, `MongoDsn`) take `user:1#ss@host` for the host `user`, let `%zz` pass, refuse
an IPv6 address with a zone, rewrite what they are given, and show it in their messages.
"""

from __future__ import annotations

import json
import re
from functools import partial
from pathlib import Path
from string import Formatter
from typing import Annotated, Any, TypeVar
from urllib.parse import unquote

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr
from pydantic_core import PydanticCustomError
from pydantic_settings import NoDecode

from support.core.addresses import host_and_port, is_ipv6
from support.core.characters import encodable
from support.core.files import ROOT
from transport.trust import no_certificates_in

_ADDRESS = re.compile(
    r"(?P<scheme>[a-z][a-z0-9+.-]*)://(?:(?P<user>[^\s:@/?#]*)(?::(?P<password>[^\s@/?#]*))?@)?(?P<hosts>[^\s@/?#]+)"
    r"(?P<path>/[^\s@?#]*)?(?:\?[^\s#]*)?",
    re.IGNORECASE,
)


def password_of(url: Any) -> str | None:
    """The password in an address, or None."""
    found = _ADDRESS.match(url) if isinstance(url, str) else None
    return found["password"] if found is not None else None


def _address(value: SecretStr, schemes: tuple[str, ...]) -> SecretStr:
    """Refuse a text that is not an address, without showing it: part of it may be a password, however misspelt."""
    found = _ADDRESS.fullmatch(value.get_secret_value())
    if (
        found is None
        or found["scheme"].lower() not in schemes
        or not all(map(_is_percent_encoded, found.group("user", "password")))
        or not _are_hosts(found["hosts"].split(",") if found["scheme"].startswith("mongodb") else [found["hosts"]])
    ):
        raise PydanticCustomError(
            "address",
            "this is not an address of the form {schemes}://user:password@host:port/… (special characters in a "
            "password are written as %23, %2F, …; an IPv6 address stands in brackets)",
            {"schemes": " or ".join(schemes)},
        )
    return value


def _is_percent_encoded(part: str | None) -> bool:
    """Whether each `%` begins an encoded character, and all of them are UTF-8."""
    text = unquote(part or "", errors="surrogateescape")
    return text == encodable(text) and not re.search(r"%(?![0-9a-fA-F]{2})", part or "")


def _are_hosts(texts: list[str]) -> bool:
    """Whether each of these is a host, with a port or without; an IPv6 address in brackets."""
    try:
        return all(host_and_port(text) and not is_ipv6(text) for text in texts)
    except ValueError:
        return False


def _host(text: str) -> str:
    try:
        host_and_port(text)
    except ValueError as error:
        raise PydanticCustomError("host", "{why}, such as server.example:22 or [::1]:22", {"why": str(error)}) from None
    return text


def _plain_address(value: str) -> str:
    _address(SecretStr(value), ("http", "https"))
    if "@" in value:
        raise PydanticCustomError("address", "an address that is shown must hold no user and no password")
    return value


def _expanded(path: Path) -> Path:
    try:
        return ROOT / path.expanduser()
    except RuntimeError:
        raise PydanticCustomError(
            "path", "the home directory of {user} is not known; write the whole path", {"user": path.parts[0]}
        ) from None


def _present(path: Path) -> Path:
    if not path.is_file():
        raise PydanticCustomError("file", "expected a file, but {path} is not one", {"path": str(path)})
    return path


def _authority(path: Path) -> Path:
    if problem := no_certificates_in(path):
        raise PydanticCustomError(
            "authority", "expected a file or directory of certificates, but {problem}", {"problem": problem}
        )
    return path


def _pattern(text: str) -> str:
    try:
        re.compile(text)
    except re.error as error:
        raise PydanticCustomError("pattern", "this is not a regular expression: {why}", {"why": str(error)}) from None
    return text


def _template(text: str, *, may: tuple[str, ...] = (), must: tuple[str, ...] = ()) -> str:
    """Refuse a template without a field that it must have, or with one that nobody will fill in."""
    try:
        fields = {name for _, name, _, _ in Formatter().parse(text) if name is not None}
    except ValueError as error:
        raise PydanticCustomError("template", "the braces do not fit: {why}", {"why": str(error)}) from None
    if not set(must) <= fields <= {*may, *must}:
        known = ", ".join(f"{{{name}}}" for name in (*must, *may)) or "none"
        raise PydanticCustomError("template", "of what stands in braces, expected {known}", {"known": known})
    return text


def _path_with(*fields: str) -> AfterValidator:
    def check(text: str) -> str:
        if not text.startswith("/"):
            raise PydanticCustomError("path", "expected a path that begins with /")
        return _template(text, must=fields)

    return AfterValidator(check)


def _listed(value: Any) -> Any:
    """A list from `a,b` or from JSON; a value that is not text stays as it is."""
    if not isinstance(value, str):
        return value
    if value.lstrip().startswith("["):
        try:
            return json.loads(value)
        except ValueError:
            pass  # A list may begin with an IPv6 address in brackets.
    return [item.strip() for item in value.split(",") if item.strip()]


def _tabled(value: Any) -> Any:
    """A table from `name=value,name=value` or from JSON; a value that is not text stays as it is."""
    if not isinstance(value, str):
        return value
    if value.lstrip().startswith("{"):
        try:
            return json.loads(value)
        except ValueError as error:
            raise PydanticCustomError("json", "the JSON cannot be read: {why}", {"why": str(error)}) from None
    pairs = [item.partition("=") for item in value.split(",") if item.strip()]
    if not all(name.strip() and between for name, between, _ in pairs):
        raise PydanticCustomError("table", "expected name=value,name=value, or JSON")
    return {name.strip(): text.strip() for name, _, text in pairs}


T = TypeVar("T")

PlainAddress = Annotated[str, AfterValidator(_plain_address)]
"""An http(s) address without user and password: it is shown in reports and written into journals."""
HttpAddress = Annotated[SecretStr, AfterValidator(partial(_address, schemes=("http", "https")))]
AmqpAddress = Annotated[SecretStr, AfterValidator(partial(_address, schemes=("amqp", "amqps")))]
MongoAddress = Annotated[SecretStr, AfterValidator(partial(_address, schemes=("mongodb", "mongodb+srv")))]
Host = Annotated[str, AfterValidator(_host)]
"""A host, with a port or without."""

ExpandedPath = Annotated[Path, AfterValidator(_expanded)]
"""A path; `~` is expanded, and a relative one belongs to the root of the checkout, wherever the run was started."""
PresentFile = Annotated[ExpandedPath, AfterValidator(_present)]
Authority = Annotated[ExpandedPath, AfterValidator(_authority)]
"""Certificate authorities, for `transport.trust`: a PEM file, or a directory of such."""
CaFile = Annotated[Authority | None, Field(examples=["~/ca.pem"])]

PlainPath = Annotated[str, _path_with()]
JobPath = Annotated[str, _path_with("job_id")]
TaskPath = Annotated[str, _path_with("task_id")]
RowsPath = Annotated[str, _path_with("job_id", "rows")]
JobName = Annotated[str, AfterValidator(partial(_template, may=("job_id", "object_name")))]
StreamName = Annotated[str, AfterValidator(partial(_template, may=("job_id",)))]
Pattern = Annotated[str, AfterValidator(_pattern)]
Workload = Annotated[str, Field(pattern=r"^(statefulset|deployment)/[a-z0-9]([a-z0-9.-]*[a-z0-9])?$")]
"""A workload of Kubernetes, as `kubectl` takes it: kind and name."""
KindOrObject = Annotated[str, Field(pattern=r"^[a-z0-9.-]+(/[A-Za-z0-9.:-]+)?$")]

# Not decoded by pydantic-settings: a list may be written `a,b`, too, and a mistake in it is told like any other.
Listed = Annotated[tuple[T, ...], NoDecode, BeforeValidator(_listed)]
Table = Annotated[dict[str, str], NoDecode, BeforeValidator(_tabled)]
Status = Annotated[int, Field(ge=100, le=599)]
Statuses = Annotated[Listed[Status], Field(min_length=1)]
