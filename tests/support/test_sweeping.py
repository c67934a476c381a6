from types import SimpleNamespace

import pytest
from product import Product, configured
from stand_ins import JOB_ID, Collection, LimitedBroker, settings

from support.core.errors import APIError, EnvironmentBroken
from support.faults import slow_network
from support.faults.outages import NoSuchProxy
from support.scenario import sweeping
from support.scenario.journal import Journal, of_dead_runs
from support.scenario.sweeping import SweepResult, repair

SETTINGS, BEHIND_TOXIPROXY = settings(), settings(toxiproxy={"url": "http://127.0.0.1:4"})
HERE, ELSEWHERE = SETTINGS.focus_server.base_url, "http://127.0.0.1:9"


def sweep(directory, settings, stores):
    """As a run does it, and `make sweep`."""
    result = repair(directory, settings, stores)
    sweeping.sweep(directory, settings, stores, result)
    return result


class Stores:
    """Stores with three recordings and a broker; no job is known to anybody."""

    def __init__(self):
        self.collection, self.broker = (
            Collection(*({"uuid": name} for name in ("r_1", "r_2", "theirs"))),
            LimitedBroker(),
        )
        self.limits, self.namespace = self.broker.limits, None
        self.database = SimpleNamespace(collection={"recordings": self.collection, "tasks": None}.get)

    def job_ids_carrying(self, keys):
        return {str(key) for key in keys}

    def left(self):
        return [document["uuid"] for document in self.collection.documents]


def run(directory, *, base_url=HERE, provided=None, recordings=(), limited=False, broken=(), settled=False):
    """The journal of a run that made these recordings, limited the broker, broke ways to stores, and was killed."""
    journal = Journal(directory, base_url, provided=provided)
    for recording in recordings:
        case = journal.begin()
        case.recorded(recording)
    if limited:
        journal.begin().broker_limited()
    for proxy in broken:
        journal.begin().way_broken(proxy)
    if settled:
        case.settled()
    journal.close()


def test_recordings_of_a_killed_run_are_removed_and_those_of_others_stay(tmp_path):
    stores = Stores()
    run(tmp_path, recordings=["r_1", "r_2"])
    result = sweep(tmp_path, SETTINGS, stores)
    assert stores.left() == ["theirs"]
    assert (result.remains, result.lines) == (False, ["Removed what a killed run had recorded: r_1, r_2"])
    assert list(tmp_path.iterdir()) == []
    assert stores.limits == []


def test_the_broker_takes_queues_again(tmp_path):
    stores = Stores()
    run(tmp_path, limited=True)
    result = sweep(tmp_path, SETTINGS, stores)
    assert stores.limits == [None]
    assert result.lines == ["The broker, which a killed run had told not to, takes queues again."]
    assert list(tmp_path.iterdir()) == []
    assert stores.left() == ["r_1", "r_2", "theirs"]


def test_kubernetes_takes_jobs_again_and_a_spoilt_record_is_whole_again(tmp_path, monkeypatch):
    done = []
    monkeypatch.setattr(sweeping, "accept_analyzers", lambda namespace: done.append("no quota"))
    monkeypatch.setattr(sweeping, "mend_record", lambda records, job_id: done.append(job_id))
    journal = Journal(tmp_path, HERE, provided=None)
    scenario = journal.begin()
    scenario.analyzers_refused()
    scenario.record_spoilt("job_1")
    journal.close()
    result = sweep(tmp_path, SETTINGS, Stores())
    assert done == ["no quota", "job_1"]
    assert result.lines == [
        "Kubernetes, which a killed run had told not to, takes Jobs again.",
        "The record that a killed run had spoilt is whole again: job_1",
    ]
    assert list(tmp_path.iterdir()) == []


def test_the_profiler_is_off_again_and_a_proxy_that_was_made_is_gone(tmp_path, monkeypatch):
    asked = []
    monkeypatch.setattr(slow_network, "ask_toxiproxy", lambda toxiproxy, *what: asked.append(what))
    stores = Stores()
    stores.database.profile = lambda level: asked.append(("profiler", level))
    stores.database.drop = lambda collection: asked.append(("drop", collection))
    scenario_of = Journal(tmp_path, HERE, provided=None)
    scenario_of.begin().profiler_on()
    scenario_of.begin().proxy_made("focus_client_1")
    scenario_of.close()
    result = sweep(tmp_path, BEHIND_TOXIPROXY, stores)
    assert asked == [("profiler", 0), ("drop", "system.profile"), ("DELETE", "/focus_client_1")]
    assert result.lines == [
        "MongoDB, which a killed run had told to note slow queries, notes nothing any more.",
        "The proxy that a killed run had made is gone: focus_client_1",
    ]
    assert list(tmp_path.iterdir()) == []


