"""Looking at a job's stream: what any gRPC server tells by its standard health service (PZ-13570)."""

from __future__ import annotations

import re

import grpc
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


def health_of(stream_url: str, stream_port: int, service: str, timeout_s: float, stream: Stream) -> str:
    """What the server at that address says of a service: `SERVING`, `NOT_SERVING`, …, or that it is `unknown`.

    Where no channel can be made, or nothing is answered, the text says so in gRPC's own words. `stream_url` may have a
    scheme, and name an IPv6 address with brackets or without; whether TLS is spoken is the setting's to say.

    Raises:
        SettingsError: what is trusted, or the proxy that leads there, cannot be used.
        EnvironmentBroken: the certificate cannot be verified, or the proxy does not lead there.
    """
    try:
        address = with_port(host_of(stream_url), stream_port)
    except ValueError:
        return f"at no address: stream_url is {stream_url!r}"
    trust = trusted(stream.ca_file, "stream.ca_file") if stream.tls else None
    proxy = proxy_of(f"grpc://{address}")
    with _channel(address, trust, proxy) as channel:
        try:
            answer = HealthStub(channel).Check(HealthCheckRequest(service=service), timeout=timeout_s)
        except grpc.RpcError as error:
            if error.code() is grpc.StatusCode.NOT_FOUND:
                return UNKNOWN
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
    name: str = HealthCheckResponse.ServingStatus.Name(answer.status)
    return name


def _channel(address: str, trust: Trust | None, proxy: Proxy | None) -> grpc.Channel:
    # Left to itself gRPC goes through a proxy to this machine, too.
    options: list[tuple[str, object]] = [("grpc.enable_http_proxy", int(proxy is not None))]
    if proxy is not None:
        options.append(("grpc.http_proxy", proxy.url))
    if trust is None:
        return grpc.insecure_channel(address, options=options)
    return grpc.secure_channel(address, grpc.ssl_channel_credentials(trust.pem()), options=options)
