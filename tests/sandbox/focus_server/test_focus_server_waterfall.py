import asyncio
import json
import math
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from focus_server_fakes import NOW, World, payload, settings

from kubeconfig import Cluster, ClusterContext
from sandbox.focus_server.calculation import RowTimes
from sandbox.focus_server.composition import create_app
from sandbox.focus_server.errors import DependencyUnavailable
from sandbox.focus_server.kubernetes import KubernetesAnalyzers
from sandbox.focus_server.limits import Limits
from sandbox.focus_server.region import Region
from sandbox.focus_server.spectrogram import Spectrogram, Tone, rows_that_fit
from sandbox.focus_server.waterfall import Playback

CREATED = NOW.replace(microsecond=123_000)  # of a job that is made NOW
EPOCH = int(NOW.timestamp())
START = datetime.fromtimestamp(EPOCH - 60, UTC)
WINDOW_S, LINES_DT_S = 0.512, 0.256  # of 1024 samples at 2000 Hz, half overlapping


def seconds(number: float) -> timedelta:
    return timedelta(microseconds=round(number * 1e6))


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
async def client(world: World) -> AsyncIterator[httpx.AsyncClient]:
    async with connected(world) as made:
        yield made


def connected(world: World, limits: Limits | None = None) -> httpx.AsyncClient:
    parts = replace(world.parts, limits=limits or Limits())
    transport = httpx.ASGITransport(create_app(settings(), parts), raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://server/focus-server/")


async def made(client: httpx.AsyncClient, **changes: Any) -> str:
    small = {"channels.min": 3, "channels.max": 4, "frequencyRange.max": 2.5}
    job_id: str = (await client.post("configure", json=payload(**(small | changes)))).json()["job_id"]
    return job_id


async def historic(client: httpx.AsyncClient, length_s: int = 60, **changes: Any) -> str:
    start = EPOCH - 60
    return await made(client, start_time=start, end_time=start + length_s, **changes)


async def rows(client: httpx.AsyncClient, job_id: str, count: int = 1000) -> tuple[int, list[dict[str, Any]]]:
    reply = await client.get(f"waterfall/{job_id}/{count}")
    assert set(reply.json()) == {"rows"}
    return reply.status_code, reply.json()["rows"]


async def begins(client: httpx.AsyncClient, job_id: str, count: int = 1000) -> tuple[int, list[int]]:
    """Status, and which rows were given, by their distance from the job's start."""
    status, given = await rows(client, job_id, count)
    first = START if (await client.get(f"metadata/{job_id}")).json()["config"]["start_time"] else CREATED
    return status, [round((row["start_timestamp"] - first.timestamp()) / LINES_DT_S) for row in given]


@pytest.mark.parametrize("count", ["1", "9", "10", "999", "1000"])
async def test_a_row_count(client: httpx.AsyncClient, count: str) -> None:
    assert (await client.get(f"waterfall/{await made(client)}/{count}")).status_code == 200


@pytest.mark.parametrize(
    "count",
    ["0", "1001", "01", "+1", "-1", "1.0", "1e2", "%20" + "1", "1%20", "1%0A", "x", "٣", "1_0", "0x1", "9" * 5000],
)
async def test_no_row_count(client: httpx.AsyncClient, world: World, count: str) -> None:
    job_id = await made(client)
    world.journal.calls.clear()
    # Looked at before the job is.
    for each in (job_id, "job_ffffffff", "no id"):
        reply = await client.get(f"waterfall/{each}/{count}")
        assert reply.status_code == 400
        assert "rows" in reply.json()["detail"]
    assert world.journal.calls == []


async def test_an_analyzer_that_waits_gives_no_rows_yet_and_later_all(client: httpx.AsyncClient, world: World) -> None:
    job_id = await historic(client, 1)
    world.analyzers.waiting, world.recordings.spans = True, [(START, START + seconds(1))]
    assert await rows(client, job_id) == (200, [])
    world.analyzers.waiting = False
    assert len((await rows(client, job_id))[1]) == 2


@pytest.mark.parametrize("job_id", ["job_ffffffff", "no id", "%00"])
async def test_no_job(client: httpx.AsyncClient, job_id: str) -> None:
    assert (await client.get(f"waterfall/{job_id}/1")).status_code == 404


async def test_a_live_row_is_there_when_its_end_has_passed(client: httpx.AsyncClient, world: World) -> None:
    job_id = await made(client)
    world.clock.moment = CREATED + seconds(WINDOW_S) - timedelta(microseconds=1)
    assert await rows(client, job_id) == (200, [])
    world.clock.moment = CREATED + seconds(WINDOW_S)
    status, (row,) = await rows(client, job_id)
    assert status == 201
    assert (await rows(client, job_id)) == (200, [])
    world.clock.moment += seconds(LINES_DT_S)
    status, (following,) = await rows(client, job_id)
    for number, each in enumerate((row, following)):
        assert each["start_timestamp"] == pytest.approx(CREATED.timestamp() + number * LINES_DT_S, abs=1e-6)
        assert each["end_timestamp"] - each["start_timestamp"] == pytest.approx(WINDOW_S, abs=1e-6)


async def test_a_row_has_an_intensity_for_each_sensor_and_frequency(client: httpx.AsyncClient, world: World) -> None:
    job_id = await made(client)
    frequencies = (await client.get(f"metadata/{job_id}")).json()["frequencies_list"]
    world.clock.moment += seconds(10)
    _, given = await rows(client, job_id)
    for row in given:
        assert set(row) == {"start_timestamp", "end_timestamp", "sensors"}
        assert [set(sensor) for sensor in row["sensors"]] == [{"id", "intensity"}] * 2
        assert [sensor["id"] for sensor in row["sensors"]] == [3, 4]
        for sensor in row["sensors"]:
            assert len(sensor["intensity"]) == len(frequencies) == 2
            assert all(value >= 0 and math.isfinite(value) for value in sensor["intensity"])


async def test_rows_are_given_once_oldest_first_and_no_more_than_asked_for(
    client: httpx.AsyncClient, world: World
) -> None:
    job_id = await made(client)
    world.clock.moment = CREATED + seconds(WINDOW_S + 9 * LINES_DT_S)
    assert await begins(client, job_id, 3) == (201, [0, 1, 2])
    assert await begins(client, job_id, 1) == (201, [3])
    assert await begins(client, job_id, 1000) == (201, [4, 5, 6, 7, 8, 9])
    assert await begins(client, job_id, 1) == (200, [])


async def test_so_they_are_when_several_ask_at_once(client: httpx.AsyncClient, world: World) -> None:
    job_id = await made(client)
    world.clock.moment = CREATED + seconds(WINDOW_S + 99 * LINES_DT_S)
    answers = await asyncio.gather(*(begins(client, job_id, 10) for _ in range(11)))
    assert sorted(row for _, given in answers for row in given) == list(range(100))


async def test_of_a_live_job_the_newest_1000_rows_are_kept(client: httpx.AsyncClient, world: World) -> None:
    job_id = await made(client)
    world.clock.moment = CREATED + seconds(WINDOW_S + 1499 * LINES_DT_S)
    assert await begins(client, job_id, 1) == (201, [500])
    assert await begins(client, job_id) == (201, list(range(501, 1500)))


async def test_after_a_restart_a_live_job_goes_on_from_then(client: httpx.AsyncClient, world: World) -> None:
    job_id = await made(client)
    # Rows 0 to 39 began before.
    world.clock.moment = CREATED + seconds(40 * LINES_DT_S)
    async with connected(world) as restarted:
        assert await begins(restarted, job_id) == (200, [])
        world.clock.moment += seconds(WINDOW_S + LINES_DT_S)
        assert await begins(restarted, job_id) == (201, [40, 41])


async def test_and_a_historic_one_begins_anew(client: httpx.AsyncClient, world: World) -> None:
    world.recordings.spans = [(START, START + seconds(1))]
    job_id = await historic(client)
    assert await begins(client, job_id) == (201, [0, 1])
    async with connected(world) as restarted:
        assert await begins(restarted, job_id) == (201, [0, 1])


async def test_a_historic_job_gives_all_rows_at_once_and_then_is_over(client: httpx.AsyncClient, world: World) -> None:
    world.recordings.spans = [(START - seconds(99), START + seconds(99))]
    job_id = await historic(client, 1)
    # The last one ends at 0.256 + 0.512 = 0.768 s; the next would at 1.024 s.
    assert await begins(client, job_id, 1) == (201, [0])
    assert await begins(client, job_id) == (201, [1])
    for _ in range(2):
        assert await begins(client, job_id) == (208, [])


@pytest.mark.parametrize(
    ("spans", "given"),
    [
        # 16 lines are 4.096 s: the end of row 14 is at (14 + 2) * 0.256 s.
        ([(0.0, 4.096)], list(range(15))),
        ([(0.0, 4.095999)], list(range(14))),
        ([(0.256, 4.096)], list(range(1, 15))),
        ([(0.256001, 4.096)], list(range(2, 15))),
        ([(0.0, 0.511999)], []),
        ([], []),
        # Rows 2 and 3 would lie across the seam of two recordings that touch; all are in one that overlap.
        ([(0.0, 0.9), (0.9, 2.0)], [0, 1, 4, 5]),
        ([(0.9, 2.0), (0.0, 1.5)], [0, 1, 2, 3, 4, 5]),
        ([(0.0, 2.0), (0.3, 1.5)], [0, 1, 2, 3, 4, 5]),
    ],
)
async def test_historic_rows_lie_wholly_within_one_recording(
    client: httpx.AsyncClient, world: World, spans: list[tuple[float, float]], given: list[int]
) -> None:
    world.recordings.spans = [(START + seconds(start), START + seconds(end)) for start, end in spans]
    job_id = await historic(client)
    assert await begins(client, job_id) == (201 if given else 208, given)


async def test_given_in_portions_they_are_the_same(client: httpx.AsyncClient, world: World) -> None:
    world.recordings.spans = [(START, START + seconds(1.5)), (START + seconds(0.9), START + seconds(2))]
    job_id = await historic(client)
    for row in range(6):
        assert await begins(client, job_id, 1) == (201, [row])
    assert await begins(client, job_id, 1) == (208, [])


@pytest.mark.parametrize("of", [made, historic])
async def test_rows_that_are_left_when_the_analyzer_exits_are_lost(
    client: httpx.AsyncClient, world: World, of: Any
) -> None:
    world.recordings.spans = [(START, START + seconds(60))]
    job_id = await of(client)
    world.clock.moment += seconds(10)
    assert (await begins(client, job_id, 1))[0] == 201
    world.analyzers.configs.clear()
    assert await begins(client, job_id, 1) == (208, [])


async def test_a_cancelled_job_is_over_and_kubernetes_not_asked(client: httpx.AsyncClient, world: World) -> None:
    job_id = await made(client)
    world.clock.moment += seconds(10)
    await client.delete(f"job/{job_id}")
    world.journal.calls.clear()
    assert await rows(client, job_id) == (208, [])
    assert world.journal.calls == ["find"]


async def test_sensors_are_those_of_the_region_of_interest(client: httpx.AsyncClient, world: World) -> None:
    job_id = await made(client)
    world.tasks.records[job_id] = replace(world.tasks.records[job_id], roi=Region(start=7, end=10))
    world.clock.moment += seconds(1)
    _, (row, _) = await rows(client, job_id)
    assert [sensor["id"] for sensor in row["sensors"]] == [7, 8, 9]


async def test_a_band_without_frequencies_has_no_intensities(client: httpx.AsyncClient, world: World) -> None:
    job_id = await made(client, **{"frequencyRange.min": 2, "frequencyRange.max": 3})
    world.clock.moment += seconds(1)
    _, (row, _) = await rows(client, job_id)
    assert [sensor["intensity"] for sensor in row["sensors"]] == [[], []]


@pytest.mark.parametrize(("values", "given"), [(1, 1), (4, 1), (7, 1), (8, 2), (12, 3), (99, 3)])
def test_an_answer_has_its_limit_but_holds_a_row(values: int, given: int) -> None:
    # A row of two sensors and two frequencies has four.
    assert rows_that_fit(3, 2, 2, values) == given
    assert rows_that_fit(3, 2, 0, values) == min(3, values)


@pytest.mark.parametrize(
    ("step", "dependency"), [("find", "MongoDB"), ("running", "Kubernetes"), ("between", "MongoDB")]
)
async def test_a_dependency_out_of_reach_is_named_and_no_row_lost(
    client: httpx.AsyncClient, world: World, step: str, dependency: str
) -> None:
    world.recordings.spans = [(START, START + seconds(1))]
    job_id = await historic(client)
    world.journal.fail[step] = DependencyUnavailable(dependency, "no answer within 1 s")
    reply = await client.get(f"waterfall/{job_id}/1")
    assert reply.status_code == 503
    assert dependency in reply.json()["detail"]
    world.journal.fail.clear()
    assert await begins(client, job_id) == (201, [0, 1])


def test_times_are_reckoned_without_rounding() -> None:
    times = RowTimes(CREATED, length=128, hop=64, rate_hz=2000)
    for row in (0, 1, 10**6 + 1, 31_557_600 * 31):
        end = CREATED + timedelta(microseconds=(row + 2) * 32_000)
        assert times.ended_by(end) == row + 1
        assert times.ended_by(end - timedelta(microseconds=1)) == row
        begin = CREATED + timedelta(microseconds=row * 32_000)
        assert times.first_from(begin) == row
        assert times.first_from(begin + timedelta(microseconds=1)) == row + 1
    assert times.ended_by(CREATED - timedelta(days=1)) == times.first_from(CREATED - timedelta(days=1)) == 0


def test_a_job_that_is_over_is_forgotten() -> None:
    playback = Playback(CREATED, kept=1000)
    for _ in range(2):
        assert playback.recorded("job", [range(3)], 9) == [0, 1, 2]
        playback.forget("job")


def test_intensities_depend_on_sensor_frequency_and_time_and_on_nothing_else() -> None:
    made = Spectrogram().intensities([0, 10], [0, 500], 1.0)
    assert made == Spectrogram().intensities([0, 10], [0, 500], 1.0)
    assert made[0] != made[1]
    assert made[0][0] != made[0][1]
    assert made != Spectrogram().intensities([0, 10], [0, 500], 2.0)
    lowest = min(min(each) for at in range(100) for each in Spectrogram().intensities(range(40), [0, 1000], at / 10))
    assert lowest > 0


def test_a_tone_is_the_strongest_at_its_sensor_and_its_frequency_and_nothing_else_differs() -> None:
    plain = Spectrogram().intensities([5, 6, 7], [0, 10, 20, 30], 1.0)
    shown = Spectrogram(Tone(6, 19.0)).intensities([5, 6, 7], [0, 10, 20, 30], 1.0)
    assert shown[1][2] > max(map(max, plain))
    shown[1][2] = plain[1][2]
    assert shown == plain


@pytest.mark.parametrize(
    ("sensors", "frequencies"), [([5, 7], [0, 10, 20]), ([6], [0, 10]), ([6], [20, 30]), ([6], [])]
)
def test_a_tone_of_another_sensor_or_beyond_the_band_does_not_show(
    sensors: list[int], frequencies: list[float]
) -> None:
    place = (sensors, frequencies, 1.0)
    assert Spectrogram(Tone(6, 15.0)).intensities(*place) == Spectrogram().intensities(*place)


def condition(kind: str, status: str) -> dict[str, Any]:
    return {"status": {"conditions": [{"type": kind, "status": status}]}}


@pytest.mark.parametrize(
    ("status", "job", "state"),
    [
        (404, {}, "has ended"),
        (200, {}, "waits"),
        (200, {"status": {}}, "waits"),
        (200, {"status": {"active": 1, "conditions": None}}, "waits"),
        (200, {"status": {"active": 1, "ready": 0}}, "waits"),
        (200, {"status": {"active": 1, "ready": 1}}, "runs"),
        (200, condition("Complete", "True"), "has ended"),
        (200, condition("Failed", "True"), "has ended"),
        (200, condition("Failed", "False"), "waits"),
        (200, condition("Suspended", "True"), "waits"),
    ],
)
async def test_kubernetes_knows_what_an_analyzer_does(
    monkeypatch: pytest.MonkeyPatch, status: int, job: dict[str, Any], state: str
) -> None:
    assert await analyzers(monkeypatch, status, json.dumps(job)).state("job_a1b2c3d4") == state


@pytest.mark.parametrize(("status", "text"), [(500, "{}"), (403, "{}"), (200, "no json")])
async def test_kubernetes_may_not_say(monkeypatch: pytest.MonkeyPatch, status: int, text: str) -> None:
    with pytest.raises(DependencyUnavailable, match="Kubernetes"):
        await analyzers(monkeypatch, status, text).state("job_a1b2c3d4")


def analyzers(monkeypatch: pytest.MonkeyPatch, status: int, text: str) -> KubernetesAnalyzers:
    nowhere = ClusterContext("a kubeconfig", Path(), {"server": "http://nowhere.example"}, {})
    made = KubernetesAnalyzers(Cluster(nowhere, limit_s=1), namespace="n", image="i", limit_s=1)

    async def exchange(method: str, path: str, body: object) -> tuple[int, str]:
        assert (method, path, body) == ("GET", "/apis/batch/v1/namespaces/n/jobs/baby-analyzer-job-a1b2c3d4", None)
        return status, text

    monkeypatch.setattr(made, "_exchange", exchange)
    return made
