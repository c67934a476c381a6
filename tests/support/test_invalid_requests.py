import json
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from stand_ins import settings

from support.api.client import FocusServerAPI
from support.contract.configuration import ConfigureRequest, is_task_id
from support.core.errors import ValidationError
from support.fuzzing.invalid_requests import INVALID_REQUESTS, send_malformed
from support.fuzzing.malformed_bodies import MALFORMED_BODIES
from support.scenario.scenario_client import ScenarioClient

FREE = datetime(2005, 1, 1, tzinfo=UTC)


class Asked:
    """Stands in for a scenario: keeps what is sent, and the keys of what was marked."""

    def __init__(self, *, exclusive=True):
        self.settings, self.sent, self.keys = settings(exclusive=exclusive), [], []
        self.recorder = SimpleNamespace(free_time=lambda: FREE)
        self.client = ScenarioClient(self.settings, self.keys.append)
        self.client._own.client = Client(self.settings)
        self.client._own.client.sent = self.sent


class Client(FocusServerAPI):
    """Keeps what is sent."""

    def send(self, method, path, body=None, *, raw=None, headers=None):
        self.sent.append((method, path, body, raw, headers))


def configuration_in(body, raw):
    try:
        return ConfigureRequest.model_validate(json.loads(raw) if raw is not None else body)
    except (ValueError, ValidationError):
        return None


@pytest.mark.parametrize("what", INVALID_REQUESTS)
def test_an_invalid_request_is_sent_once_and_is_one(what):
    session = Asked()
    INVALID_REQUESTS[what](session)
    ((method, path, body, raw, headers),) = session.sent
    unknown = session.settings.naming.unknown_job_id
    if "unknown" in what:
        known = {"GET": (f"/metadata/{unknown}", f"/waterfall/{unknown}/10"), "DELETE": (f"/job/{unknown}",)}
        assert path in known[method]
    elif method == "POST" and path == "/configure" and configuration_in(body, raw) is not None:
        of_nothing = body is not None and body["start_time"] == FREE.timestamp()
        assert of_nothing or headers != {"Content-Type": "application/json"} or len(raw) > 65_536
    elif method == "POST" and path != "/configure":
        assert not is_task_id(path.removeprefix("/configure/"))
    else:
        assert (method, path) in {
            ("GET", "/no-such-page"),
            ("GET", "/channels/"),
            ("PUT", "/configure"),
            ("POST", "/configure"),
        }


def test_no_invalid_request_is_another():
    asked = []
    for send in INVALID_REQUESTS.values():
        session = Asked()
        send(session)
        asked.append(str(session.sent))
    assert len(set(asked)) == len(INVALID_REQUESTS) >= 12


@pytest.mark.parametrize("what", MALFORMED_BODIES)
def test_where_the_environment_is_shared_a_malformed_body_is_made_of_a_marked_configuration(what):
    session = Asked(exclusive=False)
    send_malformed(session, what)
    ((method, path, _, raw, headers),) = session.sent
    assert (method, path, headers) == ("POST", "/configure", MALFORMED_BODIES[what]().headers)
    (key,) = session.keys
    assert set(key) == {"displayTimeAxisDuration", "displayInfo.height"}
    usual = MALFORMED_BODIES[what]()
    if raw != usual.content and usual.content_encoding is None and "UTF-16" not in what:
        assert all(str(value).encode() in raw for value in key.values())


def test_where_it_is_ours_alone_a_malformed_body_is_as_it_is():
    session = Asked()
    for what in MALFORMED_BODIES:
        send_malformed(session, what)
    assert [raw for _, _, _, raw, _ in session.sent] == [MALFORMED_BODIES[what]().content for what in MALFORMED_BODIES]
    assert session.keys == []
