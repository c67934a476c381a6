import base64
import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest

from kubeconfig import Cluster, KubeconfigError, cluster, read_context
from kubeconfig.api_request import ApiRequest
from kubeconfig.calls import ApiConnection, Refused
from redaction import MASK, Redactor
from tests.kubernetes_stand_in import serving

PODS = ApiRequest("GET", "/api/v1/namespaces/focus/pods")


@pytest.fixture
def learnt(monkeypatch):
    """What is masked in all output."""
    redactor = Redactor()
    monkeypatch.setattr(cluster, "redact", redactor)
    return redactor.credentials


@pytest.fixture
def api():
    """Lets in whoever shows one of `accepted`; `before` is called with each request."""
    accepted = set()

    def answer(request):
        if request.headers.get("Authorization") not in accepted:
            return 401, {"kind": "Status", "reason": "Unauthorized"}
        return 200, {"items": []}

    with serving(answer) as server:
        server.accepted = accepted
        yield server


@pytest.fixture
def connect(kubeconfig, api):
    def connect(user, limit_s=5, **options):
        described = read_context(kubeconfig(api.address, user, **options))
        return ApiConnection(Cluster(described, limit_s=limit_s), limit_s)

    return connect


def shown(api):
    return [request.headers.get("Authorization") for request in api.asked]


@pytest.mark.parametrize(
    ("user", "header"),
    [
        ({"token": "abc-static"}, "Bearer abc-static"),
        ({"token": 12345678}, "Bearer 12345678"),
        ({"token": "abc-static\n"}, "Bearer abc-static"),
        ({"username": "me", "password": "pässword"}, "Basic " + base64.b64encode("me:pässword".encode()).decode()),
    ],
)
def test_what_the_kubeconfig_says_is_shown_to_the_api_and_learnt_before(connect, api, learnt, user, header):
    connection = connect(user)
    assert not api.asked
    assert header.partition(" ")[2] in learnt
    api.accepted.add(header)
    assert connection.ask(PODS) == {"items": []}
    assert api.asked[0].path == PODS.path


@pytest.mark.parametrize("ending", ["", "\n", "\r\n", " \n\n"])
def test_a_token_file_is_read_anew_at_each_call_and_its_ending_does_not_count(connect, api, learnt, tmp_path, ending):
    file = tmp_path / "token"
    file.write_text(f"first-token{ending}")
    connection = connect({"tokenFile": "token", "token": "static-token"})
    api.accepted |= {"Bearer first-token", "Bearer second-token"}
    connection.ask(PODS)
    file.write_text(f"second-token{ending}")
    connection.ask(PODS)
    file.unlink()  # It is being replaced: what was read before goes on.
    connection.ask(PODS)
    assert shown(api) == ["Bearer first-token", "Bearer second-token", "Bearer second-token"]
    assert {"first-token", "second-token"} <= learnt


@pytest.mark.parametrize("token", ["two\nlines-of-token", "tökén-tökén", "nul\0token", "", "\n"])
def test_a_token_that_no_header_can_hold_is_not_shown(connect, tmp_path, token):
    (tmp_path / "token").write_text(token)
    with pytest.raises(KubeconfigError, match=str(tmp_path / "token")) as error:
        connect({"tokenFile": "token"}).ask(PODS)
    assert not token.strip() or token not in str(error.value)
    assert "lines-of" not in str(error.value)


def test_a_plugin_without_an_expiry_is_asked_once_until_its_token_is_refused(connect, api, plugin, learnt):
    connection = connect(plugin.user)
    api.accepted.add("Bearer plugin-token-1")
    for _ in range(20):
        connection.ask(PODS)
    assert plugin.asked() == 1
    plugin.prints(token="plugin-token-2\n")
    api.accepted.clear()
    api.accepted.add("Bearer plugin-token-2")
    for _ in range(20):
        connection.ask(PODS)
    assert plugin.asked() == 2
    assert len(api.asked) == 41  # 20, one that is refused, its repetition, 19
    assert {"plugin-token-1", "plugin-token-2"} <= learnt


def test_many_that_are_refused_at_once_ask_a_plugin_once(connect, api, plugin):
    connection = connect(plugin.user)
    api.accepted.add("Bearer plugin-token-1")
    connection.ask(PODS)
    plugin.prints(token="plugin-token-2")
    api.accepted.clear()
    api.accepted.add("Bearer plugin-token-2")
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(connection.ask, [PODS] * 8))
    assert plugin.asked() == 2


def test_a_refusal_is_not_met_by_asking_without_end(connect, api, plugin):
    connection = connect(plugin.user)
    with pytest.raises(Refused, match="401"):
        connection.ask(PODS)
    assert plugin.asked() == 2
    assert len(api.asked) == 1  # The same token again would be refused again.
    plugin.prints(token="plugin-token-2")
    with pytest.raises(Refused, match="401"):
        connection.ask(PODS)
    assert len(api.asked) == 3


@pytest.mark.parametrize(
    ("lives_s", "later_s", "asked"), [(3600, 3580, 1), (3600, 3595, 2), (20, 15, 1), (20, 17, 2), (-60, 600, 1)]
)
def test_a_plugin_with_an_expiry_is_asked_again_shortly_before(
    connect, api, plugin, monkeypatch, lives_s, later_s, asked
):
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now)
    ends = datetime.fromtimestamp(now + lives_s, UTC)
    plugin.prints(token="plugin-token-1", expirationTimestamp=ends.isoformat().replace("+00:00", "Z"))
    connection = connect(plugin.user)
    api.accepted |= {"Bearer plugin-token-1", "Bearer plugin-token-2"}
    for _ in range(3):
        connection.ask(PODS)
    assert plugin.asked() == 1
    plugin.prints(token="plugin-token-2")
    monkeypatch.setattr(time, "time", lambda: now + later_s)
    for _ in range(3):
        connection.ask(PODS)
    assert plugin.asked() == asked


