"""A run of the suite: where everything is put together, checked, and taken apart."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any

from pydantic import SecretStr

from redaction import redact
from support.api.client import FocusServerAPI
from support.core.addresses import split
from support.core.errors import APIError, EnvironmentBroken, ExpectationFailed, SettingsError
from support.core.eventually import consistently
from support.core.files import ROOT
from support.evidence.evidence import Evidence
from support.observers.happenings import Happening
from support.observers.history import History
from support.observers.side_effects import Snapshot, no_effects, take_snapshot, unstated_problems
from support.observers.stores import Stores
from support.observers.surroundings import Things
from support.profile.profile import Profile
from support.profile.provider import ProvidedEnvironment
from support.profile.settings import Settings
from support.scenario.journal import Journal
from support.scenario.passing_effects import late_problems
from support.scenario.session import ScenarioSession
from support.scenario.sweeping import repair, sweep

_DEATH_IS_TOLD_WITHIN_S = 2.0  # by the provider, which looks after its parts some times a second


class SuiteRun:
    """An environment that was found healthy, and what is needed to work in it."""

    def __init__(
        self,
        settings: Settings,
        stores: Stores,
        client: FocusServerAPI,
        journal: Journal,
        parts: ExitStack,
        provided: ProvidedEnvironment | None = None,
        history: History | None = None,
    ) -> None:
        self.settings, self.stores = settings, stores
        self._history = history or History()
        self._scenario_of: dict[str, str] = {}  # by the ids of its jobs
        self._late: list[str] = []
        self._client, self._journal, self._parts, self._provided = client, journal, parts, provided
        self._last: tuple[str, Snapshot] | None = None
        self._surroundings: Things | None = None
        self._is_recorded = False  # whether a recorder was at work in the last scenario

    @classmethod
    def start(
        cls,
        profile: Profile,
        provided: ProvidedEnvironment | None = None,
        endpoints: Mapping[str, Any] | None = None,
        *,
        is_shared: bool = False,
        others: Collection[str | None] = (),
    ) -> SuiteRun:
        """Connect to the environment, at the `endpoints` of what was `provided`, and see that all of it is healthy.

        In one that is shared with other workers of the same run, only effects that carry the marks of this one's
        requests are its own. `others` are the identities of further environments that were made for the same run.

        Raises:
            SettingsError: the profile cannot be used.
            EnvironmentBroken: a part of the environment cannot be reached, and the message names each of them; or what
                a killed run broke there cannot be undone.
        """
        with ExitStack() as parts:
            settings = profile.settings(endpoints)
            if is_shared:
                settings = settings.model_copy(update={"exclusive": False})
            redact.learn(settings.secrets())
            stores = Stores.connect(settings)
            parts.callback(stores.close)
            client = FocusServerAPI(settings)  # Kept: with TLS a new connection takes longer than the question.
            identity = provided.identity if provided else None
            make_ready(settings, stores, client, identity, others)
            journal = Journal(ROOT / settings.journals, settings.focus_server.base_url, provided=identity)
            parts.callback(journal.close)
            history = History.of(settings, stores)
            parts.callback(history.close)
            return cls(settings, stores, client, journal, parts.pop_all(), provided, history)

    @property
    def identity(self) -> str | None:
        """The identity of the environment, where it was made for this run."""
        return self._provided.identity if self._provided else None

    def open_scenario(self, keep: Callable[[Evidence], None]) -> ScenarioSession:
        """Begin a scenario; raises EnvironmentBroken if a part of the environment can't be reached any more."""
        try:
            acknowledge(self._client)
            session = ScenarioSession(
                self.settings, self.stores, self._journal.begin(), keep, self._surroundings, self._history
            )
        except EnvironmentBroken:
            self.check_provided()
            raise
        before = None if self._last is None else self._last[0]
        if not self._note_late(before, session.ledger.happened_before):
            self._late += [f"  - {problem}" for problem in self._late_problems(session.ledger.before)]
        return session

    def close_scenario(self, session: ScenarioSession, name: str) -> None:
        """End a scenario: what it closed with is what the next one must find."""
        # To look at all of them twice a scenario would take a tenth of a run.
        self._surroundings = session.ledger.last_surroundings
        self._is_recorded = session.ledger.is_recorded
        self._scenario_of |= dict.fromkeys(session.ledger.own_jobs, name)
        session.client.close()
        snapshot = session.closed_with if self.settings.exclusive else None
        self._last = None if snapshot is None else (name, snapshot)

    def expect_no_late_changes(self) -> None:
        """After the last scenario: see that nothing changed after any scenario had ended.

        Raises:
            ExpectationFailed: something did; the message says what, and after which scenario.
        """
        naming, limits = self.settings.naming, self.settings.time_limits
        if self._last is not None:
            try:
                consistently(
                    "nothing to come after the last scenario",
                    lambda: take_snapshot(self.stores, naming, (), exclusive=self.settings.exclusive),
                    self._late_problems,
                    limits.wait_policy("settling_s", limits.between_settling_looks_s),
                )
            except ExpectationFailed as error:
                self._late += str(error).splitlines()[1:-1]
        before = None if self._last is None else self._last[0]
        self._note_late(before, self._history.read(is_last=True))
        for gap in self._history.take_gaps():  # There is no scenario any more whose report could have them.
            _tell(f"After the last scenario it cannot be seen: {gap}")
        if self._late:
            raise ExpectationFailed("expected nothing to change between scenarios\n" + "\n".join(self._late))

    def _note_late(self, before: str | None, happened: Sequence[Happening]) -> bool:
        """Note what came after scenarios had ended, `before` the last of them; whether anything did."""
        came = late_problems(
            happened, self._scenario_of, before, exclusive=self.settings.exclusive, is_recorded=self._is_recorded
        )
        self._late += [f"  - {problem}" for problem in came]
        return bool(came)

    def _late_problems(self, now: Snapshot) -> list[str]:
        if self._last is None:
            return []
        name, last = self._last
        return [f"after '{name}' had ended: {change}" for change in unstated_problems(last, now, no_effects(), ())]

    def close(self) -> None:
        """Close all parts, in the reverse order."""
        self._parts.close()

    def check_provided(self) -> None:
        """After a failure: raise EnvironmentBroken if the environment that was made for this run has ended."""
        if self._provided is not None:
            self._provided.check()
            # What cannot be reached may be about to be told as dead.
            self._provided.check(0.0 if self.is_healthy() else _DEATH_IS_TOLD_WITHIN_S)

    def is_healthy(self) -> bool:
        """Whether all of the environment can be reached."""
        try:
            # On a new connection: the kept one may have been cut, which says nothing of the server.
            expect_healthy_environment(FocusServerAPI(self.settings), self.stores)
        except (EnvironmentBroken, SettingsError):  # SettingsError: with an environment go the files that it gave
            return False
        return True

    def description(self) -> dict[str, str]:
        """Which environment this is, for the report; without secrets."""
        settings = self.settings
        version = settings.focus_server.version
        return {
            **({"Version": version} if version else {}),
            "Focus Server": settings.focus_server.base_url,
            "MongoDB": f"{_host_of(settings.mongodb.uri)}, database {settings.mongodb.database}"
            + _other_recorder(self.stores),
            "RabbitMQ": _host_of(settings.rabbitmq.url) + _blind_spots(self.stores),
            "History": self._history.description(),
            "Kubernetes namespace": settings.kubernetes.namespace,
            "Environment": "the run's alone" if settings.exclusive else "shared with others",
        }


