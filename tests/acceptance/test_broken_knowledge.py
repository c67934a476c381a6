"""The suite is run against servers that each have one defect in what they tell or keep: it must find and name it.

The fibre, its recordings, metadata, task ids, records, streams, and what is left when a store fails.
"""

import pytest

from tests.acceptance.running import Caught, caught

NO_SUCH_JOB = "it is said that there is no such job"
EACH_TIME = "it is said each time that there is no such job"
IS_200 = "the status is 200 instead of 404"

BOUNDS = "they reach from the first sensor to the last"
LISTED_ONCE = "every sensor of the fibre is listed once"
LIVE = "they are those of the recording under way"
RECORDED = "Something is being recorded"
LIVE_OR_HISTORY = "A recording is live while it is under way, and history when it has ended"
THREE = ("The recordings of a time", "each of them is listed, in the order of their time")
ALL_AROUND = "A recording all around the time that is asked for"

FIBRE = [
    Caught("one_channel_more", "The channels of the fibre", BOUNDS, "'highest_channel': 2222} instead of"),
    Caught("one_channel_less", "The channels of the fibre", BOUNDS, "'highest_channel': 2220} instead of"),
    Caught("channels_told_from_1", "The channels of the fibre", BOUNDS, "{'lowest_channel': 1,"),
    Caught(
        "one_channel_more",
        "The first and the last channel can be viewed, those beyond cannot",
        "those of the bounds are accepted, and those beyond refused",
        "must be 0 to 2221",
    ),
    Caught("a_sensor_not_listed", "The sensors of the fibre", LISTED_ONCE, "it is {'sensors': [0, 1, 2,"),
    Caught("a_sensor_listed_twice", "The sensors of the fibre", LISTED_ONCE, "it is {'sensors': [0, 0, 1, 2,"),
    Caught("live_rate_wrong", RECORDED, LIVE, "'sampling_rate': 1000"),
    Caught("live_sensors_wrong", RECORDED, LIVE, "'sensors': 2223"),
    Caught("live_since_another_time", RECORDED, LIVE, "2030"),
    Caught("live_though_ended", LIVE_OR_HISTORY, LIVE, "instead of"),
    Caught("live_though_ended", "Nothing is being recorded", "it is said that there is no live source", IS_200),
    Caught("those_under_way_listed", LIVE_OR_HISTORY, "only the one that has ended is listed", "listed are [["),
    Caught("deleted_ones_listed", "A deleted recording is not listed", "none is listed", "instead of []"),
    Caught(
        "deleted_ones_listed",
        "Every recording is either history or live",
        "each that has ended is listed as history, and each that is under way is not",
        "listed are [[",
    ),
    *caught(
        "the recording is not listed",
        "instead of []",
        (
            ("those_before_listed", "A recording that ends with the time that is asked for"),
            ("those_after_listed", "A recording that begins after the time that is asked for"),
        ),
    ),
    *caught(
        "the recording is listed",
        "listed are [] instead of [[",
        (
            ("begun_before_not_listed", "A recording that ends in the time that is asked for"),
            ("ending_after_not_listed", "A recording that begins in the time that is asked for"),
            ("begun_before_not_listed", ALL_AROUND),
        ),
    ),
    Caught("recordings_cut", ALL_AROUND, "the recording is listed", "listed are [["),
    Caught("recordings_backwards", *THREE, "listed are [["),
    Caught("one_recording_only", *THREE, "listed are [["),
    Caught("recordings_an_hour_off", *THREE, "listed are [["),
    *caught(
        "the request is refused because of the start time",
        "the status is 200 instead of 400 or 422",
        (
            ("recordings_without_beginning", "A time without a beginning is refused"),
            ("recordings_of_no_time", "A time that ends as it begins is refused"),
            ("recordings_before_1970", "A time that begins before 1970 is refused"),
            ("recordings_in_decimals", "A time that begins between two seconds is refused"),
        ),
    ),
    *caught(
        "the request is refused because of the end time",
        "the status is 200 instead of 400 or 422",
        (
            ("recordings_without_end", "A time without an end is refused"),
            ("recordings_in_words", "A time that ends in a text is refused"),
        ),
    ),
    Caught(
        "recordings_with_strangers",
        "A time with an unknown parameter is refused",
        "the request is refused because of the unknown parameter",
        "the status is 200 instead of 400 or 422",
    ),
    *(
        Caught(
            defect,
            f"A time {what} is an order to nobody",
            f"the request is refused because of the {parameter}",
            "the status is 200 instead of 400 or 422",
        )
        for defect, what, parameter in (
            ("recordings_by_a_query", "that begins with a query for anything", "start time"),
            ("recordings_by_a_query", "that ends with a condition", "end time"),
        )
    ),
    Caught("recordings_of_numbers_only", "A time may be written as text", "the recording is listed", "422"),
    Caught(
        "recordings_of_the_past_only",
        "A time may end in the future",
        "the recording is among those that are listed",
        "the status is 422 instead of 200",
    ),
    Caught(
        "recordings_in_whole_seconds",
        "A recording is listed to the fraction of a second",
        "the recording is listed",
        "listed are [[",
    ),
    Caught("live_since_the_first", "Of two recordings under way the later one is live", LIVE, "instead of"),
    Caught(
        "live_though_deleted",
        "A deleted recording that never ended is no live source",
        "it is said that there is no live source",
        IS_200,
    ),
]

