import json
from types import SimpleNamespace

import pytest
from stand_ins import JOB_ID, exchange, job, settings

from support.checks.region_of_interest import Region, RegionOfInterest, region_of
from support.core.errors import ExpectationFailed

FIRST = {"start": 1, "end": 51}  # of a job of the sensors 1 to 50
NEW = {"start": 11, "end": 61}
CHANGED = {"status": "changed", "roi": NEW}
REFUSED = {"status": "refused", "roi": FIRST, "detail": [{"loc": ["roi", "end"], "msg": "unsafe: a jump"}]}


class Queues:
    """Replies with this, and keeps what it was asked."""

    def __init__(self, reply):
        self.reply, self.asked = reply, []

    def state_of(self, name):
        return None if self.reply == "no queue" else name

    def ask(self, name, body, limit_s):
        self.asked.append((name, json.loads(body), limit_s))
        return self.reply if self.reply is None or isinstance(self.reply, bytes) else json.dumps(self.reply).encode()


def region(reply, *, metadata=FIRST, records=({},)):
    """The region of a job whose queue replies so, and of which metadata and record say so."""
    queues = Queues(reply)
    stores = SimpleNamespace(queues=queues, broker=queues, records=SimpleNamespace(of_job=lambda job_id: list(records)))
    answer = metadata if isinstance(metadata, str) else {"roi": metadata}
    return RegionOfInterest(job(), settings(), stores, lambda path: exchange(answer, path=path), region_of(job()))


def changed(roi):
    roi.expect_reply(NEW["start"], NEW["end"])
    roi.expect_changed()


def refused(roi):
    roi.expect_reply(100, 151)
    roi.expect_refused("jump")


def test_a_new_job_looks_at_its_whole_sensor_range():
    assert region_of(job()).model_dump() == FIRST


def test_a_change_is_asked_for_over_the_queue_of_the_job_and_shown_by_record_and_metadata():
    roi = region(CHANGED, metadata=NEW, records=[{"roi": NEW}])
    changed(roi)
    assert roi.stores.queues.asked == [(f"grpc-job-{JOB_ID}", {"command": "change_roi", "roi": NEW}, 0.15)]
    assert roi.in_force == Region(**NEW)


def test_a_job_without_its_queue_can_be_told_nothing():
    with pytest.raises(ExpectationFailed, match=f"there is no grpc-job-{JOB_ID}"):
        changed(region("no queue"))


def test_a_job_without_its_queue_is_out_of_reach_and_one_with_it_is_not():
    region("no queue").expect_out_of_reach()
    with pytest.raises(ExpectationFailed, match=f"no queue that takes commands\n  - there is grpc-job-{JOB_ID}"):
        region(REFUSED).expect_out_of_reach()


def test_what_was_refused_is_named_and_nothing_shows_it():
    refused(region(REFUSED))
    refused(region(REFUSED, records=[{"roi": FIRST}]))


def test_the_next_command_is_judged_by_the_region_that_was_changed_to():
    roi = region(CHANGED, metadata=NEW, records=[{"roi": NEW}])
    changed(roi)
    roi.stores.queues.reply = {**REFUSED, "roi": NEW}
    refused(roi)
    roi.stores.queues.reply = REFUSED
    with pytest.raises(ExpectationFailed, match="the region in force is not said to be 11 to 61"):
        refused(roi)


@pytest.mark.parametrize(
    ("reply", "told"),
    [
        (None, r"there is none\nwaited 0\.15 s"),
        (b"", "expected the outcome"),
        (b"\xff", "expected the outcome"),
        ({}, "status: Field required"),
        ({"status": "changed"}, "roi: Field required"),
        ({"status": "changed", "roi": {"start": 11.0, "end": 61}}, r"roi\.start"),
        ({"status": "changed", "roi": {**NEW, "step": 1}}, r"roi\.step"),
        ({"status": "refused", "roi": FIRST, "detail": "jump"}, "to be changed to 11 to 61"),
        ({"status": "changed", "roi": FIRST}, "to be changed to 11 to 61"),
        ({"status": "", "roi": NEW}, "to be changed to 11 to 61"),
    ],
)
def test_a_change_that_is_not_answered_as_one_is_the_products_failure(reply, told):
    with pytest.raises(ExpectationFailed, match=told):
        changed(region(reply, metadata=NEW, records=[{"roi": NEW}]))


@pytest.mark.parametrize(
    ("reply", "told"),
    [
        ({"status": "changed", "roi": FIRST, "detail": "jump"}, "it was not refused"),
        ({"status": "refused", "roi": FIRST}, "the reason does not name the jump"),
        ({**REFUSED, "detail": "unsafe: a shift"}, "the reason does not name the jump"),
        ({**REFUSED, "roi": NEW}, "the region in force is not said to be 1 to 51"),
    ],
)
def test_a_refusal_that_is_not_answered_as_one_is_the_products_failure(reply, told):
    with pytest.raises(ExpectationFailed, match=told):
        refused(region(reply))


def test_without_a_command_there_is_neither_change_nor_refusal():
    with pytest.raises(ExpectationFailed, match="it was not refused"):
        region(REFUSED).expect_refused("jump")


@pytest.mark.parametrize(
    ("metadata", "records", "told"),
    [
        (FIRST, [{"roi": NEW}], "the metadata says 1 to 51"),
        (None, [{"roi": NEW}], "the metadata says None"),
        ("<html>", [{"roi": NEW}], "the metadata says None"),
        (NEW, [{"roi": FIRST}], "the record says 1 to 51"),
        (NEW, [{}], "the record says 1 to 51"),
        (NEW, [{"roi": {"start": "11", "end": 61}}], "the record says {'start': '11'"),
        (NEW, [{"roi": NEW}, {}], "the record says 1 to 51"),
        (NEW, [], "the record says None"),
    ],
)
def test_a_change_that_record_or_metadata_does_not_show_is_the_products_failure(metadata, records, told):
    with pytest.raises(ExpectationFailed, match=f"to be 11 to 61\n  - {told}"):
        changed(region(CHANGED, metadata=metadata, records=records))


def test_a_refused_change_that_is_shown_all_the_same_is_the_products_failure():
    for shown, told in (({"metadata": NEW}, "metadata"), ({"records": [{"roi": NEW}]}, "record")):
        with pytest.raises(ExpectationFailed, match=f"the {told} says 11 to 61"):
            refused(region(REFUSED, **shown))
