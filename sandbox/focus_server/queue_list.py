"""The names of the queues of a virtual host, which AMQP cannot list, from the broker's management API."""

from urllib.parse import urlsplit

import aiohttp
from yarl import URL

ERRORS = (aiohttp.ClientError, ValueError, KeyError)
"""What `queue_names` raises, apart from `OSError`."""


async def queue_names(management_url: str, amqp_url: str) -> list[str]:
    """Ask the API at an address, with credentials in it, for the queues of the virtual host of an AMQP address."""
    virtual_host = urlsplit(amqp_url).path.removeprefix("/") or "%2F"
    address = URL(f"{management_url.rstrip('/')}/api/queues/{virtual_host}?columns=name", encoded=True)
    async with aiohttp.ClientSession() as session, session.get(address, raise_for_status=True) as answer:
        return [queue["name"] for queue in await answer.json()]
