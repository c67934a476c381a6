"""The history of side effects: what came, changed and went in the stores since a run began, where they tell."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack

from support.core.errors import EnvironmentBroken
from support.observers.broker_events import BrokerEvents
from support.observers.change_stream import ChangeStream
from support.observers.happenings import Happening, Source
from support.observers.kubernetes_watch import Watches
from support.observers.stores import Stores
from support.profile.settings import Settings


class History:
    """The histories of all stores that have one; `missing` says why one has none, and is only looked at.

    `gaps` are what was missed since they were last taken, a line each.
    """

    def __init__(self, sources: Mapping[str, Callable[[Callable[[str], object]], Source]] | None = None) -> None:
        """Begin the sources, by the names of their stores."""
        self.missing: dict[str, str] = {}
        self._gaps: list[str] = []
        self._sources = ExitStack()
        self._read: list[Source] = []
        self._stores: list[str] = []
        for store, begin in (sources or {}).items():
            try:
                source = begin(self._gaps.append)
            except EnvironmentBroken as error:
                self.missing[store] = str(error)
            else:
                self._sources.callback(source.close)
                self.missing |= {f"{store} ({kind})": why for kind, why in source.unwatched.items()}
                self._read.append(source)
                self._stores.append(store)

    @classmethod
    def of(cls, settings: Settings, stores: Stores) -> History:
        """Begin the history of an environment that was found healthy."""
        return cls(
            {
                "MongoDB": lambda missed: ChangeStream(settings, stores.database, missed, stores.own_documents),
                "RabbitMQ": lambda missed: BrokerEvents(settings.rabbitmq, settings.naming, missed),
                "Kubernetes": lambda missed: Watches(stores.namespace, settings, missed),
            }
        )

    def read(self, *, is_last: bool = False) -> list[Happening]:
        """All that has happened since the last reading, in the order of its times; the last may take longer.

        Raises EnvironmentBroken if a store can't be asked.
        """
        return sorted((one for source in self._read for one in source.read(is_last=is_last)), key=lambda one: one.at)

    def description(self) -> str:
        """Which stores tell what happens in them, and why others do not; for the report."""
        told = " and ".join([", ".join(self._stores[:-1]), self._stores[-1]] if len(self._stores) > 1 else self._stores)
        untold = "".join(f"; {store} is only looked at: {why}" for store, why in self.missing.items())
        return (f"told by {told}" if told else "none") + untold

    def take_gaps(self) -> list[str]:
        """What was missed since this was last called."""
        gaps, self._gaps[:] = list(self._gaps), []
        return gaps

    def close(self) -> None:
        """Listen no longer."""
        self._sources.close()
