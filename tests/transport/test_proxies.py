"""By which proxy an address is reached, and what is said of a variable that names none."""

from importlib.util import find_spec

import pytest

from support.core.errors import SettingsError
from transport import proxies
from transport.proxies import is_here, proxy_of

PROXY = "http://proxy.example:3128"
EVERY_VARIABLE = {
    name: PROXY for plain in ("http_proxy", "https_proxy", "all_proxy", "grpc_proxy") for name in (plain, plain.upper())
}


@pytest.fixture
def hosts(tmp_path):
    file = tmp_path / "hosts"
    file.write_text(
        "127.0.0.1 localhost\n127.0.1.1\tThis-Machine.example this-machine # us\n::1 ip6-localhost\n\n"
        "192.0.2.7 far.example\n127.0.0.1 both.example\n192.0.2.8 both.example\n#127.0.0.1 commented.example\n"
        "nonsense\n"
    )
    return file


def variable_for(address, environment, hosts):
    found = proxy_of(address, environment, hosts=hosts)
    return found and found.variable


HERE = [
    "127.0.0.1",
    "127.8.9.10",
    "127.1",
    "0.0.0.0",
    "[::1]",
    "[::ffff:127.0.0.1]",
    "[::]",
    "localhost",
    "LOCALHOST",
    "localhost.",
    "focus.localhost",
    "this-machine",
    "this-machine.EXAMPLE",
    "ip6-localhost",
]
FAR = ["192.0.2.1", "[2001:db8::1]", "far.example", "both.example", "commented.example", "localhost.example", "unknown"]


@pytest.mark.parametrize("scheme", ["http", "https", "grpc"])
@pytest.mark.parametrize("host", HERE)
def test_what_is_on_this_machine_is_never_reached_by_a_proxy(hosts, scheme, host):
    assert is_here(host, hosts=hosts)
    assert proxy_of(f"{scheme}://{host}:8080/path", EVERY_VARIABLE, hosts=hosts) is None
    malformed = dict.fromkeys(EVERY_VARIABLE, "http://svc:pa[ss@:x")
    assert proxy_of(f"{scheme}://{host}:8080/path", malformed, hosts=hosts) is None


@pytest.mark.parametrize("scheme", ["http", "https", "grpc"])
@pytest.mark.parametrize("host", FAR)
def test_what_is_far_is_reached_by_the_proxy_that_is_named(hosts, scheme, host):
    assert not is_here(host, hosts=hosts)
    assert proxy_of(f"{scheme}://{host}:8080/path", {"ALL_PROXY": PROXY}, hosts=hosts).url == PROXY
    assert proxy_of(f"{scheme}://{host}:8080/path", {}, hosts=hosts) is None


def test_without_a_hosts_file_a_name_is_far(tmp_path):
    assert not is_here("this-machine", hosts=tmp_path / "none")


@pytest.mark.parametrize(
    ("address", "environment", "variable"),
    [
        ("http://far", {"HTTP_PROXY": PROXY, "HTTPS_PROXY": PROXY, "ALL_PROXY": PROXY}, "HTTP_PROXY"),
        ("https://far", {"HTTP_PROXY": PROXY, "HTTPS_PROXY": PROXY, "ALL_PROXY": PROXY}, "HTTPS_PROXY"),
        ("https://far", {"HTTP_PROXY": PROXY}, None),
        ("http://far", {"HTTPS_PROXY": PROXY}, None),
        ("https://far", {"HTTPS_PROXY": PROXY, "https_proxy": PROXY}, "https_proxy"),
        ("https://far", {"HTTPS_PROXY": PROXY, "https_proxy": ""}, None),
        ("https://far", {"HTTPS_PROXY": "", "all_proxy": PROXY}, "all_proxy"),
        ("https://far", {"HTTPS_PROXY": PROXY, "https_proxy": "", "ALL_PROXY": PROXY}, "ALL_PROXY"),
        ("http://far", {"HTTP_PROXY": PROXY, "REQUEST_METHOD": "GET"}, None),
        ("http://far", {"http_proxy": PROXY, "REQUEST_METHOD": "GET"}, "http_proxy"),
        ("grpc://far:1", {"HTTP_PROXY": PROXY}, "HTTP_PROXY"),
        ("grpc://far:1", {"HTTP_PROXY": PROXY, "HTTPS_PROXY": PROXY}, "HTTPS_PROXY"),
        ("grpc://far:1", {"GRPC_PROXY": PROXY, "HTTPS_PROXY": PROXY}, "GRPC_PROXY"),
    ],
)
def test_which_variable_counts(hosts, address, environment, variable):
    assert variable_for(address, environment, hosts) == variable


