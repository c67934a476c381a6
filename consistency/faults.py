"""Carrying out faults when they are due, which is counted in operations."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Protocol

from consistency.operations import Disturbance, Disturbed, Fault, Part
from consistency.recording import Recording
from support.faults.disturbances import Disturbances

_STORES: tuple[Part, ...] = ("MongoDB", "RabbitMQ", "Kubernetes")
_WORKLOADS: tuple[Part, ...] = ("MongoDB", "RabbitMQ", "Focus Server")


class Faults(Protocol):
    """Disturbs a part, and ends that."""

    def begin(self, fault: Fault) -> None:
        """Disturb it."""

    def end(self, fault: Fault) -> None:
        """Have it work again; returns when it does."""


class PartFaults:
    """Faults of the ways to the stores, by Toxiproxy, and of parts of the product, by Kubernetes.

    Raises `EnvironmentBroken` if one can't be carried out, and `ExpectationFailed` if a part does not come back.
    """

    def __init__(self, disturbances: Disturbances) -> None:
        outages, workloads = disturbances.outages, disturbances.workloads
        self._outages, self._workloads = outages, workloads
        self._ways: dict[Disturbance, Callable[[str], object]] = {
            "cut": outages.cut_off,
            "slow": outages.slow_down,
            "stall": outages.silence,
            "lose answers": outages.lose_answers,
        }
        self._stops: dict[Disturbance, Callable[[str], object]] = {
            "kill": workloads.kill,
            "restart": workloads.delete,
            "scale": workloads.stop,
        }

    def possible(self) -> tuple[list[tuple[Part, Disturbance]], list[str]]:
        """What can be disturbed here, and in which way; and why other things can't."""
        cut = {part: self._outages.impossible(part) for part in _STORES}
        stopped = {part: self._workloads.impossible(part) for part in _WORKLOADS}
        possible = [(part, what) for part, why in cut.items() if why is None for what in self._ways]
        possible += [(part, what) for part, why in stopped.items() if why is None for what in self._stops]
        untouched = [f"the way to {part} is not disturbed: {why}" for part, why in cut.items() if why]
        return possible, untouched + [f"{part} is not stopped: {why}" for part, why in stopped.items() if why]

    def begin(self, fault: Fault) -> None:
        """Disturb it."""
        {**self._ways, **self._stops}[fault.what](fault.part)

    def end(self, fault: Fault) -> None:
        """Have it work again; returns when it does."""
        if fault.what in self._ways:
            self._outages.reopen(fault.part)
        elif fault.what == "scale":
            self._workloads.start(fault.part)
        else:
            self._workloads.await_return(fault.part)


class Conductor:
    """Admits one operation after another, and begins and ends each fault when so many were admitted.

    Operations go on while a part comes back; only the next fault waits until it is there. `recover` is called before a
    fault that comes after recovery; no operation begins meanwhile.
    """

    def __init__(
        self,
        planned: Sequence[Fault],
        faults: Faults,
        recording: Recording,
        recover: Callable[[], object],
        tell: Callable[[str], object],
    ) -> None:
        self._planned, self._faults, self._recording = list(planned), faults, recording
        self._recover, self._tell = recover, tell
        self._lock, self._pool = threading.Lock(), ThreadPoolExecutor(1)
        self._admitted = 0
        self._present: list[Disturbed] = []
        self._ending: list[Future[None]] = []

    def admit(self) -> None:
        """Wait until the next operation may begin; raises what a fault raises."""
        with self._lock:
            for present in [one for one in self._present if one.fault.ends <= self._admitted]:
                self._end(present)
            while self._planned and self._planned[0].begins <= self._admitted:
                self._begin(self._planned.pop(0))
            self._admitted += 1

    def end(self) -> None:
        """End the faults that there are; returns when all parts work."""
        with self._lock:
            for present in list(self._present):
                self._end(present)
            self._await_ends()

    def drain(self) -> None:
        """Begin and end no fault any more, and wait for what is being done to a part: then others may work on it."""
        with self._lock:
            self._planned.clear()
            self._present.clear()
        self._pool.shutdown(cancel_futures=True)

    def _begin(self, fault: Fault) -> None:
        self._await_ends()
        if fault.after_recovery:
            self._recover()
        self._tell(f"After {self._admitted} operations: {fault}, for {fault.ends - fault.begins} operations")
        self._present.append(self._recording.begins(fault))
        self._faults.begin(fault)

    def _end(self, present: Disturbed) -> None:
        def end() -> None:
            self._faults.end(present.fault)
            self._recording.ends(present)

        self._present.remove(present)
        self._ending.append(self._pool.submit(end))

    def _await_ends(self) -> None:
        for one in self._ending:
            one.result()
        self._ending.clear()
