"""Which certificates are believed, and the one that is shown."""

from __future__ import annotations

import os
import re
import ssl
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from kubeconfig.errors import KubeconfigError
from kubeconfig.identity import data_or_file

_CERTIFICATE = re.compile(
    rb"-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----.+?-----END [A-Z0-9 ]*CERTIFICATE-----", re.DOTALL
)


def trusted_here() -> ssl.SSLContext:
    """A context that trusts what REQUESTS_CA_BUNDLE or CURL_CA_BUNDLE names, else what OpenSSL does (SSL_CERT_FILE).

    Raises:
        KubeconfigError: what they name holds no certificates.
    """
    for variable in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        if named := os.environ.get(variable):
            try:
                if Path(named).is_dir():
                    return ssl.create_default_context(capath=named)
                return ssl.create_default_context(cafile=named)
            except OSError:
                raise KubeconfigError(f"{variable}={named} holds no certificates that can be read") from None
    return ssl.create_default_context()


def context_for(
    cluster: Mapping[str, Any], certificate: bytes | None, trusted: Callable[[], ssl.SSLContext]
) -> ssl.SSLContext:
    """TLS as a kubeconfig wants it; `trusted` makes it where that names no authority.

    Raises:
        KubeconfigError: a certificate or key cannot be used.
    """
    authority = data_or_file(cluster, "certificate-authority")
    context = trusted() if authority is None else _trusting(authority)
    # Since Python 3.13 authorities without a key identifier are refused. Many clusters have such a one, and kubectl
    # takes it.
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    if cluster.get("insecure-skip-tls-verify"):
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if certificate is not None:
        _show(context, certificate)
    return context


def _trusting(authority: bytes) -> ssl.SSLContext:
    try:
        found = b"\n".join(_CERTIFICATE.findall(authority)).decode("ascii")
        if not found:  # With none, Python would trust the system's.
            raise ValueError
        return ssl.create_default_context(cadata=found)
    except (ssl.SSLError, ValueError):
        raise KubeconfigError("certificate-authority holds no certificate that can be read (PEM)") from None


def _show(context: ssl.SSLContext, certificate: bytes) -> None:
    def ask_nobody() -> str:
        raise KubeconfigError("client-key has a password, which a kubeconfig cannot give")

    try:
        # The ssl module takes them from a file only.
        with tempfile.NamedTemporaryFile(prefix="focus-") as file:
            file.write(certificate)
            file.flush()
            context.load_cert_chain(file.name, password=ask_nobody)
    except ssl.SSLError:
        raise KubeconfigError("client-certificate and client-key are no pair that can be read (PEM)") from None
    except OSError as error:
        raise KubeconfigError(f"the client certificate cannot be put into a temporary file: {error}") from None
