"""The suite is run against servers that each read or answer wrongly in one respect: it must find and name it."""

import pytest

from sandbox.defects.wire import name_of
from support.malformed import BODIES
from tests.acceptance.running import Caught, caught

ERROR_FORM = "it is told in the form that all errors have"


def told(what):
    return f"{what} is told like any other error"


ERRORS = [
    Caught("errors_as_text", told("a page that does not exist"), ERROR_FORM, "the content type is text/plain"),
    Caught("errors_as_page", told("the metadata of an unknown job"), ERROR_FORM, "the content type is text/html"),
    Caught("errors_as_error", told("a job with a body of another type"), ERROR_FORM, "there is no detail that is"),
    Caught("errors_as_number", told("a job without any parameter"), ERROR_FORM, "there is no detail that is"),
    Caught("errors_as_nothing", told("a playback of what was not recorded"), ERROR_FORM, "there is no detail that is"),
    Caught(
        "errors_as_job", told("a job under a malformed task id"), ERROR_FORM, "the answer names a job: job_0a1b2c3d"
    ),
    Caught("errors_as_inside", told("a job with a parameter out of range"), ERROR_FORM, "a stack trace"),
    Caught("200_instead_of_404", told("the end of an unknown job"), ERROR_FORM, "the status is 200 and not 400 to 499"),
    *caught(
        ERROR_FORM,
        "the status is 500 and not 400 to 499",
        (
            ("500_instead_of_400", told("a job with a body that is no JSON")),
            ("500_instead_of_404", told("the rows of an unknown job")),
            ("500_instead_of_405", told("a job by the wrong method")),
            ("500_instead_of_413", told("a job with a body that is too large")),
            ("500_instead_of_415", told("a job with a body of another type")),
        ),
    ),
]

# Why each malformed body must be turned away, as the feature has it, and the status that says so.
WHY = {
    "unreadable": (
        *("an empty body", "a body cut short", "a body of plain text", "a body with a comma behind"),
        *("a body in single quotes", "not a number (NaN)", "an infinite number", "bytes that are no text"),
        *("a body in UTF-16", "endless nesting", "a parameter given twice"),
    ),
    "no configuration": ("an empty object", "a list", "a number", "a text", "nothing at all, null"),
    "of the wrong type": (
        *("a configuration called text", "a configuration called XML", "a configuration called a form"),
        *("a configuration called nothing", "a compressed configuration"),
    ),
    "too large": ("a body of 100 kB", "a body of 2 MB"),
}
SERVES = ("After all of it the server still serves", "the job is accepted")

BODIES_READ = [
    *(
        Caught(name_of(what), f"{what} is sent", f"it is turned away as {why}", "the status is 200 instead of")
        for why, bodies in WHY.items()
        for what in bodies
    ),
    Caught("fails_at_no_object", "a list is sent", "it is turned away as no configuration", "the status is 500"),
    Caught(
        "fails_at_no_object",
        "nothing at all, null is sent",
        "it is turned away as no configuration",
        "the status is 500",
    ),
    Caught(
        "500_instead_of_422", "an empty object is sent", "it is turned away as no configuration", "the status is 500"
    ),
    Caught("charset_refused", "A configuration that tells its character set is accepted", "the job is accepted", "415"),
    Caught("broken_by_a_large_body", *SERVES, "503"),
    Caught("broken_by_nesting", *SERVES, "503"),
]

HEALTHY = "the server says that it is healthy"
EVERY_TIME = "the server says every time that it is healthy"
IN_TIME = "each answer comes within the promised time"

HEALTH = [
    *(
        Caught(
            f"health_by_{method.lower()}",
            f"The method {method} is refused",
            f"the method {method} is refused",
            "the status is 200 instead of 405",
        )
        for method in ("POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE")
    ),
    Caught(
        "no_word_of_what_is_allowed",
        "The method POST is refused",
        "the method POST is refused",
        "the header Allow names",
    ),
    *caught(
        HEALTHY,
        "1 of 1 answers do not say so",
        (
            ("healthy_in_other_words", "The health check is answered"),
            ("healthy_as_text", "The health check is answered"),
            ("health_as_asked_for", "A client that sends Accept as text/html"),
            ("health_not_modified", "A client that sends If-None-Match as *"),
            ("health_in_parts", "A client that sends Range as bytes=0-1"),
            ("health_of_a_form", "A client that sends Content-Type as application/x-www-form-urlencoded"),
            ("health_not_of_probes", "A client that sends User-Agent as kube-probe/1.31"),
        ),
    ),
    Caught("health_now_and_then_ill", "Ten clients ask at once", EVERY_TIME, "of 50 answers do not say so"),
    Caught("health_now_and_then_late", "A burst of questions", IN_TIME, "of 400 came later"),
    Caught("health_now_and_then_late", "Questions while jobs are being made", IN_TIME, "of 100 came later"),
    Caught(
        "jobs_made_late",
        "A job is created in under two seconds",
        "the answer comes within the promised time",
        "in under 2 s",
    ),
]

