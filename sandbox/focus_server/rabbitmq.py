"""Step F: the queues of jobs and their consumers on RabbitMQ, over one connection."""

import asyncio
import json
import logging
from collections import deque
from collections.abc import Coroutine
from contextlib import suppress
from contextvars import Context
from functools import partial
from typing import Any, TypeVar

import aio_pika
from aio_pika.abc import (
    AbstractChannel,
    AbstractConnection,
    AbstractIncomingMessage,
    AbstractQueue,
    ConnectionParameter,
)
from aio_pika.exceptions import AMQPError, ChannelNotFoundEntity

from sandbox.focus_server import queue_list
from sandbox.focus_server.back_off import BackOff
from sandbox.focus_server.errors import DependencyUnavailable, guarded
from sandbox.focus_server.identity import consumer_tag, job_id_of_queue, queue_name
from sandbox.focus_server.logs import about
from sandbox.focus_server.ports import Command, CommandAnswer, CommandHandler
from sandbox.focus_server.regions import command_in

log = logging.getLogger(__name__)

T = TypeVar("T")

_NAME = "RabbitMQ"
_PREFETCH = 100
_HEARTBEAT_S = 5  # a broker that has vanished without a word is noticed after three of them
# RuntimeError is what the driver raises for a connection or channel that has just been lost.
_ERRORS = (AMQPError, RuntimeError, OSError)


class BufferedRecordingConsumer:
    """Takes the messages of a job's queue as they come; the newest stay in its buffer.

    Commands are carried out instead, and answered to where their senders want it. One message is handled
    after the other, in the order in which they come.
    """

    def __init__(self, job_id: str, *, capacity: int, obey: CommandHandler, limit_s: float) -> None:
        self.job_id = job_id
        self._limit_s = limit_s
        self._buffer: deque[bytes] = deque(maxlen=capacity)
        self._obey = obey
        self._in_turn = asyncio.Lock()  # which those who wait get in the order in which they came
        self._received = 0
        self.channel: AbstractChannel | None = None
        self.queue: AbstractQueue | None = None

    async def attach(self, channel: AbstractChannel) -> None:
        """Declare the queue on this channel, and start to consume it."""
        await channel.set_qos(prefetch_count=self._buffer.maxlen or 0)
        # Durable, neither exclusive nor deleted automatically: a running job outlives broker and server.
        queue = await channel.declare_queue(queue_name(self.job_id), durable=True)
        await queue.consume(partial(self.receive, channel), consumer_tag=consumer_tag(self.job_id))
        self.channel, self.queue = channel, queue

    async def receive(self, channel: AbstractChannel, message: AbstractIncomingMessage) -> None:
        """Handle one message, and acknowledge it."""
        self._received += 1
        with about(self.job_id):
            async with self._in_turn:
                command = command_in(message.body)
                if command is None:
                    self._buffer.append(message.body)
                else:
                    await self._answer(channel, message, await self._outcome(command))
                try:
                    async with guarded(_NAME, self._limit_s, _ERRORS):
                        await message.ack()
                except DependencyUnavailable as error:
                    # The channel is closed by now: with the job, or else the message comes again.
                    log.info("a message could not be acknowledged: %s", error)

    async def _outcome(self, command: Command) -> CommandAnswer:
        try:
            return await self._obey(self.job_id, command)
        except Exception:
            # It would fail again and again, and the messages behind it wait for ever.
            log.exception("a command could not be carried out")
            return {"status": "refused", "roi": None, "detail": "internal error"}

    async def _answer(self, channel: AbstractChannel, message: AbstractIncomingMessage, answer: CommandAnswer) -> None:
        if not message.reply_to:
            return
        reply = aio_pika.Message(
            json.dumps(answer).encode(), content_type="application/json", correlation_id=message.correlation_id
        )
        try:
            async with guarded(_NAME, self._limit_s, _ERRORS):
                # Not mandatory: a sender that waits no longer is no trouble.
                await channel.default_exchange.publish(reply, routing_key=message.reply_to, mandatory=False)
        except DependencyUnavailable as error:
            log.warning("a command could not be answered: %s", error)

    @property
    def is_attached(self) -> bool:
        """Whether its channel is open."""
        return self.channel is not None and not self.channel.is_closed

    async def detach(self) -> None:
        """Stop consuming, delete the queue and close the channel."""
        if self.channel is None or self.queue is None:
            return
        await self.queue.cancel(consumer_tag(self.job_id))
        await self.queue.delete(if_unused=False, if_empty=False)
        await self.channel.close()
        with about(self.job_id):
            log.info("consumer closed after %d messages", self._received)


