"""The workflow of GitHub Actions: its form, that it takes few rights, and that the shards are all of them."""

import re

import pytest
import yaml

from support.core.files import ROOT

FILE = ROOT / ".github/workflows/acceptance.yml"
TEXT = FILE.read_text()
# YAML 1.1 reads the key `on` as true.
WORKFLOW = yaml.safe_load(TEXT.replace("\non:", "\n'on':"))
JOBS = WORKFLOW["jobs"]
STEPS = [step for job in JOBS.values() for step in job["steps"]]


def test_it_has_the_keys_of_a_workflow():
    assert WORKFLOW.keys() == {"name", "on", "permissions", "concurrency", "env", "jobs"}
    assert WORKFLOW["on"].keys() == {"push", "pull_request", "workflow_dispatch"}
    known = {"name", "runs-on", "container", "timeout-minutes", "strategy", "needs", "if", "steps"}
    for job in JOBS.values():
        assert {"runs-on", "timeout-minutes", "steps"} <= job.keys() <= known
    for step in STEPS:
        assert ("run" in step) != ("uses" in step)
        assert step.keys() <= {"name", "run", "uses", "with", "if"}


def test_it_may_only_read():
    assert WORKFLOW["permissions"] == {"contents": "read"}
    (credentials,) = {step["with"]["persist-credentials"] for step in STEPS if "checkout" in step.get("uses", "")}
    assert credentials is False
    assert "secrets." not in TEXT


def test_actions_and_image_are_pinned():
    used = re.findall(r"uses: (.*)", TEXT)
    assert len(used) == len([step for step in STEPS if "uses" in step])
    for one in used:
        assert re.fullmatch(r"actions/[a-z-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", one)
    (image,) = {job["container"] for job in JOBS.values()}
    assert f"docker.io/library/{image}\n" in (ROOT / "deploy/Dockerfile").read_text()


def test_each_shard_of_all_is_run_whatever_becomes_of_the_others():
    strategy = JOBS["shard"]["strategy"]
    shards = strategy["matrix"]["shard"]
    assert shards == list(range(1, len(shards) + 1))
    assert strategy["fail-fast"] is False
    (run,) = [step["run"] for step in JOBS["shard"]["steps"] if "acceptance" in step.get("run", "")]
    assert "-D shard=${{ matrix.shard }}/${{ strategy.job-total }}" in run


def test_the_runs_of_all_shards_are_merged_also_when_one_is_red():
    shard, merge = JOBS["shard"], JOBS["merge"]
    (upload,) = [step for step in shard["steps"] if "upload-artifact" in step.get("uses", "")]
    (download,) = [step for step in merge["steps"] if "download-artifact" in step.get("uses", "")]
    assert (merge["needs"], merge["if"], upload["if"]) == ("shard", "${{ !cancelled() }}", "${{ !cancelled() }}")
    assert upload["with"]["name"] == download["with"]["pattern"].replace("*", "${{ matrix.shard }}")
    assert upload["with"]["path"] == "reports/runs"
    runs = [step["run"] for step in merge["steps"] if step.get("run", "").startswith("make")]
    assert runs == [f"make merge ARGS={download['with']['path']}", "make traceability"]
    (traced,) = [step for step in merge["steps"] if step.get("run") == "make traceability"]
    assert "!cancelled()" in traced["if"]  # Also after a merge that ended with 1: the merged run is red.


@pytest.mark.parametrize("file", ["Dockerfile", "kubernetes/acceptance.yaml", "kubernetes/acceptance-results.yaml"])
def test_no_address_but_those_of_examples_and_images_is_named(file):
    for text in (TEXT, (ROOT / "deploy" / file).read_text()):
        assert "://" not in text
        assert not re.findall(r"\b\d+\.\d+\.\d+\.\d+\b", text)
