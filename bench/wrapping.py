"""Have something called before and after each call of a function."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any


def wrap(
    owner: Any, name: str, *, before: Callable[[], object] = lambda: None, after: Callable[[], object] = lambda: None
) -> None:
    """Replace a function of a class or module by one that also calls `before`, and `after` when it has returned."""
    original = getattr(owner, name)

    @wraps(original)
    def wrapped(*arguments: Any, **options: Any) -> Any:
        before()
        result = original(*arguments, **options)
        after()
        return result

    setattr(owner, name, wrapped)
