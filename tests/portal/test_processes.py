"""Which process may see what: the real settings are read by real processes."""

import os
import subprocess
import sys

import pytest

KEYS = {
    "CA_KEYS_DIR": "/nowhere",
    "CA_KEY_PASSWORD_FILE": "/nowhere/password",
    "CA_PKCS11_MODULE": "/nowhere/module.so",
    "CA_PKCS11_TOKEN": "token",
    "CA_PKCS11_PIN_FILE": "/nowhere/pin",
}


def start(process, code="settings.DEBUG", **extra):
    """Let a new process read the settings as `process` would, and print what the code says."""
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "certportal.settings",
        "PORTAL_PROCESS": process,
        **extra,
    }
    return subprocess.run(
        [sys.executable, "-c", f"from django.conf import settings; print({code})"],
        env=environment,
        capture_output=True,
        text=True,
    )


@pytest.mark.parametrize("process", ["web", "default", "beat"])
@pytest.mark.parametrize("name", KEYS)
def test_a_process_that_must_not_see_keys_refuses_to_start_with_them(process, name):
    result = start(process, **{name: KEYS[name]})
    assert result.returncode != 0
    assert f"The process {process} must not be told of signing keys" in result.stderr


@pytest.mark.parametrize("process", ["ca", "manage"])
def test_the_signing_worker_and_key_ceremonies_start_with_them(process):
    assert start(process, **KEYS).returncode == 0


def test_the_signer_is_chosen_by_the_settings():
    backend = "settings.ISSUANCE_SIGNER['BACKEND']"
    assert start("ca", backend).stdout.strip() == "issuance.signers.file.KeyFiles"
    chosen = start("ca", backend, **KEYS).stdout.strip()
    assert chosen == "issuance.signers.pkcs11.TokenKeys"


def test_names_and_policies_of_the_authority_are_told_in_a_file(tmp_path):
    told = tmp_path / "pki.toml"
    told.write_text('organisation = "Testivirasto"\n[policy_oids.test]\nec = "1.2.3"\n')
    code = "settings.PKI['ORGANISATION'], settings.PKI['POLICY_OIDS']['test']['ec']"
    assert start("web", code, PKI_FILE=str(told)).stdout.strip() == "Testivirasto 1.2.3"
    address = start(
        "web",
        "settings.PKI['PUBLIC_URL']",
        PKI_FILE=str(told),
        PKI_PUBLIC_URL="http://p.example.fi",
    )
    assert address.stdout.strip() == "http://p.example.fi"


@pytest.mark.parametrize("process", ["web", "default", "beat", "ca"])
def test_every_process_starts_without_them(process):
    assert start(process).returncode == 0


def test_the_database_address_may_come_from_a_file(tmp_path):
    secret = tmp_path / "database_url"
    secret.write_text("postgres://someone:secret@db.example/orders\n")
    found = start(
        "manage",
        "settings.DATABASES['default']['HOST']",
        DATABASE_URL="",
        DATABASE_URL_FILE=str(secret),
    )
    assert found.stdout.strip() == "db.example"


@pytest.mark.parametrize("told", ["", "development", "test"])
def test_a_service_at_an_https_address_runs_as_production_or_not_at_all(told):
    public = {"PORTAL_BASE_URL": "https://varmenteet.example", "SECRET_KEY": "x" * 50}
    result = start("web", PORTAL_ENV=told, **public)
    assert "must have PORTAL_ENV=production" in result.stderr
    assert start("web", PORTAL_ENV="production", **public).returncode == 0


@pytest.mark.parametrize(
    ("proxies", "header"),
    [("", "None"), ("10.0.0.5, 10.1.0.0/16", "('HTTP_X_FORWARDED_PROTO', 'https')")],
)
def test_only_a_trusted_proxy_is_believed_about_https(proxies, header):
    found = start(
        "web",
        "settings.SECURE_PROXY_SSL_HEADER",
        PORTAL_ENV="production",
        PORTAL_BASE_URL="https://varmenteet.example",
        SECRET_KEY="x" * 50,
        TRUSTED_PROXIES=proxies,
    )
    assert found.stdout.strip() == header


def test_production_has_no_secret_of_its_own():
    result = start(
        "web", "settings.SECRET_KEY", PORTAL_ENV="production", SECRET_KEY="", SECRET_KEY_FILE=""
    )
    assert "SECRET_KEY setting must not be empty" in result.stderr
