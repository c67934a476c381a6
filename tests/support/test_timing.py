import pytest
from product import ALONE, Product
from stand_ins import exchange

from support.checks.refusals import store_problems
from support.core.errors import ExpectationFailed
from support.evidence.evidence import ScenarioEvidence
from support.observers.sightings import SightingLog
from support.scenario.timing import Timing


def test_after_an_outage_it_is_asked_again_until_it_is_answered_and_not_for_ever():
    kept, answers = [], [exchange(status=503), exchange(status=503), exchange(status=200)]
    timing = Timing(ALONE.time_limits, ScenarioEvidence(ALONE, Product().stores, SightingLog(), kept.append))
    timing.expect_recovery("the job to be accepted", lambda: answers.pop(0), [200])
    assert answers == []
    assert [one.name for one in kept] == ["how long after the outage it was answered"]
    reasons = [exchange({"detail": one}, 503) for one in ("MongoDB", "MongoDB and RabbitMQ", "RabbitMQ")]
    timing.expect_recovery(
        "RabbitMQ to be named",
        lambda: reasons.pop(0),
        [503],
        lambda seen: store_problems(seen.told("detail"), ["RabbitMQ"]),
    )
    assert reasons == []
    with pytest.raises(ExpectationFailed) as failure:
        timing.expect_recovery("the job to be accepted", lambda: exchange(status=503), [200])
    for part in ("expected the job to be accepted", "-> 503", "time_limits.recovered_s"):
        assert part in str(failure.value)
