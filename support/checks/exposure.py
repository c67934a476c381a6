"""What no answer may show: passwords, addresses of the stores, the server's inside, something that a browser runs."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from urllib.parse import quote, unquote

from support.api.exchange import Exchange
from support.checks.refusals import INSIDES
from support.core.addresses import split
from support.core.errors import require
from support.profile.settings import Settings

_INSIDES = (*INSIDES, "mongodb://", "amqp://", "amqps://", "kubeconfig")
# Headers by which a server tells what it is made of.
_TELLING_HEADERS = ("Server", "X-Powered-By", "X-AspNet-Version")


def expect_nothing_secret(
    exchanges: Sequence[Exchange], settings: Settings, secrets: Collection[str], cluster: str = ""
) -> None:
    """See that no answer holds one of the `secrets`, the address of a store, or something of the server's inside.

    `cluster` is the address of the Kubernetes API.

    Raises:
        ExpectationFailed: one does; what it is is not shown.
    """
    # A password may be shown as it is, or as it stands in an address.
    forms = [{secret, quote(secret, safe=""), unquote(secret)} for secret in secrets]
    addresses = _addresses(settings, cluster)
    problems = []
    for exchange in exchanges:
        text = exchange.answer_text + "\n".join(f"{name}: {value}" for name, value in exchange.answer_headers.items())
        where = f"{exchange.method} {exchange.path} -> {exchange.status}"
        problems += [
            f"{where}: a password or token stands in the answer" for one in forms if any(form in text for form in one)
        ]
        problems += [
            f"{where}: the address of a store, {one}, stands in the answer" for one in addresses if one in text
        ]
        problems += [f"{where}: the answer shows {inside!r}" for inside in _INSIDES if inside in text]
        problems += [f"{where}: the header {name}" for name in _TELLING_HEADERS if name in exchange.answer_headers]
    require("answers that give nothing away", problems)


def expect_no_active_content(exchanges: Sequence[Exchange]) -> None:
    """Raise ExpectationFailed unless a browser takes every answer for JSON and runs nothing of it."""
    problems = []
    for exchange in exchanges:
        where = f"{exchange.method} {exchange.path[:80]} -> {exchange.status}"
        media_type = exchange.answer_headers.get("Content-Type", "").partition(";")[0]
        if media_type != "application/json":
            problems.append(f"{where}: the content type is {media_type or 'not given'}")
        if exchange.answer_headers.get("X-Content-Type-Options") != "nosniff":
            problems.append(f"{where}: a browser may take it for something else than it says (X-Content-Type-Options)")
        if any("x-injected" in name.lower() for name in exchange.answer_headers):
            problems.append(f"{where}: a header was put in from outside")
    require("answers that a browser would not run", problems)


def expect_no_other_site_let_in(exchanges: Sequence[Exchange]) -> None:
    """Raise ExpectationFailed if an answer tells a browser that a page of another site may ask, or read it (CORS)."""
    problems = [
        f"{exchange.method} {exchange.path} -> {exchange.status}: {name}: {value}"
        for exchange in exchanges
        for name, value in exchange.answer_headers.items()
        if name.lower().startswith("access-control-allow-")
    ]
    require("no permission for other sites", problems)


def _addresses(settings: Settings, cluster: str) -> list[str]:
    mongodb, rabbitmq = settings.mongodb, settings.rabbitmq
    urls = [
        url.get_secret_value()
        for url in (mongodb.uri, mongodb.server_uri, rabbitmq.url, rabbitmq.management_url)
        if url
    ]
    hosts = [split(url).hosts for url in (*urls, cluster)]
    # A host alone may be the server's own, too.
    return [host for some in hosts for host in some.split(",") if ":" in host]
