import asyncio
import json
import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from typing import Any

import httpx
import pytest
from focus_server_fakes import World, payload, settings

from sandbox.focus_server.composition import create_app
from sandbox.focus_server.errors import DependencyUnavailable
from sandbox.focus_server.limits import Limits
from sandbox.focus_server.rabbitmq import BufferedRecordingConsumer
from sandbox.focus_server.region import BOUNDS, SAFETY, Region, Situation
from sandbox.focus_server.regions import command_in

SENSORS = 2222


def broken(rules: Any, new: tuple[int, int], current: tuple[int, int] = (100, 200)) -> dict[str, str]:
    """What a new region is refused for: places and, of each, the last word of the name of its rule."""
    now = Situation(Region(start=current[0], end=current[1]), Limits())
    made = Region(start=new[0], end=new[1])
    return {v.loc[-1]: rule.__name__ for rule in rules for v in rule(made, now)}


@pytest.mark.parametrize(
    ("new", "fields"),
    [
        ((0, 1), set()),
        ((0, SENSORS), set()),
        ((SENSORS - 1, SENSORS), set()),
        ((0, SENSORS + 1), {"end"}),
        ((-1, 5), {"start"}),
        ((-1, SENSORS + 1), {"start", "end"}),
        ((5, 5), {"start"}),
        ((0, 0), {"start", "end"}),
        ((-5, 0), {"start", "end"}),
        ((SENSORS, SENSORS), {"start"}),
        ((6, 5), {"start"}),
        ((0, -1), {"start", "end"}),
        ((-2, -1), {"start", "end"}),
        ((SENSORS + 1, SENSORS + 2), {"end"}),
    ],
)
def test_bounds(new: tuple[int, int], fields: set[str]) -> None:
    assert set(broken(BOUNDS, new)) == fields


@pytest.mark.parametrize(
    ("new", "rules"),
    [
        ((100, 200), set()),
        # Exactly half of the size more or less, and one more than that; the centre moves by half of it.
        ((100, 250), set()),
        ((100, 150), set()),
        ((75, 225), set()),
        ((75, 226), {"size_changes_little"}),
        ((125, 174), {"size_changes_little"}),
        # The centre moves by exactly half of the size, and by half a sensor more.
        ((150, 250), set()),
        ((50, 150), set()),
        ((150, 251), {"shifts_little"}),
        ((49, 150), {"shifts_little"}),
        ((151, 251), {"shifts_little"}),
        ((199, 299), {"shifts_little"}),
        ((200, 300), {"shifts_little", "does_not_jump"}),
        ((0, 100), {"shifts_little", "does_not_jump"}),
        ((0, 101), {"shifts_little"}),
        ((300, 500), {"size_changes_little", "shifts_little", "does_not_jump"}),
    ],
)
def test_safety(new: tuple[int, int], rules: set[str]) -> None:
    now = Situation(Region(start=100, end=200), Limits())
    made = Region(start=new[0], end=new[1])
    assert {rule.__name__ for rule in SAFETY if list(rule(made, now))} == rules
    for rule in SAFETY:
        for violation in rule(made, now):
            assert violation.loc == ("roi",)
            assert violation.msg.startswith("unsafe: ")


@pytest.mark.parametrize(("rule", "word"), list(zip(SAFETY, ["size", "shift", "jump"], strict=True)))
def test_each_safety_rule_says_what_it_is_about(rule: Any, word: str) -> None:
    (violation,) = rule(Region(start=500, end=900), Situation(Region(start=100, end=200), Limits()))
    assert word in violation.msg


def test_an_odd_size_is_halved_exactly() -> None:
    # Half of 5 is 2.5: by two it may change, by three not.
    assert broken(SAFETY, (100, 107), current=(100, 105)) == {}
    assert broken(SAFETY, (100, 108), current=(100, 105)) == {"roi": "size_changes_little"}
    assert broken(SAFETY, (102, 107), current=(100, 105)) == {}
    assert broken(SAFETY, (103, 108), current=(100, 105)) == {"roi": "shifts_little"}


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
async def client(world: World) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(create_app(settings(), world.parts))
    async with httpx.AsyncClient(transport=transport, base_url="http://server/focus-server/") as made:
        yield made


