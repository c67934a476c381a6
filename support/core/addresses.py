"""Hosts and ports as they are written: names, IPv4, and IPv6 in brackets or, where no port can follow, without."""

from __future__ import annotations

import ipaddress
import re
from typing import NamedTuple

_BRACKETED = re.compile(r"\[(?P<host>[^\[\]]+)\](?::(?P<port>\d+))?")
_NAMED = re.compile(r"(?P<host>[^\s:@/\[\]]+)(?::(?P<port>\d+))?")


def host_and_port(text: str) -> tuple[str, int | None]:
    """The host, without brackets, and the port of `host`, `host:22`, `[::1]`, `[::1]:22` or `::1`.

    Raises:
        ValueError: the text is none of these.
    """
    if is_ipv6(text):
        return text, None
    found = _BRACKETED.fullmatch(text) or _NAMED.fullmatch(text)
    port = int(found["port"]) if found is not None and found["port"] else None
    if found is None or (text.startswith("[") and not is_ipv6(found["host"])) or port == 0 or (port or 1) > 65535:
        raise ValueError("expected host, host:port, [IPv6 address] or [IPv6 address]:port")
    return found["host"], port


def with_port(host: str, port: int) -> str:
    """`host:port`, an IPv6 address in brackets."""
    return f"[{host}]:{port}" if is_ipv6(host) else f"{host}:{port}"


def host_of(text: str) -> str:
    """The host of an address, without brackets; scheme, user, port and path may be there or not.

    Raises:
        ValueError: it names none.
    """
    return host_and_port(split(text if "://" in text else f"any://{text}").hosts)[0]


class Address(NamedTuple):
    """The parts of an address, as they are written; MongoDB's may have several `hosts`, each with its port."""

    scheme: str
    login: str  # user:password, without the @
    hosts: str
    rest: str  # path and query

    def __str__(self) -> str:
        return f"{self.scheme}://{self.login}{'@' if self.login else ''}{self.hosts}{self.rest}"


def split(address: str) -> Address:
    """The parts of an address.

    The standard library refuses, from some release of each Python on, an IPv6 address after another host.
    """
    scheme, _, after = address.partition("://")
    authority = re.split(r"[/?#]", after, maxsplit=1)[0]
    login, _, hosts = authority.rpartition("@")
    return Address(scheme, login, hosts, after[len(authority) :])


def is_ipv6(host: str) -> bool:
    """Whether a host is written as an IPv6 address, without brackets; it may end in a zone (`fe80::1%eth0`)."""
    try:
        return ipaddress.ip_address(host.partition("%")[0]).version == 6
    except ValueError:
        return False
