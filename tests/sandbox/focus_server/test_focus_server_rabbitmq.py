"""What becomes of channels and consumers when the broker does not do as it is told; with a fake of the driver."""

import asyncio
import ssl
from collections.abc import Generator
from dataclasses import dataclass, field
from typing import Any

import pytest
import trustme
from focus_server_waiting import until

from sandbox.focus_server.back_off import BackOff
from sandbox.focus_server.errors import DependencyUnavailable
from sandbox.focus_server.rabbitmq import BufferedRecordingConsumer, RabbitQueues


@dataclass
class Broker:
    """Consuming on the nth channel, from 0, goes as `trouble[n]` says; without one it works."""

    trouble: dict[int, Any] = field(default_factory=dict)
    channels: list["Channel"] = field(default_factory=list)
    connections: list["Connection"] = field(default_factory=list)
    queues: set[str] = field(default_factory=set)

    async def connect(self) -> "Connection":
        self.connections.append(Connection(self))
        return self.connections[-1]

    def open_channels(self) -> list[int]:
        return [channel.number for channel in self.channels if not channel.is_closed]


@dataclass
class Connection:
    broker: Broker
    close_callbacks: set[Any] = field(default_factory=set)

    def channel(self, publisher_confirms: bool) -> "Channel":
        self.broker.channels.append(Channel(self.broker, len(self.broker.channels)))
        return self.broker.channels[-1]

    async def close(self) -> None: ...

    def lose(self) -> None:
        for channel in self.broker.channels:
            channel.is_closed = True
        for callback in self.close_callbacks:
            callback(self, ConnectionError("lost"))


@dataclass
class Channel:
    """A channel, and the one queue that is used on it."""

    broker: Broker
    number: int
    is_closed: bool = False
    consuming: asyncio.Event = field(default_factory=asyncio.Event)

    async def set_qos(self, prefetch_count: int) -> None: ...

    async def declare_queue(self, name: str, durable: bool) -> "Channel":
        assert durable
        self.broker.queues.add(name)
        return self

    async def queue_delete(self, name: str) -> None:
        self.broker.queues.discard(name)

    async def cancel(self, consumer_tag: str) -> None: ...

    async def delete(self, if_unused: bool, if_empty: bool) -> None:
        self.broker.queues.clear()

    async def consume(self, callback: Any, consumer_tag: str) -> None:
        self.consuming.set()
        if self.number in self.broker.trouble:
            await self.broker.trouble[self.number]()

    async def close(self) -> None:
        self.is_closed = True

    async def __aenter__(self) -> "Channel":
        return self

    def __await__(self) -> Generator[Any, None, "Channel"]:
        return self.__aenter__().__await__()

    async def __aexit__(self, *_: object) -> None:
        await self.close()


@pytest.fixture
def broker() -> Broker:
    return Broker()


@pytest.fixture
async def queues(broker: Broker, monkeypatch: pytest.MonkeyPatch):
    made = RabbitQueues("amqp://nowhere.example", limit_s=0.05, back_off=BackOff(0.001, 0.001))
    monkeypatch.setattr(made, "_connect", broker.connect)
    yield made
    await made.aclose()


async def hang() -> None:
    await asyncio.Event().wait()


async def fail() -> None:
    raise OSError("refused")


async def defect() -> None:
    raise ValueError("a defect")


@pytest.mark.parametrize(
    ("trouble", "error"), [(hang, DependencyUnavailable), (fail, DependencyUnavailable), (defect, ValueError)]
)
async def test_the_channel_of_a_consumer_that_fails_is_closed(
    broker: Broker, queues: RabbitQueues, trouble: Any, error: type[Exception]
) -> None:
    broker.trouble[0] = trouble
    with pytest.raises(error):
        await queues.open("job_00000001")
    await until(lambda: len(broker.channels) == 1 and not broker.open_channels())