class _Connection(aio_pika.Connection):
    """A connection that holds the broker's certificate against a name that may be another than the address has."""

    PARAMETERS = (
        *aio_pika.Connection.PARAMETERS,
        ConnectionParameter(name="server_hostname", parser=str, is_kwarg=True),
    )


class RabbitQueues:
    """Opens and closes the queues of jobs, a channel for each.

    A connection that was lost is made again in the background, and every open job's consumer with it. Consumers are
    made by `consumer`.
    """

    def __init__(
        self,
        url: str,
        *,
        limit_s: float,
        back_off: BackOff,
        tls_server_name: str | None = None,
        management_url: str | None = None,
    ) -> None:
        self.limit_s = limit_s
        self.consumer = BufferedRecordingConsumer
        self._url = url
        self._tls_server_name = tls_server_name
        self._back_off = back_off
        self._management_url = management_url
        self._connection: AbstractConnection | None = None
        self._connecting = asyncio.Lock()
        self._closing = False
        self._handler: CommandHandler | None = None
        self._consumers: dict[str, BufferedRecordingConsumer] = {}
        self._background: set[asyncio.Task[Any]] = set()

    async def start(self) -> None:
        """Connect; a broker out of reach is logged, and asked for again at the next job."""
        try:
            async with guarded(_NAME, self.limit_s, _ERRORS):
                await self._connected()
        except DependencyUnavailable as error:
            log.warning("at start: %s", error)

    def obey(self, handler: CommandHandler) -> None:
        """From now on, have this carry out the commands that come over the queues of jobs."""
        self._handler = handler

    async def _carry_out(self, job_id: str, command: Command) -> CommandAnswer:
        if self._handler is None:
            return {"status": "refused", "roi": None, "detail": "there is nobody who could do that"}
        return await self._handler(job_id, command)

    def _consumer_of(self, job_id: str) -> BufferedRecordingConsumer:
        return self.consumer(job_id, capacity=_PREFETCH, obey=self._carry_out, limit_s=self.limit_s)

    async def open(self, job_id: str) -> None:
        """Declare the job's queue and connect its consumer; raises `DependencyUnavailable`."""
        consumer = self._consumer_of(job_id)
        async with guarded(_NAME, self.limit_s, _ERRORS):
            await self._attach(consumer, await self._connected())
            self._consumers[job_id] = consumer

    async def take_up(self, job_id: str) -> None:
        """Connect a consumer to the queue of a job that another process made; raises `DependencyUnavailable`."""
        consumer = self._consumer_of(job_id)
        async with guarded(_NAME, self.limit_s, _ERRORS):
            connection = await self._connected()
            # Before it is attached, so that it is noticed when the queue is closed meanwhile.
            self._consumers[job_id] = consumer
            try:
                await self._attach_unless_closed(job_id, consumer, connection)
            except BaseException:
                if self._consumers.get(job_id) is consumer:
                    del self._consumers[job_id]
                raise

    def serves(self, job_id: str) -> bool:
        """Whether the job has its consumer here, or gets it back when the connection is back."""
        return job_id in self._consumers

    async def consumers(self, job_id: str) -> int | None:
        """How many consumers the queue has; None when there is no such queue. Raises `DependencyUnavailable`."""
        async with guarded(_NAME, self.limit_s, _ERRORS):
            connection = await self._connected()
            async with connection.channel(publisher_confirms=False) as channel:
                try:
                    queue = await channel.declare_queue(queue_name(job_id), passive=True)
                except ChannelNotFoundEntity:
                    return None
                return queue.declaration_result.consumer_count

    async def existing(self) -> set[str]:
        """The ids of all jobs with a queue; none without a management API. Raises `DependencyUnavailable`."""
        if self._management_url is None:
            return set()
        async with guarded(_NAME, self.limit_s, (*queue_list.ERRORS, *_ERRORS)):
            names = await queue_list.queue_names(self._management_url, self._url)
        return {job_id for name in names if (job_id := job_id_of_queue(name)) is not None}

    async def _attach(self, consumer: BufferedRecordingConsumer, connection: AbstractConnection) -> None:
        channel = await connection.channel(publisher_confirms=False)
        try:
            await consumer.attach(channel)
        except BaseException:
            # Not waited for: a broker that hangs must not delay the error.
            self._in_background(self._give_up(channel))
            raise

    async def _attach_unless_closed(
        self, job_id: str, consumer: BufferedRecordingConsumer, connection: AbstractConnection
    ) -> None:
        await self._attach(consumer, connection)
        if self._consumers.get(job_id) is not consumer:
            # Closed while we were at it: the queue that attach declared must not stay.
            await consumer.detach()

    async def _give_up(self, channel: AbstractChannel) -> None:
        # A failure does not matter: the channel ends with its connection at the latest.
        with suppress(DependencyUnavailable):
            async with guarded(_NAME, self.limit_s, _ERRORS):
                await channel.close()

    async def close(self, job_id: str) -> None:
        """Remove the job's consumer and queue, also an earlier process's; raises `DependencyUnavailable`."""
        async with guarded(_NAME, self.limit_s, _ERRORS):
            connection = await self._connected()
            consumer = self._consumers.pop(job_id, None)
            if consumer is not None and consumer.is_attached:
                await consumer.detach()
                return
            async with connection.channel(publisher_confirms=False) as channel:
                await channel.queue_delete(queue_name(job_id))

    async def _connected(self) -> AbstractConnection:
        async with self._connecting:
            if self._connection is None:
                try:
                    self._connection = await self._in_background(self._connect())
                except _ERRORS as error:
                    reason = f"it could not be connected to ({type(error).__name__})"
                    raise DependencyUnavailable(_NAME, reason, no_effect=True) from error
                self._connection.close_callbacks.add(self._on_lost)
                for job_id, consumer in self._consumers.items():
                    self._in_background(self._restore(job_id, consumer, self._connection))
            return self._connection

    def _on_lost(self, connection: Any, error: BaseException | None) -> None:
        if connection is self._connection and not self._closing:
            self._connection = None
            log.warning("the connection to RabbitMQ was lost (%s)", type(error).__name__)
            self._in_background(self._reconnect())

    async def _reconnect(self) -> None:
        async def connect() -> bool:
            try:
                async with guarded(_NAME, self.limit_s, _ERRORS):
                    await self._connected()
            except DependencyUnavailable:
                return False
            return True

        await self._back_off.until_done(connect)
        log.info("connected to RabbitMQ again")

    async def _restore(self, job_id: str, consumer: BufferedRecordingConsumer, connection: AbstractConnection) -> None:
        async def attach() -> bool:
            if self._connection is not connection or self._consumers.get(job_id) is not consumer:
                return True
            try:
                async with guarded(_NAME, self.limit_s, _ERRORS):
                    await self._attach_unless_closed(job_id, consumer, connection)
            except DependencyUnavailable as error:
                log.warning("the consumer of %s could not be connected again: %s", job_id, error)
                return False
            return True

        await self._back_off.until_done(attach)

    async def _connect(self) -> AbstractConnection:
        named: dict[str, Any] = {}
        if self._url.startswith("amqps:") and self._tls_server_name:
            named["server_hostname"] = self._tls_server_name
        connection: AbstractConnection = await aio_pika.connect(
            self._url,
            client_properties={"connection_name": "focus-server"},
            connection_class=_Connection,
            heartbeat=_HEARTBEAT_S,
            **named,
        )
        return connection

    def _in_background(self, work: Coroutine[Any, Any, T]) -> "asyncio.Task[T]":
        # In an empty context: what happens to the shared connection is not about the job that is being
        # created when it does, and its log lines must not say so.
        task = asyncio.create_task(work, context=Context())
        self._background.add(task)
        task.add_done_callback(self._background.discard)
        return task

    async def aclose(self) -> None:
        """Disconnect; queues stay as they are, and their jobs are still running."""
        self._closing = True
        for task in self._background:
            task.cancel()
        if self._connection is not None:
            await self._connection.close()
