"""Defects of work queues and their consumers: missing, doubled, of another job, idle, or left behind."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from functools import partial
from typing import Any

from aio_pika.exceptions import ChannelNotFoundEntity

from sandbox.defects.defect import Change, Defect, Overridden, defective, do_nothing, override, subclass
from sandbox.focus_server.composition import Parts
from sandbox.focus_server.errors import DependencyUnavailable
from sandbox.focus_server.identity import consumer_tag, queue_name

AREA = "queues and consumers"


def overriding_consumers(**methods: Callable[..., Any]) -> Change:
    """Replace methods of the consumers of queues; a replacement gets the consumer and the method that it replaces."""

    def change(parts: Parts) -> Parts:
        parts.queues.consumer = subclass(parts.queues.consumer, **methods)
        return parts

    return change


def opening(names: Callable[[str], tuple[str, ...]]) -> Change:
    """Open, and close, queues of other names in the place of a job's own."""

    async def open_queues(queues: Any, job_id: str) -> None:
        for name in names(job_id):
            await queues.open(name)

    async def close_queues(queues: Any, job_id: str) -> None:
        for name in names(job_id):
            await queues.close(name)

    return override("queues", open=open_queues, close=close_queues)


def _of_another_job(job_id: str) -> tuple[str]:
    return (f"job_{int(job_id.removeprefix('job_'), 16) ^ 1:08x}",)


async def _attach_and_stop(consumer: Any, attach: Any, channel: Any) -> None:
    await attach(channel)
    await consumer.queue.cancel(consumer_tag(consumer.job_id))


async def _attach_by_an_exchange(consumer: Any, attach: Any, channel: Any) -> None:
    await attach(channel)
    exchange = await channel.declare_exchange(f"exchange-{consumer.job_id}", durable=True)
    await consumer.queue.bind(exchange, consumer.job_id)


async def _attach_beside_a_binding(consumer: Any, attach: Any, channel: Any) -> None:
    await attach(channel)
    source, destination = await channel.get_exchange("amq.direct"), await channel.get_exchange("amq.fanout")
    await destination.bind(source, consumer.job_id)


async def _attach_twice(consumer: Any, attach: Any, channel: Any) -> None:
    await attach(channel)
    await consumer.queue.consume(partial(consumer.receive, channel), consumer_tag=f"{consumer_tag(consumer.job_id)}-2")


async def _never_acknowledge(consumer: Any, receive: Any, channel: Any, message: Any) -> None:
    await asyncio.Event().wait()


async def _acknowledge_in_vain(consumer: Any, receive: Any, channel: Any, message: Any) -> None:
    await receive(channel, Overridden(message, ack=do_nothing))


async def _stop_at_invalid_json(consumer: Any, receive: Any, channel: Any, message: Any) -> None:
    json.loads(message.body)
    await receive(channel, message)


@defective("queues", "close")
async def cancelling_needs_the_queue(queues: Any, job_id: str) -> None:
    """A job whose queue has gone cannot be cancelled.

    A job whose queue somebody has deleted can never be cleaned up.
    """
    try:
        async with (await queues._connected()).channel(publisher_confirms=False) as channel:
            await channel.declare_queue(queue_name(job_id), passive=True)
    except ChannelNotFoundEntity:
        raise DependencyUnavailable("RabbitMQ", "there is no queue") from None
    await queues.close(job_id)


async def _leave_the_queue(consumer: Any, detach: Any) -> None:
    await consumer.channel.close()


DEFECTS: tuple[Defect, ...] = (
    Defect(
        "queue_not_opened",
        "No queue is opened.",
        "The view opens and stays empty: nothing can reach its analyzer.",
        override("queues", open=do_nothing),
    ),
    Defect(
        "two_queues",
        "Two queues are opened for a job.",
        "Half of what the broker can hold is wasted.",
        opening(lambda job_id: (job_id, f"{job_id}-2")),
    ),
    Defect(
        "exchange_for_each_job",
        "Each job gets an exchange with a binding, and the exchange is never removed.",
        "The broker fills up with what nobody uses, until it takes nothing more.",
        overriding_consumers(attach=_attach_by_an_exchange),
    ),
    Defect(
        "binding_for_each_job",
        "Each job binds two exchanges of the broker to each other, and the binding is never removed.",
        "Each message takes longer to be sent on, the more views have ever been opened.",
        overriding_consumers(attach=_attach_beside_a_binding),
    ),
    Defect(
        "queue_of_another_job",
        "The queue is named after another job.",
        "The data of one view is fed into another one, or into none.",
        opening(_of_another_job),
    ),
    Defect(
        "queue_without_consumer",
        "The queue of a job has no consumer.",
        "The view opens and stays empty: nobody feeds its analyzer.",
        overriding_consumers(attach=_attach_and_stop),
    ),
    Defect(
        "two_consumers",
        "A queue has two consumers.",
        "Each gets half of the data, and the view shows every second row.",
        overriding_consumers(attach=_attach_twice),
    ),
    Defect(
        "consumer_that_takes_and_never_acknowledges",
        "The consumer of a job takes messages and never acknowledges them.",
        "The broker fills up with unacknowledged messages, until it takes no more.",
        overriding_consumers(receive=_never_acknowledge),
    ),
    Defect(
        "command_not_acknowledged",
        "A command is carried out and answered, and never acknowledged.",
        "The broker sends the command again and again, and keeps it for ever.",
        overriding_consumers(receive=_acknowledge_in_vain),
    ),
    Defect(
        "consumer_stops_at_no_json",
        "The consumer of a job stops at a message that is not JSON.",
        "One unreadable message blocks the queue of a job.",
        overriding_consumers(receive=_stop_at_invalid_json),
    ),
    Defect(
        "queue_leaked_after_cancel",
        "The queue of a cancelled job stays.",
        "Each closed view leaves a queue behind, until the broker has no room.",
        overriding_consumers(detach=_leave_the_queue),
    ),
    cancelling_needs_the_queue,
    Defect(
        "consumer_leaked_after_cancel",
        "Queue and consumer of a cancelled job stay.",
        "Each closed view is still fed, until the broker has no room.",
        override("queues", close=do_nothing),
    ),
)
