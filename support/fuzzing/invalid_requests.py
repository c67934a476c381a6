"""Everything that a server can be asked wrongly, by the words of the features."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from support.api.client import Exchange
from support.contract.configuration import generate_config_payload, generate_playback_payload
from support.fuzzing.malformed_bodies import BODIES
from support.scenario.session import Case


def _about_an_unknown_job(method: str, path: str) -> Callable[[Case], Exchange]:
    def ask(case: Case) -> Exchange:
        unknown = case.settings.naming.unknown_job_id
        return case.send(method, getattr(case.settings.paths, path).format(job_id=unknown, rows=10))

    return ask


def send_malformed(case: Case, what: str) -> Exchange:
    """Send one of `BODIES` as a configuration.

    Where the environment is shared it is made of a marked one, so that a job that comes of it is found. Nothing is
    claimed of bodies that hold no configuration, like an empty object: what comes of them carries no mark.
    """
    # The highest frequency is no number in some of them.
    body = BODIES[what](case.marked(generate_config_payload(), {"frequencyRange"})[0])
    return case.send("POST", case.settings.paths.configure, raw=body.content, headers=body.headers)


def _with_body(what: str) -> Callable[[Case], Exchange]:
    return lambda case: send_malformed(case, what)


def _playback_of_nothing(case: Case) -> Exchange:
    start = case.recorder.free_time()
    return case.request_raw(generate_playback_payload(start, start + timedelta(seconds=10))).exchange


MISTAKES: dict[str, Callable[[Case], Exchange]] = {
    "a page that does not exist": lambda case: case.send("GET", "/no-such-page"),
    "the metadata of an unknown job": _about_an_unknown_job("GET", "metadata"),
    "the end of an unknown job": _about_an_unknown_job("DELETE", "job"),
    "the rows of an unknown job": _about_an_unknown_job("GET", "waterfall"),
    "a job by the wrong method": lambda case: case.send("PUT", case.settings.paths.configure, {}),
    "a job with a body that is no JSON": _with_body("a body of plain text"),
    "a job with a body of another type": _with_body("a configuration called XML"),
    "a job with a body that is too large": _with_body("a body of 100 kB"),
    "a job with a parameter out of range": lambda case: (
        case.request_raw(generate_config_payload(nfftSelection=0)).exchange
    ),
    "a job without any parameter": _with_body("an empty object"),
    "a playback of what was not recorded": _playback_of_nothing,
    "a job under a malformed task id": lambda case: case.request_raw(generate_config_payload(), "none").exchange,
}
"""What is asked, each once."""
