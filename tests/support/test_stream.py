from concurrent.futures import ThreadPoolExecutor

import grpc
import pytest
from grpc_health.v1.health import HealthServicer
from grpc_health.v1.health_pb2 import HealthCheckResponse
from grpc_health.v1.health_pb2_grpc import add_HealthServicer_to_server
from stand_ins import JOB_ID, job, settings

from support import gateway
from support.errors import ExpectationFailed
from support.observers.stream import health_of
from support.promises import Promises


@pytest.fixture(scope="module")
def port():
    """Where a gRPC server says by its standard health service what it serves."""
    health = HealthServicer()
    health.set(JOB_ID, HealthCheckResponse.SERVING)
    health.set("job_ended", HealthCheckResponse.NOT_SERVING)
    server = grpc.server(ThreadPoolExecutor(1))
    add_HealthServicer_to_server(health, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    yield port
    server.stop(None).wait()


@pytest.mark.parametrize(
    ("service", "seen"),
    [("", "SERVING"), (JOB_ID, "SERVING"), ("job_ended", "NOT_SERVING"), ("job_00000000", "unknown")],
)
@pytest.mark.parametrize("url", ["grpc://127.0.0.1", "127.0.0.1", "http://127.0.0.1/focus"])
def test_a_server_tells_what_it_serves(port, url, service, seen):
    assert health_of(url, port, service, 5) == seen


def test_nobody_there_and_no_answer_are_neither_serving_nor_unknown():
    for make, said in ((gateway.absent, "UNAVAILABLE"), (gateway.silent, "DEADLINE_EXCEEDED")):
        with make() as where:
            told = health_of("grpc://127.0.0.1", int(where.address.rpartition(":")[2]), JOB_ID, 0.3)
        assert told.startswith(f"{said} (")


def test_a_stream_is_served_or_gone_where_the_answer_says(port):
    promises, made = Promises(settings(), None), job({"stream_url": "grpc://127.0.0.1", "stream_port": port})
    promises.stream_is_served(made)
    for gone in ("job_ended", "job_00000000"):
        promises.stream_is_gone(made, gone)
    with pytest.raises(ExpectationFailed, match="it is SERVING"):
        promises.stream_is_gone(made, JOB_ID)
    with gateway.absent() as where:
        away = job({"stream_url": "grpc://127.0.0.1", "stream_port": int(where.address.rpartition(":")[2])})
        for check in (promises.stream_is_served, lambda made: promises.stream_is_gone(made, JOB_ID)):
            with pytest.raises(ExpectationFailed, match="it is UNAVAILABLE"):
                check(away)
