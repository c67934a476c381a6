"""Invalid requests of every sort, by the words of the features."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta

from support.api.exchange import Exchange
from support.contract.configuration import generate_config_payload, generate_playback_payload
from support.fuzzing.malformed_bodies import MALFORMED_BODIES
from support.scenario.session import ScenarioSession

Send = Callable[[ScenarioSession], Exchange]


def send_malformed(session: ScenarioSession, what: str, headers: Mapping[str, str] | None = None) -> Exchange:
    """Send one of `MALFORMED_BODIES` as a configuration, with these headers besides its own.

    Where the environment is shared it is made of a marked one, so that a job that comes of it is found. Bodies that
    hold no configuration, like an empty object, carry no mark: nothing is claimed of what comes of them.
    """
    # In some of them the highest frequency is not a number.
    body = MALFORMED_BODIES[what](session.client.mark(generate_config_payload(), {"frequencyRange"})[0])
    return session.client.send(
        "POST", session.settings.paths.configure, raw=body.content, headers={**body.headers, **(headers or {})}
    )


def _about_an_unknown_job(method: str, path: str) -> Send:
    def send(session: ScenarioSession) -> Exchange:
        unknown = session.settings.naming.unknown_job_id
        return session.client.send(method, getattr(session.settings.paths, path).format(job_id=unknown, rows=10))

    return send


def _with_body(what: str) -> Send:
    return lambda session: send_malformed(session, what)


def _playback_of_nothing(session: ScenarioSession) -> Exchange:
    start = session.recorder.free_time()
    return session.client.request_raw(generate_playback_payload(start, start + timedelta(seconds=10))).exchange


INVALID_REQUESTS: dict[str, Send] = {
    "a page that does not exist": lambda session: session.client.get("/no-such-page"),
    "a page with a slash too many": lambda session: session.client.get(f"{session.settings.paths.channels}/"),
    "the metadata of an unknown job": _about_an_unknown_job("GET", "metadata"),
    "the end of an unknown job": _about_an_unknown_job("DELETE", "job"),
    "the rows of an unknown job": _about_an_unknown_job("GET", "waterfall"),
    "a job by the wrong method": lambda session: session.client.send("PUT", session.settings.paths.configure, {}),
    "a job with a body that is no JSON": _with_body("a body of plain text"),
    "a job with a body of another type": _with_body("a configuration called XML"),
    "a job with a body that is too large": _with_body("a body of 100 kB"),
    "a job with a parameter out of range": lambda session: (
        session.client.request_raw(generate_config_payload(nfftSelection=0)).exchange
    ),
    "a job without any parameter": _with_body("an empty object"),
    "a playback of what was not recorded": _playback_of_nothing,
    "a job under a malformed task id": lambda session: (
        session.client.request_raw(generate_config_payload(), "none").exchange
    ),
}
"""Each sends one request."""
