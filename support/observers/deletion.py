"""What of Kubernetes is being deleted, although it is still listed.

An object stays for a while after its deletion has begun: a pod for its grace period, anything for as long as a
finalizer holds it. A pod also outlives its Job. The garbage collector takes it when it notices that the Job is gone,
and a Job controller that is behind may create the pod of a Job that has just been deleted. Such an object will go
without anybody doing anything more: it is no side effect any more, and it is waited for until it has gone.
"""

from __future__ import annotations

from collections.abc import Iterable

from support.observers.manifests import Manifest

# With this finalizer a Job's dependents will lose their reference to it, and stay.
_ORPHAN = "orphan"


def has_begun(manifest: Manifest) -> bool:
    """Whether the deletion of this object itself has begun."""
    return bool(manifest["metadata"].get("deletionTimestamp"))


def owners_that_stay(jobs: Iterable[Manifest]) -> frozenset[str]:
    """The uids of those Jobs whose pods stay: the others' are deleted with or after them."""
    return frozenset(
        job["metadata"]["uid"]
        for job in jobs
        if not has_begun(job) or _ORPHAN in (job["metadata"].get("finalizers") or [])
    )


def is_bound_to_go(manifest: Manifest, staying: frozenset[str]) -> bool:
    """Whether an object is being deleted, or will be, because the Job that owns it is gone or going.

    `staying` are the `owners_that_stay`. Their Jobs must have been listed after the object: the owner of an object is
    older than itself, so one that is not in that list is gone, and not just made. What has no owner, as an orphaned
    pod, stays; so does what is owned by anything but a Job.
    """
    if has_begun(manifest):
        return True
    owners = manifest["metadata"].get("ownerReferences") or []
    deciding = [owner for owner in owners if owner.get("controller")] or owners
    return bool(deciding) and all(
        owner.get("kind", "Job") == "Job" and owner.get("uid") not in staying for owner in deciding
    )
