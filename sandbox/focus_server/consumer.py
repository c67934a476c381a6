"""The consumer of one job's queue."""

import logging
from collections import deque

from aio_pika.abc import AbstractChannel, AbstractIncomingMessage, AbstractQueue

from sandbox.focus_server.identity import consumer_tag, queue_name
from sandbox.focus_server.logs import about

log = logging.getLogger(__name__)


class BufferedRecordingConsumer:
    """Takes the messages of a job's queue as they come; the newest stay in its buffer."""

    def __init__(self, job_id: str, *, capacity: int) -> None:
        self._job_id = job_id
        self._buffer: deque[bytes] = deque(maxlen=capacity)
        self._received = 0
        self._channel: AbstractChannel | None = None
        self._queue: AbstractQueue | None = None

    async def attach(self, channel: AbstractChannel) -> None:
        """Declare the queue on this channel, and start to consume it."""
        await channel.set_qos(prefetch_count=self._buffer.maxlen or 0)
        # Durable, neither exclusive nor deleted automatically: a running job outlives broker and server.
        queue = await channel.declare_queue(queue_name(self._job_id), durable=True)
        await queue.consume(self._take, consumer_tag=consumer_tag(self._job_id))
        self._channel, self._queue = channel, queue

    async def _take(self, message: AbstractIncomingMessage) -> None:
        self._buffer.append(message.body)
        self._received += 1
        await message.ack()

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
