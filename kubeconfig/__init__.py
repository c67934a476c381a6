"""Kubernetes API servers as kubeconfig files describe them: their addresses, certificates and logins.

Only this package reads kubeconfigs, for the suite, the sandbox and the reference server; it imports none of these.
"""

from kubeconfig.cluster import Cluster, Credentials
from kubeconfig.errors import KubeconfigError
from kubeconfig.files import ClusterContext, read_context

__all__ = ["Cluster", "ClusterContext", "Credentials", "KubeconfigError", "read_context"]
