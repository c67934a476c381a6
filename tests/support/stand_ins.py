"""Small stand-ins that several tests need: settings, answers that nobody gave, jobs that nobody made, a collection."""

import json
from datetime import UTC, datetime

from pymongo.errors import DuplicateKeyError

from support.api.exchange import Exchange
from support.api.job import Job
from support.contract.configuration import generate_config_payload
from support.profile.settings import Settings
from tests.elsewhere import COMPLETE

JOB_ID = "job_a1b2c3d4"
AS_JSON = {"Content-Type": "application/json"}
QUICK = dict.fromkeys(
    (
        "effect_appears_s",
        "analyzer_runs_s",
        "effect_disappears_s",
        "rows_appear_s",
        "unavailable_answered_s",
        "recovered_s",
    ),
    0.15,
)
QUICK["poll_interval_s"] = 0.01


def settings(**groups):
    """Settings of an environment that is not there; `groups` are laid over them."""
    tree = {**COMPLETE, "time_limits": QUICK}
    for name, group in groups.items():
        tree[name] = {**tree[name], **group} if name in tree else group
    return Settings(**tree)


def exchange(answer=None, status=200, *, method="GET", path="/path", headers=AS_JSON, elapsed_s=0.1):
    """An exchange with this answer: text as it is, anything else as JSON."""
    text = answer if isinstance(answer, str) else json.dumps(answer)
    asks = method == "POST" and path.startswith("/configure")
    cancelled = path.rpartition("/")[2] if method == "DELETE" and status == 200 else None
    return Exchange(method, path, None, datetime.now(UTC), elapsed_s, status, text, headers, "", asks, cancelled)


def requested(job_id):
    """The exchange that asked for a job, answered with this id."""
    return exchange({"job_id": job_id}, method="POST", path="/configure")


def cancelled(job_id):
    """The exchange that cancelled a job."""
    return exchange(method="DELETE", path=f"/job/{job_id}")


def job(answer=None, payload=None):
    """A job with the usual payload, or with this one."""
    return Job(JOB_ID, payload or generate_config_payload(), exchange(answer or {}, method="POST"), None)


class Journal:
    """Keeps what it is told, in order, with whatever else a test enters."""

    def __init__(self):
        self.entries = []

    def recorded(self, recording_id):
        self.entries.append(("recorded", recording_id))

    def broker_limited(self):
        self.entries.append("broker limited")

    def analyzers_refused(self):
        self.entries.append("analyzers refused")

    def record_spoilt(self, job_id):
        self.entries.append(("record spoilt", job_id))

    def profiler_on(self):
        self.entries.append("profiler on")

    def proxy_made(self, proxy):
        self.entries.append(("proxy made", proxy))

    def way_broken(self, proxy):
        self.entries.append(("way broken", proxy))

    def part_disturbed(self, part, replicas):
        self.entries.append(("part disturbed", part, replicas))

    def part_scaled(self, part, replicas):
        self.entries.append(("part scaled", part, replicas))


class LimitedBroker:
    """Keeps the limits of its queues that it is told, None for none."""

    def __init__(self):
        self.limits = []

    def managed(self):
        return self

    def change(self, asked, method, path, body=None):
        self.limits.append(body and body["value"])


class Collection:
    """As much of a collection as recordings need; `uuid` is unique."""

    def __init__(self, *documents):
        self.documents = [dict(document) for document in documents]
        self.failure = None

    def find(self, query, projection=None):
        self._fail()
        hidden = [name for name, shown in (projection or {}).items() if not shown]
        return [{k: v for k, v in one.items() if k not in hidden} for one in self.documents if _matches(one, query)]

    def call(self, asked, action):
        return action(self)

    def insert_one(self, document):
        if any(one["uuid"] == document["uuid"] for one in self.documents):
            raise DuplicateKeyError("there is one")
        self.documents.append({"_id": len(self.documents), **document})
        self._fail()

    def delete_many(self, query):
        self._fail()
        self.documents = [one for one in self.documents if not _matches(one, query)]

    def _fail(self):
        failure, self.failure = self.failure, None
        if failure is not None:
            raise failure


def _matches(document, query):
    return all(
        document.get(name) in wanted["$in"] if isinstance(wanted, dict) else document.get(name) == wanted
        for name, wanted in query.items()
    )