RUNNING = ("The metadata of a running job", "the metadata is that of the job")
CONSUMER_GONE = ("The metadata of a job whose consumer runs no longer", "the metadata says that the job was cancelled")
QUERY = "{} in the place of a job's id changes nothing"

METADATA = [
    Caught("metadata_without_config", *RUNNING, "metadata.config is missing"),
    Caught("metadata_without_region", *RUNNING, "metadata.roi is missing"),
    Caught("metadata_always_cancelled", *RUNNING, "metadata.status is 'cancelled' instead of 'configured'"),
    Caught("metadata_with_more", *RUNNING, "metadata.user is 'automation' and was not asked for"),
    Caught(
        "metadata_with_numbers_as_text",
        "The metadata of a single channel agree with its configuration",
        "the metadata is that of the job",
        "metadata.config.nfftSelection is '1024' instead of 1024",
    ),
    Caught(
        "metadata_of_now",
        "The metadata stays the same",
        "the metadata is that of the job every time",
        "metadata.created_at is",
    ),
    Caught(
        "metadata_of_now",
        "The time of a job is the time of its request",
        "answer, record and metadata tell the same time, within the time of the request",
        "metadata say",
    ),
    Caught(
        "metadata_of_another_job",
        "Each of ten jobs has its own metadata",
        "each metadata is that of its job",
        "metadata.channel_to_stream_index",
    ),
    Caught("metadata_always_configured", *CONSUMER_GONE, "metadata.status is 'configured' instead of 'cancelled'"),
    Caught("metadata_go_with_the_job", *CONSUMER_GONE, "the status is 404 instead of 200"),
    Caught(
        "metadata_go_with_the_queue",
        "The metadata of a job whose queue was taken away",
        "the metadata is that of the job",
        "the status is 404 instead of 200",
    ),
    Caught("any_job_is_known", "The metadata of a job that nobody made", NO_SUCH_JOB, IS_200),
    Caught("any_job_is_known", "A job that nobody made is cancelled", "the cancelling finds no such job", IS_200),
    Caught("a_job_by_a_query", QUERY.format("a query for anything"), EACH_TIME, IS_200),
    Caught("a_job_by_a_query", QUERY.format("a condition that is always true"), EACH_TIME, IS_200),
]

UNDER_A_TASK_ID = ("A job under a task id", "the answer and the record carry the task id")

TASK_IDS = [
    Caught("task_id_not_recorded", *UNDER_A_TASK_ID, "client_task_id is None"),
    Caught("metadata_without_task_id", UNDER_A_TASK_ID[0], RUNNING[1], "metadata.task_id is missing"),
    Caught("task_id_once_only", "The same task id comes again", "the job is accepted", "has been given"),
    Caught("another_task_id", *UNDER_A_TASK_ID, "it says 'other'"),
    *(
        Caught(
            defect,
            f"{what} is refused and launches nothing",
            "the request is refused because of the task id",
            "the status is 200 instead of 400 or 422",
        )
        for defect, what in (
            ("any_task_id", "A task id of the prefix alone"),
            ("task_id_without_prefix", "A task id without a prefix"),
            ("task_id_of_any_date", "A task id with an impossible date"),
            ("task_id_of_few_digits", "A task id of too few digits"),
            ("task_id_of_many_digits", "A task id of too many digits"),
            ("task_id_of_any_letters", "A task id that ends in no number"),
            ("task_id_of_capitals", "A task id in capital letters"),
            ("task_id_with_a_long_prefix", "A task id with too long a prefix"),
            ("task_id_with_a_null", "a null byte as a task id"),
            ("task_id_with_spaces", "A task id with a space"),
            ("task_id_with_a_break", "a line break as a task id"),
            ("task_id_of_any_script", "a text in another script as a task id"),
            ("task_id_of_any_length", "a very long text as a task id"),
            ("task_id_of_spaces", "nothing but spaces as a task id"),
        )
    ),
]

