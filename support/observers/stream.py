"""Looking at a job's stream (PZ-13570): what gRPC's standard health service tells of it, and what it gives."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import islice

import grpc
from google.protobuf.wrappers_pb2 import StringValue
from grpc_health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse
from grpc_health.v1.health_pb2_grpc import HealthStub

from support.core.addresses import host_of, with_port
from support.core.errors import EnvironmentBroken
from support.profile.settings import Stream
from transport.proxies import Proxy, proxy_of
from transport.trust import Trust, trusted

UNKNOWN = "unknown"

# How gRPC words what keeps it from the server, before anything is known of that. A proxy that answers 502 to 504 says
# that nobody is there yet.
_UNVERIFIED = re.compile(r"CERTIFICATE_VERIFY_FAILED|Verification Check failed|not in peer certificate")
_PROXY_FAILED = re.compile(r"HTTP proxy returned response code (?!50[234])|Failed to connect to remote host")


@dataclass
class Streamed:
    """The messages that were read of a stream, and what ended it before there were enough; empty when nothing did."""

    messages: list[str] = field(default_factory=list)
    ended: str = ""


def health_of(stream_url: str, stream_port: int, service: str, timeout_s: float, stream: Stream) -> str:
    """What the server at that address says of a service: `SERVING`, `NOT_SERVING`, …, or that it is `unknown`.

    Where no channel can be made, or nothing is answered, the text says so in gRPC's own words. `stream_url` may have a
    scheme, and name an IPv6 address with brackets or without; whether TLS is spoken is the setting's to say.

    Raises:
        SettingsError: what is trusted, or the proxy that leads there, cannot be used.
        EnvironmentBroken: the certificate cannot be verified, or the proxy does not lead there.
    """
    said: list[str] = []

    def ask(channel: grpc.Channel) -> None:
        answer = HealthStub(channel).Check(HealthCheckRequest(service=service), timeout=timeout_s)
        said.append(HealthCheckResponse.ServingStatus.Name(answer.status))

    failure = _failure_of(ask, stream_url, stream_port, stream)
    return said[0] if not failure else UNKNOWN if failure.startswith("NOT_FOUND") else failure


def read(stream_url: str, stream_port: int, job_id: str, count: int, timeout_s: float, stream: Stream) -> Streamed:
    """Open the stream of a job by `stream.call`, read so many messages of it, and close it.

    Raises as `health_of` does.
    """
    assert stream.call is not None
    path, read = stream.call, Streamed()

    def take(channel: grpc.Channel) -> None:
        call = channel.unary_stream(path, StringValue.SerializeToString, StringValue.FromString)
        opened = call(StringValue(value=job_id), timeout=timeout_s)
        read.messages.extend(message.value for message in islice(opened, count))
        opened.cancel()

    read.ended = _failure_of(take, stream_url, stream_port, stream)
    if not read.ended and len(read.messages) < count:
        read.ended = "the server ended it"
    return read


def _failure_of(ask: Callable[[grpc.Channel], None], stream_url: str, stream_port: int, stream: Stream) -> str:
    """Ask something of the server at that address: what kept it from answering, in gRPC's words, or nothing."""
    try:
        address = with_port(host_of(stream_url), stream_port)
    except ValueError:
        return f"at no address: stream_url is {stream_url!r}"
    trust = trusted(stream.ca_file, "stream.ca_file") if stream.tls else None
    proxy = proxy_of(f"grpc://{address}")
    with _channel(address, trust, proxy) as channel:
        try:
            ask(channel)
        except grpc.RpcError as error:
            if trust is not None and _UNVERIFIED.search(error.details()):
                raise EnvironmentBroken(
                    f"The stream at {address} cannot be trusted ({error.details()}). {trust.advice}"
                ) from None
            if proxy is not None and _PROXY_FAILED.search(error.details()):
                raise EnvironmentBroken(
                    f"The stream at {address} cannot be reached through the proxy that {proxy.variable} names "
                    f"({error.details()}). NO_PROXY names the hosts that are reached without one."
                ) from None
            return f"{error.code().name} ({error.details()}) at {address}"
    return ""


def _channel(address: str, trust: Trust | None, proxy: Proxy | None) -> grpc.Channel:
    # Left to itself gRPC goes through a proxy to this machine, too.
    options: list[tuple[str, object]] = [("grpc.enable_http_proxy", int(proxy is not None))]
    if proxy is not None:
        options.append(("grpc.http_proxy", proxy.url))
    if trust is None:
        return grpc.insecure_channel(address, options=options)
    return grpc.secure_channel(address, grpc.ssl_channel_credentials(trust.pem()), options=options)
