"""What a load looks at while it runs."""

import queue
from types import SimpleNamespace
from unittest.mock import Mock

import pytest

from load import run
from load.messages import Report, Worker
from load.run import _Load


@pytest.mark.parametrize("reports", [1, 4])
def test_the_history_is_read_at_each_look(monkeypatch, reports):
    monkeypatch.setattr(run, "_LOOK_EVERY_S", 0)
    session, check = Mock(), Mock(look=Mock(return_value=[]))
    engine = SimpleNamespace(reports=queue.Queue(), looked_at=Mock(), begins_within_s=5)
    for _ in range(reports - 1):
        engine.reports.put(Report())
    engine.reports.put(Report(finished=Worker(name="one", cpu_shares=[], requested=0)))
    _Load(session, check).carry_out(engine, 1, 0, Mock())
    assert session.ledger.read_history.call_count == check.look.call_count == reports
