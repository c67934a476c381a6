import asyncio
import json
import logging
from collections.abc import AsyncIterator

import httpx
import pytest
from focus_server_fakes import NOW, World, payload, settings

from sandbox.focus_server.composition import create_app
from sandbox.focus_server.errors import DependencyUnavailable

BASE = "/focus-server"
EPOCH = int(NOW.timestamp())


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
async def client(world: World) -> AsyncIterator[httpx.AsyncClient]:
    app = create_app(settings(max_body_bytes=2000), world.parts)
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url=f"http://server{BASE}/") as made:
        yield made


async def post(client: httpx.AsyncClient, body: object) -> httpx.Response:
    return await client.post("configure", json=body)


async def test_the_answer_to_configure(client: httpx.AsyncClient, world: World) -> None:
    sent = payload(**{"channels.min": 3, "channels.max": 4, "frequencyRange.max": 2.5})
    reply = await post(client, sent)
    (record,) = world.tasks.records.values()
    assert reply.status_code == 200
    assert reply.json() == {
        "job_id": record.job_id,
        "stream_url": "http://stream.example",
        "stream_port": 50051,
        "status": "configured",
        "created_at": "2025-06-01T12:00:00.123Z",
        "view_type": 0,
        "channel_amount": 2,
        "stream_amount": 2,
        "channel_to_stream_index": {"3": 0, "4": 1},
        "frequencies_list": [0.0, 1.953125],
        "frequencies_amount": 2,
        "lines_dt": 0.256,
    }
    assert json.dumps(record.config) == json.dumps(sent)


async def test_metadata_says_the_same_and_the_configuration_as_sent(client: httpx.AsyncClient) -> None:
    sent = payload(start_time="250601110000", end_time=EPOCH)
    answer = (await post(client, sent)).json()
    metadata = (await client.get(f"metadata/{answer['job_id']}")).json()
    assert metadata.pop("config") == sent
    assert metadata.pop("roi") == {"start": 1, "end": 51}
    assert metadata == answer


async def test_cancelling_and_cancelling_again(client: httpx.AsyncClient) -> None:
    job_id = (await post(client, payload())).json()["job_id"]
    for _ in range(2):
        reply = await client.delete(f"job/{job_id}")
        assert (reply.status_code, reply.json()) == (200, {"job_id": job_id, "status": "cancelled"})
    assert (await client.get(f"metadata/{job_id}")).json()["status"] == "cancelled"


def assert_detail(reply: httpx.Response, status: int, *words: str) -> None:
    assert reply.status_code == status
    assert reply.headers["content-type"] == "application/json"
    assert set(reply.json()) == {"detail"}
    detail = reply.json()["detail"]
    assert isinstance(detail, str) or all(set(entry) == {"loc", "msg"} for entry in detail)
    for word in words:
        assert word in reply.text
    assert "Traceback" not in reply.text
    assert "job_id" not in reply.text


@pytest.mark.parametrize("field", ["nfftSelection", "displayTimeAxisDuration", "view_type", "channels", "displayInfo"])
async def test_a_refused_configuration_names_the_field_and_does_nothing(
    client: httpx.AsyncClient, world: World, field: str
) -> None:
    assert_detail(await post(client, payload(**{field: True})), 422, field)
    assert world.journal.calls == []


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"no json", b"\xff\xfe", b'{"a": NaN}', b"[" * 1500, b'{"a": Infinity}', b"\xef\xbb\xbf{}"],
)
async def test_a_body_that_is_no_json(client: httpx.AsyncClient, world: World, body: bytes) -> None:
    reply = await client.post("configure", content=body, headers={"content-type": "application/json"})
    assert_detail(reply, 400, "JSON")
    assert world.journal.calls == []


