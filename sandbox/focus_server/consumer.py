"""The consumer of one job's queue."""

import asyncio
import json
import logging
from collections import deque
from functools import partial

from aio_pika import Message
from aio_pika.abc import AbstractChannel, AbstractIncomingMessage, AbstractQueue
from aio_pika.exceptions import AMQPError

from sandbox.focus_server.commands import command_in
from sandbox.focus_server.identity import consumer_tag, queue_name
from sandbox.focus_server.logs import about
from sandbox.focus_server.ports import Command, CommandAnswer, CommandHandler

log = logging.getLogger(__name__)


class BufferedRecordingConsumer:
    """Takes the messages of a job's queue as they come; the newest stay in its buffer.

    Commands are carried out instead, and answered to where their senders want it. One message is handled
    after the other, in the order in which they come.
    """

    def __init__(self, job_id: str, *, capacity: int, obey: CommandHandler) -> None:
        self._job_id = job_id
        self._buffer: deque[bytes] = deque(maxlen=capacity)
        self._obey = obey
        self._in_turn = asyncio.Lock()  # which those who wait get in the order in which they came
        self._received = 0
        self._channel: AbstractChannel | None = None
        self._queue: AbstractQueue | None = None

    async def attach(self, channel: AbstractChannel) -> None:
        """Declare the queue on this channel, and start to consume it."""
        await channel.set_qos(prefetch_count=self._buffer.maxlen or 0)
        # Durable, neither exclusive nor deleted automatically: a running job outlives broker and server.
        queue = await channel.declare_queue(queue_name(self._job_id), durable=True)
        await queue.consume(partial(self._take, channel), consumer_tag=consumer_tag(self._job_id))
        self._channel, self._queue = channel, queue

    async def _take(self, channel: AbstractChannel, message: AbstractIncomingMessage) -> None:
        self._received += 1
        with about(self._job_id):
            async with self._in_turn:
                command = command_in(message.body)
                if command is None:
                    self._buffer.append(message.body)
                else:
                    await self._answer(channel, message, await self._outcome(command))
                try:
                    await message.ack()
                except (AMQPError, RuntimeError, OSError) as error:
                    # The channel is closed by now: with the job, or else the message comes again.
                    log.info("a message could not be acknowledged (%s)", type(error).__name__)

    async def _outcome(self, command: Command) -> CommandAnswer:
        try:
            return await self._obey(self._job_id, command)
        except Exception:
            # It would fail again and again, and the messages behind it wait for ever.
            log.exception("a command could not be carried out")
            return {"status": "refused", "roi": None, "detail": "internal error"}

    async def _answer(self, channel: AbstractChannel, message: AbstractIncomingMessage, answer: CommandAnswer) -> None:
        if not message.reply_to:
            return
        reply = Message(
            json.dumps(answer).encode(), content_type="application/json", correlation_id=message.correlation_id
        )
        try:
            # Not mandatory: a sender that waits no longer is no trouble.
            await channel.default_exchange.publish(reply, routing_key=message.reply_to, mandatory=False)
        except (AMQPError, RuntimeError, OSError) as error:
            log.warning("a command could not be answered (%s)", type(error).__name__)

    @property
    def is_attached(self) -> bool:
        """Whether its channel is open."""
        return self._channel is not None and not self._channel.is_closed

    async def detach(self) -> None:
        """Stop consuming, delete the queue and close the channel."""
        if self._channel is None or self._queue is None:
            return
        await self._queue.cancel(consumer_tag(self._job_id))
        await self._queue.delete(if_unused=False, if_empty=False)
        await self._channel.close()
        with about(self._job_id):
            log.info("consumer closed after %d messages", self._received)