@pytest.fixture
async def job_id(client: httpx.AsyncClient) -> str:
    made = await client.post("configure", json=payload(**{"channels.min": 100, "channels.max": 199}))
    job_id: str = made.json()["job_id"]
    return job_id


@pytest.fixture
def change(world: World, job_id: str) -> Any:
    """Sends a command with this region; gives the answer."""

    async def send(start: Any, end: Any, **more: Any) -> dict[str, Any]:
        assert world.queues.handler is not None
        command = {"command": "change_roi", "roi": {"start": start, "end": end}, **more}
        return await world.queues.handler(job_id, command)

    return send


async def region(client: httpx.AsyncClient, job_id: str) -> dict[str, int]:
    shown: dict[str, int] = (await client.get(f"metadata/{job_id}")).json()["roi"]
    return shown


async def test_a_new_job_looks_at_all_its_channels_and_its_record_does_not_say_so(
    client: httpx.AsyncClient, world: World, job_id: str
) -> None:
    assert await region(client, job_id) == {"start": 100, "end": 200}
    assert world.tasks.records[job_id].roi is None


async def test_a_change_is_recorded_and_seen(client: httpx.AsyncClient, world: World, job_id: str, change: Any) -> None:
    assert await change(150, 250) == {"status": "changed", "roi": {"start": 150, "end": 250}}
    assert world.tasks.records[job_id].roi == Region(start=150, end=250)
    assert await region(client, job_id) == {"start": 150, "end": 250}
    # The next change is measured against it.
    assert (await change(200, 300))["status"] == "changed"
    assert (await change(100, 200))["status"] == "refused"
    assert await region(client, job_id) == {"start": 200, "end": 300}


async def test_a_change_to_the_same_region_is_accepted(change: Any) -> None:
    assert await change(100, 200) == {"status": "changed", "roi": {"start": 100, "end": 200}}


async def test_a_refused_change_changes_nothing(
    client: httpx.AsyncClient, world: World, job_id: str, change: Any
) -> None:
    answer = await change(-1, SENSORS + 1)
    assert (answer["status"], answer["roi"]) == ("refused", {"start": 100, "end": 200})
    # Unsafe it would be as well; but it is none at all.
    assert [each["loc"] for each in answer["detail"]] == [["roi", "start"], ["roi", "end"]]
    assert all(set(each) == {"loc", "msg"} for each in answer["detail"])
    assert "roi" not in world.journal.calls
    assert await region(client, job_id) == {"start": 100, "end": 200}


async def test_all_that_is_unsafe_is_said_at_once(change: Any) -> None:
    assert [each["loc"] for each in (await change(300, 600))["detail"]] == [["roi"]] * 3


@pytest.mark.parametrize("wrong", [True, 100.0, "100", None, [100], {}])
async def test_ends_are_integers(change: Any, wrong: object) -> None:
    assert [each["loc"] for each in (await change(wrong, 200))["detail"]] == [["roi", "start"]]
    assert [each["loc"] for each in (await change(100, wrong))["detail"]] == [["roi", "end"]]


@pytest.mark.parametrize(
    ("command", "locs"),
    [
        ({}, [["roi"]]),
        ({"roi": None}, [["roi"]]),
        ({"roi": [100, 200]}, [["roi"]]),
        ({"roi": {}}, [["roi", "start"], ["roi", "end"]]),
        ({"roi": {"start": 100}}, [["roi", "end"]]),
        ({"roi": {"start": 100, "end": 200, "step": 1}}, [["roi", "step"]]),
        ({"roi": {"start": 100, "end": 200}, "job_id": "x"}, [["job_id"]]),
    ],
)
async def test_a_command_of_another_shape_is_refused_naming_the_field(
    world: World, job_id: str, command: dict[str, Any], locs: list[list[str]]
) -> None:
    assert world.queues.handler is not None
    answer = await world.queues.handler(job_id, {"command": "change_roi", **command})
    assert (answer["status"], answer["roi"]) == ("refused", {"start": 100, "end": 200})
    assert [each["loc"] for each in answer["detail"]] == locs


