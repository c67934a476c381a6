import pytest
from stand_ins import JOB_ID, exchange

from support.checks import client_reports
from support.core.errors import APIError, ExpectationFailed


def problem_of(check, *arguments):
    with pytest.raises(ExpectationFailed) as failure:
        check(*arguments)
    return str(failure.value)


def judge(told, check, *arguments):
    """It must pass, or fail with what is told."""
    if told is None:
        check(*arguments)
    else:
        assert told in problem_of(check, *arguments)


def failure(*, cause=None, **properties):
    error = APIError(f"answered {properties.get('status')}", **properties)
    error.__cause__ = cause
    return error


def test_the_client_reports_that_it_does_not_trust_the_server():
    client_reports.expect_distrust(APIError("The Focus Server cannot be trusted: unknown authority"))
    assert "it says None" in problem_of(client_reports.expect_distrust, None)
    assert "it says no answer" in problem_of(client_reports.expect_distrust, APIError("no answer"))


def test_the_client_reports_a_status_with_its_reason():
    client_reports.expect_status(failure(status=503, detail="MongoDB"), [exchange(status=503)], 503, "MongoDB", 1.0)
    for wrong in (
        None,
        failure(status=503),
        failure(status=502, detail="MongoDB"),
        APIError("failed", status=503, detail="MongoDB"),
    ):
        assert "to report 503" in problem_of(client_reports.expect_status, wrong, [exchange()], 503, "MongoDB", 1.0)


def test_the_client_reports_what_an_answer_lacks():
    client_reports.expect_lack(APIError("the answer lacks or misstates job_id: …"), "job_id")
    for wrong in (None, APIError("the answer lacks or misstates job_id: …")):
        assert "stream_url is not in the answer" in problem_of(client_reports.expect_lack, wrong, "stream_url")


LOST = OSError("lost")


@pytest.mark.parametrize(
    ("error", "elapsed_s", "told"),
    [
        (failure(cause=LOST), 0.5, None),
        (failure(cause=LOST), 1.5, None),
        (failure(cause=LOST), 0.4, "it waited 0.40 s"),
        (failure(cause=LOST), 2.6, "it waited 2.60 s"),
        (failure(), 0.5, "the cause is lost"),
        (failure(cause=LOST, status=504), 0.5, "it reports the status 504"),
        (failure(cause=LOST, unreachable=True), 0.5, "not reached"),
        (None, 0.5, "it reports nothing"),
    ],
)
def test_the_client_reports_that_no_answer_came(error, elapsed_s, told):
    judge(told, client_reports.expect_timeout, error, [exchange(elapsed_s=9), exchange(elapsed_s=elapsed_s)], 0.5)


@pytest.mark.parametrize(
    ("error", "elapsed_s", "told"),
    [
        (failure(cause=LOST, unreachable=True), 0.1, None),
        (failure(cause=LOST, unreachable=True), 2.1, "it waited 2.10 s"),
        (failure(cause=LOST), 0.1, "was reached"),
        (failure(unreachable=True), 0.1, "the cause is lost"),
        (None, 0.1, "it reports nothing"),
    ],
)
def test_the_client_reports_at_once_that_there_is_no_connection(error, elapsed_s, told):
    judge(told, client_reports.expect_unreachable, error, [exchange(elapsed_s=elapsed_s)])


@pytest.mark.parametrize(("elapsed_s", "told"), [(1.0, None), (2.9, None), (3.1, "it waited 3.10 s")])
def test_what_failed_on_the_way_is_reported_within_the_clients_time_limit(elapsed_s, told):
    sent = [exchange(elapsed_s=9), exchange(status=None, elapsed_s=elapsed_s)]
    status, broken = failure(status=504, detail="too long"), caused(APIError("the connection broke"))
    judge(told, client_reports.expect_status, status, sent, 504, "too long", 1.0)
    judge(told, client_reports.expect_break, broken, sent, 1.0)
    judge(told, client_reports.expect_crash, broken, sent, 1.0)
    judge(told, client_reports.expect_crash, status, sent, 1.0)


@pytest.mark.parametrize(
    ("failure", "seen", "told"),
    [
        (APIError("", unreachable=True), exchange(status=None), None),
        (APIError("", status=502), exchange(status=502), None),
        (APIError("", status=503), exchange(status=503), None),
        (None, exchange(), "it reports nothing"),
        (APIError("the connection broke"), exchange(status=None), "it reports the connection broke"),
        (APIError("there is none", status=404), exchange(status=404), "it reports there is none"),
        (APIError("", status=503), exchange({"job_id": JOB_ID}, 503), f"names a job: {JOB_ID}"),
        (APIError("", unreachable=True), exchange(status=None, elapsed_s=2.0), "it waited 2.00 s"),
    ],
)
def test_that_the_server_is_not_there_is_reported_in_time_and_nothing_is_invented(failure, seen, told):
    judge(told, client_reports.expect_absence, failure, seen, 1.0)


def caused(error):
    error.__cause__ = OSError()
    return error


@pytest.mark.parametrize(
    ("failure", "seen", "told"),
    [
        (caused(APIError("the connection broke")), exchange(status=None), None),
        (APIError("", status=504), exchange(status=504), None),
        (None, exchange(), "it reports nothing"),
        (caused(APIError("no answer within 30 s")), exchange(status=None), "it reports no answer within 30 s"),
        (caused(APIError("there is none", unreachable=True)), exchange(status=None), "it says that the server was not"),
        (APIError("an error", status=500), exchange(status=500), "it reports an error"),
        (APIError("", status=503), exchange({"job_id": JOB_ID}, 503), f"names a job: {JOB_ID}"),
    ],
)
def test_that_the_server_is_gone_is_reported_as_a_broken_connection_or_by_a_gateway(failure, seen, told):
    judge(told, client_reports.expect_crash, failure, [seen], 1.0)
