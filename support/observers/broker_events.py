"""The history of RabbitMQ: the events of its plugin `rabbitmq_event_exchange`."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, unquote, urlsplit

import pika
from pika.adapters.blocking_connection import BlockingChannel
from pika.exceptions import ChannelClosedByBroker
from pydantic import SecretStr

from support.observers.happenings import IDENTIFY, Event, Happening
from support.observers.rabbitmq import OUR_QUEUES, Broker
from support.observers.side_effects import Effect
from support.observers.store_calls import UnusableAnswer
from support.profile.settings import Naming, RabbitMQ

_EXCHANGE = "amq.rabbitmq.event"
_MARKER = "acceptance-suite-marker"
_EVENTS: dict[str, Event] = {"created": "came", "deleted": "went"}

Told = tuple[str, pika.BasicProperties]


class BrokerEvents:
    """Has the broker keep its events in a queue of the suite's own, which goes with the connection.

    That it has all of them is known when it gets one that it has made itself: it binds its queue, or unbinds it.
    """

    def __init__(self, settings: RabbitMQ, naming: Naming, missed: Callable[[str], object]) -> None:
        """Begin now; `missed` is told what can't be seen. Raises EnvironmentBroken if the broker tells no events."""
        address = urlsplit(settings.url.get_secret_value())
        self._virtual_host = unquote(address.path.removeprefix("/")) or "/"
        self._where = settings.event_virtual_host
        url = address._replace(path=f"/{quote(self._where, safe='')}").geturl()
        self._broker = Broker(settings.model_copy(update={"url": SecretStr(url), "management_url": None}))
        self._naming, self._missed = naming, missed
        self.unwatched: Mapping[str, str] = {}
        self._listening: _Listening | None = None
        self._read_at = datetime.now(UTC)
        self.read()

    def read(self, *, is_last: bool = False) -> Sequence[Happening]:
        """All events since the last reading; those that the broker had made before this call are among them."""
        told = self._broker.on_connection("its events", self._told)
        self._read_at = datetime.now(UTC)
        return [happening for key, properties in told if (happening := self._happening(key, properties)) is not None]

    def close(self) -> None:
        """Give the connection back, and the queue with it."""
        self._broker.close()

    def _told(self, connection: pika.BlockingConnection) -> list[Told]:
        if self._listening is None or self._listening.connection is not connection:
            is_anew = self._listening is not None
            self._listening = _Listening(connection, self._where)
            if is_anew:
                since = f"{self._read_at:%H:%M:%S}"
                self._missed(f"what came and went in RabbitMQ from {since} on: the connection was cut")
        return self._listening.told()

    def _happening(self, key: str, properties: pika.BasicProperties) -> Happening | None:
        what, _, done = key.partition(".")
        headers = properties.headers or {}
        found = self._found(what, headers)
        if done not in _EVENTS or headers.get("vhost") != self._virtual_host or found is None:
            return None
        return Happening(_moment(properties), _EVENTS[done], *found, content=headers)

    def _found(self, what: str, told: dict[str, Any]) -> tuple[str, Effect] | None:
        if what == "queue" and not told["name"].startswith(OUR_QUEUES):
            return "work queue", IDENTIFY["work queue"](told, self._naming)
        if what == "consumer" and not told["queue"].startswith(OUR_QUEUES):
            tag = f"{told['consumer_tag']} of {told['queue']}"
            owner = IDENTIFY["work queue"]({"name": told["queue"]}, self._naming)
            return "queue consumer", Effect(f"{told['channel']} {tag}", owner.job_id, f"consumer {tag}")
        if what == "exchange":
            return "exchange", Effect(told["name"], None, told["name"])
        if what == "binding" and told["source_name"] and not told["destination_name"].startswith(OUR_QUEUES):
            name = f"{told['source_name']} -> {told['destination_name']} ({told['routing_key']})"
            return "binding", Effect(name, None, name)
        return None


class _Listening:
    """A queue for events on one connection."""

    def __init__(self, connection: pika.BlockingConnection, virtual_host: str) -> None:
        self.connection, self._arrived = connection, list[Told]()
        self._is_marked, self._last_marker = False, ""
        self._queue = f"{OUR_QUEUES}{uuid.uuid4().hex}"
        self._channel = connection.channel()
        try:
            self._channel.queue_declare(self._queue, exclusive=True, auto_delete=True)
            for what in ("queue", "exchange", "binding", "consumer"):
                self._channel.queue_bind(self._queue, _EXCHANGE, f"{what}.*")
        except ChannelClosedByBroker as error:
            raise UnusableAnswer(
                f"it has no exchange {_EXCHANGE} in the virtual host {virtual_host} that can be read "
                f"({error.reply_text}; plugin rabbitmq_event_exchange)"
            ) from None
        self._channel.basic_consume(self._queue, self._arrive, auto_ack=True)

    def told(self) -> list[Told]:
        """Everything up to an event that is made now."""
        (self._channel.queue_unbind if self._is_marked else self._channel.queue_bind)(self._queue, _EXCHANGE, _MARKER)
        self._is_marked = not self._is_marked
        marked = "binding.created" if self._is_marked else "binding.deleted"
        while self._last_marker != marked:
            self.connection.process_data_events(time_limit=None)
        told, self._arrived = self._arrived, []
        return told

    def _arrive(self, _: BlockingChannel, method: Any, properties: pika.BasicProperties, __: bytes) -> None:
        told = properties.headers or {}
        if told.get("destination_name") == self._queue and told.get("routing_key") == _MARKER:
            self._last_marker = method.routing_key
        else:
            self._arrived.append((method.routing_key, properties))


def _moment(properties: pika.BasicProperties) -> datetime:
    """When it happened; brokers that do not tell milliseconds tell whole seconds."""
    exact = (properties.headers or {}).get("timestamp_in_ms")
    return datetime.fromtimestamp(int(exact) / 1000 if exact else int(properties.timestamp or 0), UTC)
