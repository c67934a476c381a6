"""What fails and how, and what a client reports of it, as the features write it."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial

import parse
from behave import register_type

from steps.words import any_of, choice, named, several
from support.api.exchange import Exchange
from support.checks import client_reports, refusals
from support.contract.limits import UNKNOWN
from support.core.errors import APIError
from support.faults import gateway
from support.faults.disturbances import Disturbances
from support.faults.gateway import Gateway
from support.faults.outages import Outages
from support.faults.workloads import Workloads
from support.profile.settings import FocusServer

STORES = named(*refusals.STORES)
PARTS = named("MongoDB", "RabbitMQ") | {"the Focus Server": "Focus Server", "the recorder": "recorder"}
CLIENT_TIMEOUT_S = 0.5
"""Longer than a record and an analyzer take, and shorter than a queue does where RabbitMQ takes its time."""
EFFECTS = {"record": "task record", "analyzer": "analyzer", "queue": "work queue"}
GATEWAY_FAILURES = {"gives up": Gateway.give_up, "cuts the connection": Gateway.cut}
GatewayKind = Callable[[FocusServer], AbstractContextManager[Gateway]]
GATEWAYS: dict[str, GatewayKind] = {
    "passes requests on": gateway.before,
    "passes half of a request on": partial(gateway.before, half=True),
    "is not there": lambda server: gateway.unreachable(),
}
Report = Callable[[APIError | None, Sequence[Exchange], float], None]
"""Judges what the client reports, and what it has sent, by the client's time limit, s."""
REPORTS: dict[str, Report] = {
    "it took too long": lambda failure, sent, limit_s: client_reports.expect_status(
        failure, sent, 504, gateway.TOO_LONG, limit_s
    ),
    "no answer came within its time limit": lambda failure, sent, _: client_reports.expect_timeout(
        failure, sent, CLIENT_TIMEOUT_S
    ),
    "the connection broke": client_reports.expect_break,
    "the server is gone": client_reports.expect_crash,
    "nobody listens": lambda failure, sent, _: client_reports.expect_unreachable(failure, sent),
    "the server cannot be trusted": lambda failure, sent, _: client_reports.expect_distrust(failure),
    "the answer lacks job_id": lambda failure, sent, _: client_reports.expect_lack(failure, "job_id"),
    "the answer lacks stream_url": lambda failure, sent, _: client_reports.expect_lack(failure, "stream_url"),
    "the answer lacks stream_port": lambda failure, sent, _: client_reports.expect_lack(failure, "stream_port"),
}


@dataclass(frozen=True)
class GatewayConduct:
    """What a gateway does that has passed a request on: how it fails, and when; or it keeps the answer back."""

    fails: Callable[[Gateway], object] | None = None
    once_shows: str = ""


@parse.with_pattern(
    rf"|, which (?:{any_of(GATEWAY_FAILURES)}) once its (?:{any_of(EFFECTS)}) shows|, which keeps the answer back"
)
def parse_gateway_conduct(text: str) -> GatewayConduct:
    """What the gateway does, if it fails: `, which cuts the connection once its record shows`."""
    if failure := re.fullmatch(", which (.+) once its (.+) shows", text):
        return GatewayConduct(GATEWAY_FAILURES[failure[1]], EFFECTS[failure[2]])
    return GatewayConduct(once_shows="task record" if text else "")


register_type(
    Dependency=choice("A store that the server works with: `RabbitMQ`.", STORES),
    Stores=several("Stores that the server works with: `RabbitMQ`, `MongoDB and RabbitMQ`.", STORES, ", ", " and "),
    AnyStore=several("A store, or one of several: `MongoDB`, `MongoDB or RabbitMQ`.", STORES, " or "),
    Break=choice("What grammar asks for: `breaks`, `break`.", named("breaks", "break")),
    Outage=choice(
        "How a store fails: `does not answer`.",
        {
            "cannot be reached": Outages.cut_off,
            "cannot be reached any more": Outages.cut_off,
            "does not answer": Outages.silence,
            "does what it is asked, but its answers are lost": Outages.lose_answers,
            "takes its time to answer": Outages.slow_down,
            "takes a second to answer": Outages.slow_down_by_a_second,
        },
    ),
    Part=choice("A part of the product that Kubernetes runs: `the Focus Server`.", PARTS),
    Parts=several("Parts of the product: `RabbitMQ`, `MongoDB, RabbitMQ and the recorder`.", PARTS, ", ", " and "),
    ComeBack=choice("What grammar asks for: `comes back`.", named("comes back", "come back, one after another")),
    Disruption=choice(
        "What is done to a part: `restarted` (its pods are deleted), `killed` (without time to end), `scaled to zero`.",
        {
            "restarted": Workloads.delete,
            "killed": Workloads.kill,
            "scaled to zero": Workloads.stop,
            "started again": Workloads.scale_back,
        },
    ),
    Effect=choice("A side effect that a job being made has already, by its kind: `record`.", EFFECTS),
    GatewayKind=choice("What a gateway does with the requests that it gets: `passes requests on`.", GATEWAYS),
    GatewayConduct=parse_gateway_conduct,
    ReportedFailure=choice(
        "Why a client has no answer of the server that it can use, as it reports it: `the connection broke`.", REPORTS
    ),
    Disturbed=choice(
        "What happens to a part of a job behind the server's back: `analyzer is deleted`.",
        {
            "analyzer is deleted": Disturbances.delete_analyzer,
            "analyzer is paused": Disturbances.pause_analyzer,
            "analyzer has done its work": lambda disturbances, job_id: disturbances.finish_analyzer(
                job_id, "Succeeded"
            ),
            "analyzer fails": lambda disturbances, job_id: disturbances.finish_analyzer(job_id, "Failed"),
            "work queue is deleted": Disturbances.delete_queue,
            "record loses its configuration": Disturbances.spoil_record,
        },
    ),
    RegionReason=choice(
        "Why a change of the region of interest can be refused, as the refusal names it: `its shift`.",
        {f"its {word}": word for word in ("start", "end", "size", "shift", "jump")}
        | {"its unknown parameter": UNKNOWN.field}
        | STORES,
    ),
)
