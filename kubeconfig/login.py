"""Logins to a cluster: a token, a password or a client certificate, and where they come from."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from kubeconfig.errors import KubeconfigError


@dataclass(frozen=True)
class Login:
    """A value for the Authorization header, a client certificate with its key, both or neither."""

    authorization: str | None = field(default=None, repr=False)
    certificate: bytes | None = field(default=None, repr=False)
    """Certificates and key, PEM."""
    until: float | None = None
    """When to renew it, in seconds since 1970; None: only when it is refused."""


class LoginSource(Protocol):
    """Where a login comes from."""

    is_static: bool
    """Whether it is read for each call: it stands in files."""

    def obtain(self) -> Login:
        """Get the login. Raises `KubeconfigError`."""


class StaticLogin:
    """A login in the kubeconfig, or in files that it names, which are read for each call: others renew them."""

    is_static = True

    def __init__(self, user: Mapping[str, Any]) -> None:
        self._user = user

    def obtain(self) -> Login:
        """Read it. Raises `KubeconfigError`."""
        return Login(self._authorization(), static_certificate(self._user))

    def _authorization(self) -> str | None:
        user = self._user
        if user.get("tokenFile"):
            return bearer(read(Path(user["tokenFile"]), "tokenFile").decode(errors="replace"), str(user["tokenFile"]))
        if user.get("token"):
            return bearer(str(user["token"]), "the kubeconfig")
        if user.get("username"):
            return basic(str(user["username"]), str(user.get("password", "")))
        return None


def static_certificate(user: Mapping[str, Any]) -> bytes | None:
    """The client certificate and key of a user's entry, PEM; None for none. Raises `KubeconfigError`."""
    certificate, key = (data_or_file(user, name) for name in ("client-certificate", "client-key"))
    if certificate is None and key is None:
        return None
    if certificate is None or key is None:
        raise KubeconfigError("of client-certificate and client-key, one is missing")
    return certificate + b"\n" + key


def bearer(token: str, where: str) -> str:
    """The header for a token. Raises `KubeconfigError` for one that no header can hold; the token is not shown."""
    token = token.strip()
    if not token:
        raise KubeconfigError(f"{where} holds no token")
    if not all("!" <= character <= "~" for character in token):
        raise KubeconfigError(f"the token of {where} has characters that no HTTP header can hold")
    return f"Bearer {token}"


def basic(user: str, password: str) -> str:
    """The header for a password (RFC 7617)."""
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def data_or_file(section: Mapping[str, Any], name: str) -> bytes | None:
    """Content given as `NAME-data`, in base64, or as the file `NAME`; None for neither. Raises `KubeconfigError`."""
    if section.get(f"{name}-data"):
        try:
            return base64.b64decode("".join(str(section[f"{name}-data"]).split()), validate=True)
        except binascii.Error:
            raise KubeconfigError(f"{name}-data is not base64") from None
    return read(Path(section[name]), name) if section.get(name) else None


def read(path: Path, name: str) -> bytes:
    """A file that a kubeconfig names. Raises `KubeconfigError`."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise KubeconfigError(f"{name} {path} cannot be read: {error.strerror}") from None
