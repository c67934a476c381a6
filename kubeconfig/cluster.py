"""A cluster, and the credentials for it as they are at the time."""

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
from kubeconfig.files import Described
from kubeconfig.identity import Identity, Source, Stated, basic, stated_certificate
from kubeconfig.plugin import Plugin
from kubeconfig.tls import context_for
from redaction import redact
from transport.errors import SettingsError
from transport.proxies import Proxy, proxy_at, proxy_of

_SECRET_NAME = re.compile(r"token|secret|password|passwd|key|credential", re.IGNORECASE)
_IMPERSONATION = {"as": "Impersonate-User", "as-uid": "Impersonate-Uid"}


@dataclass(frozen=True, eq=False)
class Credentials:
    """What a call is made with."""

    headers: Mapping[str, str] = field(repr=False)
    tls: ssl.SSLContext | None
    identity: Identity


class Cluster:
    """Where an API server is, and how one is let in. Can be used by several threads at once.

    Its secrets are masked in all output from the moment when they are known.

    Args:
        described: A context of a kubeconfig.
        limit_s: How long an exec plugin may take.
        ca_file: Certificate authorities, which count instead of those that the kubeconfig names.

    Raises:
        KubeconfigError: the kubeconfig cannot be used.
    """

    def __init__(self, described: Described, *, limit_s: float, ca_file: Path | None = None) -> None:
        self.origin = described.origin
        self._described, self._ca_file = described, ca_file
        redact.learn(_stated_secrets(described))
        parts = _address_in(described)
        self.server = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl().rstrip("/")
        """Its address, without credentials."""
        self.tls_server_name = str(described.cluster.get("tls-server-name") or "") or None
        """The name in its certificate, where that is another than the address has."""
        proxy = _proxy(described.cluster, self.server)
        self.proxy = proxy.url if proxy is not None else None
        """The way to it, where there is one; may hold a password."""
        self.proxy_named_by = proxy.variable if proxy is not None else None
        """The variable that names it, or `proxy-url`; for messages."""
        redact.learn(_password_in(self.proxy or ""))
        self._source = _source(described, parts, limit_s)
        self._held: Credentials | None = None
        self._lock = threading.Lock()

    def credentials(self, instead_of: Credentials | None = None) -> Credentials:
        """What the next call is made with: at hand as long as it is good, else asked for.

        Args:
            instead_of: Credentials that were refused. When no others are to be had, they are returned.

        Raises:
            KubeconfigError: there are none to be had.
        """
        with self._lock:
            held = self._held
            if (
                held is None
                or held is instead_of
                or self._source.at_hand
                or (held.identity.until is not None and time.time() >= held.identity.until)
            ):
                try:
                    identity = self._source.obtain()
                    if held is None or identity != held.identity:
                        held = self._held = self._made_of(identity)
                except KubeconfigError:
                    # Files that are being written: what they held before is good until it is refused.
                    if held is None or not self._source.at_hand:
                        raise
            return held

    def _made_of(self, identity: Identity) -> Credentials:
        if identity.authorization:
            redact.learn([identity.authorization.partition(" ")[2]])
        user = self._described.user
        headers = {header: str(user[name]) for name, header in _IMPERSONATION.items() if user.get(name)}
        if further := next((name for name in ("as-groups", "as-user-extra") if user.get(name)), None):
            raise KubeconfigError(f"the user has {further} (impersonation), which is not supported: use `as` only")
        if identity.authorization:
            headers["Authorization"] = identity.authorization
        secure = self.server.startswith("https:")
        # A plugin that gives a token only leaves the certificate to the kubeconfig.
        certificate = identity.certificate or stated_certificate(user)
        tls = context_for(self._described.cluster, certificate, self._ca_file) if secure else None
        return Credentials(headers, tls, identity)


def _source(described: Described, address: SplitResult, limit_s: float) -> Source:
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
        return Stated({**user, **login})
    return Stated(user)


def _address_in(described: Described) -> SplitResult:
    try:
        parts = urlsplit(str(described.cluster.get("server") or "").strip())
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise KubeconfigError(f"{described.origin}: the cluster's server is no address, such as https://host:6443")
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
    # By hand: it may be no address at all.
    login, at, _ = address.rpartition("@")
    password = login.rpartition("//")[2].partition(":")[2] if at else ""
    return [password, unquote(password)] if password else []


def _stated_secrets(described: Described) -> list[str]:
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
