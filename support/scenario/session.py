"""One scenario: what it works with, how it is opened, and how everything of it is taken away again."""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import ExitStack

from support.checks.promises import Promises
from support.core.errors import ExpectationFailed
from support.evidence.evidence import Evidence, ScenarioEvidence
from support.faults.disturbances import Disturbances
from support.faults.recorder import Recorder
from support.observers.history import History
from support.observers.request_marks import TraceKey
from support.observers.side_effects import Snapshot
from support.observers.sightings import SightingLog
from support.observers.stores import Stores
from support.observers.surroundings import Things
from support.profile.settings import Settings
from support.scenario.effect_ledger import EffectLedger
from support.scenario.journal import ScenarioJournal
from support.scenario.scenario_client import ScenarioClient
from support.scenario.timing import Timing


class ScenarioSession:
    """The parts that the steps of one scenario work with.

    - `client` sends requests. Each exchange is published to `journal`, `ledger` and `evidence`.
    - `promises` checks what the product promises of a job, `timing` how long things took.
    - `ledger` compares what has changed in the stores with what the scenario states.
    - `recorder` and `disturbances` change the stores behind the server's back; both write it into the `journal` before.
    - `fixtures` has what the scenario needs until its end.
    """

    def __init__(
        self,
        settings: Settings,
        stores: Stores,
        journal: ScenarioJournal,
        keep: Callable[[Evidence], None],
        surroundings: Things | None = None,
        history: History | None = None,
    ) -> None:
        """Open the scenario: what is there now is what it must find at its end; `keep` puts evidence into the report.

        `surroundings` are those that the scenario before has closed with, where it was green; `history` tells what
        happens in the stores, where they do.

        Raises:
            EnvironmentBroken: a store cannot be reached, or what is being deleted there does not go.
        """
        recordings = stores.database.collection(settings.mongodb.recordings_collection)
        self.settings, self.journal, sightings = settings, journal, SightingLog()
        self.promises = Promises(settings, stores, sightings)
        self.ledger = EffectLedger(settings, stores, self.promises, sightings, surroundings, history)
        self.evidence = ScenarioEvidence(settings, stores, sightings, keep)
        self.timing = Timing(settings.time_limits, self.evidence)
        # The journal first: after a kill it must know of a job, whatever else is done with it.
        self.client = ScenarioClient(
            settings, self._announce, journal.enter_exchange, self.ledger.enter_exchange, self.evidence.note_exchange
        )
        self.recorder = Recorder(recordings, stores.recordings, journal, random.Random(), stores.own_documents)
        self.disturbances = Disturbances(settings, stores, journal, self.ledger.enter_disturbance)
        self.fixtures = ExitStack()
        self._history = history or History()
        self.closed_with: Snapshot | None = None
        self._closed = False

    def _announce(self, key: TraceKey) -> None:
        self.ledger.enter_request(key)
        self.journal.requested(key)

    def leave_nothing_behind(self) -> None:
        """Keep the evidence, cancel every job of the scenario, and see that nothing else is left. Once is enough.

        Raises:
            ExpectationFailed: a job could not be cancelled, or something of it is still there.
            EnvironmentBroken: it could not be done; it may be tried again.
        """
        if self._closed:
            return
        self.disturbances.bring_back_parts()  # No store can be looked into that is stopped.
        self.ledger.read_history()
        self.evidence.keep_all([*self.promises.unseen, *self._history.take_gaps()])
        self.fixtures.close()
        self.disturbances.undo()
        problems = self.recorder.take_away()
        self.closed_with = self.ledger.untouched()
        if self.closed_with is None:
            unanswered = self.ledger.unanswered()
            problems += self.client.cancelling_problems(self.ledger.jobs_to_cancel(unanswered))
            try:
                self.closed_with = self.ledger.expect_nothing_left(unanswered)
            except ExpectationFailed as error:
                problems += str(error).splitlines()
        if not problems:
            self.journal.settled()
        self._closed = True
        if problems:
            raise ExpectationFailed("expected nothing to be left behind\n" + "\n".join(f"  {p}" for p in problems))
