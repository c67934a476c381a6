import json
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from stand_ins import settings

from support.case import Case
from support.configuration import ConfigureRequest, is_task_id
from support.errors import ValidationError
from support.mistakes import MISTAKES

FREE = datetime(2005, 1, 1, tzinfo=UTC)


class Asked:
    """Stands in for a scenario: keeps what is sent; marks nothing."""

    request_raw = Case.request_raw

    def __init__(self):
        self.settings, self.sent = settings(), []
        self.recorder = SimpleNamespace(free_time=lambda: FREE)

    def mark(self, payload):
        return payload

    def send(self, method, path, body=None, *, raw=None, headers=None):
        self.sent.append((method, path, body, raw, headers))


def configuration_in(body, raw):
    try:
        return ConfigureRequest.model_validate(json.loads(raw) if raw is not None else body)
    except (ValueError, ValidationError):
        return None


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_asked_once_and_is_one(mistake):
    case = Asked()
    MISTAKES[mistake](case)
    ((method, path, body, raw, headers),) = case.sent
    unknown = case.settings.naming.unknown_job_id
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
        case = Asked()
        mistake(case)
        asked.append(str(case.sent))
    assert len(set(asked)) == len(MISTAKES) >= 12