@pytest.mark.parametrize(
    "twice", ['"view_type": 0, "view_type"', '"view_type": 0, "view\\u005ftype"', '"a": 1, "\\u0061": 2, "b"']
)
async def test_a_name_that_occurs_twice_in_an_object(client: httpx.AsyncClient, world: World, twice: str) -> None:
    body = json.dumps(payload()).replace('"view_type"', twice)
    reply = await client.post("configure", content=body, headers={"content-type": "application/json"})
    assert_detail(reply, 400, "twice")
    body = json.dumps(payload()).replace('"min": 1', '"min": 1, "min": 1')
    reply = await client.post("configure", content=body, headers={"content-type": "application/json"})
    assert_detail(reply, 400, "twice")
    assert world.journal.calls == []


@pytest.mark.parametrize(
    ("coding", "status"), [("identity", 200), ("Identity", 200), ("gzip", 415), ("identity, br", 415)]
)
async def test_an_encoded_body(client: httpx.AsyncClient, coding: str, status: int) -> None:
    headers = {"content-type": "application/json", "content-encoding": coding}
    assert (await client.post("configure", content=json.dumps(payload()), headers=headers)).status_code == status


async def test_a_number_beyond_all_floats_is_refused(client: httpx.AsyncClient) -> None:
    body = json.dumps(payload()).replace('"max": 500', '"max": 1e999')
    reply = await client.post("configure", content=body, headers={"content-type": "application/json"})
    assert_detail(reply, 422, "frequencyRange")


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", "", "application/jsonx"])
async def test_another_content_type(client: httpx.AsyncClient, content_type: str) -> None:
    headers = {"content-type": content_type}
    assert_detail(await client.post("configure", content=json.dumps(payload()), headers=headers), 415)


async def test_a_charset_beside_the_content_type_is_fine(client: httpx.AsyncClient) -> None:
    headers = {"content-type": "application/json; charset=utf-8"}
    assert (await client.post("configure", content=json.dumps(payload()), headers=headers)).status_code == 200


async def test_the_body_may_be_as_large_as_the_limit_and_no_larger(client: httpx.AsyncClient) -> None:
    for size, status in ((2000, 200), (2001, 413)):
        body = json.dumps(payload()).ljust(size)
        reply = await client.post("configure", content=body, headers={"content-type": "application/json"})
        assert reply.status_code == status
    assert_detail(reply, 413)


async def test_a_field_name_that_is_no_unicode(client: httpx.AsyncClient) -> None:
    headers = {"content-type": "application/json"}
    assert_detail(await client.post("configure", content=b'{"\\ud800": 1}', headers=headers), 422)


async def test_no_recording_in_the_window(client: httpx.AsyncClient, world: World) -> None:
    world.recordings.there = False
    assert_detail(await post(client, payload(start_time=EPOCH - 9, end_time=EPOCH)), 400, "recording")
    assert world.journal.calls == ["recordings"]


@pytest.mark.parametrize(
    ("step", "dependency"), [("insert", "MongoDB"), ("launch", "Kubernetes"), ("open", "RabbitMQ")]
)
async def test_a_dependency_out_of_reach_is_named_and_the_next_try_works(
    client: httpx.AsyncClient, world: World, step: str, dependency: str
) -> None:
    world.journal.fail[step] = DependencyUnavailable(dependency, "no answer within 1 s")
    assert_detail(await post(client, payload()), 503, dependency)
    assert world.is_empty()
    world.journal.fail.clear()
    assert (await post(client, payload())).status_code == 200


async def test_a_defect_of_the_server_shows_nothing_of_itself(client: httpx.AsyncClient, world: World) -> None:
    world.journal.fail["launch"] = ValueError("amqp://user:secret@host")
    reply = await post(client, payload())
    assert_detail(reply, 500)
    assert "secret" not in reply.text


@pytest.mark.parametrize("path", ["job/job_00000000", "job/x", "job/%00", "job/%FF", "job/..%2Fx", "job/%24ne"])
async def test_unknown_and_malformed_ids(client: httpx.AsyncClient, path: str) -> None:
    assert_detail(await client.delete(path), 404)
    assert_detail(await client.get(path.replace("job/", "metadata/", 1)), 404)


