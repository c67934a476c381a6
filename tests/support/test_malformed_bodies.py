import email
import gzip
import json

import pytest

from support.contract.configuration import ConfigureRequest, generate_config_payload
from support.contract.limits import Limits
from support.core.errors import ValidationError
from support.fuzzing.malformed_bodies import JSON, MALFORMED_BODIES

UNREADABLE = {
    "an empty body",
    "a body cut short",
    "a body of plain text",
    "a body with a comma behind",
    "a body in single quotes",
    "not a number (NaN)",
    "an infinite number",
    "bytes that are no text",
    "a body in UTF-16",
    "a compressed configuration",
}
NO_CONFIGURATION = {"an empty object", "a list", "a number", "a text", "nothing at all, null"}
OF_THE_WRONG_TYPE = {what for what in MALFORMED_BODIES if what.startswith("a configuration called")}
TOO_LARGE = {"a body of 100 kB", "a body of 2 MB"}
SPECIAL = {"a parameter given twice", "endless nesting", "a form with a configuration in it"}


def strictly(content):
    """Read a body as JSON in UTF-8, with no more than the standard allows, each name once."""

    def refuse(what):
        raise ValueError(what)

    def once(pairs):
        return dict(pairs) if len({name for name, _ in pairs}) == len(pairs) else refuse("given twice")

    return json.loads(content.decode("utf-8"), parse_constant=refuse, object_pairs_hook=once)


def test_every_body_is_of_one_kind():
    kinds = [*UNREADABLE, *NO_CONFIGURATION, *OF_THE_WRONG_TYPE, *TOO_LARGE, *SPECIAL]
    assert sorted(kinds) == sorted(MALFORMED_BODIES)


@pytest.mark.parametrize("what", sorted(UNREADABLE | {"a parameter given twice"}))
def test_what_is_unreadable_is_no_strict_json_and_says_to_be_some(what):
    body = MALFORMED_BODIES[what]()
    assert body.headers["Content-Type"] == JSON
    with pytest.raises(ValueError, match=r"\S"):
        strictly(body.content)


def test_a_form_has_a_configuration_as_one_of_its_parts():
    body = MALFORMED_BODIES["a form with a configuration in it"]()
    parts = email.message_from_bytes(f"Content-Type: {body.content_type}\r\n\r\n".encode() + body.content)
    (part,) = parts.get_payload()
    ConfigureRequest.model_validate(json.loads(part.get_payload()))


@pytest.mark.parametrize("what", sorted(NO_CONFIGURATION))
def test_what_is_no_configuration_is_json_all_the_same(what):
    body = MALFORMED_BODIES[what]()
    assert body.headers == {"Content-Type": JSON}
    with pytest.raises(ValidationError):
        ConfigureRequest.model_validate(strictly(body.content))


@pytest.mark.parametrize("what", sorted(OF_THE_WRONG_TYPE | TOO_LARGE))
def test_all_but_type_and_size_of_the_others_is_right(what):
    body = MALFORMED_BODIES[what]()
    assert strictly(body.content) == generate_config_payload()
    assert (body.headers == {"Content-Type": JSON}) is (what in TOO_LARGE)
    assert (len(body.content) > Limits().body_max_bytes) is (what in TOO_LARGE)


def test_types_are_those_that_the_words_say():
    assert MALFORMED_BODIES["a configuration called nothing"]().headers == {}
    assert MALFORMED_BODIES["a configuration called XML"]().headers == {"Content-Type": "application/xml"}
    packed = MALFORMED_BODIES["a compressed configuration"]()
    assert packed.headers == {"Content-Type": JSON, "Content-Encoding": "gzip"}
    assert strictly(gzip.decompress(packed.content)) == generate_config_payload()


def test_the_one_thing_wrong_is_what_the_words_say():
    for what, constant in (("not a number (NaN)", "NaN"), ("an infinite number", "Infinity")):
        seen = []
        json.loads(MALFORMED_BODIES[what]().content, parse_constant=seen.append)
        assert seen == [constant]
    assert json.loads(MALFORMED_BODIES["a parameter given twice"]().content) == generate_config_payload(
        nfftSelection=512
    )
    assert json.loads(MALFORMED_BODIES["a body in UTF-16"]().content.decode("utf-16")) == generate_config_payload()


def test_endless_nesting_is_balanced_deep_and_not_too_large():
    content = MALFORMED_BODIES["endless nesting"]().content
    assert content.count(b"[") == content.count(b"]") > 10_000
    assert len(content) <= Limits().body_max_bytes


@pytest.mark.parametrize("what", sorted(MALFORMED_BODIES))
def test_a_body_can_be_made_of_another_configuration_and_keeps_all_of_it_that_it_can(what):
    other = generate_config_payload(displayTimeAxisDuration=1234, displayInfo={"height": 5678})
    usual, body = MALFORMED_BODIES[what](), MALFORMED_BODIES[what](other)
    assert body.headers == usual.headers
    assert (len(body.content) > Limits().body_max_bytes) is (len(usual.content) > Limits().body_max_bytes)
    if body.content == usual.content:
        assert b"nfft" not in body.content
        return
    content = gzip.decompress(body.content) if body.content_encoding else body.content
    text = content.decode("utf-16" if what.endswith("UTF-16") else "utf-8")
    assert "1234" in text
    assert "5678" in text


def test_what_holds_no_configuration_is_always_the_same():
    other = generate_config_payload(displayTimeAxisDuration=1234)
    assert {what for what in MALFORMED_BODIES if MALFORMED_BODIES[what](other) == MALFORMED_BODIES[what]()} == {
        "an empty body",
        "a body of plain text",
        "bytes that are no text",
        "endless nesting",
        *(NO_CONFIGURATION - {"a list"}),
    }
