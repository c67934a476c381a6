"""Looking into RabbitMQ: the work queues and their consumers (contract, step F)."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, NamedTuple, TypeVar
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

_ADVICE = "Is the broker running? Is rabbitmq.url right, and may that user use that virtual host?"


class QueueState(NamedTuple):
    """A queue at one moment: its name, messages waiting to be taken, and connected consumers."""

    name: str
    ready: int
    consumers: int


class WorkQueues:
    """The queues of a virtual host.

    A queue that is named is asked for over AMQP (a passive declare, exact at once); queues that nobody named can only
    be listed by the management API, whose list of names is exact while its statistics lag by seconds, or are off.

    Every method raises `EnvironmentBroken` when the broker does not answer within `rabbitmq.timeout_s`, or answers
    something that cannot be used.
    """

    def __init__(self, settings: RabbitMQ) -> None:
        self._url = settings.url.get_secret_value()
        address = urlsplit(self._url)
        self._trust = trusted(settings.ca_file, "rabbitmq.ca_file") if address.scheme == "amqps" else None
        self._calls = StoreCalls(
            "RabbitMQ",
            settings.timeout_s,
            "rabbitmq.timeout_s",
            _ADVICE,
            forget=self._forget,
            trust=self._trust,
        )
        self._link = _Link()
        self._where = f"AMQP, {address.netloc.rpartition('@')[2]}"
        self._virtual_host = unquote(address.path.removeprefix("/")) or "/"
        self._management = None if settings.management_url is None else ManagementAPI(settings, self._virtual_host)
        self.first_served: dict[str, datetime] = {}  # by its name, when each queue was first seen with a consumer
        self.unseen: str | None = None if self._management else "rabbitmq.management_url is not set"
        """Why it cannot be seen whether messages are acknowledged; None where it can."""

    @property
    def sees_unnamed(self) -> bool:
        """Whether queues can be found that nobody named."""
        return self._management is not None

    def names(self) -> list[str]:
        """Names of all the queues of the virtual host; needs the management API."""
        return self._managed().names()

    def state_of(self, name: str) -> QueueState | None:
        """The queue of that name, or None when there is none."""

        def look(link: _Link) -> QueueState | None:
            # The broker closes a channel on which a queue was asked for that is not there.
            if link.questions is None or not link.questions.is_open:
                link.questions = self._connected(link).channel()
            try:
                method = link.questions.queue_declare(name, passive=True).method
            except ChannelClosedByBroker as error:
                if error.reply_code == 404:
                    return None
                raise
            return QueueState(name=name, ready=int(method.message_count), consumers=int(method.consumer_count))

        state = self._over_amqp(f"the queue {name}", look)
        if state is not None and state.consumers:
            self.first_served.setdefault(name, datetime.now(UTC))
        return state

    def publish(self, name: str, body: bytes) -> bool:
        """Put one message into the queue and return when the broker has taken it over; whether there is such a queue.

        Raises:
            EnvironmentBroken: the broker did not take it.
        """

        def put(channel: BlockingChannel) -> bool:
            channel.confirm_delivery()
            try:
                channel.basic_publish("", name, body, mandatory=True)
            except UnroutableError:
                return False
            return True

        return self._on_channel(f"a message to be put into the queue {name}", put)

    def ask(self, name: str, body: bytes, limit_s: float) -> bytes | None:
        """Put one message into the queue and give what is replied to it; None when nothing was within `limit_s`.

        The reply takes the broker's own direct way back, so that no queue is made for it.

        Raises:
            EnvironmentBroken: the broker did not take the message.
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

        return self._on_channel(f"a reply to a message in the queue {name}", put, waiting_s=limit_s)

    def take_away(self, name: str) -> None:
        """Delete a queue, behind the server's back; its consumers are told by the broker.

        Raises:
            EnvironmentBroken: the broker did not.
        """
        self._on_channel(f"the end of the queue {name}", lambda channel: channel.queue_delete(name))

    def limit_queues(self, most: int | None) -> None:
        """Have the broker refuse further queues in the virtual host; None takes the limit away.

        It needs the management API, and an administrator's rights.

        Raises:
            EnvironmentBroken: the broker did not do it.
        """
        self._managed().limit_queues(most)

    def consumed(self, name: str) -> int | None:
        """Messages that consumers took and acknowledged since the queue was made, by the broker's statistics.

        They lag behind by the statistics' interval (5 s unless set otherwise), and may be off. Without them it is 0 as
        long as messages are held unacknowledged, which the broker tells at once, and None when none are: it cannot be
        known then whether any was acknowledged.
        """
        if self._management is None:
            return None
        counted = self._management.consumed(name)
        return 0 if counted is None and self._management.unacknowledged(name) else counted

    def check_health(self) -> None:
        """See that the broker takes a connection, and that its management API answers where one is set.

        Raises:
            EnvironmentBroken: it does not.
        """
        self._on_channel("a channel", lambda channel: None)
        if self._management is not None:
            self._management.names()
            if not self._management.has_statistics():
                self.unseen = (
                    "the broker keeps no statistics (management.disable_stats, or its metrics are not collected)"
                )

    def close(self) -> None:
        """Give the connections back. It ends within the time limit, and raises nothing."""
        if self._management is not None:
            self._management.close()
        self._calls.close(self._link.close)

    def _managed(self) -> ManagementAPI:
        if self._management is None:
            raise EnvironmentBroken("RabbitMQ's management API is needed for this; set rabbitmq.management_url.")
        return self._management

    def _over_amqp(self, asked: str, action: Callable[[_Link], T], waiting_s: float = 0.0) -> T:
        link = self._link

        def call() -> T:
            try:
                try:
                    return action(link)
                except (ConnectionClosed, StreamLostError):
                    # The kept connection may have been cut while it was idle; a new one tells whether it is gone.
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

    def _on_channel(self, asked: str, action: Callable[[BlockingChannel], T], waiting_s: float = 0.0) -> T:
        """Do something on a channel of its own."""

        def do(link: _Link) -> T:
            channel = self._connected(link).channel()
            result = action(channel)
            channel.close()
            return result

        return self._over_amqp(asked, do, waiting_s)

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
        self.questions: BlockingChannel | None = None  # Kept: to open one and close it takes twice as long as to ask.

    def forget(self) -> None:
        self.connection = self.questions = None

    def close(self) -> None:
        if self.connection is not None and self.connection.is_open:
            self.connection.close()
