import pytest

from support import errors
from support.redaction import MASK, Redactor


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        ("the password is s3cr3t/word", "s3cr3t/word"),
        ("in an address it is written s3cr3t%2Fword", "s3cr3t%2Fword"),
        ("amqp://guest:unknown-to-us@host:5672/", "unknown-to-us"),
        ("Authorization: Bearer abc.def", "abc.def"),
        ('{"token": "abcdef"}', "abcdef"),
        ("password=abcdef other=1", "abcdef"),
    ],
)
def test_secrets_are_masked(text, hidden):
    shown = Redactor(["s3cr3t/word"])(text)
    assert hidden not in shown
    assert MASK in shown


def test_a_secret_within_another_leaves_nothing_of_the_longer_one():
    assert "tail" not in Redactor(["secret", "secret-tail"])("it is secret-tail")


def test_what_is_learnt_later_is_masked_in_errors_too(monkeypatch):
    learnt = Redactor()
    monkeypatch.setattr(errors, "redact", learnt)
    failure = errors.ExpectationFailed("the answer shows learnt-word")
    learnt.learn(["learnt-word"])
    assert str(failure) == f"the answer shows {MASK}"


def test_ordinary_text_stays():
    text = "POST http://127.0.0.1:8080/focus-server/configure answered 200 at 10:20:30, nothing secret"
    assert Redactor(["", "abc", "s3cr3t"])(text) == text
