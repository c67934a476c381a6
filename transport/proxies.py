"""Which proxy, if any, leads to an address.

`HTTP_PROXY`, `HTTPS_PROXY`, `ALL_PROXY` and `NO_PROXY` count as curl and requests read them; in lower case they win
over upper case, and an empty one in lower case switches the other off. What is on this machine is never asked for
through a proxy: addresses of the loopback interface, `localhost`, and each name that the hosts file leads there.
"""

from __future__ import annotations

import ipaddress
import os
import re
import socket
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import SplitResult, unquote, urlsplit

from transport.errors import SettingsError

_Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_VARIABLES = {
    "http": ("http_proxy", "all_proxy"),
    "https": ("https_proxy", "all_proxy"),
    "grpc": ("grpc_proxy", "https_proxy", "http_proxy", "all_proxy"),
}
_SOCKS = ("socks4", "socks4a", "socks5", "socks5h")
_PORTS = {"http": 80, "https": 443}
_HOSTS = Path("/etc/hosts")


@dataclass(frozen=True)
class Proxy:
    """A proxy and the variable that named it. Its address may hold a password, and is not shown."""

    variable: str
    url: str = field(repr=False)


def proxy_of(address: str, environment: Mapping[str, str] = os.environ, *, hosts: Path = _HOSTS) -> Proxy | None:
    """The proxy that leads to an `http`, `https` or `grpc` address; None when it is reached directly.

    Raises:
        SettingsError: the variable that counts holds no address of a proxy, or one of a kind that cannot be used.
    """
    parts = urlsplit(address)
    host = (parts.hostname or "").rstrip(".")
    if is_here(host, hosts=hosts) or _is_excepted(host, parts, environment):
        return None
    for name in _VARIABLES[parts.scheme]:
        for variable in (name, name.upper()):
            # As everywhere: a program that a web server runs gets HTTP_PROXY from whoever asks for `Proxy: …`.
            if variable not in environment or (variable == "HTTP_PROXY" and "REQUEST_METHOD" in environment):
                continue
            value = environment[variable].strip()
            if value:
                return _of_variable(variable, value, parts.scheme)
            break
    return None


def is_here(host: str, *, hosts: Path = _HOSTS) -> bool:
    """Whether a host is this machine: a loopback address, `localhost`, or a name that the hosts file leads there."""
    name = host.strip("[]").lower().rstrip(".")
    address = _address(name)
    if address is not None:
        return _is_loopback(address)
    if name == "localhost" or name.endswith(".localhost"):
        return True
    found = [address for address, names in _lines(hosts) if name in names]
    return bool(found) and all(_is_loopback(address) for address in found)


def _is_loopback(address: _Address) -> bool:
    inner = getattr(address, "ipv4_mapped", None) or address
    return inner.is_loopback or inner.is_unspecified  # 0.0.0.0 and :: lead here, too.


def _address(host: str) -> _Address | None:
    """The IP address that a host is; None for a name."""
    try:
        return ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        pass
    try:
        # The short forms that every resolver takes: 127.1, 0x7f.1.
        return ipaddress.IPv4Address(socket.inet_aton(host)) if re.fullmatch(r"[0-9a-fx.]+", host) else None
    except OSError:
        return None


def _lines(hosts: Path) -> Iterator[tuple[_Address, list[str]]]:
    try:
        text = hosts.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return  # Without one, names are the resolver's alone.
    for line in text.splitlines():
        words = line.partition("#")[0].lower().split()
        address = _address(words[0]) if words else None
        if address is not None:
            yield address, words[1:]


def _is_excepted(host: str, parts: SplitResult, environment: Mapping[str, str]) -> bool:
    """Whether NO_PROXY names the host, its domain, its network, or `*`; with a port or without."""
    value = environment.get("no_proxy", environment.get("NO_PROXY", ""))
    address = _address(host)
    port = parts.port or _PORTS.get(parts.scheme)
    for entry in (one.lower() for one in re.split(r"[\s,]+", value) if one):
        if entry == "*":
            return True
        name, wanted = _host_and_port(entry)
        if wanted is not None and wanted != port:
            continue
        if address is None:
            domain = name.removeprefix("*").strip(".")
            if domain and (host == domain or host.endswith(f".{domain}")):
                return True
            continue
        try:
            if address in ipaddress.ip_network(name, strict=False):
                return True
        except ValueError:
            continue
    return False


def _host_and_port(entry: str) -> tuple[str, int | None]:
    bracketed = re.fullmatch(r"\[([^\]]+)\](?::(\d+))?", entry)
    plain = re.fullmatch(r"([^:]+):(\d+)", entry)
    found = bracketed or plain
    if found is None:
        return entry, None
    return found[1], int(found[2]) if found[2] else None


def _of_variable(variable: str, value: str, scheme: str) -> Proxy:
    try:
        return proxy_at(value, variable, scheme)
    except ValueError as error:
        raise SettingsError(
            f"The environment variable {variable} cannot be used: {error}. Correct or unset it, or name the hosts that "
            "are reached without a proxy in NO_PROXY."
        ) from None


def proxy_at(url: str, named_by: str, scheme: str) -> Proxy:
    """The proxy at an address, which may lack its scheme, for what is reached by `scheme`.

    Raises:
        ValueError: it is no address of a proxy, or of one that cannot be used. Nothing of it is in the message: it may
            be a password.
    """
    full = url if "://" in url else f"http://{url}"
    try:
        parts = urlsplit(full)
        fits = bool(parts.hostname) and parts.port != 0
    except ValueError:  # A port that is none, a bracket out of place.
        fits = False
    if not fits or parts.path not in ("", "/") or parts.query or parts.fragment or re.search(r"[\s\\]", full):
        raise ValueError(
            "expected http://host:port or http://user:password@host:port (in user and password, special characters are "
            "written as %23, %2F, %40, …), but it is no such address"
        )
    if not f"{unquote(parts.username or '')}{unquote(parts.password or '')}".isascii():
        raise ValueError("expected a user and a password of ASCII characters: no other reach a proxy unchanged")
    if parts.scheme in _SOCKS and scheme != "grpc":
        if find_spec("socks") is None:
            raise ValueError("it names a SOCKS proxy, which needs the package PySocks (pip install PySocks)")
    elif parts.scheme not in (("http",) if scheme == "grpc" else ("http", "https")):
        kinds = (
            "HTTP proxies alone are used for gRPC" if scheme == "grpc" else "there are HTTP, HTTPS and SOCKS proxies"
        )
        raise ValueError(f"it names a proxy of a kind that cannot be used here: {kinds}")
    return Proxy(named_by, full)
