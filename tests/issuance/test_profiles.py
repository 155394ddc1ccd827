from typing import Any

import pytest

from issuance.certificate.profiles import PROFILES, ProfileBeyondCeiling, make_profile
from tests.issuance.profiles import changed


@pytest.mark.parametrize("id", PROFILES)
def test_a_profile_may_be_made_as_it_stands(id: str) -> None:
    assert make_profile(**changed(id)) == PROFILES[id]


@pytest.mark.parametrize(
    ("id", "changes"),
    [
        ("server", {"max_months": 13}),
        ("system_signature", {"max_months": 25}),
        ("server", {"max_months": 0}),
        ("server", {"max_start_days": 61}),
        ("system_signature", {"has_dns_names": True}),
        ("server", {"key_usage": {"rsa": frozenset({"key_cert_sign"})}}),
        ("server", {"key_usage": {"ec": frozenset({"crl_sign"})}}),
        ("server", {"subject": ("CN", "O", "C")}),
        ("server", {"environment": "test"}),
        ("test_server", {"environment": "production"}),
    ],
)
def test_nothing_beyond_the_ceilings_can_be_made(id: str, changes: dict[str, Any]) -> None:
    with pytest.raises(ProfileBeyondCeiling):
        make_profile(**changed(id, **changes))


def test_test_profiles_have_the_same_content_as_the_real_ones() -> None:
    for id in ("server", "system_signature"):
        same = {"id": id, "environment": "production"}
        assert changed(f"test_{id}") | same == changed(id)
