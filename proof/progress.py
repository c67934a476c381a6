"""Progress bars for what takes minutes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich import progress
from rich.console import Console

Advance = Callable[[], object]
Bar = Callable[[str, int], Advance]


@contextmanager
def progress_bars(console: Console) -> Iterator[Bar]:
    """Yield a function that makes a bar from a description and a number of steps, and returns one to call at each."""
    columns = (
        progress.TextColumn("{task.description:22}"),
        progress.BarColumn(),
        progress.MofNCompleteColumn(),
        progress.TimeElapsedColumn(),
    )
    with progress.Progress(*columns, console=console) as bars:

        def bar(words: str, total: int) -> Advance:
            task = bars.add_task(words, total=total)
            return lambda: bars.advance(task)

        yield bar
