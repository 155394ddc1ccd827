"""Our keys towards an OpenID Connect provider: made, changed and published."""

import io
import json

import pytest
from django.core.management import CommandError, call_command
from joserfc.jwk import RSAKey

from accounts import system_checks
from accounts.identification.oidc.keys import KeysUnusable, OurKeys, provider_keys

PRIVATE = {"d", "p", "q", "dp", "dq", "qi"}


@pytest.fixture
def file(tmp_path):
    """A key set as the command makes it."""
    path = tmp_path / "oidc-keys.json"
    call_command("oidc_keys", path)
    return path


def ids(path, use):
    return [one["kid"] for one in json.loads(path.read_text())["keys"] if one["use"] == use]


def test_command_makes_keys_that_only_their_user_reads_and_prints_the_public_part(tmp_path):
    path, printed = tmp_path / "oidc-keys.json", io.StringIO()

    call_command("oidc_keys", path, stdout=printed)

    assert path.stat().st_mode & 0o777 == 0o600
    assert [one["use"] for one in json.loads(printed.getvalue())["keys"]] == ["sig", "enc"]
    assert not any(PRIVATE & set(one) for one in json.loads(printed.getvalue())["keys"])


def test_keys_change_without_a_moment_in_which_the_provider_knows_none(file):
    (old,), (old_enc,) = ids(file, "sig"), ids(file, "enc")

    call_command("oidc_keys", file, next=True)
    assert ids(file, "sig")[0] == old
    assert len(ids(file, "sig")) == len(ids(file, "enc")) == 2
    call_command("oidc_keys", file, switch=True)
    new = ids(file, "sig")[0]
    assert new != old
    assert old_enc in ids(file, "enc")
    call_command("oidc_keys", file, drop=True)

    assert ids(file, "sig") == [new]
    assert len(ids(file, "enc")) == 1


def test_key_set_is_published_without_its_private_part(client, file, settings):
    assert client.get("/identification/oidc/jwks").status_code == 404
    options = {**settings.IDENTIFICATION["OPTIONS"], "keys_file": str(file)}
    settings.IDENTIFICATION = {**settings.IDENTIFICATION, "OPTIONS": options}

    published = client.get("/identification/oidc/jwks").json()["keys"]

    assert [one["use"] for one in published] == ["sig", "enc"]
    assert not any(PRIVATE & set(one) for one in published)


@pytest.mark.parametrize(
    "text",
    ["", "[]", '{"keys": []}', '{"keys": [{"kty": "oct", "k": "AAAA", "use": "sig", "kid": "1"}]}'],
)
def test_file_that_is_no_key_set_is_refused_by_name(tmp_path, settings, text):
    path = tmp_path / "keys.json"
    path.write_text(text)

    with pytest.raises(KeysUnusable, match=r"keys\.json"):
        OurKeys(str(path)).public()
    with pytest.raises(CommandError, match=r"keys\.json"):
        call_command("oidc_keys", path)
    options = {"issuer": "https://tunnistus.example.fi", "keys_file": str(path)}
    settings.PORTAL_ENV = "production"
    settings.IDENTIFICATION = {"BACKEND": "x", "OPTIONS": options}
    assert "accounts.E016" in [one.id for one in system_checks.identification(None)]


def test_what_is_no_key_leaves_the_providers_other_keys_usable():
    usable = RSAKey.generate_key(2048, {"kid": "usable", "use": "sig"}).as_dict(private=False)
    broken = [None, 1, "key", {"kty": ["RSA"]}, {"kty": "RSA", "n": 5, "e": []}, {"kty": "EC"}]
    assert set(provider_keys({"keys": [*broken, usable]})) == {"usable"}
    for listed in (None, "keys", {"kid": "usable"}):
        assert not provider_keys({"keys": listed})
