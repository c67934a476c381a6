"""Parts of the product that are stopped, killed and restarted as an operator does it: by Kubernetes."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from support.api.client import FocusServerAPI
from support.core.errors import APIError, EnvironmentBroken, ExpectationFailed
from support.core.eventually import eventually
from support.observers.kubernetes_api import PODS, Namespace
from support.observers.stores import Stores
from support.observers.workloads import PATHS, WorkloadState, state_of
from support.profile.settings import Settings


class Workloads:
    """Disturbs the parts `MongoDB`, `RabbitMQ`, `Focus Server` and `recorder`, until `undo`.

    `about_to` is told each part, and of how many pods it is, before anything is done to it. Every method raises
    `EnvironmentBroken` when Kubernetes does not do what it is asked. Those that wait for a part raise
    `ExpectationFailed` when that takes longer than `time_limits.part_recovers_s`, and return how long it took, s.
    """

    def __init__(self, settings: Settings, stores: Stores, about_to: Callable[[str, int], object]) -> None:
        self._settings, self._stores, self._about_to = settings, stores, about_to
        self._namespace: Namespace | None = None
        self._replicas: dict[str, int] = {}  # of each part that is disturbed, before it was

    def impossible(self, part: str) -> str | None:
        """Why a part may not be disturbed; None where it may."""
        return self._settings.workloads.why_untouchable(part)

    def state(self, part: str) -> WorkloadState:
        """A part as Kubernetes shows it."""
        return state_of(self._parts, self._workload(part))

    def restart(self, part: str) -> float:
        """Delete the pods of a part, and wait until others are in their place and it answers."""
        self._delete_pods(part, {})
        return self.await_return(part)

    def kill(self, part: str) -> None:
        """Delete the pods of a part, and end nothing in them in order."""
        self._delete_pods(part, {"gracePeriodSeconds": 0})

    def stop(self, part: str) -> float:
        """Scale a part to zero, and wait until it has no pod any more."""
        self._announce(part)
        self._scale(part, 0)
        return self._await(f"all pods of {part} to be gone", part, WorkloadState.problems)

    def start(self, part: str) -> float:
        """Scale a part that was stopped to as many pods as it had, and wait until it answers."""
        self._scale(part, self._replicas[part])
        return self.await_return(part)

    def await_return(self, part: str) -> float:
        """Wait until a part has all its pods, and answers."""
        return self._await(f"{part} to be back", part, lambda seen: seen.problems() or self._silence_of(part))

    def undo(self) -> None:
        """Bring back all parts that are disturbed; what failed may be tried again."""
        self.bring_back(self._replicas)
        self._replicas.clear()
        self.close()

    def close(self) -> None:
        """Give the connection to Kubernetes back."""
        if self._namespace is not None:
            self._namespace.close()
            self._namespace = None

    def bring_back(self, replicas: Mapping[str, int]) -> None:
        """See that parts have so many pods, and answer; raises EnvironmentBroken if one does not come back."""
        for part, wanted in replicas.items():
            if self.state(part).wanted != wanted:
                self._scale(part, wanted)
        for part, wanted in replicas.items():
            try:
                self.await_return(part)
            except ExpectationFailed as error:
                advice = f"See what keeps {self._workload(part)} from its {wanted} pods."
                raise EnvironmentBroken(f"{error}\n{advice}") from None

    def _delete_pods(self, part: str, how: dict[str, int]) -> None:
        self._announce(part)
        for pod in self.state(part).pods:
            self._parts.change("DELETE", PODS, pod.name, how)

    def _scale(self, part: str, replicas: int) -> None:
        kind, _, name = self._workload(part).partition("/")
        wanted = {"spec": {"replicas": replicas}}
        self._parts.change("PATCH", PATHS[kind], name, wanted, part="scale", media_type="application/merge-patch+json")

    def _announce(self, part: str) -> None:
        if part not in self._replicas:
            replicas = self.state(part).wanted
            self._about_to(part, replicas)
            self._replicas[part] = replicas

    def _await(self, expected: str, part: str, problems: Callable[[WorkloadState], list[str]]) -> float:
        started = time.monotonic()
        limit = self._settings.time_limits.wait_policy("part_recovers_s")
        eventually(expected, lambda: self.state(part), problems, limit)
        return time.monotonic() - started

    def _silence_of(self, part: str) -> list[str]:
        """Why a part is of no use yet, although its pods are ready: they may be before it can be reached."""
        try:
            if part == "MongoDB":
                self._stores.database.check_health()
            elif part == "RabbitMQ":
                self._stores.broker.check_health()
            elif part == "Focus Server":
                FocusServerAPI(self._settings).acknowledge()
        except (EnvironmentBroken, APIError) as error:
            return [str(error)]
        return []

    def _workload(self, part: str) -> str:
        workload = self._settings.workloads.of(part)
        assert workload is not None, f"{part} may not be disturbed: see `impossible`"
        return workload

    @property
    def _parts(self) -> Namespace:
        if self._namespace is None:
            kubernetes, where = self._settings.kubernetes, self._settings.workloads.namespace
            self._namespace = Namespace(kubernetes.model_copy(update={"namespace": where or kubernetes.namespace}))
        return self._namespace