@pytest.mark.parametrize("renewal", [False, True])
def test_a_plugin_that_fails_is_told_in_its_own_words(connect, api, plugin, renewal):
    connection = connect(plugin.user)
    if renewal:
        api.accepted.add("Bearer plugin-token-1")
        connection.ask(PODS)
        api.accepted.clear()
    plugin.prints(said="echo 'session expired, run: cloud login' >&2", status=3)
    with pytest.raises(KubeconfigError, match=r"plugin.sh failed with 3: session expired, run: cloud login"):
        connection.ask(PODS)


@pytest.mark.parametrize("printed", ["", "no json: hush-token", "[]", "null", '{"token": "hush-token"}', "{}"])
def test_a_plugin_that_prints_something_else_is_told_without_it(connect, plugin, printed):
    plugin.printed.write_text(printed)
    with pytest.raises(KubeconfigError, match=r"plugin.sh printed no ExecCredential") as error:
        connect(plugin.user).ask(PODS)
    assert "hush" not in str(error.value)


def test_a_token_that_a_failing_plugin_tells_as_it_prints_it_is_not_shown(connect, plugin):
    plugin.prints(said="echo 'new token hush-hush-hush-hush is refused' >&2", status=3, token="hush-hush-hush-hush")
    with pytest.raises(KubeconfigError, match=rf"failed with 3: new token {MASK} is refused"):
        connect(plugin.user).ask(PODS)


def test_a_plugin_of_another_version_or_without_credentials_is_told(connect, plugin):
    plugin.prints()
    with pytest.raises(KubeconfigError, match="no ExecCredential"):
        connect(plugin.user).ask(PODS)
    other = {"exec": {**plugin.user["exec"], "apiVersion": "client.authentication.k8s.io/v1beta1"}}
    plugin.prints(token="plugin-token-1")
    with pytest.raises(KubeconfigError, match="v1beta1"):
        connect(other).ask(PODS)


def test_a_plugin_that_hangs_ends_within_the_limit_with_what_it_started(connect, plugin, tmp_path, wait_for):
    started = time.monotonic()
    plugin.prints(said=f"echo 'open https://login' >&2; sleep 60 & echo $! >{tmp_path / 'child'}; wait")
    with pytest.raises(KubeconfigError, match=r"did not end within 0.5 s: open https://login"):
        connect(plugin.user, limit_s=0.5).ask(PODS)
    assert time.monotonic() - started < 5
    child = Path("/proc", (tmp_path / "child").read_text().strip(), "stat")
    wait_for(lambda: not child.exists() or child.read_text().rpartition(")")[2].split()[0] == "Z")


def test_a_plugin_that_is_not_there_is_told_with_its_hint(connect, plugin):
    plugin.user["exec"] |= {"command": "/not/there", "installHint": "Install it with: cloud install"}
    with pytest.raises(KubeconfigError, match=r"/not/there cannot be run: No such file.*cloud install"):
        connect(plugin.user).ask(PODS)


def test_a_plugin_that_wants_a_terminal_is_told(connect, plugin):
    plugin.user["exec"] |= {"interactiveMode": "Always"}
    with pytest.raises(KubeconfigError, match="terminal"):
        connect(plugin.user)


def test_a_plugin_is_told_of_its_cluster_and_its_secrets_are_learnt(connect, api, plugin, learnt, tmp_path):
    plugin.prints(
        said=f'echo "$KUBERNETES_EXEC_INFO" >{tmp_path}/info; echo "$1 $CLIENT_SECRET" >{tmp_path}/given', token="t"
    )
    plugin.user["exec"] |= {
        "provideClusterInfo": True,
        "args": ["--oidc-client-secret=secret-of-args", "get-token"],
        "env": [{"name": "CLIENT_SECRET", "value": "secret-of-env"}, {"name": "REGION", "value": "north"}],
    }
    api.accepted.add("Bearer t")
    extension = {"name": "client.authentication.k8s.io/exec", "extension": {"audience": "focus"}}
    connect(plugin.user, extensions=[extension]).ask(PODS)
    told = json.loads((tmp_path / "info").read_text())
    assert told["spec"] == {"interactive": False, "cluster": {"server": api.address, "config": {"audience": "focus"}}}
    assert (tmp_path / "given").read_text() == "--oidc-client-secret=secret-of-args secret-of-env\n"
    assert {"secret-of-args", "secret-of-env"} <= learnt
    assert "north" not in learnt


def test_while_one_waits_for_a_plugin_nobody_else_asks_it(connect, api, plugin):
    plugin.prints(said="sleep 0.2", token="plugin-token-1")
    api.accepted.add("Bearer plugin-token-1")
    connection = connect(plugin.user)
    threads = [threading.Thread(target=connection.ask, args=(PODS,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert plugin.asked() == 1


def test_an_auth_provider_is_left_to_the_client(connect, api, learnt):
    claims = base64.urlsafe_b64encode(json.dumps({"sub": "somebody"}).encode()).decode().rstrip("=")
    token = f"head.{claims}.signature"
    provider = {"name": "oidc", "config": {"id-token": token, "refresh-token": "refreshing", "client-id": "focus"}}
    api.accepted.add(f"Bearer {token}")
    assert connect({"auth-provider": provider}).ask(PODS) == {"items": []}
    assert {token, "refreshing"} <= learnt


@pytest.mark.parametrize("provider", [{"name": "azure"}, {"name": "oidc", "config": {}}])
def test_an_auth_provider_that_gives_no_token_is_told(connect, provider):
    with pytest.raises(KubeconfigError, match="auth-provider gave no token"):
        connect({"auth-provider": provider}).ask(PODS)
