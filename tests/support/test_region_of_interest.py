import json
from types import SimpleNamespace

import pytest
from stand_ins import JOB_ID, exchange, job, settings

from support.checks.region_of_interest import Region, RegionOfInterest, faults_of, region_of
from support.contract.limits import Limits
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


def outcome_of(asked, because_of, detail):
    """What is told of a refusal of this region, where 1 to 51 is in force; None when nothing is."""
    roi = region({"status": "refused", "roi": FIRST, "detail": detail})
    roi.expect_reply(*asked)
    try:
        roi.expect_refused(because_of)
    except ExpectationFailed as failure:
        return str(failure)
    return None


def pointing(*ends, msg="wrong"):
    return [{"loc": ["roi", end], "msg": msg} for end in ends]


REVERSED, NEGATIVE, FAR, BEYOND = (40, 20), (-1, 49), (100, 150), (2200, 2300)
LARGE, SHIFTED = (1, 101), (41, 91)


@pytest.mark.parametrize(
    ("asked", "because_of", "detail"),
    [
        (NEGATIVE, "start", pointing("start")),
        (NEGATIVE, "start", "the start must be 0 or higher, and below the end"),
        (REVERSED, "start", "Start must be lower than end; there is no such size"),
        (REVERSED, "start", [{"loc": ["roi"], "msg": "it ends before it starts"}]),
        (REVERSED, "start", pointing("end", "start")),
        ((-20, -10), "end", pointing("end", "start", msg="below 0; unsafe: a jump, a shift")),
        (BEYOND, "end", "the region ends beyond the size of the fibre"),
        (("10", 50), "start", pointing("start")),
        ((10, None), "end", pointing("end")),
        (LARGE, "size", "the region, from start 1 to end 101, must not be resized by more than half"),
        (LARGE, "size", pointing("end", msg="the size grows too much")),
        (LARGE, "size", "unsafe: a region may change its size and shift by half its size at most"),
        (LARGE, "size", "start 1, end 101: a region may change its size and shift by half its size at most"),
        (SHIFTED, "shift", "a region may shift by half its size at most, and must not jump"),
        ((1, 51), "MongoDB", "the region cannot be shifted: MongoDB is not available"),
        ((1, 51), "MongoDB", [{"loc": ["mongodb"], "msg": "down"}, {"loc": ["rabbitmq"], "msg": "ok"}]),
        (SHIFTED, "shift", "unsafe: a shift by 40 sensors is more than half of the size"),
        (FAR, "jump", "unsafe: a jump; a shift by 99 sensors, more than its size; start is after the present end"),
        ((1, 51), "zoom", "zoom is unknown"),
        ((1, 51), "MongoDB", "MongoDB is not available"),
    ],
)
def test_a_refusal_names_what_is_wrong_with_the_region_and_what_that_is_measured_by(asked, because_of, detail):
    assert outcome_of(asked, because_of, detail) is None


ALL = "start end size shift jump zoom MongoDB"


@pytest.mark.parametrize(
    ("asked", "because_of", "detail", "told"),
    [
        (NEGATIVE, "start", ALL, ("jump", "shift")),
        (BEYOND, "end", ALL, ()),  # That is far away, too.
        (LARGE, "size", ALL, ("jump", "shift")),
        (SHIFTED, "shift", ALL, ("jump",)),
        ((1, 51), "zoom", ALL, ("jump", "shift")),
        ((1, 51), "MongoDB", ALL, ("jump", "shift")),
        (LARGE, "size", [{"loc": ["roi"], "msg": "its start, its size, its shift or its jump"}], ("jump", "shift")),
        (NEGATIVE, "start", pointing("start", "end"), ("end",)),
        ((10, None), "end", pointing("end", "start"), ("start",)),
        ((1, 51), "zoom", [*pointing("start", "zoom")], ("start",)),
        ((1, 51), "MongoDB", "MongoDB or RabbitMQ is not available", ("RabbitMQ",)),
    ],
)
def test_a_refusal_that_names_what_is_right_with_the_region_is_the_products_failure(asked, because_of, detail, told):
    seen = outcome_of(asked, because_of, detail) or ""
    assert [line for line in seen.splitlines() if "the reason names" in line] == [
        f"  - the reason names {f'the {word}, which is right' if word.islower() else f'{word}, which can be used'}"
        for word in told
    ]


@pytest.mark.parametrize(
    ("asked", "because_of", "detail"),
    [
        (NEGATIVE, "start", "the restart is wrong"),
        ((10, None), "end", "this sends and depends on something"),
        (LARGE, "size", "unsafe"),
        (SHIFTED, "shift", "unsafe: the size"),
        ((1, 51), "MongoDB", "the database is not available"),
    ],
)
def test_a_refusal_that_does_not_name_what_is_wrong_with_the_region_is_the_products_failure(asked, because_of, detail):
    assert f"the reason does not name {because_of if because_of == 'MongoDB' else f'the {because_of}'}" in (
        outcome_of(asked, because_of, detail) or ""
    )


@pytest.mark.parametrize(
    ("asked", "faults"),
    [
        ((1, 51), set()),
        ((0, 2222), {"size", "shift"}),
        ((26, 76), set()),
        ((27, 77), {"shift"}),
        ((1, 76), set()),
        ((1, 77), {"size"}),
        ((1, 26), set()),
        ((1, 25), {"size"}),
        ((50, 75), {"shift"}),
        ((51, 76), {"shift", "jump"}),
        ((0, 1), {"size", "shift", "jump"}),
        ((2200, 2223), {"end", "size", "shift", "jump"}),
        ((2222, 2223), {"start", "end", "size", "shift", "jump"}),
        ((20, 20), {"start", "end", "size"}),
        ((-1, 0), {"start", "end", "size", "shift", "jump"}),
        ((True, 50), {"start"}),
        ((1.0, None), {"start", "end"}),
    ],
)
def test_what_is_wrong_with_a_region_follows_from_the_one_in_force_and_the_limits(asked, faults):
    assert faults_of(dict(zip(("start", "end"), asked, strict=True)), Region(**FIRST), Limits()) == faults


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
