"""What goes wrong before a question reaches the API server."""


class KubeconfigError(Exception):
    """A kubeconfig, or the credentials that it leads to, cannot be used; the message says why, without a secret."""
