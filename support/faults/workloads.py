"""Parts of the product that are stopped, killed and restarted as an operator does it: by Kubernetes."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from support.api.client import FocusServerAPI
from support.core.errors import APIError, EnvironmentBroken, ExpectationFailed, require
from support.core.eventually import WaitPolicy, eventually
from support.observers.kubernetes_api import PODS, Namespace
from support.observers.stores import Stores
from support.observers.workloads import PATHS, WorkloadState, state_of
from support.profile.settings import Settings


@dataclass
class _Disturbed:
    """A part that is disturbed."""

    replicas: int  # before it was
    running: int  # when it ran last
    pods: frozenset[str]  # their uids, before the last act on it
    since: float  # when that was


class Workloads:
    """Disturbs the parts `MongoDB`, `RabbitMQ`, `Focus Server` and `recorder`, until `undo`.

    `about_to` is told each part, and of how many pods it is, before anything is done to it. `scaled` is told to how
    many it is scaled: before that is done, unless it gets as many as it had, which is told after it. So a part has as
    many as were told last, or as it had.

    Every method raises `EnvironmentBroken` when Kubernetes does not do what it is asked, in
    `time_limits.part_recovers_s`. Those that wait for a part raise `ExpectationFailed` when it runs by then, and is not
    ready or does not answer.
    """

    def __init__(
        self,
        settings: Settings,
        stores: Stores,
        about_to: Callable[[str, int], object],
        scaled: Callable[[str, int], object],
    ) -> None:
        self._settings, self._stores, self._about_to, self._scaled = settings, stores, about_to, scaled
        self._limit = settings.time_limits.wait_policy("part_recovers_s")
        self._namespace: Namespace | None = None
        self._disturbed: dict[str, _Disturbed] = {}

    def impossible(self, part: str) -> str | None:
        """Why a part may not be disturbed; None where it may."""
        return self._settings.workloads.why_untouchable(part)

    def state(self, part: str) -> WorkloadState:
        """A part as Kubernetes shows it."""
        return state_of(self._parts, self._workload(part))

    def have_running(self, part: str) -> None:
        """See that a part runs; one that is scaled to zero gets a pod."""
        if self.state(part).wanted == 0:
            self._about_to_disturb(part)
            self._scale(part, 1)
        self._await_answers(part, self._limit)

    def delete(self, part: str) -> None:
        """Delete the pods of a part; Kubernetes puts others in their place."""
        self._delete_pods(part, {})

    def kill(self, part: str) -> None:
        """Delete the pods of a part, and end nothing in them in order."""
        self._delete_pods(part, {"gracePeriodSeconds": 0})

    def stop(self, part: str) -> None:
        """Scale a part to zero, and wait until it has no pod any more."""
        self._about_to_disturb(part)
        self._scale(part, 0)
        self._await_end(part)

    def scale_back(self, part: str) -> None:
        """Scale a part that was stopped to as many pods as it had."""
        self._see_that_it_stayed_at_zero(part, self.state(part))
        self._disturbed[part].since = time.monotonic()
        self._scale(part, self._disturbed[part].running)

    def await_return(self, part: str) -> float:
        """Wait until a part has all its pods, and answers; returns how long after the last act on it that was, s.

        The limit counts from that act, too.
        """
        since = self._disturbed[part].since
        self._await_answers(part, self._limit.since(since))
        return time.monotonic() - since

    def start(self, part: str) -> float:
        """Scale a part that was stopped back, and wait for its return."""
        self.scale_back(part)
        return self.await_return(part)

    def expect_another_pod(self, part: str) -> None:
        """Raise ExpectationFailed unless a part runs in pods that were not there before, and started but once."""
        pods, before = self.state(part).pods, self._disturbed[part].pods
        problems = [f"{pod.name} is still the pod from before" for pod in pods if pod.uid in before]
        problems += [f"{pod.name} is {pod.phase}" for pod in pods if pod.phase != "Running" or not pod.is_ready]
        problems += [f"{pod.name} has been started again {pod.restarts} times" for pod in pods if pod.restarts]
        require(f"{part} to run in another pod than before", problems or ([] if pods else ["it has none"]), pods)

    def undo(self) -> None:
        """Bring back all parts that are disturbed; what failed may be tried again."""
        self.bring_back({part: disturbed.replicas for part, disturbed in self._disturbed.items()})
        self._disturbed.clear()
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
                self._await_answers(part, self._limit)
            except ExpectationFailed as error:
                advice = f"See what keeps {self._workload(part)} from its {wanted} pods."
                raise EnvironmentBroken(f"{error}\n{advice}") from None

    def _delete_pods(self, part: str, how: dict[str, int]) -> None:
        self._about_to_disturb(part)
        for pod in self.state(part).pods:
            self._parts.remove(PODS, pod.name, how)

    def _scale(self, part: str, replicas: int) -> None:
        kind, _, name = self._workload(part).partition("/")
        wanted, before = {"spec": {"replicas": replicas}}, self._disturbed.get(part)
        is_as_before = before is None or replicas == before.replicas
        if not is_as_before:
            self._scaled(part, replicas)
        self._parts.change("PATCH", PATHS[kind], name, wanted, part="scale", media_type="application/merge-patch+json")
        if is_as_before:
            self._scaled(part, replicas)

    def _about_to_disturb(self, part: str) -> None:
        state = self.state(part)
        pods = frozenset(pod.uid for pod in state.pods)
        if part in self._disturbed:
            before = self._disturbed[part]
            replicas, running = before.replicas, state.wanted or before.running
        else:
            self._about_to(part, state.wanted)
            replicas, running = state.wanted, state.wanted or 1
        self._disturbed[part] = _Disturbed(replicas, running, pods, time.monotonic())

    def _await_answers(self, part: str, limit: WaitPolicy) -> None:
        self._await(f"{part} to be back", part, lambda seen: seen.problems() or self._silence_of(part), limit)

    def _await_end(self, part: str) -> None:
        def problems(seen: WorkloadState) -> list[str]:
            self._see_that_it_stayed_at_zero(part, seen)
            return seen.problems()

        self._await(f"all pods of {part} to be gone", part, problems, self._limit)

    def _see_that_it_stayed_at_zero(self, part: str, seen: WorkloadState) -> None:
        if seen.wanted:
            raise EnvironmentBroken(
                f"{part}, which was scaled to zero, was scaled back to {seen.wanted}: something else, such as an "
                f"operator, owns the scale of {self._workload(part)}."
            )

    def _await(
        self, expected: str, part: str, problems: Callable[[WorkloadState], list[str]], limit: WaitPolicy
    ) -> None:
        seen: WorkloadState | None = None

        def look() -> WorkloadState:
            nonlocal seen
            seen = self.state(part)
            return seen

        try:
            eventually(expected, look, problems, limit)
        except ExpectationFailed as error:
            if seen is None or not seen.is_up_to_kubernetes:
                raise
            advice = f"That is up to Kubernetes: see its events about the pods of {self._workload(part)}."
            raise EnvironmentBroken(f"{error}\n{advice}") from None

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
