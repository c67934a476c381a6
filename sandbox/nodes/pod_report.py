"""The status of a pod as the agent of its node writes it: what its process does, in the words of a kubelet."""

import copy

from sandbox.emulators.kubernetes.controllers import pod_states
from sandbox.emulators.kubernetes.controllers.pod_states import HOST_IP, condition
from sandbox.emulators.kubernetes.kinds import Object
from sandbox.emulators.kubernetes.registry import now


class PodReport:
    """What is to be reported of one pod; each method is a step of its life."""

    def __init__(self, pod: Object) -> None:
        self._pod = copy.deepcopy(pod)
        pod_states.accept(self._pod)

    @property
    def status(self) -> Object:
        """The whole status."""
        status: Object = self._pod["status"]
        return status

    def started(self) -> None:
        """Its process runs, but does not answer yet; after an end that was not asked for, it has been restarted."""
        self.status.update(phase="Running", podIP=HOST_IP, podIPs=[{"ip": HOST_IP}])
        for state in self.status["containerStatuses"]:
            state.update(started=True, state={"running": {"startedAt": now()}})
            state["restartCount"] += 1 if state["lastState"] else 0

    def ready(self) -> None:
        """Its process answers."""
        self._tell_ready("True")

    def ended(self, exit_code: int) -> None:
        """Its process has ended."""
        self._tell_ready("False", "ContainersNotReady")
        for state in self.status["containerStatuses"]:
            begun = state["state"].get("running", {}).get("startedAt", now())
            end = {"exitCode": exit_code, "reason": "Error" if exit_code else "Completed"}
            state.update(started=False, state={"terminated": {**end, "startedAt": begun, "finishedAt": now()}})

    def to_be_restarted(self) -> None:
        """Its process, which has ended, is started again in a moment."""
        for state in self.status["containerStatuses"]:
            waiting = {"reason": "CrashLoopBackOff", "message": "back-off restarting failed container"}
            state.update(lastState=state["state"], state={"waiting": waiting})

    def _tell_ready(self, status: str, reason: str = "") -> None:
        for name in ("Ready", "ContainersReady"):
            condition(self._pod, name, status, reason)
        for state in self.status["containerStatuses"]:
            state["ready"] = status == "True"