async def test_so_is_that_of_a_creation_that_is_cancelled(broker: Broker, monkeypatch: pytest.MonkeyPatch) -> None:
    queues = RabbitQueues("amqp://nowhere.example", limit_s=60, back_off=BackOff(0.001, 0.001))
    monkeypatch.setattr(queues, "_connect", broker.connect)
    broker.trouble[0] = hang
    opening = asyncio.create_task(queues.open("job_00000001"))
    await until(lambda: broker.channels and broker.channels[0].consuming.is_set())
    opening.cancel()
    with pytest.raises(asyncio.CancelledError):
        await opening
    await until(lambda: not broker.open_channels())
    await queues.aclose()


@pytest.mark.parametrize("trouble", [hang, fail])
async def test_a_consumer_that_cannot_be_connected_again_is_tried_until_it_can(
    broker: Broker, queues: RabbitQueues, trouble: Any
) -> None:
    await queues.open("job_00000001")
    broker.trouble |= {1: trouble, 2: trouble}
    broker.connections[0].lose()
    await until(lambda: len(broker.channels) == 4 and broker.channels[3].consuming.is_set())
    await until(lambda: broker.open_channels() == [3])
    assert len(broker.connections) == 2


async def test_one_that_hangs_holds_up_no_other(broker: Broker, queues: RabbitQueues) -> None:
    for number in range(3):
        await queues.open(f"job_0000000{number}")
    release = asyncio.Event()
    broker.trouble |= {3: release.wait}
    queues.limit_s = 60
    broker.connections[0].lose()
    await until(lambda: len(broker.channels) == 6 and all(each.consuming.is_set() for each in broker.channels))
    assert not release.is_set()
    release.set()


async def test_a_queue_that_is_closed_while_it_is_taken_up_stays_closed(broker: Broker, queues: RabbitQueues) -> None:
    hold = asyncio.Event()
    broker.trouble[0] = hold.wait
    queues.limit_s = 5
    taking_up = asyncio.create_task(queues.take_up("job_00000001"))
    await until(lambda: broker.channels and broker.channels[0].consuming.is_set())
    assert queues.serves("job_00000001")
    await queues.close("job_00000001")
    hold.set()
    await taking_up
    assert (broker.queues, broker.open_channels(), queues.serves("job_00000001")) == (set(), [], False)


async def test_one_that_could_not_be_taken_up_is_not_served(broker: Broker, queues: RabbitQueues) -> None:
    broker.trouble[0] = fail
    with pytest.raises(DependencyUnavailable):
        await queues.take_up("job_00000001")
    assert not queues.serves("job_00000001")


async def test_one_that_was_taken_up_gets_its_consumer_back(broker: Broker, queues: RabbitQueues) -> None:
    await queues.take_up("job_00000001")
    broker.connections[0].lose()
    await until(lambda: len(broker.channels) == 2 and broker.channels[1].consuming.is_set())


async def test_a_broker_that_takes_no_acknowledgement_holds_up_a_message_for_a_time_only() -> None:
    class Message:
        body, reply_to, correlation_id = b"none", "", None
        ack = staticmethod(hang)

    consumer = BufferedRecordingConsumer("job_00000001", capacity=1, obey=hang, limit_s=0.01)
    await asyncio.wait_for(consumer.receive(None, Message()), 5)


@pytest.mark.parametrize(("name", "trusted"), [("broker.test", True), ("another.test", False), (None, False)])
async def test_the_certificate_of_a_broker_is_held_against_the_name_that_is_given(tmp_path, name, trusted):
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    secured = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("broker.test").configure_cert(secured)
    greeted = []

    async def listen(reader, writer):
        greeted.append(await reader.read(4))
        writer.close()

    async with await asyncio.start_server(listen, "127.0.0.1", 0, ssl=secured) as server:
        port = server.sockets[0].getsockname()[1]
        url = f"amqps://guest:guest@127.0.0.1:{port}/?cafile={tmp_path / 'ca.pem'}"
        queues = RabbitQueues(url, limit_s=5, back_off=BackOff(1, 1), tls_server_name=name)
        with pytest.raises(DependencyUnavailable):
            await queues.open("job_a1b2c3d4")
        await queues.aclose()
    assert greeted == ([b"AMQP"] if trusted else [])
