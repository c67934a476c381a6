"""Errors before a request reaches the API server."""

from __future__ import annotations

from redaction import Masked


class KubeconfigError(Masked, Exception):
    """A kubeconfig, or the credentials that it leads to, cannot be used; the message says why, without a secret."""
