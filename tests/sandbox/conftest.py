"""Stores of the session's sandbox lent to others, which then start fast."""

from typing import Any

import pytest


@pytest.fixture(scope="session")
def borrowed(sandbox_endpoints: dict[str, Any]) -> dict[str, str]:
    """Settings that name broker and cluster of the session's sandbox, as they name deployed ones."""
    return {
        "FOCUS_SANDBOX_RABBITMQ_URL": sandbox_endpoints["rabbitmq"]["url"],
        "FOCUS_SANDBOX_RABBITMQ_MANAGEMENT_URL": sandbox_endpoints["rabbitmq"]["management_url"],
        "FOCUS_SANDBOX_KUBECONFIG": sandbox_endpoints["kubernetes"]["kubeconfig"],
    }