def test_a_proxy_that_is_gone_by_now_needs_no_removal(monkeypatch):
    def ask(*_):
        raise NoSuchProxy("there is none")

    monkeypatch.setattr(slow_network, "ask_toxiproxy", ask)
    slow_network.remove(BEHIND_TOXIPROXY.toxiproxy, "focus_client_1")


def test_a_proxy_of_a_toxiproxy_that_the_profile_no_longer_names_is_told_and_its_journal_stays(tmp_path):
    journal = Journal(tmp_path, HERE, provided=None)
    journal.begin().proxy_made("focus_client_1")
    journal.close()
    (line,) = sweep(tmp_path, SETTINGS, Stores()).lines
    (kept,) = tmp_path.iterdir()
    assert "could not be removed: focus_client_1. toxiproxy.url is not set" in line
    assert str(kept) in line


def test_ways_that_were_broken_are_open_again(tmp_path, monkeypatch):
    restored = []
    monkeypatch.setattr(sweeping, "restore", lambda toxiproxy, proxy: restored.append((toxiproxy, proxy)))
    run(tmp_path, broken=["way-to-mongodb", "way-to-mongodb", "way-to-kubernetes"])
    result = sweep(tmp_path, SETTINGS, Stores())
    assert restored == [(SETTINGS.toxiproxy, "way-to-kubernetes"), (SETTINGS.toxiproxy, "way-to-mongodb")]
    assert result.lines == [f"The way that a killed run had broken is open again: {proxy}" for _, proxy in restored]
    assert list(tmp_path.iterdir()) == []


def test_a_proxy_that_is_not_there_any_more_is_told_and_all_the_rest_is_done(tmp_path, monkeypatch):
    def restore(toxiproxy, proxy):
        if proxy == "gone":
            raise NoSuchProxy("no such proxy")

    monkeypatch.setattr(sweeping, "restore", restore)
    run(tmp_path, broken=["gone", "here"], recordings=["r_1"])
    (journal,) = tmp_path.iterdir()
    stores = Stores()
    result = sweep(tmp_path, SETTINGS, stores)
    told, *done = result.lines
    assert told.startswith("The way that a killed run had broken could not be opened: gone. no such proxy\n")
    assert told.endswith(f"then delete {journal}")
    assert done == [
        "The way that a killed run had broken is open again: here",
        "Removed what a killed run had recorded: r_1",
    ]
    assert (result.remains, journal.exists(), stores.left()) == (True, True, ["r_2", "theirs"])


def test_a_toxiproxy_that_cannot_be_told_leaves_the_journal_for_the_next_sweep(tmp_path, monkeypatch):
    def restore(toxiproxy, proxy):
        raise EnvironmentBroken("no answer")

    monkeypatch.setattr(sweeping, "restore", restore)
    run(tmp_path, broken=["way"])
    with pytest.raises(EnvironmentBroken):
        sweep(tmp_path, SETTINGS, Stores())
    assert len(list(tmp_path.iterdir())) == 1


def test_the_journal_of_a_run_that_was_killed_after_the_repair_stays_for_the_next(tmp_path):
    run(tmp_path, broken=["way"])
    result = SweepResult()
    sweeping.sweep(tmp_path, SETTINGS, Stores(), result)
    assert (result.remains, len(list(tmp_path.iterdir()))) == (True, 1)


def test_a_journal_with_a_line_of_an_unknown_form_is_reported_and_stays_and_all_the_rest_is_done(tmp_path):
    stores = Stores()
    run(tmp_path, recordings=["r_1"])
    (journal,) = tmp_path.iterdir()
    journal.write_text(journal.read_text() + '{"scenario": 1, "borrowed": "r_2"}\n')
    result = sweep(tmp_path, SETTINGS, stores)
    reported = [line for line in result.lines if f"{journal} is not all of a known form: line 3." in line]
    assert (result.remains, len(reported), stores.left()) == (True, 1, ["r_2", "theirs"])
    assert journal.exists()


