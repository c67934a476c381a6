"""Calls are recorded one at a time, and are made again with the ids of the present jobs."""

import json
import threading
from types import SimpleNamespace

import pytest

from bench.bare_script import Player, for_tenant
from bench.call_recorder import Recording
from bench.milestones import Milestones

TENANT = {
    "server": "https://127.0.0.1:1001/focus-server",
    "management": "http://127.0.0.1:1002",
    "namespace": "focus-old",
    "database": "focus_old",
}
TOLD = {
    "focus_server": {"base_url": "https://127.0.0.1:2001/focus-server"},
    "rabbitmq": {"management_url": "http://user:secret@127.0.0.1:2002"},
    "kubernetes": {"namespace": "focus-new"},
    "mongodb": {"database": "focus_new"},
}


def test_calls_are_kept_by_scenario():
    recording = Recording()
    with recording.call({"to": "before the first scenario"}):
        pass
    recording.begin("a.feature:3")
    with recording.call({"to": "queue", "name": "q"}) as call:
        call["status"] = 200
    recording.end()
    assert recording.scenarios == [
        {"location": "a.feature:3", "calls": [{"to": "queue", "name": "q", "status": 200}], "unplayable": None}
    ]


def test_calls_at_the_same_time_cannot_be_played():
    recording = Recording()
    recording.begin("a.feature:3")
    with recording.call({"to": "queue"}):
        another = threading.Thread(target=lambda: recording.began({"to": "mongodb"}))
        another.start()
        another.join()
    assert recording.scenarios[0]["unplayable"] == "calls at the same time"


def test_the_first_reason_is_told():
    recording = Recording()
    recording.begin("a.feature:3")
    recording.give_up("a question to a stream")
    recording.give_up("something else")
    assert recording.scenarios[0]["unplayable"] == "a question to a stream"


def test_a_recording_is_played_with_another_tenant():
    calls = [
        {"to": "http", "url": "https://127.0.0.1:1001/focus-server/ack"},
        {"to": "http", "url": "http://127.0.0.1:1002/api/queues/focus-old"},
        {"to": "mongodb", "database": "focus_old"},
    ]
    recording = json.dumps({"tenant": TENANT, "scenarios": [{"calls": calls}]})
    assert for_tenant(recording, TOLD) == [
        {
            "calls": [
                {"to": "http", "url": "https://127.0.0.1:2001/focus-server/ack"},
                {"to": "http", "url": "http://127.0.0.1:2002/api/queues/focus-new"},
                {"to": "mongodb", "database": "focus_new"},
            ]
        }
    ]


class Server:
    """Answers every request with a job of a new id; `asked` has the addresses."""

    def __init__(self, status=200):
        self.asked, self.status = [], status

    def request(self, method, url, **_):
        self.asked.append(f"{method} {url}")
        return SimpleNamespace(status_code=self.status, json=lambda: {"job_id": "job_new_1"})


def request(method, url, job_id=None):
    return {"to": "http", "method": method, "url": url, "headers": {}, "body": "", "status": 200, "job_id": job_id}


def test_later_calls_are_about_the_job_that_was_made_now():
    server = Server()
    player = Player(SimpleNamespace(server=server, management="http://elsewhere"))
    player.play(
        [
            request("POST", "/configure", "job_old_1"),
            request("DELETE", "/job/job_old_1"),
            request("GET", "/pod/job-old-1"),
        ]
    )
    assert server.asked == ["POST /configure", "DELETE /job/job_new_1", "GET /pod/job-new-1"]


def test_another_answer_than_the_recorded_one_ends_the_script():
    player = Player(SimpleNamespace(server=Server(status=500), management="http://elsewhere"))
    with pytest.raises(SystemExit, match="500 instead of 200"):
        player.play([request("GET", "/ack")])


class Database:
    def __init__(self, *answers):
        self.asked, self._answers = [], list(answers)

    def __getitem__(self, name):
        return self

    def command(self, command):
        self.asked.append(command)
        return self._answers.pop(0)


def command(**command):
    return {"to": "mongodb", "database": "focus_new", "command": json.dumps(command)}


def test_what_is_left_of_an_answer_of_mongodb_is_asked_for_by_the_present_cursor():
    database = Database({"cursor": {"id": 7}}, {"cursor": {"id": 0}}, {"cursor": {"id": 0}})
    more = command(getMore=99, collection="tasks")
    Player(SimpleNamespace(database=database)).play([command(find="tasks"), more, command(find="tasks"), more])
    assert database.asked == [{"find": "tasks"}, {"getMore": 7, "collection": "tasks"}, {"find": "tasks"}]


def test_pauses_are_part_of_the_time():
    player = Player(SimpleNamespace())
    assert player.play([{"to": "pause", "s": 0.02}, {"to": "settle", "after_answer_s": 0.05}]) >= 0.05


def test_a_milestone_counts_once():
    milestones = Milestones(0.0)
    milestones.reach("load")
    first = milestones.taken["load"]
    milestones.reach("steps")
    milestones.reach("load")
    assert list(milestones.taken) == ["load", "steps"]
    assert milestones.taken["load"] == first