CREATED = "A live job with every parameter set"
COMPLETE = "the record of the job is complete"
INDEXED = ("The collections are indexed", "the record store finds quickly")

RECORDS = [
    Caught("recorded_an_hour_late", CREATED, COMPLETE, "outside of the request's time from"),
    Caught("recorded_without_times", CREATED, COMPLETE, "config.start_time is missing"),
    Caught(
        "recorded_for_another_user",
        "The first sensor of the fibre can be looked at",
        COMPLETE,
        "user is 'root' instead of 'automation'",
    ),
    Caught("recorded_with_texts", "Frequencies of 0 to 500 are accepted", COMPLETE, "is '10' instead of 10"),
    Caught(
        "recorded_with_more",
        "The record of a job is whole, and holds nothing else",
        "the record of the job has no other fields",
        "['host'] too much or too little",
    ),
    Caught(
        "record_goes_with_the_job",
        "A running job is cancelled",
        "only the record of the job remains",
        "is gone; it should be kept",
    ),
    Caught(
        "answer_of_another_time",
        "The time of a job is the time of its request",
        "answer, record and metadata tell the same time, within the time of the request",
        "but the answer says 19",
    ),
    Caught("answer_in_local_time", CREATED, "the job is accepted", "not ISO 8601 ending in Z"),
    Caught("without_index_tasks_task_id_1", *INDEXED, "no index of jobs by job id (task_id)"),
    Caught("without_index_recordings_start_time_1", *INDEXED, "no index of recordings by beginning (start_time)"),
    Caught("without_index_recordings_end_time_1", *INDEXED, "no index of recordings by end (end_time)"),
    Caught("without_index_recordings_deleted_1", *INDEXED, "no index of recordings by deletion (deleted)"),
    Caught(
        "without_index_recordings_uuid_1",
        "No two recordings have one identity",
        "the record store refuses it",
        "it was taken",
    ),
]

OUTAGE = "The message broker takes no more queues"
NOT_AVAILABLE = "it is said that RabbitMQ is not available"
UNDONE = "whatever was begun is undone"

STREAMS_AND_STORES = [
    Caught("another_stream_port", CREATED, "the job is accepted", "stream_port is"),
    Caught(
        "stream_not_served",
        "From the configuration over the metadata to the stream",
        "the stream of the job is served",
        "it is unknown",
    ),
    Caught(
        "stream_of_a_cancelled_job",
        "The stream ends with its job",
        "the stream of the job is served no longer",
        "it is SERVING",
    ),
    Caught(
        "stream_of_no_job",
        "A job that nobody made has no stream",
        "a job that nobody made has no stream",
        "it is SERVING",
    ),
    Caught(
        "another_stream_address",
        "The stream ends with its job",
        "the stream of the job is served no longer",
        "it is UNAVAILABLE",
    ),
    Caught("nothing_undone", OUTAGE, UNDONE, "task record: +1 instead of +0"),
    Caught("analyzer_not_undone", OUTAGE, UNDONE, "analyzer: +1 instead of +0"),
    Caught("outage_as_a_defect", OUTAGE, NOT_AVAILABLE, "the status is 500 instead of 503"),
    Caught("outage_of_another", OUTAGE, NOT_AVAILABLE, "the reason does not name RabbitMQ"),
    Caught(
        "outage_for_ever", "When the broker takes queues again the same request succeeds", "the job is accepted", "503"
    ),
    Caught("outage_told_late", OUTAGE, "it is said within the promised time", "1 of 1 came later"),
    Caught(
        "outage_tells_its_address",
        OUTAGE,
        "no answer shows a password, an address of a store or the server's inside",
        "the answer shows",
    ),
    Caught("outage_as_taken", OUTAGE, NOT_AVAILABLE, "the reason does not name RabbitMQ"),
]

ROWS = [*FIBRE, *METADATA, *TASK_IDS, *RECORDS, *STREAMS_AND_STORES]


@pytest.mark.catalogue
@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.defect)
def test_a_defect_turns_the_right_scenario_red(expect_caught, row):
    expect_caught(row)
