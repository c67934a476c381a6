"""The proxy on the way to a cluster."""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Mapping
from importlib.util import find_spec
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies_environment

from kubeconfig.errors import KubeconfigError

SOCKS = ("socks4", "socks4a", "socks5", "socks5h")


def stated_proxy(cluster: Mapping[str, Any]) -> str | None:
    """The address of the proxy that a kubeconfig names (`proxy-url`), if it does.

    Raises:
        KubeconfigError: it is no address of a proxy; it may hold a password and is not shown.
    """
    stated = str(cluster.get("proxy-url") or "")
    return _checked(stated, "proxy-url of the kubeconfig") if stated else None


def proxy_from_environment(server: str) -> str | None:
    """The address of the proxy that HTTPS_PROXY and its brothers name for a server; none for one on this machine.

    Raises:
        KubeconfigError: what counts is no address of a proxy; it may hold a password and is not shown.
    """
    parts = urlsplit(server)
    proxies = getproxies_environment()
    name = next((name for name in (parts.scheme, "all") if proxies.get(name)), None)
    if name is None or is_loopback(parts.hostname or ""):
        return None
    # Not loaded before it is needed: the reference server has no other use for it.
    from requests.utils import should_bypass_proxies

    if should_bypass_proxies(server, no_proxy=os.environ.get("no_proxy") or os.environ.get("NO_PROXY")):
        return None
    return _checked(proxies[name], f"{name.upper()}_PROXY")


def is_loopback(host: str) -> bool:
    """Whether a host is this machine itself."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def _checked(address: str, name: str) -> str:
    full = address if "://" in address else f"http://{address}"
    try:
        parts = urlsplit(full)
        usable = parts.scheme in ("http", "https", *SOCKS) and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if usable and parts.scheme in SOCKS and find_spec("socks") is None:
        raise KubeconfigError(f"{name} is a SOCKS proxy, which takes the package PySocks: install it")
    if not usable:
        raise KubeconfigError(f"{name} is no address of a proxy, such as http://proxy.example:3128")
    return full
