"""Histories written by hand, and stores that agree with them."""

import json
from datetime import UTC, datetime, timedelta

from consistency.operations import Creation, Disturbed, Fault, Operation
from consistency.seen import Mark, New, Seen
from support.api.job import Job
from support.contract.configuration import generate_config_payload
from support.observers.kubernetes import Analyzer
from support.observers.rabbitmq import QueueState
from support.observers.side_effects import Effect
from support.profile.settings import Settings
from tests.elsewhere import COMPLETE

STARTED = datetime(2026, 11, 27, 5, 0, tzinfo=UTC)
SETTINGS = Settings(exclusive=True, **COMPLETE)
ONE, OTHER = "job_00000001", "job_00000002"


def payload(number=1):
    """What is asked for; each number has a mark of its own."""
    return generate_config_payload(displayTimeAxisDuration=number)


def operation(kind, from_s, until_s, outcome="ok", told=None, job_id=ONE, client="0", **more):
    status = {"ok": 200, "fail": 503, "info": None}[outcome]
    values = {"client": client, "kind": kind, "job_id": job_id, "outcome": outcome, "status": status, "told": told}
    return Operation(**values | {"invoked_s": from_s, "completed_s": until_s} | more)


def create(from_s=0.0, until_s=0.1, outcome="ok", job_id=ONE, number=1, **more):
    return operation(
        "create",
        from_s,
        until_s,
        outcome,
        "configured" if outcome == "ok" else None,
        job_id if outcome == "ok" else None,
        payload=payload(number),
        sent_at=STARTED + timedelta(seconds=from_s),
        **more,
    )


def cancel(from_s, until_s, outcome="ok", told="cancelled", **more):
    return operation("cancel", from_s, until_s, outcome, told if outcome == "ok" else None, **more)


def look(from_s, until_s, told, **more):
    return operation("look", from_s, until_s, "ok", told, **more)


def disturbed(from_s, until_s, part="MongoDB", what="cut"):
    return Disturbed(fault=Fault(part=part, what=what, begins=0, ends=1), begun_s=from_s, ended_s=until_s)


def by(client, number):
    return Creation(client, number)


class InStores:
    """What the stores show; a test changes it before it is `seen`."""

    def __init__(self):
        self.records, self.analyzers, self.queues, self.new, self.marked = {}, {}, {}, [], {}

    def whole(self, job_id=ONE, number=1, at_s=0.05):
        """There is all of a job."""
        naming, wanted = SETTINGS.naming, payload(number)
        self.records[job_id] = [
            {
                "_id": job_id,
                "task_id": job_id,
                "config": wanted,
                "status": "configured",
                "user": naming.task_user,
                "created_at": STARTED + timedelta(seconds=at_s),
            }
        ]
        self.analyzers[job_id] = analyzer_of(Job(job_id, wanted, None, None))
        name = naming.work_queue_of(job_id)
        self.queues[job_id] = QueueState(name, 0, 1)
        effect = Effect(name, job_id, name)
        self.new.append(New("work queue", effect))
        self.marked.setdefault(Mark.of(wanted), set()).add(job_id)
        return self

    def gone(self, job_id=ONE, number=1):
        """There is the record of a cancelled job, and nothing else of it."""
        self.whole(job_id, number)
        self.records[job_id][0]["status"] = "cancelled"
        del self.queues[job_id], self.analyzers[job_id]
        return self

    def seen(self):
        return Seen(self.records, self.analyzers, self.queues, self.new, self.marked)


def analyzer_of(job):
    """Its Job and its pod, which runs."""
    naming = SETTINGS.naming
    variable = {"name": naming.analyzer_configuration_variable, "value": json.dumps(job.payload)}
    spec = {"containers": [{"image": naming.analyzer_image, "env": [variable]}]}
    labels = {naming.job_id_label: job.job_id, **naming.analyzer_labels}
    name = naming.analyzer_of(job.job_id)
    made = {"metadata": {"name": name, "uid": name, "labels": labels}, "spec": {"template": {"spec": spec}}}
    owner = {"kind": "Job", "uid": name, "controller": True}
    pod = {
        "metadata": {"name": f"{name}-1", "uid": f"{name}-1", "labels": labels, "ownerReferences": [owner]},
        "spec": spec,
        "status": {"phase": "Running", "containerStatuses": [{"ready": True}]},
    }
    return Analyzer((made,), (pod,))
