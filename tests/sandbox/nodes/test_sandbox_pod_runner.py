"""What a part's process does, and what is reported of it, as its pods come and go."""

import copy
from typing import Any

import pytest

from sandbox.launchers.rest import RequestFailed
from sandbox.nodes.pod_runner import PodRunner


class FakeProcess:
    """A process that does nothing but live."""

    def __init__(self, *, alive: bool = False, heeds: bool = True) -> None:
        self.is_alive, self._heeds, self.answers = alive, heeds, False
        self.exit_code = 0
        self.said: list[str] = []

    def start(self) -> None:
        assert not self.is_alive
        self.said.append("start")
        self.is_alive = True

    def terminate(self) -> None:
        self.said.append("terminate")
        if self._heeds:
            self.end(0)

    def kill(self) -> None:
        self.said.append("kill")
        self.end(137)

    def end(self, code: int) -> None:
        self.is_alive, self.answers, self.exit_code = False, False, code

    async def is_ready(self) -> bool:
        return self.answers


class FakeReports:
    """What was reported last of each pod, by name."""

    def __init__(self) -> None:
        self.statuses: dict[str, Any] = {}
        self.writes = 0
        self.removed: list[str] = []
        self.broken = False

    async def write_status(self, pod: Any, status: Any) -> None:
        if self.broken:
            raise RequestFailed("no answer")
        self.writes += 1
        self.statuses[pod["metadata"]["name"]] = copy.deepcopy(status)

    async def remove(self, pod: Any) -> None:
        self.removed.append(pod["metadata"]["name"])


def pod(name: str, **metadata: Any) -> dict[str, Any]:
    return {
        "metadata": {"name": name, "namespace": "parts", "uid": f"uid of {name}", **metadata},
        "spec": {"nodeName": "processes", "containers": [{"name": "main", "image": "part:1"}]},
        "status": {"phase": "Pending", "conditions": [{"type": "PodScheduled", "status": "True"}]},
    }


def leaving(name: str, grace: int = 10) -> dict[str, Any]:
    return pod(name, deletionTimestamp="2026-01-01T00:00:00Z", deletionGracePeriodSeconds=grace)


class Bench:
    """A runner with all that it uses; time stands still unless it is moved."""

    def __init__(self, process: FakeProcess) -> None:
        self.process, self.reports, self.time = process, FakeReports(), 100.0
        self._runner = PodRunner(process, self.reports, lambda: self.time)  # type: ignore[arg-type]

    async def steps(self, *pods: Any, number: int = 4) -> None:
        for _ in range(number):
            await self._runner.step(pods)

    def state(self, name: str) -> Any:
        (state,) = self.reports.statuses[name]["containerStatuses"]
        return state

    def conditions(self, name: str) -> dict[str, str]:
        return {each["type"]: each["status"] for each in self.reports.statuses[name]["conditions"]}


@pytest.fixture
def bench():
    return Bench(FakeProcess())


async def test_a_process_that_runs_already_is_taken_over(bench):
    bench.process.is_alive = bench.process.answers = True
    await bench.steps(pod("a"))
    assert bench.process.said == []
    assert bench.state("a")["ready"] is True


async def test_a_pod_starts_its_process_and_is_ready_when_that_answers(bench):
    await bench.steps(pod("a"))
    assert bench.process.said == ["start"]
    assert bench.reports.statuses["a"]["phase"] == "Running"
    assert "running" in bench.state("a")["state"]
    assert (bench.state("a")["ready"], bench.state("a")["restartCount"]) == (False, 0)
    assert bench.conditions("a")["Ready"] == "False"
    bench.process.answers = True
    await bench.steps(pod("a"))
    assert bench.state("a")["ready"] is True
    assert bench.conditions("a") == dict.fromkeys(("PodScheduled", "Initialized", "ContainersReady", "Ready"), "True")


async def test_nothing_is_reported_twice(bench):
    bench.process.answers = True
    await bench.steps(pod("a"), number=20)
    assert bench.reports.writes == 3