async def test_a_change_that_cannot_be_recorded_is_refused_and_can_be_repeated(
    client: httpx.AsyncClient, world: World, job_id: str, change: Any
) -> None:
    world.journal.fail["roi"] = DependencyUnavailable("MongoDB", "no answer within 1 s")
    answer = await change(100, 201)
    assert answer == {
        "status": "refused",
        "roi": {"start": 100, "end": 200},
        "detail": "MongoDB is not available: no answer within 1 s",
    }
    world.journal.fail.clear()
    assert await region(client, job_id) == {"start": 100, "end": 200}
    assert (await change(100, 201))["status"] == "changed"


async def test_a_job_whose_record_is_gone(world: World, change: Any) -> None:
    world.tasks.records.clear()
    answer = await change(100, 201)
    assert (answer["status"], answer["detail"]) == ("refused", "the job has no record")


async def test_a_cancelled_job_takes_no_more(client: httpx.AsyncClient, job_id: str, change: Any) -> None:
    await client.delete(f"job/{job_id}")
    answer = await change(100, 201)
    assert (answer["status"], answer["roi"]) == ("refused", None)


async def test_the_installation_has_its_own_rules(world: World) -> None:
    limits = Limits(sensors=300, roi_max_size_change=0.1, roi_max_shift=2)
    parts = replace(world.parts, limits=limits, region_safety_rules=SAFETY[:2])
    transport = httpx.ASGITransport(create_app(settings(), parts))
    async with httpx.AsyncClient(transport=transport, base_url="http://server/focus-server/") as client:
        made = await client.post("configure", json=payload(**{"channels.min": 100, "channels.max": 199}))
    assert world.queues.handler is not None
    for start, end, status in (
        (100, 211, "refused"),
        (100, 210, "changed"),
        (200, 300, "changed"),
        (200, 301, "refused"),
    ):
        command = {"command": "change_roi", "roi": {"start": start, "end": end}}
        assert (await world.queues.handler(made.json()["job_id"], command))["status"] == status


@pytest.mark.parametrize(
    "message",
    [
        b"",
        b"\xff",
        b"no json",
        b"1",
        b'"change_roi"',
        b'["change_roi"]',
        b"{}",
        b'{"command": "stop"}',
        b'{"command": ["change_roi"]}',
        b'{"command": null}',
        b'{"command": "change_roi", "x": NaN}',
        b'{"command": "change_roi", "command": "change_roi"}',
        b"[" * 100_000,
    ],
)
def test_a_message_that_is_no_command(message: bytes) -> None:
    assert command_in(message) is None


def test_a_message_that_is_a_command() -> None:
    assert command_in(b' {"command": "change_roi", "x": 1}') == {"command": "change_roi", "x": 1}


@dataclass
class Channel:
    """A channel, its queue and its default exchange in one; `published` are replies with their routing keys."""

    published: list[tuple[Any, str]] = field(default_factory=list)
    callback: Any = None
    trouble: Exception | None = None

    @property
    def default_exchange(self) -> "Channel":
        return self

    async def set_qos(self, prefetch_count: int) -> None: ...

    async def declare_queue(self, name: str, durable: bool) -> "Channel":
        return self

    async def consume(self, callback: Any, consumer_tag: str) -> None:
        self.callback = callback

    async def publish(self, message: Any, routing_key: str, mandatory: bool) -> None:
        if self.trouble:
            raise self.trouble
        self.published.append((message, routing_key))


@dataclass
class Incoming:
    body: bytes
    reply_to: str | None = "replies"
    correlation_id: str | None = "7"
    acknowledged: bool = False
    trouble: Exception | None = None

    async def ack(self) -> None:
        if self.trouble:
            raise self.trouble
        self.acknowledged = True


def command(number: int) -> bytes:
    return json.dumps({"command": "change_roi", "number": number}).encode()


