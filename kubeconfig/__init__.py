"""Kubernetes API servers as kubeconfig files describe them: where they are, whom they trust, and how one logs in.

The one place that reads kubeconfigs, for the suite, the sandbox and the reference server. It imports none of these.
"""

from kubeconfig.cluster import Cluster, Credentials
from kubeconfig.errors import KubeconfigError
from kubeconfig.files import Described, describe

__all__ = ["Cluster", "Credentials", "Described", "KubeconfigError", "describe"]
