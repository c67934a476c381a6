"""The environment of a Focus Server of a test's own, on the stores of a lease."""

import os
from typing import Any


def environment(endpoints: dict[str, Any], **changes: str) -> dict[str, str]:
    """Make the whole environment of its process; ``changes`` are settings of the server, by their names."""
    settings = {
        "STREAM_PORT": "0",
        "MONGODB_URI": endpoints["mongodb"]["server_uri"],
        "MONGODB_DATABASE": endpoints["mongodb"]["database"],
        "RABBITMQ_URL": endpoints["rabbitmq"]["url"],
        "KUBECONFIG": endpoints["kubernetes"]["kubeconfig"],
        "NAMESPACE": endpoints["kubernetes"]["namespace"],
    }
    return os.environ | {f"FOCUS_SERVER_{name}": value for name, value in (settings | changes).items()}
