"""What a run does when things go wrong: clean-up, counting, broken environments, killed runs, secrets, other users."""

import json
import subprocess
import sys
import threading
import time
from pathlib import Path
from urllib.parse import urlsplit
from xml.etree import ElementTree

import pytest
import yaml

from support.contract.configuration import ConfigureRequest, generate_config_payload
from support.runner.closing_steps import NOTHING_ELSE_HAS_CHANGED, NOTHING_IS_LEFT_BEHIND

ROOT = Path(__file__).parents[2]


def allure_results(ran):
    return [json.loads(path.read_text()) for path in ran.results.glob("*-result.json")]


def attached(ran, result):
    """What is attached to a result and its steps, by its name without that of a job."""
    items = [result, *result.get("steps", [])]
    kept = [attachment for item in items for attachment in item.get("attachments", [])]
    return {one["name"].split(" of job_")[0]: (ran.results / one["source"]).read_text() for one in kept}


def addresses(section):
    return [value for value in section.values() if "://" in value]


def what_is_left(stores):
    """Everything but cancelled records."""
    return {
        "uncancelled": stores.records.job_ids_not_in("cancelled"),
        "jobs": stores.analyzers.jobs().items,
        "pods": stores.analyzers.pods().items,
        "queues": stores.queues.names(),
    }


NOTHING = {"uncancelled": set(), "jobs": (), "pods": (), "queues": []}


def test_a_scenario_that_fails_half_way_leaves_nothing(run_behave, feature, stores):
    ran = run_behave(feature("Given a running job", "Then the side effects are those of 2 jobs"))
    assert ran.scenarios["Of the test"][:2] == ("failed", "the side effects are those of 2 jobs"), ran.printed
    assert "task record: +1 instead of +2" in ran.scenarios["Of the test"][2]
    assert "Clean-up failed" not in ran.printed
    assert what_is_left(stores) == NOTHING


def test_a_side_effect_that_is_not_stated_is_red_everywhere(run_behave, feature, stores):
    ran = run_behave(feature("Given a live configuration with every parameter set", "When the job is requested"))
    status, step, message = ran.scenarios["Of the test"]
    assert (status, step) == ("failed", NOTHING_ELSE_HAS_CHANGED), ran.printed
    assert "queue consumer: +1 instead of +0; new: consumer 1 of grpc-job-job_" in message
    assert ran.status == 1
    (result,) = allure_results(ran)
    assert result["status"] == "failed"
    assert "queue consumer: +1 instead of +0" in result["statusDetails"]["message"]
    assert what_is_left(stores) == NOTHING


def test_a_clean_up_that_fails_is_red_everywhere(run_behave, feature, defective_server, stores, real_server):
    ran = run_behave(
        feature("Given a running job", "Then the side effects are those of one job"),
        **defective_server("queue_leaked_after_cancel"),
    )
    status, step, message = ran.scenarios["Of the test"]
    assert (status, step) == ("failed", NOTHING_IS_LEFT_BEHIND), ran.printed
    assert "the queue grpc-job-job_" in message
    assert ran.status == 1
    (result,) = allure_results(ran)
    assert (result["status"], "is still there" in result["statusDetails"]["message"]) == ("failed", True)
    for queue in stores.queues.names():
        real_server.cancel_job(queue.removeprefix("grpc-job-"))
    assert what_is_left(stores) == NOTHING


