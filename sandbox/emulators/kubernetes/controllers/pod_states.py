"""What a kubelet writes into the status of a pod: these change the pod in place."""

from sandbox.emulators.kubernetes.kinds import Object
from sandbox.emulators.kubernetes.registry import now

HOST_IP = "127.0.0.1"


def condition(pod: Object, name: str, status: str, reason: str = "", message: str = "") -> None:
    """One of its conditions."""
    conditions = [each for each in pod["status"].get("conditions", []) if each["type"] != name]
    conditions.append({"type": name, "status": status, "lastProbeTime": None, "lastTransitionTime": now()})
    if reason:
        conditions[-1]["reason"] = reason
    if message:
        conditions[-1]["message"] = message
    pod["status"]["conditions"] = conditions


def accept(pod: Object) -> None:
    """The node has taken the pod on: nothing runs yet."""
    pod["status"].update(startTime=now(), hostIP=HOST_IP, hostIPs=[{"ip": HOST_IP}])
    for name in ("Initialized", "Ready", "ContainersReady"):
        ready = name == "Initialized"
        condition(pod, name, "True" if ready else "False", "" if ready else "ContainersNotReady")
    pod["status"]["containerStatuses"] = [
        {
            "name": container["name"],
            "image": container["image"],
            "imageID": "",
            "ready": False,
            "started": False,
            "restartCount": 0,
            "state": {"waiting": {"reason": "ContainerCreating"}},
            "lastState": {},
        }
        for container in pod["spec"]["containers"]
    ]


def run(pod: Object, address: str) -> None:
    """Its containers run, and are ready."""
    pod["status"].update(phase="Running", podIP=address, podIPs=[{"ip": address}])
    for name in ("Ready", "ContainersReady"):
        condition(pod, name, "True")
    for state in pod["status"].get("containerStatuses", []):
        state.update(ready=True, started=True, state={"running": {"startedAt": now()}})


def finish(pod: Object) -> None:
    """Its phase has been set to the end: its containers have ended too."""
    good = pod["status"]["phase"] == "Succeeded"
    ended = False
    for state in pod["status"].get("containerStatuses", []):
        if "terminated" in state["state"]:
            continue
        begun = state["state"].get("running", {}).get("startedAt", now())
        end = {"exitCode": 0 if good else 1, "reason": "Completed" if good else "Error"}
        state["state"] = {"terminated": {**end, "startedAt": begun, "finishedAt": now()}}
        state.update(ready=False, started=False)
        ended = True
    if ended:
        for name in ("Ready", "ContainersReady"):
            condition(pod, name, "False", "PodCompleted" if good else "PodFailed")
