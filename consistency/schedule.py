"""The decisions of a run, all drawn from its seed beforehand: what each client does, and which parts fail when.

When something is done is counted in operations, never in seconds: so runs of the same seed decide the same, however
fast they are.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from typing import Any

from consistency.operations import Creation, Decision, Disturbance, Fault, Kind, Part
from support.contract.configuration import generate_config_payload
from support.contract.limits import Limits
from support.observers.request_marks import stamp

_KINDS: dict[Kind, int] = {"create": 3, "look": 4, "cancel": 3}
_OWN_JOB = 0.5  # The others are those of any client: jobs are looked at and cancelled by several at once.
_JOBS_BACK = 2.5  # Which one is meant is drawn so, on average: what several do at once is about the newest jobs.

_QUIET = (5, 15)
_LASTS: dict[Disturbance, tuple[int, int]] = {
    "cut": (4, 16),
    "slow": (4, 16),
    "stall": (6, 12),
    "lose answers": (6, 12),
    "kill": (4, 12),
    "restart": (4, 12),
    "scale": (4, 12),
}
"""For how many operations; an operation of which the answer is waited for in vain takes seconds."""

_CRASHES: tuple[Disturbance, ...] = ("kill", "restart")
_SLOW_BEFORE = (4, 8)
_RESTED = 0.3


def decisions_of(seed: int, client: int, clients: int, number: int, limits: Limits) -> list[Decision]:
    """What one of several clients does, in its order.

    The job that it looks at or cancels is named by its creation. All clients make about as many, so that one of
    another client's is as new as its own of that number.
    """
    return list(_decide(random.Random(f"{seed}/client {client}"), client, clients, number, limits))


def _decide(chance: random.Random, client: int, clients: int, number: int, limits: Limits) -> Iterator[Decision]:
    made = 0
    for _ in range(number):
        kind = chance.choices(list(_KINDS), list(_KINDS.values()))[0] if made else "create"
        if kind == "create":
            payload, _ = stamp(generate_config_payload(), (), limits, chance)
            yield Decision(client=client, kind=kind, creation=Creation(client, made), payload=payload)
            made += 1
        else:
            whose = client if chance.random() < _OWN_JOB else chance.randrange(clients)
            back = int(chance.expovariate(1 / _JOBS_BACK))
            yield Decision(client=client, kind=kind, creation=Creation(whose, max(0, made - 1 - back)))


def faults_of(seed: int, operations: int, possible: Sequence[tuple[Part, Disturbance]]) -> list[Fault]:
    """Which parts fail, one after another, with quiet times between them; each kind comes before any comes again.

    The Focus Server is stopped only after it has recovered: its start also mends what it should have mended before.
    Before it crashes, the way to a store is slow for a while: so there are jobs of which it has made a part, and which
    part that is depends on the store.
    """
    chance = random.Random(f"{seed}/faults")
    slow = [(store, what) for store, what in possible if what == "slow"]
    faults: list[Fault] = []
    deck: list[tuple[Part, Disturbance]] = []
    begins = chance.randint(*_QUIET)
    while possible:
        deck = deck or chance.sample(list(possible), len(possible))
        part, what = deck.pop()
        is_rested = chance.random() < _RESTED or part == "Focus Server"
        is_crash, slow_from = part == "Focus Server" and what in _CRASHES and bool(slow), begins
        begins += chance.randint(*_SLOW_BEFORE) if is_crash else 0
        ends = begins + chance.randint(*_LASTS[what])
        if ends > operations:
            break
        if is_crash:
            store, how = chance.choice(slow)
            faults.append(Fault(part=store, what=how, begins=slow_from, ends=ends, after_recovery=is_rested))
        after_recovery = is_rested and not is_crash
        faults.append(Fault(part=part, what=what, begins=begins, ends=ends, after_recovery=after_recovery))
        begins = ends + chance.randint(*_QUIET)
    return faults


def probes(seed: int, limits: Limits) -> Iterator[dict[str, Any]]:
    """The jobs that are asked for to see whether any can be made again."""
    chance = random.Random(f"{seed}/probes")
    while True:
        yield stamp(generate_config_payload(), (), limits, chance)[0]
