"""Looking at a job's stream: what any gRPC server tells by its standard health service (PZ-13570)."""

from __future__ import annotations

from urllib.parse import urlsplit

import grpc
from grpc_health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse
from grpc_health.v1.health_pb2_grpc import HealthStub

UNKNOWN = "unknown"


def health_of(stream_url: str, stream_port: int, service: str, timeout_s: float) -> str:
    """What the server at that address says of a service: `SERVING`, `NOT_SERVING`, …, or that it is `unknown`.

    Where no channel can be made, or nothing is answered, the text says so in gRPC's own words.
    """
    address = f"{urlsplit(stream_url).hostname or stream_url}:{stream_port}"
    with grpc.insecure_channel(address, options=[("grpc.enable_http_proxy", 0)]) as channel:
        try:
            answer = HealthStub(channel).Check(HealthCheckRequest(service=service), timeout=timeout_s)
        except grpc.RpcError as error:
            if error.code() is grpc.StatusCode.NOT_FOUND:
                return UNKNOWN
            return f"{error.code().name} ({error.details()}) at {address}"
    name: str = HealthCheckResponse.ServingStatus.Name(answer.status)
    return name
