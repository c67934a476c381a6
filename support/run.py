"""A run of the suite: where everything is put together, checked, and taken apart."""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from urllib.parse import urlsplit

from pydantic import SecretStr

from support.case import Case
from support.client import FocusServerAPI
from support.errors import APIError, EnvironmentBroken
from support.evidence import Evidence
from support.journal import Journal
from support.profile import ROOT, Profile
from support.provider import ProvidedEnvironment
from support.redaction import Redactor
from support.settings import Settings
from support.stores import Stores
from support.sweeping import sweep


@dataclass(frozen=True)
class Run:
    """An environment that was found healthy, and what is needed to work in it."""

    settings: Settings
    stores: Stores
    journal: Journal
    redact: Redactor
    _parts: ExitStack

    @classmethod
    def start(cls, profile: Profile, provided: ProvidedEnvironment | None) -> Run:
        """Wait for the environment if one is being made, connect, and see that all of it is healthy.

        What was `provided` is given back by `close`, or at once when the start fails.

        Raises:
            SettingsError: the profile cannot be used.
            EnvironmentBroken: a part of the environment cannot be reached; the message names each of them.
        """
        with ExitStack() as parts:
            if provided is not None:
                parts.callback(provided.close)
            settings = profile.settings(provided.endpoints() if provided else None)
            redact = Redactor(settings.secrets())
            try:
                stores = Stores.connect(settings)
                parts.callback(stores.close)
                check_health(settings, stores)
                for line in sweep(ROOT / settings.journals, settings, stores):
                    logging.getLogger("focus").warning("%s", redact(line))
            except EnvironmentBroken as error:
                raise EnvironmentBroken(redact(str(error))) from None
            journal = Journal(ROOT / settings.journals, settings.focus_server.base_url, provided=provided is not None)
            parts.callback(journal.close)
            return cls(settings, stores, journal, redact, parts.pop_all())

    def open_case(self, attach: Callable[[Evidence], None]) -> Case:
        """Begin a scenario.

        Raises:
            EnvironmentBroken: a part of the environment cannot be reached any more.
        """
        acknowledge(self.settings)
        return Case(
            self.settings,
            self.stores,
            self.journal,
            lambda found: attach(found._replace(body=self.redact(found.body))),
        )

    def close(self) -> None:
        """Give everything back, in the reverse order."""
        self._parts.close()

    def description(self) -> dict[str, str]:
        """Which environment this is, for the report; without secrets."""
        settings = self.settings
        return {
            "Focus Server": settings.focus_server.base_url,
            "MongoDB": f"{_host_of(settings.mongodb.uri)}, database {settings.mongodb.database}",
            "RabbitMQ": _host_of(settings.rabbitmq.url),
            "Kubernetes namespace": settings.kubernetes.namespace,
            "Environment": "the run's alone" if settings.exclusive else "shared with others",
        }


def _host_of(url: SecretStr) -> str:
    return urlsplit(url.get_secret_value()).netloc.rpartition("@")[2]


def acknowledge(settings: Settings) -> None:
    """See that the server is alive.

    Raises:
        EnvironmentBroken: it is not.
    """
    client = FocusServerAPI(settings.focus_server, settings.answers, lambda exchange: None)
    try:
        client.acknowledge()
    except APIError as error:
        raise EnvironmentBroken(f"The Focus Server is not healthy: {error}") from error


def check_health(settings: Settings, stores: Stores) -> None:
    """See that the server and all three stores are healthy, side by side.

    Raises:
        EnvironmentBroken: some are not; each of them is named.
    """
    checks: dict[str, Callable[[], None]] = {
        "Focus Server": lambda: acknowledge(settings),
        "MongoDB": stores.records.check_health,
        "Kubernetes": stores.analyzers.check_health,
        "RabbitMQ": stores.queues.check_health,
    }
    with ThreadPoolExecutor(max_workers=len(checks)) as pool:
        outcomes = {name: pool.submit(check) for name, check in checks.items()}
    broken = [str(error) for name in outcomes if isinstance(error := outcomes[name].exception(), EnvironmentBroken)]
    if broken:
        raise EnvironmentBroken(
            "The environment is broken; no scenario was run.\n" + "\n".join(f"  - {one}" for one in broken)
        )
    for outcome in outcomes.values():
        outcome.result()