def _blind_spots(stores: Stores) -> str:
    """What cannot be seen of the broker, for the report."""
    hidden = [] if stores.queues.sees_unnamed else ["queues that nobody named"]
    why = stores.blind_spots.acknowledgements
    hidden += [] if why is None else ["whether messages are acknowledged"]
    return f" (cannot be seen: {', '.join(hidden)}; {why})" if hidden else ""


def _other_recorder(stores: Stores) -> str:
    """What cannot be seen of the database, for the report."""
    why = stores.blind_spots.recordings
    return f" (cannot be seen: recordings that are none of the recorder's; {why})" if why else ""


def _host_of(url: SecretStr) -> str:
    return split(url.get_secret_value()).hosts


def make_ready(
    settings: Settings,
    stores: Stores,
    client: FocusServerAPI,
    provided: str | None = None,
    others: Collection[str | None] = (),
) -> None:
    """Repair what killed runs broke, see that all is healthy, and remove what they left.

    `provided` is the identity of an environment that was made for this run: in it, a worker of the same run may have
    been killed; so it may in `others`. Raises EnvironmentBroken if it is not healthy, or cannot be repaired.
    """
    journals = ROOT / settings.journals
    result = repair(journals, settings, stores, provided)
    try:
        expect_healthy_environment(client, stores)
        stores.blind_spots.acknowledgements = stores.queues.lack_of_statistics()
        sweep(journals, settings, stores, result, provided, others)
        stores.blind_spots.recordings = stores.recordings.sign_of_a_recorder()
    finally:
        for line in result.lines:
            _tell(line)


def _tell(line: str) -> None:
    logging.getLogger("focus").warning("%s", redact(line))


def acknowledge(client: FocusServerAPI) -> None:
    """Raise EnvironmentBroken unless the server is alive."""
    try:
        client.acknowledge()
    except APIError as error:
        raise EnvironmentBroken(str(error) if error.unreachable else f"The Focus Server is ill: {error}") from None


def expect_healthy_environment(client: FocusServerAPI, stores: Stores) -> None:
    """Raise EnvironmentBroken unless the server and all three stores are healthy; each that is not is named."""
    checks: dict[str, Callable[[], None]] = {
        "Focus Server": lambda: acknowledge(client),
        "MongoDB": stores.database.check_health,
        "Kubernetes": stores.namespace.check_health,
        "RabbitMQ": stores.broker.check_health,
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
