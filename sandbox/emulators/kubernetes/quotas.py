"""Quotas of how many objects of a kind a namespace may have (`count/jobs.batch`); of resources such as memory none."""

from sandbox.emulators.kubernetes import errors
from sandbox.emulators.kubernetes.kinds import QUOTAS, Kind, Object
from sandbox.emulators.kubernetes.store import Store


def check_quotas(store: Store, kind: Kind, item: Object) -> None:
    """Raises ApiError 403 when one more object of its kind would be too many for a quota of its namespace."""
    namespace, counted = item["metadata"].get("namespace", ""), f"count/{kind.resource}"
    if not kind.namespaced:
        return
    for quota in store.listing(QUOTAS, namespace):
        most = quota["spec"].get("hard", {}).get(counted)
        used = len(store.listing(kind, namespace))
        if most is not None and used + 1 > int(most):
            why = f"exceeded quota: {quota['metadata']['name']}, requested: {counted}=1, used: {counted}={used}, "
            raise errors.forbidden(kind, item["metadata"]["name"], f"{why}limited: {counted}={most}")
