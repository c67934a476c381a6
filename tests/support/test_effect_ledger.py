import pytest
from product import ALONE, OTHER, Product, configured
from stand_ins import JOB_ID, settings

from support.checks.promises import Promises
from support.core.errors import ExpectationFailed
from support.observers.side_effects import effects_of, no_effects, take_census
from support.scenario.effect_ledger import Books

ONE = effects_of(1, ALONE.effects_of_a_job)
QUEUE = f"grpc-job-{JOB_ID}"


@pytest.fixture
def product():
    product = Product()
    product.add_queue("theirs")
    return product


@pytest.fixture
def promises(product):
    return Promises(ALONE, product.stores)


@pytest.fixture
def books(product, promises):
    return Books(ALONE, product.stores, promises)


@pytest.fixture
def job(books, product):
    """A job that was answered after the books were opened."""
    books.enter_job(JOB_ID)
    return product.make(configured())


def told(call, *arguments):
    with pytest.raises(ExpectationFailed) as failure:
        call(*arguments)
    return str(failure.value)


def test_a_census_counts_every_kind_and_where_it_is_shared_our_own_only(product):
    product.make(configured())
    product.make(configured(OTHER))
    everything = take_census(product.stores, ALONE.naming, (), exclusive=True)
    counts = {kind: len(effects) for kind, effects in everything.items()}
    assert counts == effects_of(2, ALONE.effects_of_a_job) | {"work queue": 3, "queue consumer": 3}
    ours = take_census(product.stores, ALONE.naming, [JOB_ID], exclusive=False)
    assert {kind: len(effects) for kind, effects in ours.items()} == ONE
    assert {effect.job_id for effects in ours.values() for effect in effects} == {JOB_ID}


def test_what_is_stated_is_waited_for(books, product):
    books.enter_job(JOB_ID)
    product.at_look[3] = lambda: product.make(configured())
    books.state(ONE)
    assert product.looks == 3
    books.expect_nothing_else(answered_s_ago=0)


def test_what_is_missing_is_told(books, job, product):
    product.queues.pop(QUEUE)
    assert "work queue: +0 instead of +1" in told(books.state, ONE)


def test_too_much_is_a_failure_at_once_but_may_go_after_a_cancel(books, job, product):
    product.at_look[4] = lambda: product.cancel(JOB_ID)
    stated = no_effects() | {"task record": 1}
    assert "work queue: +1 instead of +0" in told(books.state, stated)
    assert product.looks == 2
    books.enter_cancelled(JOB_ID)
    books.state(stated)


def test_what_comes_late_is_seen(books, product):
    product.at_look[3] = lambda: product.add_queue("stray")
    assert "work queue: +1 instead of +0; new: grpc-job-stray" in told(books.expect_nothing_else, 0)


def test_a_promise_that_held_is_looked_at_once_more_unless_its_job_was_cancelled(books, job, product, promises):
    books.state(ONE)
    promises.are_kept([job])
    books.expect_nothing_else(answered_s_ago=9)
    product.records[0]["status"] = "error"
    assert "no longer: status is 'error'" in told(books.expect_nothing_else, 9)
    books.enter_cancelled(JOB_ID)
    books.expect_nothing_else(answered_s_ago=9)


def test_jobs_to_cancel_are_all_that_were_answered_or_came_by_themselves_but_those_that_were_cancelled(books, product):
    for number in range(3):
        books.enter_job(product.make(configured(f"job_{number:08x}")).job_id)
    product.make(configured("job_unanswered"))
    books.enter_cancelled("job_00000001")
    assert books.jobs_to_cancel(books.unanswered()) == ["job_00000000", "job_00000002", "job_unanswered"]


def test_a_job_that_is_being_made_is_waited_for_and_one_that_was_answered_is_none(books, product):
    books.enter_job(product.make(configured(OTHER)).job_id)
    product.at_look[4] = lambda: product.make(configured())
    books.await_begun("analyzer")
    assert product.looks == 4
    assert books.unanswered() == {JOB_ID}


def test_that_no_effect_of_a_job_being_made_shows_is_told(books, product):
    product.make(configured())
    product.jobs.clear()
    books.await_begun("task record")
    assert "there is no analyzer of one" in told(books.await_begun, "analyzer")


def test_where_it_is_shared_what_no_answer_named_is_found_by_its_mark(product, promises):
    books = Books(settings(), product.stores, promises)
    product.stores.job_ids_carrying = lambda keys: {f"job_of_{key}" for key in keys}
    product.make(configured(OTHER))
    books.enter_request("this key")
    assert books.jobs_to_cancel(books.unanswered()) == ["job_of_this key"]


@pytest.mark.parametrize("change", ["a stray queue", "a job"])
def test_only_what_did_not_change_is_untouched(books, product, change):
    assert books.untouched() == books.before
    if change == "a job":
        books.enter_job(JOB_ID)
    else:
        product.add_queue("stray")
    assert books.untouched() is None


def test_a_cancelled_record_may_be_left_and_is_in_the_census_that_is_given(books, job, product):
    product.cancel(JOB_ID)
    census = books.expect_nothing_left(books.unanswered())
    assert [effect.job_id for effect in census["task record"]] == [JOB_ID]
    assert census["work queue"] == books.before["work queue"]


@pytest.mark.parametrize(
    ("leave", "said"),
    [
        (lambda product: product.add_queue(JOB_ID), f"the queue {QUEUE} is still there"),
        (lambda product: product.records[0].update(status="configured"), "the record says 'configured'"),
        (lambda product: product.records.append(dict(product.records[0], _id="2")), "task record: +2 instead of +1"),
        (lambda product: product.add_queue(OTHER), f"the queue grpc-job-{OTHER} is still there"),
        (
            lambda product: product.queues.update(stray=product.queues["grpc-job-theirs"]),
            "work queue: +1 instead of +0",
        ),
        (lambda product: product.queues.pop("grpc-job-theirs"), "gone: grpc-job-theirs"),
    ],
)
def test_whatever_else_is_left_or_gone_is_told(books, job, product, leave, said):
    product.cancel(JOB_ID)
    leave(product)
    assert said in told(books.expect_nothing_left, books.unanswered())
