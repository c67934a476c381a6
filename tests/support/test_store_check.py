"""The look of a load into the stores: every acknowledged job must be whole in all three of them."""

import pytest
from product import ALONE, Product
from stand_ins import exchange

from support.api.job import Attempt
from support.contract.configuration import generate_config_payload
from support.load.store_check import StoreCheck


def attempt(job_id="job_a1b2c3d4", **more):
    answer = {
        "job_id": job_id,
        "stream_url": "http://127.0.0.1",
        "stream_port": ALONE.answers.stream_port,
        "status": "configured",
        **more,
    }
    made = exchange(answer, method="POST", path="/configure")
    return Attempt(generate_config_payload(), made)


@pytest.fixture
def product():
    return Product()


@pytest.fixture
def check(product):
    return StoreCheck(ALONE, product.stores)


def acknowledged(check, product, job_id="job_a1b2c3d4"):
    sent = exchange().sent_at
    asked = attempt(job_id, created_at=sent.isoformat().replace("+00:00", "Z"))
    check.acknowledged(asked)
    (job,) = [one for one, _ in check._waiting.values() if one.job_id == job_id]
    product.make(job)
    product.records[-1]["created_at"] = job.created_at


def looked(check):
    """Look until the job has had its time."""
    done = []
    while not done:
        done = check.look()
    return done


def test_a_job_that_is_whole_is_done_at_the_first_look(check, product):
    acknowledged(check, product)
    assert check.look() == ["job_a1b2c3d4"]
    assert (check.whole, check.waiting, check.problems) == (1, 0, [])


@pytest.mark.parametrize(
    ("lose", "told"),
    [
        (lambda product: product.records.clear(), "there are 0 records instead of 1"),
        (lambda product: product.jobs.clear(), "there are 0 analyzers instead of 1"),
        (lambda product: product.pods.clear(), "there are 0 analyzer pods instead of 1"),
        (lambda product: product.queues.clear(), "there is no such queue"),
        (lambda product: product.add_queue("job_a1b2c3d4", consumers=0), "0 consumers instead of 1"),
        (lambda product: product.records[0]["config"].update(nfftSelection=512), "config.nfftSelection is 512"),
    ],
)
def test_a_job_that_is_lost_in_one_store_is_told_when_its_time_is_over(check, product, lose, told):
    acknowledged(check, product)
    lose(product)
    assert check.look() == []
    assert looked(check) == ["job_a1b2c3d4"]
    (problem,) = check.problems
    assert "job_a1b2c3d4 was acknowledged and is not whole" in problem
    assert told in problem
    assert check.whole == 0


def test_an_answer_that_is_no_acknowledgement_is_told(check):
    assert check.acknowledged(attempt(status="")) == "job_a1b2c3d4"
    (problem,) = check.problems
    assert "status is ''" in problem