def test_each_result_carries_its_evidence_links_and_labels(run_behave):
    ran = run_behave("--tags=@PZ-13873", FOCUS__REPORTS__TEST_CASE_URL="https://cases.test/{key}")
    (result,) = allure_results(ran)
    assert {link["url"] for link in result["links"]} == {"https://cases.test/PZ-13873", "https://cases.test/PZ-13547"}
    labels = {(label["name"], label["value"]) for label in result["labels"]}
    assert {
        ("epic", "Job creation"),
        ("feature", "Creating a streaming job"),
        ("story", "An accepted job keeps all its promises"),
        ("severity", "critical"),
    } <= labels

    bodies = attached(ran, result)
    assert any(name.startswith("POST /configure: 200") for name in bodies)
    (record,) = json.loads(bodies["task record"])
    assert record["config"]["nfftSelection"] == 1024
    assert yaml.safe_load(bodies["analyzer"])["status"]["active"] == 1
    assert yaml.safe_load(bodies["analyzer pod"])["status"]["phase"] == "Running"
    assert json.loads(bodies["work queue"])[0]["consumers"] == 1
    assert json.loads(bodies["queue consumer"])
    assert "stream service" not in bodies
    drawn = ElementTree.fromstring(bodies["when the effects"])
    rows = [text.text for text in drawn.iter("{http://www.w3.org/2000/svg}text")]
    effects = ["answer", "task record", "analyzer", "pod running", "consumer ready"]
    assert [text for text in rows if text in effects] == effects


def test_a_promised_time_is_drawn_with_what_it_took(run_behave):
    ran = run_behave("--tags=@PZ-14090")
    (result,) = allure_results(ran)
    drawn = attached(ran, result)["how long each answer took"]
    assert "limit: 2 s (time_limits.job_created_s), reached by 0" in drawn


@pytest.mark.parametrize("defect", [None, "answers_with_its_password", "dies_of_a_request"])
def test_no_secret_is_shown_or_kept(
    run_behave, feature, endpoints, defective_server, tmp_path, real_server, stores, defect
):
    own = feature("Given a running job", "Then the side effects are those of 2 jobs")
    server = defective_server(defect) if defect else {}
    ran = run_behave(own, "--verbose", "--no-capture", **server)
    assert ran.status == 1
    kubeconfig = yaml.safe_load(Path(endpoints["kubernetes"]["kubeconfig"]).read_text())
    secrets = [
        *(urlsplit(url).password for url in (endpoints["rabbitmq"]["url"], *addresses(endpoints["mongodb"]))),
        *(user["user"].get("token", "") for user in kubeconfig["users"]),
    ]
    kept = [path.read_text(errors="replace") for path in (*ran.results.iterdir(), *(tmp_path / "journals").glob("*"))]
    assert kept
    for secret in filter(None, secrets):
        assert secret not in ran.printed
        assert not [text for text in kept if secret in text]


def test_a_server_that_dies_of_a_request_is_a_failure_of_the_product(run_behave, feature, defective_server):
    own = feature("Given a live configuration with every parameter set", "When the job is requested")
    ran = run_behave(own, **defective_server("dies_of_a_request"))
    assert "ASSERT FAILED: the connection broke before there was an answer" in ran.printed
    (result,) = allure_results(ran)
    assert result["status"] == "failed"


def test_a_job_that_no_answer_named_is_taken_away_all_the_same(run_behave, feature, defective_server, stores):
    own = feature(
        "Given a live configuration with every parameter set", "When the job is requested", "Then the job is accepted"
    )
    ran = run_behave(own, **defective_server("error_though_created"))
    assert ran.scenarios["Of the test"][:2] == ("failed", "the job is accepted"), ran.printed
    assert what_is_left(stores) == NOTHING


