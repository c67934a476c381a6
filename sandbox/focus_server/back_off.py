"""Trying again what a dependency out of reach did not do: at growing intervals, for it may be starting."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from tenacity import AsyncRetrying, retry_if_result, wait_random_exponential


@dataclass(frozen=True)
class BackOff:
    """How long is waited before each try, seconds: a random time up to twice as long as before, within bounds."""

    first_s: float
    longest_s: float

    async def until_done(self, attempt: Callable[[], Awaitable[bool]]) -> None:
        """Make an attempt, and others until one says that it has worked."""
        wait = wait_random_exponential(multiplier=self.first_s, min=self.first_s, max=self.longest_s)
        await AsyncRetrying(retry=retry_if_result(lambda worked: not worked), wait=wait)(attempt)
