from datetime import UTC, datetime, timedelta

import pytest

from support.api.exchange import Exchange
from support.evidence.timeline import Arrival, arrivals_of, between
from support.observers.manifests import running_since
from support.observers.sightings import SightingLog

SENT = datetime(2026, 5, 4, 10, 0, 0, 250_000, tzinfo=UTC)


def after(seconds):
    return SENT + timedelta(seconds=seconds)


def arrival(name, earliest_s, latest_s):
    return Arrival(name, pytest.approx(earliest_s), pytest.approx(latest_s))


@pytest.mark.parametrize(
    ("told_s", "seen_s", "wanted"),
    [
        (-0.25, 0.1, (0, 0.1)),  # the second of the request itself: not before it, and seen early in it
        (0.75, 3.0, (0.75, 1.75)),  # a whole second, since it was seen long after
        (0.75, 1.2, (0.75, 1.2)),
        (None, 0.4, (0, 0.4)),
        (-5.25, 0.4, (-5.25, -4.25)),  # clocks disagree: what was told
        (7.75, 0.4, (7.75, 8.75)),
    ],
)
def test_a_moment_lies_within_what_was_told_and_seen(told_s, seen_s, wanted):
    told = None if told_s is None else after(told_s)
    assert between("analyzer", SENT, told, after(seen_s)) == arrival("analyzer", *wanted)


def pod(*running):
    states = [{"state": {"running": {"startedAt": at}} if at else {"waiting": {}}} for at in running]
    return {"metadata": {"uid": "p"}, "status": {"containerStatuses": states}}


@pytest.mark.parametrize(
    ("manifest", "wanted"),
    [
        (pod("2026-05-04T10:00:00Z", "2026-05-04T10:00:02Z"), datetime(2026, 5, 4, 10, 0, 2, tzinfo=UTC)),
        (pod("2026-05-04T10:00:00Z", None), None),
        (pod(), None),
        ({"metadata": {}, "status": {"phase": "Pending"}}, None),
    ],
)
def test_a_pod_runs_when_its_last_container_does(manifest, wanted):
    assert running_since(manifest) == wanted


ASKED = Exchange("POST", "/configure", {}, SENT, elapsed_s=0.031, status=200)
SIGHTINGS = SightingLog()
for seconds in (0, 1):  # The first of several counts.
    SIGHTINGS.enter("object", ["j"], after(seconds + 0.05))
    SIGHTINGS.enter("running pod", ["p"], after(seconds + 0.06))
    SIGHTINGS.enter("served queue", ["q"], after(seconds + 0.07))
FOUND = {
    "task record": [{"created_at": after(0.012)}],
    "analyzer": [{"metadata": {"uid": "j", "creationTimestamp": "2026-05-04T10:00:00Z"}}],
    "analyzer pod": [pod("2026-05-04T10:00:00Z")],
    "work queue": [{"name": "q"}],
}


def test_the_arrivals_of_a_job_are_those_of_its_effects():
    assert arrivals_of(ASKED, SIGHTINGS, FOUND) == [
        arrival("answer", 0.031, 0.031),
        arrival("task record", 0.012, 0.012),
        arrival("analyzer", 0, 0.05),
        arrival("pod running", 0, 0.06),
        arrival("consumer ready", 0, 0.07),
    ]
    assert [one.is_exact for one in arrivals_of(ASKED, SIGHTINGS, FOUND)] == [True, True, False, False, False]


def test_what_a_history_tells_is_exact():
    log = SightingLog()
    for sight, identity, came_s in (("record", "1", 0.01), ("object", "j", 0.02), ("running pod", "p", 0.03)):
        log.enter_coming(sight, identity, after(came_s))
        log.enter_coming(sight, identity, after(came_s + 1))  # The first of several counts.
        log.enter(sight, [identity], after(came_s + 0.5))
    log.enter_coming("served queue", "q", after(0.04))
    found = {**FOUND, "task record": [{"_id": 1, "created_at": after(0.9)}]}
    assert arrivals_of(ASKED, log, found) == [
        arrival("answer", 0.031, 0.031),
        arrival("task record", 0.01, 0.01),
        arrival("analyzer", 0.02, 0.02),
        arrival("pod running", 0.03, 0.03),
        arrival("consumer ready", 0.04, 0.04),
    ]


def test_what_is_not_there_is_left_out():
    gone = {"task record": [{"created_at": "today"}], "analyzer": [], "analyzer pod": [pod(None)], "work queue": []}
    assert arrivals_of(ASKED, SIGHTINGS, gone) == [arrival("answer", 0.031, 0.031)]
    assert arrivals_of(ASKED, SIGHTINGS, {**gone, "work queue": [{"name": "never served"}]}) == [
        arrival("answer", 0.031, 0.031)
    ]
