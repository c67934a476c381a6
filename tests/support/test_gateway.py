import pytest
from stand_ins import settings

from support.api.client import FocusServerAPI
from support.checks import refusals
from support.contract.configuration import ConfigureRequest, generate_config_payload
from support.core.errors import APIError, ExpectationFailed
from support.faults import gateway


def ask(where):
    """What the client says of this gateway, and the exchanges that it had."""
    exchanges = []
    server = {"base_url": f"{where.address}/focus", "request_timeout_s": 0.2}
    client = FocusServerAPI(settings(focus_server=server), exchanges.append)
    with pytest.raises(APIError) as error:
        client.configure_streaming_job(ConfigureRequest(**generate_config_payload()))
    return error.value, exchanges


@pytest.mark.parametrize("status", [500, 502, 504])
def test_a_gateway_answers_as_told_and_knows_what_it_was_asked(status):
    with gateway.answering(status, "nobody behind") as where:
        failure, _ = ask(where)
        refusals.expect_reported_status(failure, status, "nobody behind")
        assert where.asked == ["/focus/configure"]
        where.expect_asked_once()
        ask(where)
        with pytest.raises(ExpectationFailed, match="there were 2"):
            where.expect_asked_once()
    refusals.expect_reported_unreachable(*ask(where))


def test_a_gateway_that_was_not_asked_was_not_asked_once():
    with gateway.unreachable() as where, pytest.raises(ExpectationFailed, match="there were 0"):
        where.expect_asked_once()


def test_a_silent_gateway_takes_a_request_and_never_answers():
    with gateway.unresponsive() as where:
        failure, exchanges = ask(where)
    refusals.expect_reported_timeout(failure, exchanges, 0.2)


def test_an_absent_gateway_is_not_even_connected_to():
    with gateway.unreachable() as where:
        refusals.expect_reported_unreachable(*ask(where))
