import asyncio
import logging

import pytest
from focus_server_fakes import CountingIds, World, payload
from focus_server_waiting import until

from sandbox.focus_server.back_off import BackOff
from sandbox.focus_server.errors import DependencyUnavailable, IdTaken, StepFailed, UnknownJob
from sandbox.focus_server.regions import Regions
from sandbox.focus_server.rollback import Leftovers
from sandbox.focus_server.service import JobService


class Service:
    """A service over a world of fakes, with short limits."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.leftovers = Leftovers(back_off=BackOff(0.01, 0.01), limit_s=0.05)
        parts = world.parts
        self.regions = Regions(
            tasks=parts.tasks,
            limits=parts.limits,
            rules=parts.region_rules,
            safety_rules=parts.region_safety_rules,
        )
        self.jobs = JobService(
            validator=parts.validator,
            ids=parts.ids,
            clock=parts.clock,
            tasks=parts.tasks,
            recordings=parts.recordings,
            analyzers=parts.analyzers,
            queues=parts.queues,
            stream=parts.stream,
            task_ids=parts.task_ids,
            regions=self.regions,
            leftovers=self.leftovers,
            undo_limit_s=0.05,
            creation_limit_s=5,
        )


@pytest.fixture
async def service():
    made = Service(World())
    yield made
    await made.jobs.aclose(1)


def unavailable(*, no_effect: bool = False) -> DependencyUnavailable:
    return DependencyUnavailable("MongoDB", "no answer within 1 s", no_effect=no_effect)


async def test_a_job_is_made_in_the_contracts_order(service: Service) -> None:
    sent = payload()
    record = await service.jobs.create(sent)
    world = service.world
    assert world.journal.calls == ["insert", "launch", "open"]
    assert world.tasks.records == {record.job_id: record}
    assert world.analyzers.configs == {record.job_id: sent}
    assert world.queues.open_queues == {record.job_id}
    assert record.created_at.microsecond == 123_000


STEPS = {
    "insert": ["insert", "remove"],
    "launch": ["insert", "launch", "stop", "remove"],
    "open": ["insert", "launch", "open", "close", "stop", "remove"],
}


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("error", [unavailable(), ValueError("a defect")], ids=["unavailable", "defect"])
async def test_a_failing_step_undoes_itself_and_all_before_it_in_reverse(
    service: Service, step: str, error: Exception
) -> None:
    service.world.journal.fail[step] = error
    with pytest.raises(type(error)):
        await service.jobs.create(payload())
    assert service.world.journal.calls == STEPS[step]
    assert service.world.is_empty()


async def test_a_step_without_effect_is_not_undone(service: Service) -> None:
    service.world.journal.fail["launch"] = unavailable(no_effect=True)
    with pytest.raises(DependencyUnavailable):
        await service.jobs.create(payload())
    assert service.world.journal.calls == ["insert", "launch", "remove"]


async def test_an_undo_that_fails_is_logged_and_the_rest_is_still_undone(
    service: Service, caplog: pytest.LogCaptureFixture
) -> None:
    service.world.journal.fail |= {"open": unavailable(), "stop": unavailable()}
    with caplog.at_level(logging.WARNING), pytest.raises(DependencyUnavailable):
        await service.jobs.create(payload())
    assert service.world.journal.calls[:6] == ["insert", "launch", "open", "close", "stop", "remove"]
    assert "undo of analyzer failed" in caplog.text


async def test_an_undo_that_hangs_does_not_hold_up_the_rest(service: Service) -> None:
    service.world.journal.hang["stop"] = asyncio.Event().wait
    service.world.journal.fail["open"] = unavailable()
    with pytest.raises(DependencyUnavailable):
        await service.jobs.create(payload())
    assert not service.world.tasks.records


async def test_what_could_not_be_undone_is_undone_when_the_dependency_is_back(service: Service) -> None:
    world = service.world
    world.journal.fail |= {"open": unavailable(), "stop": unavailable()}
    with pytest.raises(DependencyUnavailable):
        await service.jobs.create(payload())
    assert len(world.analyzers.configs) == 1
    world.journal.fail.clear()
    await until(world.is_empty)


async def cancelled_during(service: Service, step: str, hold: asyncio.Event) -> "asyncio.Task[object]":
    """A creation that was cancelled while a step was under way."""
    service.world.journal.hang[step] = hold.wait
    creation = asyncio.create_task(service.jobs.create(payload()))
    await until(lambda: step in service.world.journal.calls)
    creation.cancel()
    for _ in range(10):
        # Turns of the event loop, enough for a roll-back that starts at once to be seen.
        await asyncio.sleep(0)
    return creation


@pytest.mark.parametrize("step", STEPS)
async def test_a_cancelled_creation_ends_its_step_and_is_undone(service: Service, step: str) -> None:
    hold = asyncio.Event()
    creation = await cancelled_during(service, step, hold)
    # Cut off, the step might take effect after it has been undone.
    assert service.world.journal.calls[-1] == step
    hold.set()
    with pytest.raises(asyncio.CancelledError):
        await creation
    assert service.world.journal.calls == STEPS[step]
    assert service.world.is_empty()


async def test_a_second_cancellation_does_not_cut_the_roll_back_short(service: Service) -> None:
    world = service.world
    step, undo = asyncio.Event(), asyncio.Event()
    world.journal.hang["close"] = undo.wait
    creation = await cancelled_during(service, "open", step)
    step.set()
    await until(lambda: "close" in world.journal.calls)
    creation.cancel()
    await asyncio.sleep(0)
    undo.set()
    with pytest.raises(asyncio.CancelledError):
        await creation
    assert world.is_empty()


async def test_a_step_that_takes_effect_after_it_was_given_up_is_undone_again(service: Service) -> None:
    world = service.world
    world.journal.fail["launch"] = unavailable()
    with pytest.raises(DependencyUnavailable):
        await service.jobs.create(payload())
    world.analyzers.configs["job_00000001"] = payload()
    await until(world.is_empty)


async def test_an_id_that_is_taken_is_not_used_and_its_owner_untouched(service: Service) -> None:
    world = service.world
    first = await service.jobs.create(payload())
    world.journal.calls.clear()
    world.journal.fail["insert"] = IdTaken("MongoDB")
    with pytest.raises(IdTaken):
        await service.jobs.create(payload())
    assert set(world.journal.calls) == {"insert"}
    assert len(world.journal.calls) > 1
    assert world.tasks.records == {first.job_id: first}
    assert isinstance(world.parts.ids, CountingIds)
    assert world.parts.ids.drawn == 1 + len(world.journal.calls)


async def test_nor_is_what_the_owner_is_served_with(service: Service) -> None:
    world = service.world
    first = await service.jobs.create(payload())
    world.journal.fail["insert"] = IdTaken("MongoDB")
    assert isinstance(world.parts.ids, CountingIds)
    world.parts.ids.drawn = 0
    with pytest.raises(IdTaken):
        await service.jobs.create(payload())
    assert world.stream.served == {first.job_id}
    answer = await service.regions.change(first.job_id, {"command": "change_roi", "roi": {"start": 2, "end": 52}})
    assert answer["status"] == "changed"


@pytest.mark.parametrize("step", STEPS)
async def test_a_job_that_was_not_made_has_no_region(service: Service, step: str) -> None:
    service.world.journal.fail[step] = unavailable()
    with pytest.raises(DependencyUnavailable):
        await service.jobs.create(payload())
    assert (await service.regions.change("job_00000001", {}))["roi"] is None


@pytest.mark.parametrize("step", ["launch", "open"])
async def test_a_job_that_has_not_been_answered_does_not_exist_yet(service: Service, step: str) -> None:
    world, hold = service.world, asyncio.Event()
    world.journal.hang[step] = hold.wait
    creation = asyncio.create_task(service.jobs.create(payload()))
    await until(lambda: step in world.journal.calls)
    (job_id,) = world.tasks.records
    for ask in (service.jobs.find, service.jobs.cancel):
        with pytest.raises(UnknownJob):
            await ask(job_id)
    hold.set()
    assert await creation == await service.jobs.find(job_id)
    assert world.queues.open_queues == {job_id}
    assert (await service.jobs.cancel(job_id)).status == "cancelled"
    assert not world.queues.open_queues


async def test_nor_does_one_that_is_being_rolled_back(service: Service) -> None:
    world, hold = service.world, asyncio.Event()
    world.journal.fail["open"] = unavailable()
    world.journal.hang["close"] = hold.wait
    creation = asyncio.create_task(service.jobs.create(payload()))
    await until(lambda: "close" in world.journal.calls)
    (job_id,) = world.tasks.records
    with pytest.raises(UnknownJob):
        await service.jobs.find(job_id)
    hold.set()
    with pytest.raises(DependencyUnavailable):
        await creation


async def test_cancelling_takes_everything_away_and_keeps_the_record(service: Service) -> None:
    world = service.world
    record = await service.jobs.create(payload())
    cancelled = await service.jobs.cancel(record.job_id)
    assert cancelled.status == "cancelled"
    assert world.tasks.records[record.job_id].status == "cancelled"
    assert not world.queues.open_queues
    assert not world.analyzers.configs


async def test_the_record_says_that_a_job_is_cancelled_before_anything_of_it_is_taken_away(service: Service) -> None:
    record = await service.jobs.create(payload())
    service.world.journal.calls.clear()
    await service.jobs.cancel(record.job_id)
    assert service.world.journal.calls == ["find", "status cancelled", "close", "stop"]


CANCELLING = ("status cancelled", "close", "stop")


@pytest.fixture(params=CANCELLING)
async def half_cancelled(service: Service, request: pytest.FixtureRequest) -> str:
    """The id of a job of which one step of the cancelling has failed once."""
    record = await service.jobs.create(payload())
    service.world.journal.fail[request.param] = unavailable()
    with pytest.raises(DependencyUnavailable):
        await service.jobs.cancel(record.job_id)
    # One that fails does not keep the other one alive.
    assert request.param == "status cancelled" or set(service.world.journal.calls) >= {*CANCELLING}
    service.world.journal.fail.clear()
    return record.job_id


async def test_a_cancel_that_failed_half_way_can_be_repeated(service: Service, half_cancelled: str) -> None:
    world = service.world
    await service.jobs.cancel(half_cancelled)
    assert world.tasks.records[half_cancelled].status == "cancelled"
    assert not world.queues.open_queues
    assert not world.analyzers.configs


async def test_and_goes_on_by_itself(service: Service, half_cancelled: str) -> None:
    world = service.world
    await until(lambda: not (world.queues.open_queues or world.analyzers.configs))
    assert world.tasks.records[half_cancelled].status == "cancelled"


async def test_a_job_that_took_too_long_to_make_is_undone(service: Service) -> None:
    service.jobs._creation_limit_s = -1
    with pytest.raises(StepFailed, match="in time"):
        await service.jobs.create(payload())
    assert service.world.is_empty()


async def test_a_malformed_id_is_unknown_without_asking_the_store(service: Service) -> None:
    service.world.journal.fail["find"] = unavailable()
    with pytest.raises(UnknownJob):
        await service.jobs.cancel("no id at all")
    assert service.world.journal.calls == []