@pytest.mark.parametrize(
    ("exceptions", "address", "excepted"),
    [
        ("*", "https://far", True),
        ("far", "https://far", True),
        ("FAR", "https://far", True),
        ("far", "https://FAR", True),
        ("near, far", "https://far", True),
        ("near far", "https://far", True),
        ("near", "https://far", False),
        ("", "https://far", False),
        (",", "https://far", False),
        (".", "https://far", False),
        ("example", "https://a.b.example", True),
        (".example", "https://a.b.example", True),
        ("*.example", "https://a.b.example", True),
        ("example", "https://anexample", False),
        ("far:443", "https://far", True),
        ("far:8443", "https://far:8443", True),
        ("far:8443", "https://far", False),
        ("192.0.2.1", "https://192.0.2.1", True),
        ("192.0.2.1", "https://192.0.2.11", False),
        ("192.0.2.0/24", "https://192.0.2.11", True),
        ("192.0.2.11/24", "https://192.0.2.1", True),
        ("192.0.3.0/24", "https://192.0.2.11", False),
        ("192.0.2.1:80", "http://192.0.2.1", True),
        ("2001:db8::/32", "https://[2001:db8::1]", True),
        ("2001:db8::1", "https://[2001:DB8:0::1]", True),
        ("[2001:db8::1]", "https://[2001:db8::1]", True),
        ("[2001:db8::1]:443", "https://[2001:db8::1]", True),
        ("[2001:db8::1]:80", "https://[2001:db8::1]", False),
        ("0.0.0.0/0", "https://[2001:db8::1]", False),
    ],
)
@pytest.mark.parametrize("name", ["NO_PROXY", "no_proxy"])
def test_what_no_proxy_names_is_reached_directly(hosts, name, exceptions, address, excepted):
    found = proxy_of(address, {"ALL_PROXY": PROXY, name: exceptions}, hosts=hosts)
    assert (found is None) == excepted


@pytest.mark.parametrize(
    "value",
    [
        *(f"http://svq:Zq4{mark}Zq9@127.0.0.1:9" for mark in "#[]/? \\é"),
        "http://svq:Zq4%E2%82%ACZq9@127.0.0.1:9",
        "http://svq:Zq4@127.0.0.1:98989",
        "http://svq:Zq4@127.0.0.1:0",
        "http://svq:Zq4@127.0.0.1:Zq9",
        "http://svq:Zq4@",
        "http://svq:Zq4@:3128",
        "svq:Zq4@127.0.0.1:98989",
        "ftp://svq:Zq4@127.0.0.1:9",
        "//svq:Zq4@127.0.0.1:9/",
    ],
)
@pytest.mark.parametrize("variable", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY"])
def test_a_variable_that_names_no_proxy_is_named_and_not_shown(hosts, variable, value):
    with pytest.raises(SettingsError) as refused:
        proxy_of("https://far", {variable: value}, hosts=hosts)
    message = str(refused.value)
    assert f"variable {variable} " in message
    assert "\n" not in message
    assert not [part for part in ("svq", "Zq4", "Zq9", "98989") if part in message]


@pytest.mark.parametrize(
    "value", ["proxy.example:3128", "user:p%23ss@proxy.example", "http://[2001:db8::7]:3128/", f" {PROXY}\n"]
)
def test_the_forms_in_which_a_proxy_may_be_written(hosts, value):
    found = proxy_of("https://far", {"HTTPS_PROXY": value}, hosts=hosts)
    assert found.url == (value.strip() if "//" in value else f"http://{value}")
    assert "p%23ss" not in repr(found)


@pytest.mark.parametrize("scheme", ["socks4", "socks5", "socks5h"])
def test_a_socks_proxy_needs_a_package_and_grpc_knows_none(hosts, monkeypatch, scheme):
    environment = {"ALL_PROXY": f"{scheme}://user:pass@proxy.example:1080"}
    monkeypatch.setattr(proxies, "find_spec", lambda name: None)
    with pytest.raises(SettingsError, match=r"ALL_PROXY .*PySocks"):
        proxy_of("https://far", environment, hosts=hosts)
    monkeypatch.setattr(proxies, "find_spec", lambda name: find_spec("json"))
    assert proxy_of("https://far", environment, hosts=hosts).url == environment["ALL_PROXY"]
    with pytest.raises(SettingsError, match=r"ALL_PROXY .*HTTP proxies alone are used for gRPC"):
        proxy_of("grpc://far:1", environment, hosts=hosts)
