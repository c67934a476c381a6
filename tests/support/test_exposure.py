import pytest
from stand_ins import AS_JSON, exchange, settings

from support.checks import exposure
from support.core.errors import ExpectationFailed

SETTINGS = settings(
    mongodb={"uri": "mongodb://focus:s3cr3t%2Fword@10.0.0.1:27017,10.0.0.2:27018/focus"},
    rabbitmq={"url": "amqp://broker:5672", "management_url": "http://guest:hidden@broker:15672/"},
)
SECRETS = SETTINGS.secrets()
GOOD = exchange({"detail": "MongoDB cannot be reached"}, 503, headers=AS_JSON)


def test_answers_that_give_nothing_away():
    exposure.expect_nothing_secret([GOOD, exchange("")], SETTINGS, SECRETS)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("it is hidden here", "a password or token"),
        ("it is s3cr3t%2Fword", "a password or token"),
        ("it is s3cr3t/word", "a password or token"),
        ("no answer from 10.0.0.1:27017,10.0.0.2:27018", "the address of a store"),
        ("no answer from 10.0.0.2:27018", "the address of a store, 10.0.0.2:27018"),
        ("no answer from broker:5672", "the address of a store, broker:5672"),
        ("no answer from broker:15672", "the address of a store, broker:15672"),
        ("Traceback (most recent call last)", "'Traceback'"),
        ('File "/srv/app.py", line 7', "the answer shows"),
        ("/usr/lib/site-packages/pymongo", "'site-packages'"),
        ("amqp://somewhere", "'amqp://'"),
    ],
)
def test_what_must_not_be_shown_is_found_in_text_and_headers(text, told):
    for planted in (exchange({"detail": text}, 503), exchange({}, headers={"X-Why": text})):
        with pytest.raises(ExpectationFailed) as failure:
            exposure.expect_nothing_secret([GOOD, planted, GOOD], SETTINGS, SECRETS)
        assert told in str(failure.value)
        assert "hidden" not in str(failure.value)
        assert "s3cr3t" not in str(failure.value)


def test_the_address_of_the_cluster_is_looked_for_too():
    told = exchange({"detail": "no answer from 10.0.0.9:6443"}, 503)
    with pytest.raises(ExpectationFailed, match=r"the address of a store, 10\.0\.0\.9:6443"):
        exposure.expect_nothing_secret([told], SETTINGS, SECRETS, "https://10.0.0.9:6443")


@pytest.mark.parametrize("name", ["Server", "X-Powered-By", "X-AspNet-Version"])
def test_a_header_that_tells_what_the_server_is_made_of_is_found(name):
    with pytest.raises(ExpectationFailed, match=f"the header {name}"):
        exposure.expect_nothing_secret([GOOD, exchange({}, headers={name: "x/1.0"})], SETTINGS, SECRETS)


SAFE = {"Content-Type": "application/json; charset=utf-8", "X-Content-Type-Options": "nosniff"}


def test_an_answer_that_a_browser_would_not_run():
    exposure.expect_no_active_content([exchange("<script>", 404, headers=SAFE)])


@pytest.mark.parametrize(
    ("headers", "told"),
    [
        ({**SAFE, "Content-Type": "text/html"}, "the content type is text/html"),
        ({"X-Content-Type-Options": "nosniff"}, "the content type is not given"),
        (AS_JSON, "X-Content-Type-Options"),
        ({**SAFE, "X-Content-Type-Options": "sniff"}, "X-Content-Type-Options"),
        ({**SAFE, "X-Injected": "yes"}, "put in from outside"),
    ],
)
def test_an_answer_that_a_browser_might_run_is_found(headers, told):
    with pytest.raises(ExpectationFailed, match=told):
        exposure.expect_no_active_content([exchange({}, headers=SAFE), exchange({}, headers=headers)])


def test_a_permission_for_other_sites_is_found_whatever_its_case():
    exposure.expect_no_other_site_let_in([exchange({}, headers={**SAFE, "Vary": "Origin"})])
    told = "access-control-allow-origin: https://elsewhere"
    with pytest.raises(ExpectationFailed, match=told):
        exposure.expect_no_other_site_let_in(
            [exchange({}), exchange({}, headers={"access-control-allow-origin": "https://elsewhere.example"})]
        )