async def test_a_deleted_pod_goes_when_its_process_has_ended_by_itself(bench):
    await bench.steps(pod("a"))
    await bench.steps(leaving("a"), number=1)
    assert bench.process.said == ["start", "terminate"]
    assert bench.reports.removed == ["a"]
    assert bench.state("a")["state"]["terminated"]["exitCode"] == 0
    assert bench.conditions("a")["Ready"] == "False"


async def test_a_process_that_does_not_heed_is_killed_when_its_time_is_over():
    bench = Bench(FakeProcess(heeds=False))
    await bench.steps(pod("a"))
    await bench.steps(leaving("a", grace=10))
    assert (bench.process.said, bench.reports.removed) == (["start", "terminate"], [])
    bench.time += 10
    await bench.steps(leaving("a", grace=10), number=1)
    assert (bench.process.said, bench.reports.removed) == (["start", "terminate", "kill"], ["a"])
    assert bench.state("a")["state"]["terminated"]["exitCode"] == 137


async def test_a_second_deletion_may_shorten_the_time():
    bench = Bench(FakeProcess(heeds=False))
    await bench.steps(pod("a"))
    await bench.steps(leaving("a", grace=10), number=1)
    await bench.steps(leaving("a", grace=0), number=1)
    assert bench.process.said[-1] == "kill"


async def test_a_pod_that_is_gone_at_once_had_its_process_killed(bench):
    await bench.steps(pod("a"))
    await bench.steps()
    assert bench.process.said == ["start", "kill"]


async def test_the_next_pod_waits_until_the_one_before_has_gone():
    bench = Bench(FakeProcess(heeds=False))
    await bench.steps(pod("a"))
    await bench.steps(leaving("a"), pod("b"))
    assert bench.process.said == ["start", "terminate"]
    bench.process.end(0)
    await bench.steps(leaving("a"), pod("b"), number=1)
    assert bench.reports.removed == ["a"]
    await bench.steps(pod("b"))
    assert bench.process.said == ["start", "terminate", "start"]
    assert bench.state("b")["restartCount"] == 0


async def test_a_pod_that_never_had_the_process_goes_without_a_word_to_it(bench):
    await bench.steps(pod("a"))
    await bench.steps(pod("a"), leaving("b"), number=1)
    assert bench.reports.removed == ["b"]
    assert bench.process.is_alive


async def test_a_process_that_dies_is_started_again_in_its_pod(bench):
    bench.process.answers = True
    await bench.steps(pod("a"))
    bench.process.end(137)
    await bench.steps(pod("a"), number=1)
    assert bench.state("a")["state"]["waiting"]["reason"] == "CrashLoopBackOff"
    assert (bench.reports.statuses["a"]["phase"], bench.state("a")["ready"]) == ("Running", False)
    await bench.steps(pod("a"), number=1)
    assert bench.process.said == ["start", "start"]
    assert bench.state("a")["restartCount"] == 1
    assert bench.state("a")["lastState"]["terminated"]["exitCode"] == 137
    assert bench.conditions("a")["Ready"] == "False"


async def test_a_process_that_dies_again_and_again_is_started_after_longer_and_longer_pauses(bench):
    pauses = []
    for _ in range(6):
        await bench.steps(pod("a"), number=2)
        begun = bench.time
        bench.process.end(1)
        await bench.steps(pod("a"), number=1)
        while not bench.process.is_alive:
            await bench.steps(pod("a"), number=1)
            bench.time += 0.25
        pauses.append(bench.time - begun - 0.25)
    assert pauses == [0.0, 0.5, 1.0, 2.0, 4.0, 4.0]
    assert bench.state("a")["restartCount"] == 6


async def test_what_could_not_be_reported_is_reported_later(bench):
    bench.process.answers = True
    bench.reports.broken = True
    for _ in range(3):
        with pytest.raises(RequestFailed):
            await bench.steps(pod("a"), number=1)
    bench.reports.broken = False
    await bench.steps(pod("a"))
    assert bench.process.said == ["start"]
    assert bench.state("a")["ready"] is True