def test_a_journal_that_does_not_say_of_which_environment_it_is_stays(tmp_path):
    (tmp_path / "newer.jsonl").write_text('{"created": "job_1"}\n')
    (line,) = sweep(tmp_path, SETTINGS, Stores()).lines
    assert line.startswith("A killed run may have left jobs at an unknown address")
    assert list(tmp_path.iterdir()) != []


class Server:
    """Says that it cancels jobs; `cancels` has what it does."""

    def __init__(self, cancels):
        self.cancel_job = cancels


@pytest.mark.parametrize(
    ("cancels", "said"),
    [
        (lambda product, job_id: product.cancel(job_id), f"Removed what a killed run had left: {JOB_ID}"),
        (lambda product, job_id: None, "is still there"),
        (lambda product, job_id: refuse(500), "not to be cancelled"),
        (lambda product, job_id: refuse(404), "unknown to the server"),
        (
            lambda product, job_id: (product.cancel(job_id), refuse(404)),
            f"Removed what a killed run had left: {JOB_ID}",
        ),
    ],
)
def test_a_job_of_a_killed_run_is_cancelled_and_seen_to_be_gone(tmp_path, monkeypatch, cancels, said):
    product = Product()
    journal = Journal(tmp_path, HERE, provided=None)
    journal.begin().created(product.make(configured()).job_id)
    journal.close()
    server = Server(lambda job_id: cancels(product, job_id))
    monkeypatch.setattr(sweeping, "FocusServerAPI", lambda settings: server)
    result = sweep(tmp_path, SETTINGS, product.stores)
    assert said in result.lines[0]
    assert result.remains is (product.jobs != [])
    assert bool(list(tmp_path.iterdir())) is result.remains


def refuse(status):
    raise APIError(f"answered {status}", status=status)


def test_what_was_settled_is_not_touched(tmp_path):
    stores = Stores()
    run(tmp_path, recordings=["r_1", "r_2"], settled=True)
    sweep(tmp_path, SETTINGS, stores)
    assert stores.left() == ["r_2", "theirs"]


@pytest.mark.parametrize(("where", "kept"), [({"base_url": ELSEWHERE}, 1), ({"provided": "gone"}, 0)])
def test_what_is_elsewhere_or_went_with_its_environment_is_left_alone(tmp_path, where, kept):
    stores = Stores()
    run(tmp_path, recordings=["r_1"], limited=True, **where)
    result = sweep(tmp_path, SETTINGS, stores)
    assert (stores.left(), stores.limits) == (["r_1", "r_2", "theirs"], [])
    assert (len(list(tmp_path.iterdir())), len(result.lines)) == (kept, kept)


def test_what_a_killed_worker_left_in_an_environment_of_this_run_is_removed(tmp_path):
    stores = Stores()
    run(tmp_path, recordings=["r_1"], limited=True, provided="of this run")
    result = repair(tmp_path, SETTINGS, stores, "of this run")
    sweeping.sweep(tmp_path, SETTINGS, stores, result, "of this run")
    assert (stores.left(), stores.limits) == (["r_2", "theirs"], [None])
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_worker_left_in_another_environment_of_this_run_is_for_a_worker_there(tmp_path):
    run(tmp_path, recordings=["r_1"], provided="the ordinary one")
    run(tmp_path, recordings=["r_2"], provided="of another run")
    stores = Stores()
    result = repair(tmp_path, SETTINGS, stores, "the disposable one")
    sweeping.sweep(tmp_path, SETTINGS, stores, result, "the disposable one", ["the ordinary one"])
    assert [dead.provided for dead in of_dead_runs(tmp_path)] == ["the ordinary one"]
    assert (result.lines, stores.left()) == ([], ["r_1", "r_2", "theirs"])


def test_a_broker_that_cannot_be_told_leaves_the_journal_for_the_next_sweep(tmp_path):
    stores = Stores()
    run(tmp_path, limited=True)

    def refuse():
        raise EnvironmentBroken("no answer")

    stores.broker.managed = refuse
    with pytest.raises(EnvironmentBroken):
        sweep(tmp_path, SETTINGS, stores)
    stores.broker = LimitedBroker()
    stores.limits = stores.broker.limits
    sweep(tmp_path, SETTINGS, stores)
    assert stores.limits == [None]
