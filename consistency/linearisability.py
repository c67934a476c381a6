"""Whether answers about one job can be explained by an order of its operations (Wing and Gong's search, with a memory).

Each operation takes effect at one moment between its invocation and its completion. One of which nobody knows whether
it was done may take effect at any moment after its invocation, or never.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from consistency.operations import Operation, State


def unexplained(operations: Sequence[Operation]) -> Operation | None:
    """The first answer about a job that no order of the operations before it explains; None when all can be."""
    if is_explained(operations):
        return None
    answered = sorted((one for one in operations if one.outcome == "ok"), key=lambda one: one.completed_s)
    for last in answered:
        until_s = last.completed_s
        known = [one if one.completed_s <= until_s else _open(one) for one in operations if one.invoked_s <= until_s]
        if not is_explained(known):
            return last
    raise AssertionError("if no part of a history is unexplained, all of it is explained")


def is_explained(operations: Sequence[Operation]) -> bool:
    """Whether there is an order that explains every answer."""
    having_effect = [one for one in operations if one.outcome == "ok" or (one.outcome == "info" and one.kind != "look")]
    ends = [one.completed_s if one.outcome == "ok" else math.inf for one in having_effect]
    tried: set[tuple[frozenset[int], State]] = set()

    def search(left: frozenset[int], state: State) -> bool:
        if (left, state) in tried:
            return False
        tried.add((left, state))
        first_end = min((ends[index] for index in left), default=math.inf)
        if first_end == math.inf:
            return True
        for index in left:
            if having_effect[index].invoked_s <= first_end:
                following = _after(having_effect[index], state)
                is_idle = following == state and ends[index] == math.inf  # It explains nothing, now or later.
                if following is not None and not is_idle and search(left - {index}, following):
                    return True
        return False

    return search(frozenset(range(len(having_effect))), "absent")


def _open(operation: Operation) -> Operation:
    """The operation as it was known before its answer."""
    return operation.model_copy(update={"outcome": "info", "told": None})


def _after(operation: Operation, state: State) -> State | None:
    """The state of the job after the operation; None if it cannot have gone so in this state."""
    match operation.kind, operation.told:
        case "create", _:
            return "configured" if state == "absent" else None
        case "look", told:
            return state if told == state else None
        case "cancel", "absent":  # A job that is cancelled already may be told as unknown.
            return None if state == "configured" else state
        case _:
            return None if state == "absent" else "cancelled"
