from datetime import timedelta
from types import SimpleNamespace

import pytest
from stand_ins import JOB_ID, job, settings

from support.checks import access
from support.core.errors import EnvironmentBroken, ExpectationFailed
from support.observers import machines
from support.observers.mongodb import AccessRefused
from support.profile.settings import Ssh

URI = "mongodb://focus:s3cr3t@db:27017/focus?authSource=admin"
SERVERS = "mongodb://server:s3cr3t@db:27017/focus"
MONGODB = settings(mongodb={"uri": URI, "server_uri": SERVERS}).mongodb
CLOSED = AccessRefused("Authentication failed.")
SILENT = EnvironmentBroken("nothing came back")


class Database:
    """Answers each address as told, else that it is closed."""

    def __init__(self):
        self.opened, self.closed, self.answers = [], 0, {URI: None, SERVERS: None}
        self.records = [{"task_id": JOB_ID}]

    def __call__(self, uri, name, timeout_s, ca_file):
        assert (name, timeout_s, ca_file) == ("focus", 3, None)
        self.opened.append(uri)
        return SimpleNamespace(
            check_health=lambda: self.read(uri), collections=list, collection=self.collection, close=self.close
        )

    def read(self, uri):
        if refusal := self.answers.get(uri, CLOSED):
            raise refusal

    def collection(self, name):
        assert name == "tasks"

        def find(query):
            self.read(self.opened[-1])
            return [one for one in self.records if one == query]

        return SimpleNamespace(find=find)

    def close(self):
        self.closed += 1


@pytest.fixture
def database(monkeypatch):
    database = Database()
    monkeypatch.setattr(access, "Database", database)
    yield database
    assert database.closed == len(database.opened) > 0


def test_the_record_store_is_reached_with_its_credentials(database):
    access.expect_access(MONGODB)
    for answer, whose in ((CLOSED, ExpectationFailed), (SILENT, EnvironmentBroken)):
        database.answers[URI] = answer
        with pytest.raises(whose, match=str(answer)):
            access.expect_access(MONGODB)


@pytest.mark.parametrize(
    ("credentials", "uri"),
    [
        ("no credentials", "mongodb://db:27017/focus?authSource=admin"),
        ("a wrong password", "mongodb://focus:none-of-yours@db:27017/focus?authSource=admin"),
    ],
)
def test_the_record_store_is_closed_to_anybody_else(database, credentials, uri):
    access.expect_no_access_with(credentials, MONGODB)
    assert database.opened == [uri]
    for answer, whose, told in ((None, ExpectationFailed, "it is open"), (SILENT, EnvironmentBroken, str(SILENT))):
        database.answers[uri] = answer
        with pytest.raises(whose, match=told):
            access.expect_no_access_with(credentials, MONGODB)


def test_credentials_that_nobody_has_are_named():
    with pytest.raises(ValueError, match="no 'luck'"):
        access.expect_no_access_with("luck", MONGODB)


def test_whether_an_address_holds_a_password():
    assert access.has_password(MONGODB)
    assert not access.has_password(settings().mongodb)


def test_the_servers_own_access_leads_to_its_records(database):
    access.expect_record_read_by_server(job(), MONGODB)
    assert database.opened == [SERVERS]
    database.records = []
    with pytest.raises(ExpectationFailed, match=f"0 records of {JOB_ID}"):
        access.expect_record_read_by_server(job(), MONGODB)
    for answer, whose in ((CLOSED, ExpectationFailed), (SILENT, EnvironmentBroken)):
        database.answers[SERVERS] = answer
        with pytest.raises(whose, match=str(answer)):
            access.expect_record_read_by_server(job(), MONGODB)


def test_so_many_of_the_answers_must_be_quick():
    access.expect_quick_answers([0.1, 9, 0.1], 2, 0.25)
    with pytest.raises(ExpectationFailed, match=r"2 of 3 took up to 0\.300 s"):
        access.expect_quick_answers([0.4, 0.1, 0.3], 2, 0.25)


def test_the_queries_are_those_of_the_product():
    asked = []
    stores = SimpleNamespace(
        records=SimpleNamespace(of_job=asked.append),
        recordings=SimpleNamespace(between=lambda start, end: asked.append(end - start)),
    )
    assert len(access.query_times_s(stores, job(), 3)) == 3
    assert asked == [JOB_ID, timedelta(days=1), JOB_ID]


DOCUMENT = {"uuid": "1", "deleted": True}


@pytest.mark.parametrize(
    ("written", "left", "problems", "told"),
    [
        ([DOCUMENT], [], [], None),
        ([], [], [], "was written, and .. read"),
        ([{**DOCUMENT, "deleted": False}], [], [], "read"),
        ([DOCUMENT, DOCUMENT], [], [], "read"),
        ([DOCUMENT], [DOCUMENT], [], "left is"),
        ([DOCUMENT], [], ["it was changed"], "it was changed"),
    ],
)
def test_what_is_written_is_read_back_and_goes(written, left, problems, told):
    if told is None:
        access.expect_written_and_removed(DOCUMENT, written, left, problems)
        return
    with pytest.raises(ExpectationFailed, match=told):
        access.expect_written_and_removed(DOCUMENT, written, left, problems)


def test_an_operator_must_get_onto_every_machine(monkeypatch):
    ssh = Ssh(hosts=("one", "two"))
    monkeypatch.setattr(machines, "login_problems", lambda asked: [] if asked == ssh else ["wrong settings"])
    access.expect_login_to_machines(ssh)
    monkeypatch.setattr(machines, "login_problems", lambda asked: ["two: PermissionDenied"])
    with pytest.raises(ExpectationFailed, match="operator to log in to each of one, two\n  - two: PermissionDenied"):
        access.expect_login_to_machines(ssh)
