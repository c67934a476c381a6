"""Credentials from an auth provider (oidc, gcp), which Kubernetes has given up for exec plugins: left to its client."""

from __future__ import annotations

from kubeconfig.errors import KubeconfigError
from kubeconfig.files import ClusterContext
from kubeconfig.login import Login


class AuthProvider:
    """A provider that the Kubernetes client knows. What it renews is not written back to the kubeconfig."""

    is_static = False

    def __init__(self, described: ClusterContext) -> None:
        # The client would leave authorities and keys of the cluster in files.
        self._document = {
            **described.document(),
            "clusters": [{"name": "current", "cluster": {"server": "http://none"}}],
        }
        self._folder = described.folder

    def obtain(self) -> Login:
        """Have the client ask for a token. Raises `KubeconfigError`."""
        # Half a second to load, and hardly anybody needs it.
        import urllib3
        from kubernetes.client import Configuration
        from kubernetes.config.config_exception import ConfigException
        from kubernetes.config.kube_config import KubeConfigLoader
        from oauthlib.oauth2 import OAuth2Error

        configuration = Configuration()
        try:
            KubeConfigLoader(self._document, config_base_path=str(self._folder)).load_and_set(configuration)
        except (
            ConfigException,
            OSError,
            ValueError,
            TypeError,
            KeyError,
            AttributeError,
            urllib3.exceptions.HTTPError,
            OAuth2Error,
        ) as error:
            # Its text may hold the token.
            raise KubeconfigError(f"the user's auth-provider gave no token ({type(error).__name__})") from None
        authorization = configuration.api_key.get("BearerToken")
        if not authorization:
            raise KubeconfigError("the user's auth-provider gave no token, or is not known: use an exec plugin")
        return Login(str(authorization))
