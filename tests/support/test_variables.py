"""Settings in environment variables: the forms of their values, and what is said of those that are wrong."""

import json
import os
import shlex

import pytest

from support.core.errors import SettingsError
from support.profile.profile import Profile, reports_without_a_profile
from support.profile.provider import provide
from support.profile.settings import Settings
from support.profile.variables import settings_of
from tests.elsewhere import COMPLETE

ALL = list(settings_of(Settings))
PLAIN = [setting for setting in ALL if not setting.is_group]
LISTS = [setting for setting in PLAIN if "a,b or JSON" in setting.form]
TABLES = [setting for setting in PLAIN if "name=value" in setting.form]
NUMBERS = [setting for setting in PLAIN if "number" in setting.form]


def named(setting):
    return ".".join(setting.path)


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch):
    for name in [name for name in os.environ if name.upper().startswith("FOCUS__")]:
        monkeypatch.delenv(name)


def read(**more):
    return Profile("made-up", "made-up.toml", {**COMPLETE, **more}).settings()


def value_of(settings, setting):
    for name in setting.path:
        settings = getattr(settings, name)
    return settings.get_secret_value() if hasattr(settings, "get_secret_value") else settings


def problem(**more):
    with pytest.raises(SettingsError) as refused:
        read(**more)
    return str(refused.value)


def example_of(setting):
    """Name and value of the example in a setting's form, as a shell reads it."""
    name, _, value = shlex.split(setting.form.partition(", such as ")[2])[0].partition("=")
    return name, value


def test_there_are_settings_of_every_kind():
    assert len(LISTS) > 10
    assert len(TABLES) > 2
    assert len(NUMBERS) > 30


def test_the_example_of_every_setting_can_be_set(monkeypatch):
    for setting in PLAIN:
        name, value = example_of(setting)
        assert name == setting.variable
        if not name.endswith("_FILE"):  # There is no such file.
            monkeypatch.setenv(name, value)
    read()


@pytest.mark.parametrize("written", ["400,422", " 400 , 422,", "[400, 422]", '["400", "422"]', "400,\n422\n"])
def test_a_list_is_written_with_commas_or_as_json(monkeypatch, written):
    statuses = [setting for setting in LISTS if "statuses" in setting.path[-1]]
    for setting in statuses:
        monkeypatch.setenv(setting.variable, written)
    assert {value_of(read(), setting) for setting in statuses} == {(400, 422)}


@pytest.mark.parametrize(
    ("written", "hosts"),
    [
        ("a:22,b:22", ("a:22", "b:22")),
        ("a", ("a",)),
        ("[::1]:22", ("[::1]:22",)),
        ("[::1]:22,b", ("[::1]:22", "b")),
        ('["[::1]:22"]', ("[::1]:22",)),
        ("[]", ()),
    ],
)
def test_a_list_of_machines(monkeypatch, written, hosts):
    monkeypatch.setenv("FOCUS__SSH__HOSTS", written)
    assert read().ssh.hosts == hosts


@pytest.mark.parametrize("written", ["a=1,b=x=y", " a = 1 ,b= x=y,", '{"a": "1", "b": "x=y"}'])
def test_a_table_is_written_in_pairs_or_as_json(monkeypatch, written):
    for setting in TABLES:
        monkeypatch.setenv(setting.variable, written)
    assert [value_of(read(), setting) for setting in TABLES] == [{"a": "1", "b": "x=y"}] * len(TABLES)


def test_a_group_is_written_as_json_and_its_settings_win(monkeypatch):
    monkeypatch.setenv("FOCUS__SSH", '{"user": "somebody", "timeout_s": 7}')
    monkeypatch.setenv("FOCUS__SSH__USER", "else")
    found = read().ssh
    assert (found.user, found.timeout_s) == ("else", 7)


@pytest.mark.parametrize("written", ["", " ", "\n", '""', "''"])
def test_an_empty_variable_is_one_that_is_not_set(monkeypatch, written):
    plain = read()
    for setting in ALL:
        monkeypatch.setenv(setting.variable, written)
    assert read() == plain


def test_an_empty_variable_fills_no_placeholder(monkeypatch):
    monkeypatch.setenv("FOCUS__KUBERNETES__NAMESPACE", " ")
    assert "kubernetes.namespace: still a placeholder" in problem(kubernetes={"namespace": "<which>"})


@pytest.mark.parametrize("written", ["7.5\n", " 7.5", '"7.5"', "'7.5'\r\n"])
def test_white_space_and_quotes_around_a_value_are_none_of_it(monkeypatch, written):
    monkeypatch.setenv("FOCUS__TIME_LIMITS__JOB_CREATED_S", written)
    assert read().time_limits.job_created_s == 7.5
    monkeypatch.setenv("FOCUS__MONGODB__URI", written.replace("7.5", "mongodb://user:pw@h"))
    assert read().mongodb.uri.get_secret_value() == "mongodb://user:pw@h"


