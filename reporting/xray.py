"""Xray's own JSON: one test execution with a result for each case, for Xray Server (Data Center) or Xray Cloud.

The two differ in the names of the statuses and of `evidences`/`evidence`; what is used of each is in `docs/schemas/`.
A case that was not run is left out, as Xray expects. `broken` is ABORTED; Xray Cloud has no such status, there it is
TODO: the test has to be repeated.

A case with one scenario has its steps; with several, each is an iteration.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from reporting.evidence import Which, enclosed
from reporting.results import StepResult
from reporting.traceability import Traceability, TracedCase, TracedScenario
from reporting.verdicts import CaseVerdict, Status, fold

# A text field of Jira takes 32,767 characters.
_LONGEST = 32_000


class Dialect(StrEnum):
    """The product that the file is for: Xray Server (Data Center) or Xray Cloud."""

    SERVER = "server"
    CLOUD = "cloud"


STATUSES = {
    Dialect.SERVER: {
        CaseVerdict.PASSED: "PASS",
        CaseVerdict.FAILED: "FAIL",
        CaseVerdict.BROKEN: "ABORTED",
        CaseVerdict.INCOMPLETE: "EXECUTING",
    },
    Dialect.CLOUD: {
        CaseVerdict.PASSED: "PASSED",
        CaseVerdict.FAILED: "FAILED",
        CaseVerdict.BROKEN: "TODO",
        CaseVerdict.INCOMPLETE: "EXECUTING",
    },
}
_EVIDENCE = {Dialect.SERVER: "evidences", Dialect.CLOUD: "evidence"}


class NothingWasRun(Exception):
    """No case has a result; the message says what to do."""


class NothingForThePlan(NothingWasRun):
    """Only scenarios beyond the plan were run."""


@dataclass(frozen=True)
class Execution:
    """The test execution that gets the results."""

    project: str = "PZ"
    test_plan: str = "PZ-14024"
    key: str | None = None
    """The key of an existing execution; without it a new one is made."""


def as_xray(
    traced: Traceability, dialect: Dialect, *, execution: Execution, evidence: Which = Which.RED
) -> dict[str, Any]:
    """The import file.

    Raises:
        NothingWasRun: no case has a result.
        NothingForThePlan: only scenarios beyond the plan have one.
    """
    run = traced.run
    cases = [one for one in traced.cases if one.verdict is not CaseVerdict.NOT_RUN]
    if not cases and traced.ran_beyond_the_plan:
        raise NothingForThePlan("only scenarios beyond the plan (@extra) were run, so there is nothing for the plan.")
    if not cases or run.start is None or run.stop is None:
        raise NothingWasRun("Expected results of a run, seen none of any case of the plan: run the features first.")
    environment, version = run.environment.get("Profile"), run.environment.get("Version")
    part = [f"Part of the suite: {traced.part}"] if traced.part else []
    where = f" on {environment}" if environment else ""
    info = {
        "project": execution.project,
        "summary": f"Focus Server{f' {version}' if version else ''}{where}, {run.start:%Y-%m-%d %H:%M} UTC",
        "description": "\n".join(part + [f"{name}: {value}" for name, value in run.environment.items()]),
        "version": version,
        "startDate": _moment(run.start),
        "finishDate": _moment(run.stop),
        "testPlanKey": execution.test_plan,
        "testEnvironments": [environment.replace(" ", "-")] if environment else None,
    }
    document = {
        "testExecutionKey": execution.key,
        "info": _given(info),
        "tests": [_test(one, dialect, evidence) for one in cases],
    }
    return _given(document)


def _test(one: TracedCase, dialect: Dialect, evidence: Which) -> dict[str, Any]:
    statuses = STATUSES[dialect]
    test: dict[str, Any] = {
        "testKey": one.case.key,
        "start": _moment(one.start),
        "finish": _moment(one.stop),
        "comment": _comment(one)[:_LONGEST],
        "status": statuses[one.verdict],
    }
    if len(one.scenarios) == 1:
        test["steps"] = _steps(one.scenarios[0], dialect)
    else:
        test["iterations"] = [_iteration(scenario, dialect) for scenario in one.scenarios]
    if one.shown_issues:
        test["defects"] = list(one.shown_issues)
    files = enclosed(one.results, evidence)
    if files:
        test[_EVIDENCE[dialect]] = [
            {"data": file.base64, "filename": file.filename, "contentType": file.media_type} for file in files
        ]
    return test


def _comment(one: TracedCase) -> str:
    passed = sum(scenario.status is Status.PASSED for scenario in one.scenarios)
    lines = [f"{one.verdict}: {passed} of {len(one.scenarios)} scenarios passed"]
    for scenario in one.scenarios:
        message = f"\n{scenario.result.message}" if scenario.result and scenario.result.message else ""
        lines.append(f"{scenario.status}: {scenario.scenario.name} ({scenario.scenario.place}){message}")
    return "\n".join(lines)


def _iteration(scenario: TracedScenario, dialect: Dialect) -> dict[str, Any]:
    return {
        "name": scenario.scenario.name,
        "parameters": [{"name": name, "value": value} for name, value in scenario.scenario.values],
        "log": str(scenario.scenario.place),
        "status": _status(scenario.status, dialect),
        "steps": _steps(scenario, dialect),
    }


def _steps(scenario: TracedScenario, dialect: Dialect) -> list[dict[str, Any]]:
    return [_step(step, dialect) for step in (scenario.result.steps if scenario.result else ())]


def _step(step: StepResult, dialect: Dialect) -> dict[str, Any]:
    found = {"status": _status(step.status, dialect), "comment": step.name}
    return {**found, "actualResult": step.message[:_LONGEST]} if step.message else found


def _status(status: Status, dialect: Dialect) -> str:
    """The status of a scenario or step by itself; one that was not completed is TODO."""
    return STATUSES[dialect].get(fold([status]), "TODO")


def _given(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value}


def _moment(moment: datetime | None) -> str:
    return moment.isoformat(timespec="seconds") if moment else ""
