"""The health of what the product stands on."""

from __future__ import annotations

from behave import then
from behave.runner import Context


@then("the record store answers and takes writes")
def the_record_store_is_healthy(context: Context) -> None:
    context.run.stores.database.check_health()


@then("the orchestrator answers")
def the_orchestrator_answers(context: Context) -> None:
    context.run.stores.analyzers.check_health()


@then("all its pods are healthy")
def all_its_pods_are_healthy(context: Context) -> None:
    context.case.promises.pods_are_healthy()


@then("the message broker answers")
def the_broker_is_healthy(context: Context) -> None:
    context.run.stores.queues.check_health()
