"""The health of what the product stands on."""

from __future__ import annotations

from behave import then
from behave.runner import Context


@then("the record store answers and takes writes")
def the_record_store_is_healthy(context: Context) -> None:
    context.run.stores.records.check_health()


@then("the orchestrator answers and none of its pods has failed")
def the_orchestrator_is_healthy(context: Context) -> None:
    context.run.stores.analyzers.check_health()
    context.case.promises.no_pod_has_failed()


@then("the message broker answers")
def the_broker_is_healthy(context: Context) -> None:
    context.run.stores.queues.check_health()