@dataclass
class Obeying:
    """Carries out commands one after the other, each taking its turns of the event loop."""

    done: list[int] = field(default_factory=list)
    turns: int = 0
    fails: bool = False

    async def __call__(self, job_id: str, command: dict[str, Any]) -> dict[str, Any]:
        if self.fails:
            raise ValueError("a defect")
        # The first of them takes longest.
        for _ in range(self.turns - command["number"]):
            await asyncio.sleep(0)
        self.done.append(command["number"])
        return {"status": "changed", "job": job_id, "number": command["number"]}


@pytest.fixture
def channel() -> Channel:
    return Channel()


@pytest.fixture
def obeying() -> Obeying:
    return Obeying()


@pytest.fixture
async def consumer(channel: Channel, obeying: Obeying) -> BufferedRecordingConsumer:
    made = BufferedRecordingConsumer("job_a1b2c3d4", capacity=100, obey=obeying, limit_s=5)
    await made.attach(channel)  # type: ignore[arg-type]
    return made


async def test_a_command_is_answered_to_where_its_sender_wants_it(
    consumer: BufferedRecordingConsumer, channel: Channel
) -> None:
    message = Incoming(command(1))
    await channel.callback(message)
    ((reply, to),) = channel.published
    assert (to, reply.correlation_id, reply.content_type) == ("replies", "7", "application/json")
    assert json.loads(reply.body) == {"status": "changed", "job": "job_a1b2c3d4", "number": 1}
    assert message.acknowledged
    assert not consumer._buffer


async def test_without_such_a_place_it_is_carried_out_all_the_same(
    consumer: BufferedRecordingConsumer, channel: Channel, obeying: Obeying
) -> None:
    message = Incoming(command(1), reply_to=None)
    await channel.callback(message)
    assert (obeying.done, channel.published, message.acknowledged) == ([1], [], True)


async def test_everything_else_is_kept_and_not_answered(consumer: BufferedRecordingConsumer, channel: Channel) -> None:
    message = Incoming(b"a recording")
    await channel.callback(message)
    assert message.acknowledged
    assert list(consumer._buffer) == [b"a recording"]
    assert channel.published == []


async def test_messages_are_handled_in_their_order(
    consumer: BufferedRecordingConsumer, channel: Channel, obeying: Obeying
) -> None:
    obeying.turns = 9
    messages = [Incoming(command(number)) for number in range(5)]
    await asyncio.gather(*(channel.callback(message) for message in messages))
    assert obeying.done == [0, 1, 2, 3, 4]
    assert [json.loads(reply.body)["number"] for reply, _ in channel.published] == [0, 1, 2, 3, 4]


async def test_a_message_is_acknowledged_once_it_was_handled(
    consumer: BufferedRecordingConsumer, channel: Channel, obeying: Obeying
) -> None:
    obeying.turns = 9
    messages = [Incoming(command(0)), Incoming(b"a recording")]
    taking = [asyncio.create_task(channel.callback(message)) for message in messages]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert [message.acknowledged for message in messages] == [False, False]
    await asyncio.gather(*taking)
    assert [message.acknowledged for message in messages] == [True, True]


async def test_a_defect_does_not_hold_up_what_comes_after(
    consumer: BufferedRecordingConsumer, channel: Channel, obeying: Obeying, caplog: pytest.LogCaptureFixture
) -> None:
    obeying.fails = True
    message = Incoming(command(1))
    await channel.callback(message)
    assert message.acknowledged
    assert json.loads(channel.published[0][0].body)["detail"] == "internal error"
    assert "could not be carried out" in caplog.text


async def test_a_channel_that_is_closed_meanwhile(
    consumer: BufferedRecordingConsumer, channel: Channel, obeying: Obeying, caplog: pytest.LogCaptureFixture
) -> None:
    channel.trouble = RuntimeError("closed")
    with caplog.at_level(logging.INFO):
        await channel.callback(Incoming(command(1), trouble=RuntimeError("closed")))
    assert obeying.done == [1]
    assert "could not be answered" in caplog.text
    assert "could not be acknowledged" in caplog.text
