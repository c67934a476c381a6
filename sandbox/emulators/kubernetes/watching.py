"""Watches: a stream of changes to a client, filtered by its selectors."""

import asyncio
import json
import time
from collections.abc import Mapping

from aiohttp import web

from sandbox.emulators.kubernetes import errors
from sandbox.emulators.kubernetes.kinds import Object
from sandbox.emulators.kubernetes.requests import ResourcePath, number_asked
from sandbox.emulators.kubernetes.selectors import Selects
from sandbox.emulators.kubernetes.store import Change, Store

_DEFAULT_SECONDS = 1800


async def watch(request: web.Request, store: Store, target: ResourcePath, selects: Selects) -> web.StreamResponse:
    """Answers a watch until its time is over or the client leaves.

    Without a resourceVersion (or with 0) it begins with what is there; with one it goes on from it, and
    an `ERROR` event with a 410 Status ends it at once when that is too long ago. Who asks for bookmarks gets one as
    soon as a list has told a version that is later than its own, which may have been before it began.
    """
    query: Mapping[str, str] = request.query
    begin = number_asked(query, "resourceVersion") or 0
    seconds = number_asked(query, "timeoutSeconds")
    bookmarks = query.get("allowWatchBookmarks", "").lower() in ("1", "true")
    deadline = time.monotonic() + (seconds or _DEFAULT_SECONDS)
    changes: asyncio.Queue[Change] = asyncio.Queue()
    response = web.StreamResponse(headers={"Content-Type": "application/json"})

    told = begin

    async def send(change_type: str, item: Object) -> None:
        nonlocal told
        told = int(item["metadata"].get("resourceVersion", told))
        await response.write(json.dumps({"type": change_type, "object": item}).encode() + b"\n")

    def hear(change: Change) -> None:
        # Before it is queued: or each change and list would wake the watches of all kinds and namespaces.
        if change.kind is target.kind and _is_in(change.item, target):
            changes.put_nowait(change)

    with store.listening(hear, bookmarks=bookmarks):
        # Taken together with the subscription, before anything is awaited: no gap, nothing twice.
        try:
            missed = store.since(begin) if begin else []
        except errors.ApiError as gone:
            await response.prepare(request)
            await send("ERROR", gone.status)
            return response
        reached = store.bookmark(target.kind, target.namespace)
        present = [] if begin else [item for item in store.listing(target.kind, target.namespace) if selects(item)]
        await response.prepare(request)
        for item in present:
            await send("ADDED", item)
        for change in missed:
            if event := _event(change, target, selects):
                await send(*event)
        if bookmarks and begin and reached.version > told:
            await send("BOOKMARK", reached.item)
        while (left := deadline - time.monotonic()) > 0:
            try:
                change = await asyncio.wait_for(changes.get(), left)
            except TimeoutError:
                break
            if change.type == "BOOKMARK":
                if change.version > told:
                    await send("BOOKMARK", change.item)
            elif event := _event(change, target, selects):
                await send(*event)
    return response


def _event(change: Change, target: ResourcePath, selects: Selects) -> tuple[str, Object] | None:
    """The event that a client with this selector sees, if any: it may see an object come or go by its labels."""
    if change.kind is not target.kind or not _is_in(change.item, target):
        return None
    before = change.previous is not None and selects(change.previous)
    after = change.type != "DELETED" and selects(change.item)
    if after:
        return ("MODIFIED" if before else "ADDED"), change.item
    if not before:
        return None
    if change.type == "DELETED":
        return "DELETED", change.item
    # It is still there, and no longer selected: shown as it was, with the version of this change.
    last = change.previous or change.item
    version = change.item["metadata"]["resourceVersion"]
    return "DELETED", {**last, "metadata": {**last["metadata"], "resourceVersion": version}}


def _is_in(item: Object, target: ResourcePath) -> bool:
    return not target.namespace or item["metadata"].get("namespace") == target.namespace
