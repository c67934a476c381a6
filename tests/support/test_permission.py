"""Which server may be put under load."""

import pytest

from support.load.permission import refusal
from support.profile.settings import Settings
from tests.elsewhere import STORES


def of(address, **load):
    return refusal(Settings(focus_server={"base_url": address}, load=load, **STORES))


@pytest.mark.parametrize(
    "address", ["http://127.0.0.1:5000", "https://localhost/x", "http://[::1]:5000", "http://127.9.8.7"]
)
def test_a_server_on_this_machine_may_be_put_under_load(address):
    assert of(address) is None


@pytest.mark.parametrize(
    "address", ["http://focus.example", "http://10.0.0.1", "http://[::2]", "http://localhost.example"]
)
def test_any_other_one_only_where_the_profile_allows_it(address):
    assert "load.allowed" in of(address)
    assert of(address, allowed=True) is None
