"""What a container wrote: a few lines that follow from its pod, since nothing really runs."""

from __future__ import annotations

from collections.abc import Mapping

from sandbox.kubernetes import errors
from sandbox.kubernetes.kinds import Object
from sandbox.kubernetes.requests import number_asked


def log_of(pod: Object, query: Mapping[str, str]) -> str:
    """The log of a pod's container. Environment variables are named, their values never shown.

    Understands `container`, `tailLines`, `limitBytes`, `timestamps`, `previous`. ApiError 400 for a
    container that the pod does not have, that has not started, or that must be named among several.
    """
    name = pod["metadata"]["name"]
    containers = {each["name"]: each for each in pod["spec"]["containers"]}
    wanted = query.get("container", "")
    if not wanted and len(containers) > 1:
        choices = " ".join(containers)
        raise errors.bad_request(f"a container name must be specified for pod {name}, choose one of: [{choices}]")
    wanted = wanted or next(iter(containers))
    if wanted not in containers:
        raise errors.bad_request(f"container {wanted} is not valid for pod {name}")
    if query.get("previous") == "true":
        raise errors.bad_request(f'previous terminated container "{wanted}" in pod "{name}" not found')
    states = {each["name"]: each.get("state", {}) for each in pod["status"].get("containerStatuses", [])}
    state = states.get(wanted, {})
    running = state.get("running") or state.get("terminated")
    if running is None:
        reason = state.get("waiting", {}).get("reason", "ContainerCreating")
        raise errors.bad_request(f'container "{wanted}" in pod "{name}" is waiting to start: {reason}')
    container = containers[wanted]
    variables = ", ".join(sorted(each["name"] for each in container.get("env", []))) or "none"
    lines = [
        f"container {wanted} of pod {name} started, image {container['image']}",
        f"environment: {variables}",
        "ready",
    ]
    if query.get("timestamps") == "true":
        lines = [f"{running['startedAt']} {line}" for line in lines]
    tail = number_asked(query, "tailLines")
    if tail is not None:
        lines = lines[len(lines) - min(tail, len(lines)) :]
    text = "".join(f"{line}\n" for line in lines)
    return text[: number_asked(query, "limitBytes")]
