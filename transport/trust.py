"""The certificate authorities that TLS connections are verified with, the same for every driver.

The first of these that is there counts: the setting of the endpoint (`ca_file`), `REQUESTS_CA_BUNDLE`,
`CURL_CA_BUNDLE`, `SSL_CERT_FILE` together with `SSL_CERT_DIR`, the system's certificates, and those of certifi where
the system has none. Each may be a file or a directory; what is in them is PEM.
"""

from __future__ import annotations

import atexit
import os
import re
import ssl
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import certifi

from transport.errors import SettingsError

_CERTIFICATE = re.compile(
    rb"-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----.+?-----END (?:TRUSTED |X509 )?CERTIFICATE-----", re.DOTALL
)
_BUNDLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")  # In this order, as requests reads them.
_OPENSSL_FILE, _OPENSSL_DIRECTORY = "SSL_CERT_FILE", "SSL_CERT_DIR"


@dataclass(frozen=True)
class Trust:
    """Certificate authorities, in the form that each driver needs.

    `source` is the setting or the variable that named them, `setting` the one that can name others, for messages.
    """

    source: str
    paths: tuple[Path, ...]
    setting: str

    @property
    def advice(self) -> str:
        """Advice for a message about a refused certificate: what it was verified with, and what to do."""
        return (
            f"Its certificate was verified with {self.source}. {self.setting} must name the authority that issued it, "
            "and the certificate must hold for this address."
        )

    def file(self) -> str:
        """Path of one PEM file that holds all of them, for pymongo.

        Raises:
            SettingsError: they are several files, and there is no room to put them into one.
        """
        if len(self.paths) == 1 and self.paths[0].is_file():
            return str(self.paths[0])
        return _in_one_file(self.pem())

    def pem(self) -> bytes:
        """All of them as PEM, for gRPC."""
        return b"".join(_certificates(path) for path in self.paths)

    def context(self) -> ssl.SSLContext:
        """A client's TLS context of one's own that verifies certificate and host name, for pika and plain sockets."""
        return _context(self.pem())

    def shared_context(self) -> ssl.SSLContext:
        """The same for all who ask, who must not change it, for requests: to make one takes longer than a handshake."""
        return _shared_context(self.pem())


def trusted(ca_file: Path | None, setting: str, environment: Mapping[str, str] = os.environ) -> Trust:
    """What a connection is verified with; `setting` is the name of the setting that gave `ca_file`, for messages.

    Raises:
        SettingsError: what the setting or a variable names is not there, or holds no certificate.
    """
    if ca_file is not None:
        return Trust(setting, _checked(setting, [ca_file]), setting)
    for variable in _BUNDLES:
        if value := environment.get(variable):
            return Trust(variable, _checked(variable, [Path(value)]), setting)
    files = [Path(value)] if (value := environment.get(_OPENSSL_FILE)) else []
    # OpenSSL takes several directories, and goes on without those that are not there.
    directories = [Path(one) for one in environment.get(_OPENSSL_DIRECTORY, "").split(os.pathsep) if one]
    present = [directory for directory in directories if _holds_certificates(directory)]
    if files or directories:
        if not files and not present:
            _checked(_OPENSSL_DIRECTORY, directories)
        names = " and ".join([_OPENSSL_FILE] * bool(files) + [_OPENSSL_DIRECTORY] * bool(present))
        return Trust(names, (*_checked(_OPENSSL_FILE, files), *present), setting)
    system = ssl.get_default_verify_paths()
    for named in (system.openssl_cafile, system.openssl_capath):
        if named and _holds_certificates(Path(named)):
            return Trust("the system's certificates", (Path(named),), setting)
    return Trust("the certificates of certifi", (Path(certifi.where()),), setting)


def no_certificates_in(path: Path) -> str | None:
    """Why the certificates at this path cannot be used; None if they can."""
    try:
        if not path.exists():
            return f"{path} is not there"
        if _certificates(path):
            return None
    except (OSError, ValueError) as error:
        return f"{path} cannot be read: {error.strerror if isinstance(error, OSError) and error.strerror else error}"
    return f"{path} holds no PEM certificate (-----BEGIN CERTIFICATE-----) that can be read"


def _checked(source: str, paths: Iterable[Path]) -> tuple[Path, ...]:
    found = tuple(paths)
    for path in found:
        if problem := no_certificates_in(path):
            raise SettingsError(
                f"{source}: expected a file or directory of certificates, but {problem}. Correct it, or unset it."
            )
    return found


def _holds_certificates(path: Path) -> bool:
    return no_certificates_in(path) is None


def _certificates(path: Path) -> bytes:
    """The certificates of a file, or of all files of a directory, each once; empty when there are none."""
    files = sorted(path.iterdir()) if path.is_dir() else [path]
    found: dict[bytes, None] = {}
    for file in files:
        if file.is_file() and (path is file or os.access(file, os.R_OK)):
            stat = file.stat()
            found |= dict.fromkeys(_read(file, stat.st_mtime_ns, stat.st_size))
    return b"".join(found)


@lru_cache(maxsize=1024)
def _read(file: Path, changed_ns: int, size: int) -> tuple[bytes, ...]:
    """The certificates of a file, read again only when it changes."""
    return certificates_in(file.read_bytes())


def certificates_in(pem: bytes) -> tuple[bytes, ...]:
    """The certificates of a PEM text, which may hold other parts; damaged ones are left out."""
    blocks = [match.group() + b"\n" for match in _CERTIFICATE.finditer(pem)]
    return tuple(block for block in blocks if _is_certificate(block))


def _is_certificate(block: bytes) -> bool:
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cadata=block.decode("ascii"))
    except (ssl.SSLError, UnicodeDecodeError):
        return False
    return True


def _context(pem: bytes) -> ssl.SSLContext:
    return ssl.create_default_context(cadata=pem.decode("ascii"))


_shared_context = lru_cache(maxsize=16)(_context)


@lru_cache
def _in_one_file(pem: bytes) -> str:
    """A file of this process that holds these certificates; it is removed when the process ends."""
    try:
        with tempfile.NamedTemporaryFile(prefix="focus-ca-", suffix=".pem", delete=False) as file:
            atexit.register(_remove, Path(file.name), os.getpid())
            file.write(pem)
    except OSError as error:
        raise SettingsError(
            f"The certificates of a directory cannot be put into one temporary file: {error.strerror}. Make room, have "
            "TMPDIR name another place, or give one file of certificates instead of a directory."
        ) from None
    return file.name


def _remove(file: Path, owner: int) -> None:
    if os.getpid() == owner:  # A fork that ends must leave it to the others.
        file.unlink(missing_ok=True)
