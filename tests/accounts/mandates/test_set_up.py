"""Half a setting is refused, and so is an address that cannot be right."""

import pytest
from django.test import override_settings

from accounts.system_checks import source_of_mandates

WHOLE = {
    "url": "https://asiointivaltuustarkastus.suomi.fi",
    "client_id": "ed4b7ae7",
    "api_key": "key",
    "oauth_secret": "secret",
    "roles": ("TJ",),
}
NOTHING = {**dict.fromkeys(WHOLE, ""), "roles": ("TJ",)}


def faults(environment="production", **change):
    said = {**WHOLE, **change}
    with override_settings(SUOMIFI_MANDATES=said, PORTAL_ENV=environment):
        return [one.id for one in source_of_mandates(None)]


def test_all_or_nothing_is_accepted():
    assert faults() == []
    assert faults(**NOTHING) == []


@pytest.mark.parametrize("missing", ["url", "client_id", "api_key", "oauth_secret"])
@pytest.mark.parametrize("environment", ["development", "production"])
def test_half_a_setting_is_refused(environment, missing):
    assert faults(environment, **{missing: ""}) == ["accounts.E017"]
    only = NOTHING | {missing: WHOLE[missing]}
    assert faults(environment, **only) == ["accounts.E017"]


@pytest.mark.parametrize(
    "address",
    [
        "http://asiointivaltuustarkastus.suomi.fi",
        "https://asiointivaltuustarkastus.suomi.fi/service",
        "https://",
        "asiointivaltuustarkastus.suomi.fi",
    ],
)
def test_another_form_of_address_is_refused(address):
    assert faults(url=address) == ["accounts.E018"]


def test_without_tls_it_is_asked_in_development_alone():
    assert faults("development", url="http://127.0.0.1:9999") == []