@pytest.mark.parametrize("written", ["it's", "'", "'a' 'b'", "'a\""])
def test_a_quote_that_is_part_of_a_value_stays(monkeypatch, written):
    monkeypatch.setenv("FOCUS__SSH__USER", written)
    assert read().ssh.user == written


@pytest.mark.parametrize("name", ["focus__ssh__user", "Focus__Ssh__User"])
def test_the_case_of_a_name_makes_no_difference(monkeypatch, name):
    monkeypatch.setenv(name, "somebody")
    assert read().ssh.user == "somebody"


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("FOCUS__RABITMQ__URL", "is FOCUS__RABBITMQ__URL meant?"),
        ("FOCUS__RABBITMQ_URL", "is FOCUS__RABBITMQ__URL meant?"),
        ("FOCUS_RABBITMQ__URL", "is FOCUS__RABBITMQ__URL meant?"),
        ("focus__rabbitmq__ulr", "is FOCUS__RABBITMQ__URL meant?"),
        ("FOCUS__MONGODB__DATABSE", "is FOCUS__MONGODB__DATABASE meant?"),
        ("FOCUS__TIME_LIMIT__SETTLING_S", "is FOCUS__TIME_LIMITS__SETTLING_S meant?"),
        ("FOCUS__SSH__HOSTS__0", "FOCUS__SSH__HOSTS is set as a whole: a,b or JSON, such as FOCUS__SSH__HOSTS="),
        ("FOCUS__ANSWERS__HEALTHY__STATUS", "FOCUS__ANSWERS__HEALTHY is set as a whole: name=value"),
        ("FOCUS__WHATEVER", "all settings are listed in config/remote.example.toml"),
        ("FOCUS__", "all settings are listed"),
    ],
)
def test_a_variable_that_is_no_setting_is_told_with_the_nearest(monkeypatch, name, hint):
    monkeypatch.setenv(name, "secret-value")
    told = problem()
    assert f"- {name}: no such setting" in told
    assert hint in told
    assert "secret-value" not in told


@pytest.mark.parametrize(
    "name", ["FOCUS_PROFILE", "FOCUS_PUBLISH_URL", "FOCUS_SANDBOX_KUBECONFIG", "FOCUS_SERVER_PORT"]
)
def test_other_variables_of_the_project_are_no_settings(monkeypatch, name):
    monkeypatch.setenv(name, "x")
    read()


def wrong_value(setting):
    """Something that no setting of this kind may be; None where any text does."""
    form = setting.form.partition(", such as ")[0]
    if setting.is_group:
        return "x7q"
    if "name=value" in form:
        return "x7q"
    if "a,b" in form or "number" in form or "true" in form or " or " in form:
        return "x7q@"
    if form == "a path":
        return "~no-such-user-x7q/x"
    return {"url": "x7q", "uri": "x7q"}.get(setting.path[-1].rpartition("_")[2])


@pytest.mark.parametrize("setting", [one for one in ALL if wrong_value(one)], ids=named)
def test_a_wrong_value_is_told_with_the_variable_its_form_and_an_example(monkeypatch, setting):
    monkeypatch.setenv(setting.variable, wrong_value(setting))
    told = problem()
    (line,) = [line for line in told.splitlines()[1:] if setting.variable in line]
    assert setting.form in line
    assert "x7q" not in line.replace("~no-such-user-x7q", "")  # A path is no secret, and must be seen to be set right.


def test_what_a_profile_has_wrong_names_the_profile_and_the_variable_that_wins_over_it():
    told = problem(ssh={"timeout_s": "x7q"})
    assert "ssh.timeout_s: Input should be a valid number" in told
    assert "correct it in the profile, or export it: a number, such as FOCUS__SSH__TIMEOUT_S=5" in told


@pytest.mark.parametrize("value", ["nan", "inf", "-inf", "-1", "1e400"])
def test_no_number_is_negative_or_none(monkeypatch, value):
    for setting in NUMBERS:
        monkeypatch.setenv(setting.variable, value)
    told = problem()
    assert [setting.variable for setting in NUMBERS if setting.variable not in told] == []


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -1])
def test_nor_is_it_in_a_profile(value):
    tree = {name: dict(group) for name, group in COMPLETE.items()}
    for setting in NUMBERS:
        tree.setdefault(setting.path[0], {})[setting.path[1]] = value
    told = problem(**tree)
    assert [setting.variable for setting in NUMBERS if setting.variable not in told] == []


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("paths.job", "/job"),
        ("paths.job", "/job/{id}"),
        ("paths.job", "job/{job_id}"),
        ("paths.health", "ack"),
        ("paths.waterfall", "/waterfall/{job_id}"),
        ("paths.metadata", "/metadata/{job_id"),
        ("naming.analyzer", "{jobid}"),
        ("naming.work_queue", "{}"),
        ("naming.stream_health", "{object_name}"),
        ("naming.job_id_pattern", "job_("),
        ("answers.accepted_statuses", "[]"),
        ("answers.accepted_statuses", "2000"),
        ("answers.rows_status", "2"),
        ("answers.stream_port", "70000"),
    ],
)
def test_what_would_fail_later_is_refused_at_once(monkeypatch, setting, value):
    variable = f"FOCUS__{setting.upper().replace('.', '__')}"
    monkeypatch.setenv(variable, value)
    assert variable in problem()