class TestBrokenEnvironments:
    """One clear message, no scenario run, no traceback."""

    @staticmethod
    def check(ran, *told):
        assert ran.status == 1
        assert ran.scenarios == {}
        assert "0 features passed, 0 failed" in ran.printed
        assert "Traceback" not in ran.printed
        assert "By user" not in ran.printed
        for text in told:
            assert ran.printed.count(text) == 1, ran.printed

    @pytest.mark.parametrize(
        ("part", "variable", "address"),
        [
            ("RabbitMQ cannot be read", "FOCUS__RABBITMQ__URL", "amqp://focus:hidden-word@127.0.0.1:1/"),
            ("MongoDB cannot be read", "FOCUS__MONGODB__URI", "mongodb://127.0.0.1:1"),
            ("The Focus Server cannot be reached", "FOCUS__FOCUS_SERVER__BASE_URL", "http://127.0.0.1:1"),
            ("Kubernetes cannot be read", "FOCUS__KUBERNETES__NAMESPACE", "nowhere"),
        ],
    )
    def test_a_part_that_cannot_be_reached_is_named(self, run_behave, part, variable, address):
        ran = run_behave(**{variable: address, "FOCUS__MONGODB__TIMEOUT_S": "0.5"})
        self.check(ran, part, "no scenario was run")
        assert "hidden-word" not in ran.printed

    def test_all_that_is_broken_is_named_at_once(self, run_behave):
        ran = run_behave(FOCUS__RABBITMQ__URL="amqp://127.0.0.1:1/", FOCUS__KUBERNETES__NAMESPACE="nowhere")
        self.check(ran, "RabbitMQ cannot be read", "Kubernetes cannot be read")

    def test_a_missing_kubeconfig_is_named(self, run_behave):
        self.check(run_behave(FOCUS__KUBERNETES__KUBECONFIG="/nowhere/kubeconfig"), "kubernetes.kubeconfig")

    def test_a_wrong_setting_is_named(self, run_behave):
        self.check(run_behave(FOCUS__TIME_LIMITS__SETTLING_S="soon"), "time_limits.settling_s")

    def test_a_profile_that_is_not_there_is_named(self, run_behave):
        self.check(run_behave("-D", "profile=stagging"), "There is no profile 'stagging'")

    def test_an_environment_that_goes_away_ends_the_run(self, run_behave, defective_server, stores, real_server):
        ran = run_behave("--tags=@smoke", **defective_server("gone_after_two_requests"))
        assert ran.status == 1
        ended = [status for status, *_ in ran.scenarios.values() if status not in ("untested", "passed", "skipped")]
        assert len(ended) == 1, ran.printed
        assert ran.printed.count("The Focus Server cannot be reached") == 1
        for job_id in stores.records.job_ids_not_in("cancelled"):
            real_server.cancel_job(job_id)


def test_what_a_killed_run_left_is_swept(feature, variables, stores, tmp_path):
    path = feature("Given a running job", "Then the side effects are those of 2 jobs")
    patient = variables | {"FOCUS__TIME_LIMITS__ANALYZER_RUNS_S": "60"}
    process = subprocess.Popen([sys.executable, "-m", "behave", path], cwd=ROOT, env=patient, stdout=subprocess.DEVNULL)
    limit = time.monotonic() + 30
    while not any("created" in journal.read_text() for journal in (tmp_path / "journals").glob("*")):
        assert time.monotonic() < limit
        assert process.poll() is None
    process.kill()
    process.wait()
    (job_id,) = stores.records.job_ids_not_in("cancelled")

    sweep = subprocess.run(
        [sys.executable, "-m", "support.scenario.sweeping"],
        cwd=ROOT,
        env=variables,
        capture_output=True,
        text=True,
        check=True,
    )
    assert sweep.stdout.splitlines() == [f"Removed what a killed run had left: {job_id}"]
    assert what_is_left(stores) == NOTHING
    assert list((tmp_path / "journals").iterdir()) == []


def test_other_users_of_a_shared_environment_disturb_nobody(run_behave, real_server):
    made, finished = [], threading.Event()

    def use():
        while not finished.is_set():
            job = real_server.configure_streaming_job(ConfigureRequest(**generate_config_payload()))
            made.append(job.job_id)
            finished.wait(0.05)
            real_server.cancel_job(job.job_id)

    user = threading.Thread(target=use)
    user.start()
    try:
        ran = run_behave("--tags=@smoke", FOCUS__EXCLUSIVE="false")
    finally:
        finished.set()
        user.join()
    assert len(made) > 5
    assert {status for status, *_ in ran.scenarios.values()} == {"passed"}, ran.printed
