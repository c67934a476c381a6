"""Looking into RabbitMQ: the work queues and their consumers (contract, step F)."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, NamedTuple, TypeVar
from urllib.parse import quote, unquote, urlsplit

import pika
import requests
from pika.adapters.blocking_connection import BlockingChannel
from pika.exceptions import AMQPError, ChannelClosedByBroker

from support.errors import EnvironmentBroken
from support.settings import RabbitMQ

T = TypeVar("T")


class QueueState(NamedTuple):
    """A queue at one moment: its name, messages waiting to be taken, and connected consumers."""

    name: str
    ready: int
    consumers: int


class WorkQueues:
    """The queues of a virtual host.

    A queue that is named is asked for over AMQP (a passive declare, exact at once); queues that nobody named can only
    be listed by the management API, whose list of names is exact while its counts lag by seconds.
    """

    def __init__(self, settings: RabbitMQ) -> None:
        self._url = settings.url.get_secret_value()
        self._timeout_s = settings.timeout_s
        self._connection: pika.BlockingConnection | None = None
        self._questions: BlockingChannel | None = None  # Kept: to open one and close it takes twice as long as to ask.
        self.first_served: dict[str, datetime] = {}  # by its name, when each queue was first seen with a consumer
        self._virtual_host = unquote(urlsplit(self._url).path.removeprefix("/")) or "/"
        self._session = requests.Session()
        self._session.trust_env = False
        self._management: str | None = None
        if settings.management_url is not None:
            address = urlsplit(settings.management_url.get_secret_value())
            # Out of the address, so that no error can show them.
            self._session.auth = (unquote(address.username or ""), unquote(address.password or ""))
            self._management = f"{address.scheme}://{address.netloc.rpartition('@')[2]}{address.path}".rstrip("/")

    @property
    def sees_unnamed(self) -> bool:
        """Whether queues can be found that nobody named."""
        return self._management is not None

    def names(self) -> list[str]:
        """Names of all the queues of the virtual host; needs the management API."""
        queues = self._manage(f"/api/queues/{quote(self._virtual_host, safe='')}", {"columns": "name"})
        return [queue["name"] for queue in queues]

    def state_of(self, name: str) -> QueueState | None:
        """The queue of that name, or None when there is none."""

        def look(connection: pika.BlockingConnection) -> QueueState | None:
            # The broker closes a channel on which a queue was asked for that is not there.
            if self._questions is None or not self._questions.is_open:
                self._questions = connection.channel()
            try:
                method = self._questions.queue_declare(name, passive=True).method
            except ChannelClosedByBroker as error:
                if error.reply_code == 404:
                    return None
                raise
            if method.consumer_count:
                self.first_served.setdefault(name, datetime.now(UTC))
            return QueueState(name=name, ready=method.message_count, consumers=method.consumer_count)

        return self._over_amqp(look)

    def publish(self, name: str, body: bytes) -> None:
        """Put one message into the queue and return when the broker has taken it over.

        Raises:
            EnvironmentBroken: the broker did not take it.
        """

        def put(channel: BlockingChannel) -> None:
            channel.confirm_delivery()
            channel.basic_publish("", name, body, mandatory=True)

        self._on_channel(put)

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

        return self._on_channel(put)

    def take_away(self, name: str) -> None:
        """Delete a queue, behind the server's back; its consumers are told by the broker.

        Raises:
            EnvironmentBroken: the broker did not.
        """
        self._on_channel(lambda channel: channel.queue_delete(name))

    def limit_queues(self, most: int | None) -> None:
        """Have the broker refuse further queues in the virtual host; None takes the limit away.

        It needs the management API, and an administrator's rights.

        Raises:
            EnvironmentBroken: the broker did not do it.
        """
        address = f"{self._management}/api/vhost-limits/{quote(self._virtual_host, safe='')}/max-queues"
        method, body = ("DELETE", None) if most is None else ("PUT", {"value": most})
        with _reading("limit the queues"):
            self._session.request(method, address, json=body, timeout=self._timeout_s).raise_for_status()

    def consumed(self, name: str) -> int | None:
        """Messages that consumers took and acknowledged since the queue was made, by the broker's statistics.

        They lag behind by the statistics' interval (5 s unless set otherwise). None: without the management API it
        cannot be known.
        """
        if self._management is None:
            return None
        wanted = {"columns": "name,message_stats"}
        queues = self._manage(f"/api/queues/{quote(self._virtual_host, safe='')}", wanted)
        statistics = next((queue.get("message_stats") for queue in queues if queue["name"] == name), None) or {}
        # A consumer that was promised not to acknowledge has consumed a message when it was delivered.
        return int(statistics.get("ack", 0)) + int(statistics.get("deliver_no_ack", 0))

    def check_health(self) -> None:
        """See that the broker takes a connection, and that its management API answers where one is set.

        Raises:
            EnvironmentBroken: it does not.
        """
        self._on_channel(lambda channel: None)
        if self._management is not None:
            self.names()

    def close(self) -> None:
        """Give the connection back."""
        self._session.close()
        if self._connection is not None and self._connection.is_open:
            with _reading("close the connection"):
                self._connection.close()

    def _over_amqp(self, action: Callable[[pika.BlockingConnection], T]) -> T:
        with _reading("speak AMQP"):
            try:
                return action(self._connected())
            except (pika.exceptions.ConnectionClosed, pika.exceptions.StreamLostError):
                # The kept connection may have been cut while it was idle; a new one tells whether the broker is gone.
                self._connection = None
                return action(self._connected())

    def _connected(self) -> pika.BlockingConnection:
        if self._connection is None or not self._connection.is_open:
            parameters = pika.URLParameters(self._url)
            parameters.socket_timeout = parameters.stack_timeout = self._timeout_s
            parameters.blocked_connection_timeout = self._timeout_s
            parameters.heartbeat = 0
            self._connection = pika.BlockingConnection(parameters)
            self._questions = None
        return self._connection

    def _on_channel(self, action: Callable[[BlockingChannel], T]) -> T:
        """Do something on a channel of its own."""

        def do(connection: pika.BlockingConnection) -> T:
            channel = connection.channel()
            try:
                return action(channel)
            finally:
                if channel.is_open:
                    channel.close()

        return self._over_amqp(do)

    def _manage(self, path: str, parameters: Mapping[str, str] | None = None) -> Any:
        with _reading("use the management API"):
            answer = self._session.get(f"{self._management}{path}", params=parameters, timeout=self._timeout_s)
            answer.raise_for_status()
            return json.loads(answer.text)


@contextmanager
def _reading(doing: str) -> Iterator[None]:
    try:
        yield
    except (AMQPError, OSError, requests.RequestException, ValueError) as error:
        raise EnvironmentBroken(
            f"RabbitMQ cannot be read: to {doing} failed ({type(error).__name__}: {str(error)[:300]}). Is the broker "
            "running? Are rabbitmq.url and rabbitmq.management_url right, and may that user use that virtual host?"
        ) from None