async def test_ack_needs_nobody_and_takes_get_only(client: httpx.AsyncClient, world: World) -> None:
    assert (await client.get("ack")).status_code == 200
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        reply = await client.request(method, "ack")
        assert_detail(reply, 405)
        assert reply.headers["allow"] == "GET"
    assert (await client.head("ack")).status_code == 405
    assert world.journal.calls == []


async def test_nothing_is_served_outside_the_base_path(client: httpx.AsyncClient) -> None:
    for path in ("http://server/ack", "http://server/docs", f"http://server{BASE}/openapi.json", "ack/"):
        assert_detail(await client.get(path), 404)


async def test_the_log_says_what_an_outage_came_from(
    client: httpx.AsyncClient, world: World, caplog: pytest.LogCaptureFixture
) -> None:
    world.journal.fail["open"] = DependencyUnavailable("RabbitMQ", "no answer within 1 s")
    world.journal.fail["open"].__cause__ = TimeoutError()
    await post(client, payload())
    assert "answered 503: RabbitMQ is not available: no answer within 1 s (TimeoutError())" in caplog.text


async def test_a_job_that_waits_holds_up_no_other(client: httpx.AsyncClient, world: World) -> None:
    hold = asyncio.Event()
    waits = [hold.wait]

    async def first_waits() -> None:
        if waits:
            await waits.pop()()

    world.journal.hang["open"] = first_waits
    requests = [asyncio.create_task(post(client, payload())) for _ in range(50)]
    finished = asyncio.as_completed(requests)
    async with asyncio.timeout(30):
        answers = [await next(finished) for _ in range(49)]
        # All but the one that still waits.
        assert {request.done() for request in requests} == {True, False}
        hold.set()
        answers.append(await next(finished))
    assert [answer.status_code for answer in answers] == [200] * 50
    assert world.queues.open_queues == {answer.json()["job_id"] for answer in answers}
    assert len(world.queues.open_queues) == 50


SCOPE = {
    "type": "http",
    "method": "POST",
    "path": f"{BASE}/configure",
    "query_string": b"",
    "headers": [(b"content-type", b"application/json")],
}


async def test_a_client_that_goes_away_while_it_sends(world: World, caplog: pytest.LogCaptureFixture) -> None:
    messages = iter([{"type": "http.request", "body": b"{", "more_body": True}, {"type": "http.disconnect"}])
    sent = []

    async def receive() -> dict[str, object]:
        return next(messages)

    async def send(message: dict[str, object]) -> None:
        sent.append(message)

    with caplog.at_level(logging.INFO):
        await create_app(settings(), world.parts)(SCOPE, receive, send)
    assert sent[0]["status"] == 499
    assert [record.getMessage() for record in caplog.records] == ["refused: the client went away"]
    assert world.journal.calls == []


async def test_a_client_that_goes_away_leaves_nothing(world: World) -> None:
    opening = asyncio.Event()
    world.journal.hang["open"] = opening.wait
    app = create_app(settings(), world.parts)
    body = json.dumps(payload()).encode()
    messages = [{"type": "http.request", "body": body, "more_body": False}]
    gone = asyncio.Event()

    async def receive() -> dict[str, object]:
        if messages:
            return messages.pop()
        await gone.wait()
        return {"type": "http.disconnect"}

    async def send(_: object) -> None: ...

    request = asyncio.create_task(app(SCOPE, receive, send))
    async with asyncio.timeout(5):
        while "open" not in world.journal.calls:
            await asyncio.sleep(0)
        gone.set()
        for _ in range(5):
            await asyncio.sleep(0)
        opening.set()
        await request
    assert world.journal.calls[-3:] == ["close", "stop", "remove"]
    assert world.is_empty()
