"""Defects of analyzers: missing, doubled, of another job, wrongly described, or left behind."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from sandbox.defects.defect import (
    MOMENT_S,
    Change,
    Defect,
    defect,
    defective,
    do_nothing,
    later,
    override,
)
from sandbox.focus_server.composition import Parts
from sandbox.focus_server.errors import DependencyUnavailable

AREA = "analyzers"

_LABEL = "focus-server/job-id"


def creating(change: Callable[[dict[str, Any]], object]) -> Change:
    """Create another Job on Kubernetes: `change` gets its manifest, whose parts are shared with nothing."""

    def defective_parts(parts: Parts) -> Parts:
        right = parts.analyzers.job_of

        def job_of(job_id: str, config: dict[str, Any]) -> dict[str, Any]:
            job = json.loads(json.dumps(right(job_id, config)))
            change(job)
            return job

        parts.analyzers.job_of = job_of
        return parts

    return defective_parts


def configuring(change: Callable[[dict[str, Any]], dict[str, Any]]) -> Change:
    """Give the analyzer another configuration."""

    async def launch(analyzers: Any, job_id: str, config: dict[str, Any]) -> None:
        await analyzers.launch(job_id, change(config))

    return override("analyzers", launch=launch)


def without_view(config: dict[str, Any]) -> dict[str, Any]:
    """A configuration that lacks the view type."""
    return {name: value for name, value in config.items() if name != "view_type"}


def next_sensors(config: dict[str, Any]) -> dict[str, Any]:
    """A configuration whose sensors are one further."""
    return {**config, "channels": {end: value + 1 for end, value in config["channels"].items()}}


def _numbers_as_text(config: dict[str, Any]) -> dict[str, Any]:
    return {name: str(value) if isinstance(value, int) else value for name, value in config.items()}


def _pod(job: dict[str, Any]) -> dict[str, Any]:
    return job["spec"]["template"]["spec"]


def _labels_of_another_job(job: dict[str, Any]) -> None:
    for metadata in (job["metadata"], job["spec"]["template"]["metadata"]):
        metadata["labels"][_LABEL] = "job_ffffffff"


def _only_the_job_label(job: dict[str, Any]) -> None:
    for metadata in (job["metadata"], job["spec"]["template"]["metadata"]):
        metadata["labels"] = {_LABEL: metadata["labels"][_LABEL]}


def _pod_without_the_job_label(job: dict[str, Any]) -> None:
    del job["spec"]["template"]["metadata"]["labels"][_LABEL]


def _renamed(job: dict[str, Any]) -> None:
    job["metadata"]["name"] = job["metadata"]["name"].replace("baby-analyzer", "analyzer")


@defect
def two_analyzers(parts: Parts) -> Parts:
    """Two analyzers are launched for a job.

    Each view costs twice what it should, and shows every row twice.
    """

    async def launch(analyzers: Any, job_id: str, config: dict[str, Any]) -> None:
        await analyzers.launch(job_id, config)
        await analyzers.launch(f"{job_id}-2", config)

    async def stop(analyzers: Any, job_id: str) -> None:
        await analyzers.stop(job_id)
        await analyzers.stop(f"{job_id}-2")

    return override("analyzers", launch=launch, stop=stop)(parts)


@defective("analyzers", "launch")
async def analyzer_doubled_for_a_moment(analyzers: Any, job_id: str, config: dict[str, Any]) -> None:
    """A second analyzer is launched, and stopped again.

    Each view costs two pods at its beginning, when the cluster is busiest.
    """
    await analyzers.launch(job_id, config)
    await analyzers.launch(f"{job_id}-2", config)
    later(MOMENT_S, analyzers.stop, f"{job_id}-2")


@defect
def pods_orphaned(parts: Parts) -> Parts:
    """Cancelling deletes the analyzer and leaves its pod.

    Each closed view leaves a pod that computes for nobody.
    """
    parts.analyzers.propagation_policy = "Orphan"
    return parts


@defective("analyzers", "stop")
async def cancelling_needs_the_analyzer(analyzers: Any, job_id: str) -> None:
    """A job whose analyzer has gone cannot be cancelled.

    A job whose analyzer has crashed can never be cleaned up.
    """
    if await analyzers.state(job_id) == "has ended":
        raise DependencyUnavailable("Kubernetes", "there is no analyzer")
    await analyzers.stop(job_id)


@defective("analyzers", "stop")
async def cancelling_needs_a_running_analyzer(analyzers: Any, job_id: str) -> None:
    """A job whose analyzer waits for its turn cannot be cancelled.

    When the cluster is full nobody can give anything back.
    """
    if await analyzers.state(job_id) == "waits":
        raise DependencyUnavailable("Kubernetes", "the analyzer does not run")
    await analyzers.stop(job_id)


CLAIM = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Mi"}}}
"""What a claim of a volume asks for."""


async def make_object(analyzers: Any, plural: str, kind: str, job_id: str, **content: Any) -> None:
    """Make an object of a kind of Kubernetes that is named after a job."""
    made = {"apiVersion": "v1", "kind": kind, "metadata": {"name": job_id.replace("_", "-")}, **content}
    await analyzers.request("POST", f"/api/v1/namespaces/{analyzers.namespace}/{plural}", made)


@defective("analyzers", "launch")
async def configuration_kept_on_kubernetes(analyzers: Any, job_id: str, config: dict[str, Any]) -> None:
    """The configuration of each job is put into a ConfigMap, too, which is never removed.

    The cluster fills up with what nobody uses, until it takes nothing more.
    """
    await analyzers.launch(job_id, config)
    await make_object(analyzers, "configmaps", "ConfigMap", job_id, data={"config.json": json.dumps(config)})


@defective("analyzers", "launch")
async def secret_for_each_job(analyzers: Any, job_id: str, config: dict[str, Any]) -> None:
    """Each job gets a Secret, which is never removed.

    What should be known to few is kept for ever, and nobody knows of it.
    """
    await analyzers.launch(job_id, config)
    await make_object(analyzers, "secrets", "Secret", job_id, type="Opaque", stringData={"password": f"of-{job_id}"})


@defective("analyzers", "launch")
async def account_for_each_job(analyzers: Any, job_id: str, config: dict[str, Any]) -> None:
    """Each job gets a ServiceAccount, which is never removed.

    The cluster fills up with accounts that somebody may be given rights by.
    """
    await analyzers.launch(job_id, config)
    await make_object(analyzers, "serviceaccounts", "ServiceAccount", job_id)


@defective("analyzers", "launch")
async def volume_for_each_job(analyzers: Any, job_id: str, config: dict[str, Any]) -> None:
    """Each job claims a volume, which is never given back.

    Each closed view goes on costing storage.
    """
    await analyzers.launch(job_id, config)
    await make_object(analyzers, "persistentvolumeclaims", "PersistentVolumeClaim", job_id, spec=CLAIM)


_WRONG_VIEW = "What is shown, or found afterwards, is not what was requested."

DEFECTS: tuple[Defect, ...] = (
    Defect(
        "analyzer_not_launched",
        "No analyzer is launched.",
        "The view opens and stays empty: nobody computes it.",
        override("analyzers", launch=do_nothing),
    ),
    two_analyzers,
    configuration_kept_on_kubernetes,
    secret_for_each_job,
    account_for_each_job,
    volume_for_each_job,
    analyzer_doubled_for_a_moment,
    Defect(
        "analyzer_of_another_job",
        "The analyzer carries the id of another job.",
        "Ending one view ends another one.",
        creating(_labels_of_another_job),
    ),
    Defect(
        "analyzer_without_its_configuration",
        "The analyzer does not get its configuration.",
        "The view shows the analyzer's own defaults.",
        creating(lambda job: _pod(job)["containers"][0].update(env=[])),
    ),
    Defect(
        "pod_of_nobody",
        "The pod of an analyzer does not carry the id of its job.",
        "Operations cannot tell which view a pod belongs to.",
        creating(_pod_without_the_job_label),
    ),
    Defect(
        "two_pods_for_one_job",
        "An analyzer runs in two pods.",
        "Each view costs twice what it should.",
        creating(lambda job: job["spec"].update(parallelism=2)),
    ),
    Defect(
        "analyzer_by_another_name",
        "The analyzer has another name than agreed on.",
        "Operations look for it by its name, and do not find it.",
        creating(_renamed),
    ),
    Defect(
        "analyzer_without_its_labels",
        "The analyzer lacks its labels.",
        "Operations cannot find the analyzers, neither to count nor to end them.",
        creating(_only_the_job_label),
    ),
    Defect(
        "wrong_image",
        "The analyzer has an old image.",
        "Operators see the faults of a release that was withdrawn.",
        creating(lambda job: _pod(job)["containers"][0].update(image="baby-analyzer:previous")),
    ),
    Defect(
        "pod_never_running",
        "The pod of an analyzer is never scheduled.",
        "The view opens and stays empty, while everything says that it runs.",
        # Kubernetes schedules no pod that has a scheduling gate.
        creating(lambda job: _pod(job).update(schedulingGates=[{"name": "focus-server/never"}])),
    ),
    Defect(
        "configuration_changed_on_its_way",
        "The analyzer gets another configuration than the one that was sent.",
        "The operator looks at a spectrogram that was not requested.",
        configuring(lambda config: {**config, "nfftSelection": str(config["nfftSelection"])}),
    ),
    Defect(
        "analyzer_without_the_view",
        "The configuration in the analyzer lacks the view.",
        _WRONG_VIEW,
        configuring(without_view),
    ),
    Defect(
        "analyzer_of_the_next_sensors",
        "The configuration in the analyzer has the next sensors.",
        _WRONG_VIEW,
        configuring(next_sensors),
    ),
    Defect(
        "analyzer_of_texts",
        "The configuration in the analyzer has its numbers as text.",
        "The analyzer does not start, or computes something else.",
        configuring(_numbers_as_text),
    ),
    pods_orphaned,
    cancelling_needs_the_analyzer,
    cancelling_needs_a_running_analyzer,
    Defect(
        "analyzer_not_undone",
        "Of a job that fails half way the analyzer is left.",
        "Each failed attempt leaves a pod that runs for nobody.",
        override("analyzers", stop=do_nothing),
    ),
)
