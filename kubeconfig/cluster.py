"""A cluster, and its credentials, which are renewed when they expire."""

from __future__ import annotations

import re
import ssl
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, unquote, urlsplit

from kubeconfig.auth_provider import AuthProvider
from kubeconfig.errors import KubeconfigError
from kubeconfig.files import ClusterContext
from kubeconfig.login import Login, LoginSource, StaticLogin, basic, static_certificate
from kubeconfig.plugin import Plugin
from kubeconfig.tls import context_for
from redaction import redact
from transport.errors import SettingsError
from transport.proxies import Proxy, proxy_at, proxy_of

_SECRET_NAME = re.compile(r"token|secret|password|passwd|key|credential", re.IGNORECASE)
_IMPERSONATION = {"as": "Impersonate-User", "as-uid": "Impersonate-Uid"}


@dataclass(frozen=True, eq=False)
class Credentials:
    """Headers and TLS settings of a call."""

    headers: Mapping[str, str] = field(repr=False)
    tls: ssl.SSLContext | None
    login: Login


class Cluster:
    """The address of an API server, and its credentials; several threads can use it at once.

    Its secrets are masked in all output as soon as they are known.

    Args:
        described: A context of a kubeconfig.
        limit_s: How long an exec plugin may take.
        ca_file: Certificate authorities, in place of those that the kubeconfig names.

    Raises:
        KubeconfigError: the kubeconfig cannot be used.
    """

    def __init__(self, described: ClusterContext, *, limit_s: float, ca_file: Path | None = None) -> None:
        self.origin = described.origin
        self._described, self._ca_file = described, ca_file
        redact.learn(_stated_secrets(described))
        parts = _address_in(described)
        self.server = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl().rstrip("/")
        """Its address, without credentials."""
        self.tls_server_name = str(described.cluster.get("tls-server-name") or "") or None
        """The name in its certificate, where it differs from the address."""
        proxy = _proxy(described.cluster, self.server)
        self.proxy = proxy.url if proxy is not None else None
        """The proxy that leads to it, if there is one; the address may hold a password."""
        self.proxy_named_by = proxy.variable if proxy is not None else None
        """The variable that names it, or `proxy-url`; for messages."""
        redact.learn(_password_in(self.proxy or ""))
        self._source = _source(described, parts, limit_s)
        self._held: Credentials | None = None
        self._lock = threading.Lock()

    def credentials(self, instead_of: Credentials | None = None) -> Credentials:
        """The credentials for the next call; they are renewed when they have expired.

        Args:
            instead_of: Credentials that were refused. They are returned when there are no others.

        Raises:
            KubeconfigError: there are none.
        """
        with self._lock:
            held = self._held
            if (
                held is None
                or held is instead_of
                or self._source.is_static
                or (held.login.until is not None and time.time() >= held.login.until)
            ):
                try:
                    login = self._source.obtain()
                    if held is None or login != held.login:
                        held = self._held = self._made_of(login)
                except KubeconfigError:
                    # A file may be half written: its earlier content is used until that is refused.
                    if held is None or not self._source.is_static:
                        raise
            return held

    def _made_of(self, login: Login) -> Credentials:
        if login.authorization:
            redact.learn([login.authorization.partition(" ")[2]])
        user = self._described.user
        headers = {header: str(user[name]) for name, header in _IMPERSONATION.items() if user.get(name)}
        if further := next((name for name in ("as-groups", "as-user-extra") if user.get(name)), None):
            raise KubeconfigError(f"the user has {further} (impersonation), which is not supported: use `as` only")
        if login.authorization:
            headers["Authorization"] = login.authorization
        secure = self.server.startswith("https:")
        # A plugin that gives a token only leaves the certificate to the kubeconfig.
        certificate = login.certificate or static_certificate(user)
        tls = context_for(self._described.cluster, certificate, self._ca_file) if secure else None
        return Credentials(headers, tls, login)


def _source(described: ClusterContext, address: SplitResult, limit_s: float) -> LoginSource:
    user = described.user
    stated = any(user.get(name) for name in ("token", "tokenFile", "username"))
    if user.get("exec") and not stated:
        if not isinstance(user["exec"], dict):
            raise KubeconfigError("the user's exec plugin is not described")
        return Plugin(user["exec"], described.folder, described.cluster, limit_s)
    if user.get("auth-provider") and not stated:
        return AuthProvider(described)
    if address.password and not stated:
        login = {"username": unquote(address.username or ""), "password": unquote(address.password)}
        return StaticLogin({**user, **login})
    return StaticLogin(user)


def _address_in(described: ClusterContext) -> SplitResult:
    try:
        parts = urlsplit(str(described.cluster.get("server") or "").strip())
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise KubeconfigError(f"{described.origin}: the cluster's server is not an address, such as https://host:6443")
    return parts


def _proxy(cluster: Mapping[str, Any], server: str) -> Proxy | None:
    stated = str(cluster.get("proxy-url") or "")
    try:
        return proxy_at(stated, "proxy-url", urlsplit(server).scheme) if stated else proxy_of(server)
    except ValueError as error:
        raise KubeconfigError(f"proxy-url of the kubeconfig cannot be used: {error}") from None
    except SettingsError as error:
        raise KubeconfigError(str(error)) from error


def _password_in(address: str) -> list[str]:
    # By hand: it may not be an address at all.
    login, at, _ = address.rpartition("@")
    password = login.rpartition("//")[2].partition(":")[2] if at else ""
    return [password, unquote(password)] if password else []


def _stated_secrets(described: ClusterContext) -> list[str]:
    user, cluster = described.user, described.cluster
    plugin: Any = user.get("exec") if isinstance(user.get("exec"), dict) else {}
    provider: Any = user.get("auth-provider") if isinstance(user.get("auth-provider"), dict) else {}
    secrets = [str(user[name]).strip() for name in ("token", "password", "client-key-data") if user.get(name)]
    if user.get("username"):
        secrets.append(basic(str(user["username"]), str(user.get("password", ""))).partition(" ")[2])
    secrets += [
        str(each.get("value"))
        for each in plugin.get("env") or []
        if isinstance(each, dict) and _SECRET_NAME.search(str(each.get("name")))
    ]
    secrets += _secrets_among([str(each) for each in plugin.get("args") or []])
    secrets += [str(value) for name, value in (provider.get("config") or {}).items() if _SECRET_NAME.search(str(name))]
    for address in (cluster.get("server"), cluster.get("proxy-url")):
        secrets += _password_in(str(address or ""))
    return secrets


def _secrets_among(arguments: list[str]) -> list[str]:
    """Values of options such as `--client-secret=VALUE` and `--client-secret VALUE`."""
    secrets = []
    for number, argument in enumerate(arguments):
        name, equals, value = argument.partition("=")
        following = arguments[number + 1] if number + 1 < len(arguments) else ""
        if name.startswith("-") and _SECRET_NAME.search(name):
            secrets.append(value if equals else "" if following.startswith("-") else following)
    return secrets
