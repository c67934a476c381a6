"""A product in memory: three stores, and what a server does in them when it makes and cancels jobs as it should."""

import json
from copy import deepcopy
from types import SimpleNamespace

from stand_ins import JOB_ID, Collection, exchange, settings

from support.api.job import Job
from support.contract.configuration import generate_config_payload
from support.core.errors import EnvironmentBroken
from support.observers.kubernetes import Analyzer, Listed
from support.observers.rabbitmq import QueueState
from support.observers.stores import BlindSpots

ALONE = settings(exclusive=True)
OTHER = "job_0ther000"


def configured(job_id=JOB_ID, **changes):
    """A job as its maker knows it."""
    answer = exchange({"job_id": job_id, "status": "configured"}, method="POST", path="/configure")
    return Job(job_id, generate_config_payload(**changes), answer, None)


class Product:
    """Its stores are lists and dictionaries, for a test to change; `stores` is how the suite sees them.

    `at_look` has what happens just before the look of that number at all the records. `warnings` are events by the uid
    of what they are about; None: they may not be listed. `listed` is told what of Kubernetes was listed, in order.
    """

    def __init__(self, settings=ALONE):
        self.naming, self.looks, self.at_look = settings.naming, 0, {}
        self.records, self.jobs, self.pods, self.services = [], [], [], []
        self.warnings, self.listed, self.elsewhere = {}, [], {}
        self.recorder_at_work = None
        self.queues, self.acknowledged, self.recordings = {}, {}, Collection()
        self.stores = SimpleNamespace(
            records=SimpleNamespace(all=self._look, of_job=self._records_of, of_jobs=self._records_of_all),
            analyzers=SimpleNamespace(
                jobs=lambda: self._list("jobs"),
                pods=lambda: self._list("pods"),
                services=lambda: self._list("services"),
                warnings_about=self._warnings_about,
                of_job=lambda job_id: Analyzer(tuple(self._of(self.jobs, job_id)), tuple(self._of(self.pods, job_id))),
            ),
            queues=SimpleNamespace(
                sees_unnamed=True,
                names=lambda: list(self.queues),
                state_of=self.queues.get,
                consumed=lambda name: self.acknowledged.get(name, 0),
                lack_of_statistics=lambda: None,
            ),
            surroundings=SimpleNamespace(look=lambda: dict(self.elsewhere)),
            own_documents=set(),
            broker=SimpleNamespace(publish=self._publish),
            namespace=None,
            blind_spots=BlindSpots(),
            database=SimpleNamespace(collection=lambda name: self.recordings),
            recordings=SimpleNamespace(sign_of_a_recorder=lambda: self.recorder_at_work),
            job_ids_carrying=lambda keys: set(),
        )

    def make(self, job):
        """Make everything that a job has."""
        naming, job_id, name = self.naming, job.job_id, self.naming.analyzer_of(job.job_id)
        variable = {"name": naming.analyzer_configuration_variable, "value": json.dumps(job.payload)}
        spec = {"containers": [{"image": naming.analyzer_image, "env": [variable]}]}
        labels = {naming.job_id_label: job_id, **naming.analyzer_labels}
        self.records.append(
            {
                "_id": len(self.records),
                "task_id": job_id,
                "config": deepcopy(job.payload),
                "status": "configured",
                "user": naming.task_user,
                "created_at": job.exchange.sent_at,
            }
        )
        created = {"uid": name, "creationTimestamp": f"{job.exchange.sent_at:%Y-%m-%dT%H:%M:%SZ}"}
        made = {"metadata": {"name": name, "labels": labels, **created}, "spec": {"template": {"spec": spec}}}
        owner = {"apiVersion": "batch/v1", "kind": "Job", "name": name, "uid": name, "controller": True}
        pod = {
            "metadata": {"name": f"{name}-1", "uid": f"{name}-1", "labels": labels, "ownerReferences": [owner]},
            "spec": spec,
            "status": {"phase": "Running", "containerStatuses": [{"ready": True}]},
        }
        self.jobs.append(deepcopy(made))
        self.pods.append(deepcopy(pod))
        self.add_queue(job_id)
        return job

    def add_queue(self, job_id, ready=0, consumers=1):
        """Make the queue of a job, or make another of it."""
        name = self.naming.work_queue_of(job_id)
        self.queues[name] = QueueState(name, ready, consumers)

    def cancel(self, job_id):
        """Let everything of a job go but its record."""
        for record in self._records_of(job_id):
            record["status"] = "cancelled"
        for manifests in (self.jobs, self.pods):
            for manifest in self._of(manifests, job_id):
                manifests.remove(manifest)
        self.queues.pop(self.naming.work_queue_of(job_id), None)

    def _look(self):
        self.looks += 1
        self.at_look.pop(self.looks, lambda: None)()
        return list(self.records)

    def _list(self, what):
        self.listed.append(what)
        return Listed(tuple(getattr(self, what)))

    def _warnings_about(self, uid):
        if self.warnings is None:
            raise EnvironmentBroken("events are forbidden")
        return self.warnings.get(uid, [])

    def _records_of(self, job_id):
        return [record for record in self.records if record["task_id"] == job_id]

    def _records_of_all(self, job_ids):
        return [record for job_id in job_ids for record in self._records_of(job_id)]

    def _of(self, manifests, job_id):
        return [one for one in manifests if one["metadata"]["labels"].get(self.naming.job_id_label) == job_id]

    def _publish(self, name, body):
        self.acknowledged[name] = self.acknowledged.get(name, 0) + 1
        return name in self.queues
