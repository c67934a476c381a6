"""Whether a server may be put under load."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from support.profile.settings import Settings


def refusal(settings: Settings) -> str | None:
    """Why the server may not be put under load; None where it may be: on this machine, or where the profile says so."""
    host = urlsplit(settings.focus_server.base_url).hostname or ""
    if settings.load.allowed or _is_this_machine(host):
        return None
    return f"{host} is not this machine, and the profile does not allow load (load.allowed)"


def _is_this_machine(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
