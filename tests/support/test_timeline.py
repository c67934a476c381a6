from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from support.api.exchange import Exchange
from support.evidence.timeline import Moment, between, moments_of
from support.observers.kubernetes import running_since

SENT = datetime(2026, 5, 4, 10, 0, 0, 250_000, tzinfo=UTC)


def after(seconds):
    return SENT + timedelta(seconds=seconds)


def moment(name, earliest_s, latest_s):
    return Moment(name, pytest.approx(earliest_s), pytest.approx(latest_s))


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
    assert between("analyzer", SENT, told, after(seen_s)) == moment("analyzer", *wanted)


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
STORES = SimpleNamespace(
    analyzers=SimpleNamespace(first_seen={"j": after(0.05)}, first_running={"p": after(0.06)}),
    queues=SimpleNamespace(first_served={"q": after(0.07)}),
)
FOUND = {
    "task record": [{"created_at": after(0.012)}],
    "analyzer": [{"metadata": {"uid": "j", "creationTimestamp": "2026-05-04T10:00:00Z"}}],
    "analyzer pod": [pod("2026-05-04T10:00:00Z")],
    "work queue": [{"name": "q"}],
}


def test_the_moments_of_a_job_are_those_of_its_effects():
    assert moments_of(ASKED, STORES, FOUND) == [
        moment("answer", 0.031, 0.031),
        moment("task record", 0.012, 0.012),
        moment("analyzer", 0, 0.05),
        moment("pod running", 0, 0.06),
        moment("consumer ready", 0, 0.07),
    ]
    assert [one.is_exact for one in moments_of(ASKED, STORES, FOUND)] == [True, True, False, False, False]


def test_what_is_not_there_is_left_out():
    gone = {"task record": [{"created_at": "today"}], "analyzer": [], "analyzer pod": [pod(None)], "work queue": []}
    assert moments_of(ASKED, STORES, gone) == [moment("answer", 0.031, 0.031)]
    assert moments_of(ASKED, STORES, {**gone, "work queue": [{"name": "never served"}]}) == [
        moment("answer", 0.031, 0.031)
    ]
