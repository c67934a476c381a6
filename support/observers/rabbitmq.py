"""RabbitMQ: the connection to the broker, and looking into the work queues (contract, step F)."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeVar
from urllib.parse import unquote, urlsplit

import pika
from pika.adapters.blocking_connection import BlockingChannel
from pika.exceptions import (
    ChannelClosedByBroker,
    ConnectionBlockedTimeout,
    ConnectionClosed,
    StreamLostError,
    UnroutableError,
)

from support.core.errors import EnvironmentBroken
from support.observers.rabbitmq_management import ManagementAPI
from support.observers.store_calls import StoreCalls, UnusableAnswer
from support.profile.settings import RabbitMQ
from transport.trust import trusted

T = TypeVar("T")

OUR_QUEUES = "acceptance-suite-history-"
"""How the queues are called in which the suite itself hears of what happens."""

_ADVICE = "Is the broker running? Is rabbitmq.url right, and may that user use that virtual host?"


class Broker:
    """The connection to one virtual host, shared by those who look into it and those who write into it.

    Every method but `close` raises `EnvironmentBroken` when the broker does not answer within `rabbitmq.timeout_s`, or
    answers something that cannot be used.
    """

    def __init__(self, settings: RabbitMQ) -> None:
        self._url = settings.url.get_secret_value()
        address = urlsplit(self._url)
        self._trust = trusted(settings.ca_file, "rabbitmq.ca_file") if address.scheme == "amqps" else None
        self._calls = StoreCalls(
            "RabbitMQ", settings.timeout_s, "rabbitmq.timeout_s", _ADVICE, forget=self._forget, trust=self._trust
        )
        self._link = _Link()
        self._where = f"AMQP, {address.netloc.rpartition('@')[2]}"
        virtual_host = unquote(address.path.removeprefix("/")) or "/"
        self.management = None if settings.management_url is None else ManagementAPI(settings, virtual_host)

    def managed(self) -> ManagementAPI:
        """The management API, where it is needed."""
        if self.management is None:
            raise EnvironmentBroken("RabbitMQ's management API is needed for this; set rabbitmq.management_url.")
        return self.management

    def declared(self, name: str) -> tuple[int, int] | None:
        """How many messages wait in the queue of that name, and how many consumers it has; None when there is none."""

        def look(link: _Link) -> tuple[int, int] | None:
            # The broker closes a channel on which a queue was asked for that is not there.
            if link.questions is None or not link.questions.is_open:
                link.questions = self._connected(link).channel()
            try:
                told = link.questions.queue_declare(name, passive=True).method
            except ChannelClosedByBroker as error:
                if error.reply_code == 404:
                    return None
                raise
            return int(told.message_count), int(told.consumer_count)

        return self._over_amqp(f"the queue {name}", look)

    def on_channel(self, asked: str, action: Callable[[BlockingChannel], T], waiting_s: float = 0.0) -> T:
        """Do something on a channel of its own; `asked` says what, and `waiting_s` is added to the time limit."""

        def do(link: _Link) -> T:
            channel = self._connected(link).channel()
            result = action(channel)
            channel.close()
            return result

        return self._over_amqp(asked, do, waiting_s)

    def on_connection(self, asked: str, action: Callable[[pika.BlockingConnection], T]) -> T:
        """Do something on the connection that is kept; on a new one once more, if that was cut."""
        return self._over_amqp(asked, lambda link: action(self._connected(link)))

    def publish(self, name: str, body: bytes) -> bool:
        """Put one message into the queue and return when the broker has taken it over; whether there is such a queue.

        This and `ask` are all that checks write: a message that probes a consumer, and a command to a job.
        """

        def put(channel: BlockingChannel) -> bool:
            channel.confirm_delivery()
            try:
                channel.basic_publish("", name, body, mandatory=True)
            except UnroutableError:
                return False
            return True

        return self.on_channel(f"a message to be put into the queue {name}", put)

    def ask(self, name: str, body: bytes, limit_s: float) -> bytes | None:
        """Put one message into the queue and give what is replied to it; None when nothing was within `limit_s`.

        The reply takes the broker's own direct way back, so that no queue is made for it.
        """
        correlation_id = uuid.uuid4().hex

        def put(channel: BlockingChannel) -> bytes | None:
            replies: list[bytes] = []

            def keep(_: Any, __: Any, properties: pika.BasicProperties, reply: bytes) -> None:
                if properties.correlation_id == correlation_id:
                    replies.append(reply)

            channel.basic_consume("amq.rabbitmq.reply-to", keep, auto_ack=True)
            properties = pika.BasicProperties(
                content_type="application/json", correlation_id=correlation_id, reply_to="amq.rabbitmq.reply-to"
            )
            channel.basic_publish("", name, body, properties, mandatory=True)
            deadline = time.monotonic() + limit_s
            while not replies and (left := deadline - time.monotonic()) > 0:
                channel.connection.process_data_events(time_limit=left)
            return replies[0] if replies else None

        return self.on_channel(f"a reply to a message in the queue {name}", put, waiting_s=limit_s)

    def check_health(self) -> None:
        """See that the broker takes a connection, and that its management API answers where one is set."""
        self.on_channel("a channel", lambda channel: None)
        if self.management is not None:
            self.management.names()
            self.management.has_statistics()

    def close(self) -> None:
        """Give the connections back. It ends within the time limit, and raises nothing."""
        if self.management is not None:
            self.management.close()
        self._calls.close(self._link.close)

    def _over_amqp(self, asked: str, action: Callable[[_Link], T], waiting_s: float = 0.0) -> T:
        link = self._link

        def call() -> T:
            try:
                try:
                    return action(link)
                except (ConnectionClosed, StreamLostError):
                    # The connection may have been cut while it was idle; a new one tells whether the broker is gone.
                    link.forget()
                    return action(link)
            except ConnectionBlockedTimeout:
                raise UnusableAnswer(
                    "it said that it takes no messages (an alarm: the broker is short of memory or of disk space)"
                ) from None

        try:
            return self._calls.make(f"{asked} ({self._where})", call, waiting_s=waiting_s)
        except EnvironmentBroken:
            self._forget()  # After something that went wrong nobody knows in which state the connection is.
            raise

    def _connected(self, link: _Link) -> pika.BlockingConnection:
        if link.connection is None or not link.connection.is_open:
            parameters = pika.URLParameters(self._url)
            limit_s = self._calls.driver_limit_s
            parameters.socket_timeout = parameters.stack_timeout = limit_s
            parameters.blocked_connection_timeout = limit_s / 2
            parameters.heartbeat = 0
            if self._trust is not None:
                parameters.ssl_options = pika.SSLOptions(self._trust.context(), urlsplit(self._url).hostname)
            link.connection = pika.BlockingConnection(parameters)
            link.questions = None
        return link.connection

    def _forget(self) -> None:
        self._link = _Link()


class _Link:
    """A connection with its channel; a call that was given up keeps its own, and never touches that of a later one."""

    def __init__(self) -> None:
        self.connection: pika.BlockingConnection | None = None
        self.questions: BlockingChannel | None = None  # Open: to open one and close it takes twice as long as to ask.

    def forget(self) -> None:
        self.connection = self.questions = None

    def close(self) -> None:
        if self.connection is not None and self.connection.is_open:
            self.connection.close()


@dataclass(frozen=True)
class QueueState:
    """A queue at one moment: its name, messages waiting to be taken, and connected consumers."""

    name: str
    ready: int
    consumers: int
    seen_at: datetime = field(default_factory=lambda: datetime.now(UTC), compare=False)


class WorkQueues:
    """The queues of a virtual host.

    A queue that is named is asked for over AMQP (a passive declare, exact at once); other queues can only
    be listed by the management API, whose list of names is exact while its statistics lag by seconds, or are off.

    Every method raises `EnvironmentBroken` as those of `Broker` do.
    """

    def __init__(self, broker: Broker) -> None:
        self._broker = broker

    @property
    def sees_unnamed(self) -> bool:
        """Whether queues can be found whose names are not known."""
        return self._broker.management is not None

    def names(self) -> list[str]:
        """Names of all the queues of the virtual host; needs the management API."""
        return [name for name in self._broker.managed().names() if not name.startswith(OUR_QUEUES)]

    def state_of(self, name: str) -> QueueState | None:
        """The queue of that name, or None when there is none."""
        declared = self._broker.declared(name)
        return None if declared is None else QueueState(name, *declared)

    def consumed(self, name: str) -> int | None:
        """Messages that consumers took and acknowledged since the queue was made, by the broker's statistics.

        They lag behind by the statistics' interval (5 s unless set otherwise), and may be off. Without them it is 0 as
        long as messages are held unacknowledged, which the broker tells at once, and None when none are: it cannot be
        known then whether any was acknowledged.
        """
        management = self._broker.management
        if management is None:
            return None
        counted = management.consumed(name)
        return 0 if counted is None and management.unacknowledged(name) else counted

    def lack_of_statistics(self) -> str | None:
        """Why it cannot be seen whether messages are acknowledged; None where it can, as far as the broker says."""
        if self._broker.management is None:
            return "rabbitmq.management_url is not set"
        if self._broker.management.has_statistics():
            return None
        return "the broker keeps no statistics (management.disable_stats, or its metrics are not collected)"