PROTECTS = ("The answer protects its reader", "the answer carries the headers that protect its reader")
OVER_TLS = ("Clients are told to use TLS only", "the answer tells clients to use TLS only")
GIVES_NOTHING_AWAY = (
    "Neither success nor failure gives a secret away",
    "no answer shows a password, an address of a store or the server's inside",
)
NO_SUCH_JOB = "it is said each time that there is no such job"


def as_it_is(hostile):
    return f"{hostile} in the place of a job's id is taken as it is"


SECURITY = [
    Caught("without_x_content_type_options", *PROTECTS, "X-Content-Type-Options is None instead of 'nosniff'"),
    Caught("without_x_frame_options", *PROTECTS, "X-Frame-Options is None instead of 'DENY'"),
    Caught("without_cache_control", *PROTECTS, "Cache-Control is None instead of 'no-store'"),
    Caught("without_content_security_policy", *PROTECTS, "Content-Security-Policy is None instead of"),
    Caught(
        "fails_at_no_object",
        "Every answer protects its reader",
        "no answer is a failure of the server",
        "500",
    ),
    Caught(
        "errors_without_headers",
        "Every answer protects its reader",
        "every answer carries the headers that protect its reader",
        "X-Frame-Options is None",
    ),
    Caught(
        "header_from_outside",
        as_it_is("a line break"),
        "no browser would run what is answered",
        "a header was put in from outside",
    ),
    Caught("no_word_of_tls", *OVER_TLS, "Strict-Transport-Security is ''"),
    Caught("tls_for_a_day", *OVER_TLS, "Strict-Transport-Security is 'max-age=86400'"),
    Caught("tells_x_powered_by", *GIVES_NOTHING_AWAY, "the header X-Powered-By"),
    Caught("tells_server", *GIVES_NOTHING_AWAY, "the header Server"),
    Caught("tells_store", *GIVES_NOTHING_AWAY, "the answer shows 'mongodb://'"),
    Caught("tells_kubeconfig", *GIVES_NOTHING_AWAY, "the answer shows 'kubeconfig'"),
    Caught("errors_as_inside", *GIVES_NOTHING_AWAY, "the answer shows 'Traceback'"),
    Caught("gives_its_password", *GIVES_NOTHING_AWAY, "a password or token stands in the answer"),
    Caught("fails_at_null_bytes", as_it_is("a null byte"), NO_SUCH_JOB, "the status is 500 instead of 404"),
    Caught("fails_at_long_paths", as_it_is("a very long text"), NO_SUCH_JOB, "the status is 414 instead of 404"),
    Caught("finds_files", as_it_is("a way out of the path"), NO_SUCH_JOB, "the status is 200 instead of 404"),
    Caught("finds_nothing_but_spaces", as_it_is("nothing but spaces"), NO_SUCH_JOB, "the status is 405 instead of 404"),
    Caught(
        "page_with_a_script",
        "a script in the place of a job's id is not run by a browser",
        NO_SUCH_JOB,
        "the content type is text/html",
    ),
    *caught(
        "no browser would run what is answered",
        "for something else than it says (X-Content-Type-Options)",
        (
            ("errors_may_be_sniffed", "A script as the name of a parameter is not run by a browser"),
            ("errors_may_be_sniffed", "a script as FFT length is not run by a browser"),
        ),
    ),
]

ROWS = [*ERRORS, *BODIES_READ, *HEALTH, *SECURITY]


@pytest.mark.catalogue
@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.defect)
def test_a_defect_turns_the_right_scenario_red(expect_caught, row):
    expect_caught(row)


def test_every_malformed_body_is_accepted_once():
    assert {name_of(what) for what in BODIES} <= {row.defect for row in ROWS}
