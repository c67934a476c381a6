"""What a container wrote: a few lines that follow from its pod, since nothing really runs."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from aiohttp import web

from sandbox.emulators.kubernetes import errors
from sandbox.emulators.kubernetes.kinds import Object
from sandbox.emulators.kubernetes.requests import number_asked
from sandbox.emulators.kubernetes.store import Change, Store


async def answer_log(request: web.Request, store: Store, pod: Object) -> web.StreamResponse:
    """Answers with the log of a pod's container; with `follow` until the container has ended or the pod is gone.

    Understands `container`, `tailLines`, `limitBytes`, `timestamps`, `previous`. ApiError 400 for a
    container that the pod does not have, that has not started, or that must be named among several.
    """
    query: Mapping[str, str] = request.query
    name = _container(pod, query)
    lines, limit = _lines(pod, name, query), number_asked(query, "limitBytes")
    tail = number_asked(query, "tailLines")
    text = "".join(lines if tail is None else lines[len(lines) - min(tail, len(lines)) :])[:limit]
    if query.get("follow", "").lower() not in ("1", "true"):
        return web.Response(text=text)
    uid, changed = pod["metadata"]["uid"], asyncio.Event()

    def hear(change: Change) -> None:
        if change.item["metadata"]["uid"] == uid:
            changed.set()

    with store.listening(hear):
        response = web.StreamResponse(headers={"Content-Type": "text/plain; charset=utf-8"})
        await response.prepare(request)
        await response.write(text.encode())
        while (limit is None or len(text) < limit) and (found := store.with_uid(uid)):
            shown = len(lines)
            lines = _lines(found[1], name, query)
            await response.write("".join(lines[shown:]).encode())
            if "running" not in _state(found[1], name):
                break
            await changed.wait()
            changed.clear()
    return response


def _container(pod: Object, query: Mapping[str, str]) -> str:
    name = pod["metadata"]["name"]
    containers = [each["name"] for each in pod["spec"]["containers"]]
    wanted = query.get("container", "")
    if not wanted and len(containers) > 1:
        choices = " ".join(containers)
        raise errors.bad_request(f"a container name must be specified for pod {name}, choose one of: [{choices}]")
    wanted = wanted or containers[0]
    if wanted not in containers:
        raise errors.bad_request(f"container {wanted} is not valid for pod {name}")
    if query.get("previous") == "true":
        raise errors.bad_request(f'previous terminated container "{wanted}" in pod "{name}" not found')
    state = _state(pod, wanted)
    if not state.keys() & {"running", "terminated"}:
        reason = state.get("waiting", {}).get("reason", "ContainerCreating")
        raise errors.bad_request(f'container "{wanted}" in pod "{name}" is waiting to start: {reason}')
    return wanted


def _state(pod: Object, container: str) -> Object:
    states = {each["name"]: each.get("state", {}) for each in pod["status"].get("containerStatuses", [])}
    state: Object = states.get(container, {})
    return state


def _lines(pod: Object, name: str, query: Mapping[str, str]) -> list[str]:
    """Environment variables are named, their values never shown."""
    state = _state(pod, name)
    container = next(each for each in pod["spec"]["containers"] if each["name"] == name)
    variables = ", ".join(sorted(each["name"] for each in container.get("env", []))) or "none"
    end = state.get("terminated", {})
    begun = (state.get("running") or end).get("startedAt", "")
    lines = [
        (begun, f"container {name} of pod {pod['metadata']['name']} started, image {container['image']}"),
        (begun, f"environment: {variables}"),
        (begun, "ready"),
    ]
    if end:
        lines.append((end.get("finishedAt", ""), f"ended with exit code {end['exitCode']}"))
    stamped = query.get("timestamps") == "true"
    return [f"{moment} {line}\n" if stamped else f"{line}\n" for moment, line in lines]
