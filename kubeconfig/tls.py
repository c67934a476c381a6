"""TLS with a cluster: the authorities that it is verified with, and the client certificate."""

from __future__ import annotations

import ssl
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kubeconfig.errors import KubeconfigError
from kubeconfig.login import data_or_file
from transport.errors import SettingsError
from transport.trust import certificates_in, trusted


def context_for(cluster: Mapping[str, Any], certificate: bytes | None, ca_file: Path | None) -> ssl.SSLContext:
    """TLS as a kubeconfig wants it. `ca_file`, where it is given, is trusted instead of the authority that it names.

    Raises:
        KubeconfigError: a certificate or key cannot be used.
    """
    context = ssl.create_default_context(cadata=_authorities(cluster, ca_file).decode("ascii"))
    # Since Python 3.13 authorities without a key identifier are refused. Many clusters have such a one, and kubectl
    # takes it.
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    if cluster.get("insecure-skip-tls-verify"):
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if certificate is not None:
        _show(context, certificate)
    return context


def _authorities(cluster: Mapping[str, Any], ca_file: Path | None) -> bytes:
    stated = data_or_file(cluster, "certificate-authority") if ca_file is None else None
    if stated is None:
        try:
            return trusted(ca_file, "ca_file").pem()
        except SettingsError as error:
            raise KubeconfigError(str(error)) from None
    found = b"".join(certificates_in(stated))
    if not found:
        raise KubeconfigError("certificate-authority holds no certificate that can be read (PEM)")
    return found


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
