"""Evidence of whatever servers and stores say."""

import json
from datetime import UTC, datetime
from xml.etree import ElementTree

import pytest
import yaml
from stand_ins import settings

from support.api.exchange import Exchange
from support.evidence import evidence
from support.evidence.charts import timeline
from support.evidence.evidence import ScenarioEvidence, of_exchange

ODD = "\x1b[31mboom\x1b[0m \x00 \ufffe ]]> \ud83d <b>&\"'\x85"
DEEP = "[" * 100_000


def exchange(text):
    return Exchange("GET", "/x", {"sent": ODD}, datetime.now(UTC), 0.1, status=200, answer_text=text)


@pytest.mark.parametrize("text", [ODD, json.dumps({ODD: ODD}), DEEP, "[" * 5000 + "]" * 5000, "NaN", ""])
def test_an_exchange_is_kept_whatever_is_answered(text):
    kept = of_exchange(exchange(text))
    assert json.loads(kept.body)["answer"]["status"] == 200


def test_exchanges_are_kept_when_they_are_asked_for_each_once_and_the_first_of_many():
    kept = []
    evidence_of_many = ScenarioEvidence(settings(), None, None, kept.append)
    for number in range(evidence.SHOWN_EXCHANGES + 1):
        evidence_of_many.note_exchange(exchange(str(number)))
        if number == 1:
            assert kept == []
            evidence_of_many.keep_exchanges()
            evidence_of_many.keep_exchanges()
    evidence_of_many.keep_exchanges()
    answers = [json.loads(one.body)["answer"]["body"] for one in kept]
    assert answers == list(range(evidence.SHOWN_EXCHANGES))


def test_an_exchange_that_could_not_be_put_into_the_report_is_put_there_later():
    kept, broken = [], [True]

    def keep(found):
        if broken:
            raise KeyboardInterrupt
        kept.append(found)

    of_two = ScenarioEvidence(settings(), None, None, keep)
    for number in range(2):
        of_two.note_exchange(exchange(str(number)))
    with pytest.raises(KeyboardInterrupt):
        of_two.keep_exchanges()
    broken.clear()
    of_two.keep_exchanges()
    assert [json.loads(one.body)["answer"]["body"] for one in kept] == [0, 1]


def test_documents_of_a_store_can_be_read_again():
    kept = evidence._as_yaml([{"name": ODD, ODD: [ODD, 1, None]}])
    (read,) = yaml.safe_load_all(kept.encode())
    assert read["name"] == ODD.replace("\ud83d", "\N{REPLACEMENT CHARACTER}")


@pytest.mark.parametrize("title", [ODD, "", "x" * 10_000])
def test_a_picture_is_one_whatever_a_job_is_called(title):
    kept = []
    ScenarioEvidence(settings(), None, None, kept.append).keep_durations(title, [0.1, 0.2], 1.0, "answer_s")
    for picture in (timeline(title, []), kept[0].body):
        assert ElementTree.fromstring(picture.encode()).tag.endswith("svg")
