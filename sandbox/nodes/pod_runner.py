"""One part as a pod: its process is started, watched and ended as the pods say that ask for it."""

import copy
import math
import time
from collections.abc import Callable, Sequence

from sandbox.emulators.kubernetes.controllers.objects import is_leaving
from sandbox.emulators.kubernetes.kinds import Object
from sandbox.nodes.node_pods import NodePods
from sandbox.nodes.part_process import PartProcess
from sandbox.nodes.pod_report import PodReport

_FIRST_PAUSE = 0.5
_LONGEST_PAUSE = 4.0


class _Held:
    """The pod that has the process at present."""

    def __init__(self, pod: Object) -> None:
        self.uid: str = pod["metadata"]["uid"]
        self.report = PodReport(pod)
        self.told: Object = {}
        self.runs = False
        self.ready = False
        self.start_at = 0.0
        self.pause = 0.0
        self.end_by = math.inf


class PodRunner:
    """Gives the one process of a part to one pod at a time; others wait until that has gone."""

    def __init__(self, process: PartProcess, reports: NodePods, clock: Callable[[], float] = time.monotonic) -> None:
        self._process = process
        self._reports = reports
        self._clock = clock
        self._held: _Held | None = None

    async def step(self, pods: Sequence[Object]) -> None:
        """Look at the pods of this part, all that there are, and at its process; take them one step further.

        What a step that fails has not done, the next one does.
        """
        by_uid = {pod["metadata"]["uid"]: pod for pod in pods}
        if self._held is not None:
            await self._go_on(by_uid.pop(self._held.uid, None), self._held)
        for other in by_uid.values():
            if is_leaving(other):
                await self._reports.remove(other)
            elif self._held is None:
                self._held = _Held(other)
                await self._tell(other, self._held)

    async def _go_on(self, pod: Object | None, held: _Held) -> None:
        if pod is None:  # It was deleted without any grace.
            self._process.kill()
            self._held = None
        elif is_leaving(pod):
            await self._end(pod, held)
        else:
            await self._keep(pod, held)

    async def _keep(self, pod: Object, held: _Held) -> None:
        if not held.runs and self._clock() >= held.start_at:
            if not self._process.is_alive:
                self._process.start()
            held.runs = True
            held.report.started()
        elif held.runs and not self._process.is_alive:
            held.runs = held.ready = False
            held.start_at = self._clock() + held.pause
            held.pause = min(max(2 * held.pause, _FIRST_PAUSE), _LONGEST_PAUSE)
            held.report.ended(self._process.exit_code)
            held.report.to_be_restarted()
        elif held.runs and not held.ready and await self._process.is_ready():
            held.ready, held.pause = True, 0.0
            held.report.ready()
        await self._tell(pod, held)

    async def _end(self, pod: Object, held: _Held) -> None:
        if held.end_by == math.inf:
            self._process.terminate()
        # A second deletion may shorten it.
        held.end_by = min(held.end_by, self._clock() + pod["metadata"]["deletionGracePeriodSeconds"])
        if self._clock() >= held.end_by:
            self._process.kill()
        if self._process.is_alive:
            return
        if held.runs:
            held.runs = False
            held.report.ended(self._process.exit_code)
        await self._tell(pod, held)
        await self._reports.remove(pod)
        self._held = None

    async def _tell(self, pod: Object, held: _Held) -> None:
        if held.told != held.report.status:
            await self._reports.write_status(pod, held.report.status)
            held.told = copy.deepcopy(held.report.status)
