"""When what failed is tried again."""

import asyncio
import random

import pytest

from sandbox.focus_server.back_off import BackOff


async def test_pauses_grow_up_to_the_longest(monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)

    async def attempt() -> bool:
        return len(pauses) == 6

    monkeypatch.setattr(asyncio, "sleep", sleep)
    monkeypatch.setattr(random, "uniform", lambda shortest, longest: longest)
    await BackOff(0.5, 5).until_done(attempt)
    assert pauses == [0.5, 1, 2, 4, 5, 5]


async def test_at_random_so_that_many_do_not_come_back_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)

    async def attempt() -> bool:
        return len(pauses) == 40

    monkeypatch.setattr(asyncio, "sleep", sleep)
    await BackOff(0.5, 5).until_done(attempt)
    assert len(set(pauses[10:])) > 10
    assert 0.5 <= min(pauses) <= max(pauses) <= 5
