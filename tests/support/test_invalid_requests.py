import json
import random
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from stand_ins import settings

from support.contract.configuration import ConfigureRequest, is_task_id
from support.core.errors import ValidationError
from support.fuzzing.invalid_requests import MISTAKES, send_malformed
from support.fuzzing.malformed_bodies import BODIES
from support.scenario.session import ScenarioSession

FREE = datetime(2005, 1, 1, tzinfo=UTC)


class Asked:
    """Stands in for a scenario: keeps what is sent, and the keys of what was marked."""

    request_raw, refusal_of, mark, marked = (
        ScenarioSession.request_raw,
        ScenarioSession.refusal_of,
        ScenarioSession.mark,
        ScenarioSession.marked,
    )

    def __init__(self, *, exclusive=True):
        self.settings, self.sent, self.keys, self._chance = settings(exclusive=exclusive), [], [], random.Random(1)
        self.recorder = SimpleNamespace(free_time=lambda: FREE)
        self.ledger = SimpleNamespace(enter_request=self.keys.append)
        self._journal = SimpleNamespace(requested=lambda key: None)

    def send(self, method, path, body=None, *, raw=None, headers=None):
        self.sent.append((method, path, body, raw, headers))


def configuration_in(body, raw):
    try:
        return ConfigureRequest.model_validate(json.loads(raw) if raw is not None else body)
    except (ValueError, ValidationError):
        return None


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_asked_once_and_is_one(mistake):
    session = Asked()
    MISTAKES[mistake](session)
    ((method, path, body, raw, headers),) = session.sent
    unknown = session.settings.naming.unknown_job_id
    if "unknown" in mistake:
        known = {"GET": (f"/metadata/{unknown}", f"/waterfall/{unknown}/10"), "DELETE": (f"/job/{unknown}",)}
        assert path in known[method]
    elif method == "POST" and path == "/configure" and configuration_in(body, raw) is not None:
        of_nothing = body is not None and body["start_time"] == FREE.timestamp()
        assert of_nothing or headers != {"Content-Type": "application/json"} or len(raw) > 65_536
    elif method == "POST" and path != "/configure":
        assert not is_task_id(path.removeprefix("/configure/"))
    else:
        assert (method, path) in {("GET", "/no-such-page"), ("PUT", "/configure"), ("POST", "/configure")}


def test_no_mistake_is_another():
    asked = []
    for mistake in MISTAKES.values():
        session = Asked()
        mistake(session)
        asked.append(str(session.sent))
    assert len(set(asked)) == len(MISTAKES) >= 12


@pytest.mark.parametrize("what", BODIES)
def test_where_the_environment_is_shared_a_malformed_body_is_made_of_a_marked_configuration(what):
    session = Asked(exclusive=False)
    send_malformed(session, what)
    ((method, path, _, raw, headers),) = session.sent
    assert (method, path, headers) == ("POST", "/configure", BODIES[what]().headers)
    (key,) = session.keys
    assert set(key) == {"displayTimeAxisDuration", "displayInfo.height"}
    usual = BODIES[what]()
    if raw != usual.content and usual.content_encoding is None and "UTF-16" not in what:
        assert all(str(value).encode() in raw for value in key.values())


def test_where_it_is_ours_alone_a_malformed_body_is_as_it_is():
    session = Asked()
    for what in BODIES:
        send_malformed(session, what)
    assert [raw for _, _, _, raw, _ in session.sent] == [BODIES[what]().content for what in BODIES]
    assert session.keys == []