def test_bytes_that_are_no_text_are_told_by_name_and_a_path_may_hold_them(monkeypatch):
    others = [setting for setting in ALL if not setting.is_path]
    for setting in ALL:
        if not setting.variable.endswith("_FILE"):  # There is no such file.
            monkeypatch.setenv(setting.variable, "x7q\udcff")
    told = problem()
    assert [
        one.variable for one in others if f"variable {one.variable} holds bytes that are not UTF-8" not in told
    ] == []
    assert "REPORTS__DIRECTORY" not in told
    assert "x7q" not in told


def test_a_name_that_is_needed_is_not_empty_in_a_profile():
    told = problem(mongodb={**COMPLETE["mongodb"], "database": ""}, kubernetes={"namespace": ""}, ssh={"user": ""})
    for name in ("mongodb.database", "kubernetes.namespace", "ssh.user"):
        assert f"{name}: String should have at least 1 character" in told


@pytest.mark.parametrize(
    "password", ["ä", "p%C3%A4", "%E2%82%AC", "p%25", "a:b", "p+w", "p'\"w", "%20", "ключ", "p%0Aw"]
)
@pytest.mark.parametrize(
    ("setting", "scheme"), [("rabbitmq.url", "amqp"), ("rabbitmq.management_url", "http"), ("mongodb.uri", "mongodb")]
)
def test_any_password_may_be_written(monkeypatch, setting, scheme, password):
    monkeypatch.setenv(f"FOCUS__{setting.upper().replace('.', '__')}", f"{scheme}://user:{password}@store.example")
    assert password in read().secrets()


@pytest.mark.parametrize("password", ["x7q%", "x7q%zz", "x7q%ff", "x7q\udcff", "x7q/", "x7q@", "x7q#", "x7q?", "x7q w"])
@pytest.mark.parametrize(
    ("setting", "scheme"), [("rabbitmq.url", "amqp"), ("rabbitmq.management_url", "http"), ("mongodb.uri", "mongodb")]
)
def test_one_that_must_be_written_otherwise_is_told_by_name(monkeypatch, setting, scheme, password):
    variable = f"FOCUS__{setting.upper().replace('.', '__')}"
    monkeypatch.setenv(variable, f"{scheme}://user:{password}@store.example")
    told = problem()
    assert variable in told
    assert "are written as %23" in told or "bytes that are not UTF-8" in told
    assert "x7q" not in told


def test_a_setting_of_a_profile_that_is_misspelt_is_told_with_the_nearest():
    assert "mongodb.databse: no such setting; is mongodb.database meant?" in problem(
        mongodb={**COMPLETE["mongodb"], "databse": "x"}
    )
    told = problem(ssh={"Timeout_S": 1})
    assert "ssh.Timeout_S: no such setting; is ssh.timeout_s meant?" in told
    assert "whatever: no such setting; take it out" in problem(whatever=json.loads("{}"))


def test_what_is_no_setting_is_told_before_an_environment_is_made(monkeypatch, tmp_path):
    made = tmp_path / "made"
    provider = {"command": ["{python}", "-c", f"open({str(made)!r}, 'w')"]}
    monkeypatch.setenv("FOCUS__RABITMQ__URL", "x")
    with pytest.raises(SettingsError, match="FOCUS__RABITMQ__URL: no such setting"):
        provide(Profile("made-up", tmp_path, {**COMPLETE, "provider": provider}))
    assert not made.exists()


@pytest.mark.parametrize("written", [" ~/x\n", '"~/x"'])
def test_where_reports_go_is_read_like_any_other_setting(monkeypatch, written):
    monkeypatch.setenv("HOME", "/home/of/nobody")
    monkeypatch.setenv("FOCUS__REPORTS__DIRECTORY", written)
    profile = Profile("made-up", "made-up.toml", {})
    assert str(profile.reports().directory) == str(reports_without_a_profile().directory) == "/home/of/nobody/x"
    monkeypatch.setenv("FOCUS__REPORTS__TEST_CASE_URL", "no key in it")
    with pytest.raises(SettingsError, match=r"reports.test_case_url: .*correct the environment variable"):
        profile.reports()
