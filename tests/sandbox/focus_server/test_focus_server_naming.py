import json
import re
from datetime import datetime, timedelta, timezone

from focus_server_fakes import payload

from sandbox.focus_server.identity import JobIds, as_iso, consumer_tag, object_name, queue_name, to_milliseconds
from sandbox.focus_server.kubernetes import job_object


def test_ids_are_8_hex_digits_and_do_not_repeat() -> None:
    ids = JobIds()
    drawn = {ids.new() for _ in range(1000)}
    assert len(drawn) == 1000
    assert all(re.fullmatch(r"job_[0-9a-f]{8}", job_id) and ids.is_one(job_id) for job_id in drawn)


def test_other_texts_are_no_ids() -> None:
    for text in ("", "job_", "job_A1B2C3D4", "job_a1b2c3d", "job_a1b2c3d4e", "job_a1b2c3d4\n", "31-3633", "\0"):
        assert not JobIds().is_one(text)


def test_names_in_the_three_stores() -> None:
    assert object_name("job_a1b2c3d4") == "baby-analyzer-job-a1b2c3d4"
    assert queue_name("job_a1b2c3d4") == "grpc-job-job_a1b2c3d4"
    assert "job_a1b2c3d4" in consumer_tag("job_a1b2c3d4")


def test_moments_are_utc_with_whole_milliseconds() -> None:
    moment = datetime(2025, 1, 2, 3, 4, 5, 678_999, tzinfo=timezone(timedelta(hours=2)))
    assert as_iso(to_milliseconds(moment)) == "2025-01-02T01:04:05.678Z"
    assert as_iso(moment.replace(microsecond=0)) == "2025-01-02T01:04:05.000Z"


def test_the_job_object_is_the_contracts() -> None:
    config = payload(**{"frequencyRange.max": 499.5})
    job = job_object("job_a1b2c3d4", config, namespace="focus", image="baby-analyzer:latest")
    labels = {
        "focus-server/job-id": "job_a1b2c3d4",
        "app.kubernetes.io/name": "baby-analyzer",
        "app.kubernetes.io/managed-by": "focus-server",
    }
    template = job["spec"]["template"]
    (container,) = template["spec"]["containers"]
    assert job["metadata"] == {"name": "baby-analyzer-job-a1b2c3d4", "namespace": "focus", "labels": labels}
    assert template["metadata"]["labels"] == labels
    assert (job["spec"]["backoffLimit"], template["spec"]["restartPolicy"]) == (0, "Never")
    assert container["image"] == "baby-analyzer:latest"
    (variable,) = container["env"]
    assert variable["name"] == "FOCUS_CONFIG"
    # Compared as text: 500 and 500.0 are equal, and not the same on the wire.
    assert json.dumps(json.loads(variable["value"])) == json.dumps(config)
