"""The certificate of a sandbox's Focus Servers, and the authority that issued it: made anew for each sandbox."""

import asyncio
import os
from dataclasses import dataclass
from pathlib import Path

_NAMES = ("127.0.0.1", "localhost")


@dataclass(frozen=True)
class Certificate:
    """Files in PEM: the authority's certificate, the server's with its chain, and the server's key."""

    ca_file: Path
    certificate_file: Path
    key_file: Path


async def issue(directory: Path) -> Certificate:
    """Make an authority and a server certificate for this machine; the authority's own key is not kept."""
    # A thread cannot be cancelled: were the files written there, that could be after everything has been cleared.
    authority, issued, key = await asyncio.to_thread(_make)
    place = directory / "tls"
    place.mkdir()
    certificate = Certificate(place / "ca.pem", place / "server.pem", place / "server.key")
    certificate.ca_file.write_bytes(authority)
    certificate.certificate_file.write_bytes(issued)
    descriptor = os.open(certificate.key_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with open(descriptor, "wb") as file:
        file.write(key)
    return certificate


def _make() -> tuple[bytes, bytes, bytes]:
    import trustme  # 0.1 s, most of it for cryptography, while the broker boots

    authority = trustme.CA()
    issued = authority.issue_cert(*_NAMES)
    chain = b"".join(blob.bytes() for blob in issued.cert_chain_pems)
    return authority.cert_pem.bytes(), chain, issued.private_key_pem.bytes()
