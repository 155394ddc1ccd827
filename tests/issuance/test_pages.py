import subprocess
from pathlib import Path

from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.serialization.pkcs7 import load_der_pkcs7_certificates
from django.test import Client
from pytest_django import Settings

from certportal.dev.builders.hierarchy import Place, add_ca
from certportal.foundation.actors import system
from issuance.models import IssuingCA
from issuance.publication import repository
from issuance.services.ceremony.generations import mark_revoked
from issuance.views import authorities

STANDBY = IssuingCA.State.STANDBY


def shown(client: Client, language: str = "fi") -> str:
    return client.get(f"/{language}/authorities/").content.decode()


def test_the_page_shows_every_authority_with_its_fingerprints_and_files(
    cas: dict[str, IssuingCA], client: Client
) -> None:
    page = shown(client)
    for stem, ca in cas.items():
        for kind in ("crt", "pem", "p7c"):
            assert f'href="/ca/{stem}.{kind}"' in page
        assert f'href="/crl/{stem}.crl"' in page
        assert f'<dd class="mono">http://localhost:8000/ocsp/{stem}</dd>' in page
        for certificate in (ca.certificate, ca.root):
            for algorithm in (SHA256(), SHA1()):
                assert certificate.fingerprint(algorithm).hex(":").upper() in page
            assert f"{certificate.serial_number:030X}" in page


def test_roots_stand_once_however_many_generations(
    cas: dict[str, IssuingCA], client: Client
) -> None:
    add_ca(Place("production", "ec", 2))
    page = shown(client, "en")
    assert page.count('href="/ca/sote-ec-2.crt"') == 1
    assert page.count('href="/ca/root-ec-1.crt"') == 1


def test_production_stands_before_test_and_apart_from_it(
    cas: dict[str, IssuingCA], client: Client
) -> None:
    page = shown(client, "en")
    production, test = page.split("<h2>Test</h2>")
    assert "sote-test" not in production.split("<h2>Production</h2>")[1]
    assert 'id="sote-ec-1"' in production and 'id="sote-test-ec-1"' in test
    assert 'id="sote-ec-1"' not in test
    assert "not trusted in production systems" in test


def test_each_generation_says_whether_it_issues(cas: dict[str, IssuingCA], client: Client) -> None:
    add_ca(Place("production", "ec", 2))
    add_ca(Place("production", "ec", 3), state=STANDBY)
    mark_revoked("sote-rsa-1", actor=system("test"), now=cas["sote-rsa-1"].created_at)
    page = shown(client, "en")
    for told in (
        "Issues certificates",
        "Published in advance",
        "No longer issues certificates",
        "Revoked: do not trust it",
    ):
        assert told in page


def test_before_the_ceremony_there_is_nothing_to_install(db: None, client: Client) -> None:
    assert "<pre" not in shown(client)


def test_the_bundle_holds_the_chain(cas: dict[str, IssuingCA], client: Client) -> None:
    reply = client.get("/ca/sote-ec-1.p7c")
    assert reply.headers["Content-Type"] == "application/pkcs7-mime"
    content = reply.content
    ca = cas["sote-ec-1"]
    assert set(load_der_pkcs7_certificates(content)) == {ca.certificate, ca.root}


def test_the_commands_name_the_ca_that_issues(
    cas: dict[str, IssuingCA], client: Client, settings: Settings
) -> None:
    settings.PKI = {"PUBLIC_URL": "http://pki.example.fi"}
    add_ca(Place("production", "rsa", 2))
    add_ca(Place("production", "rsa", 3), state=STANDBY)
    page = shown(client)
    assert "curl -O http://pki.example.fi/ca/root-rsa-1.crt" in page
    assert "-alias sote-rsa-2 -file sote-rsa-2.crt" in page
    assert "sote-rsa-3.crt -keystore" not in page


def test_the_openssl_commands_work_as_shown(cas: dict[str, IssuingCA], tmp_path: Path) -> None:
    """With copying in the place of curl, and the issuing CA as the certificate to check."""
    public = repository.certificate_path("root-rsa-1").parent
    text = authorities.OPENSSL.format(base="file", root="root-rsa-1", issuing="sote-rsa-1")
    text = text.replace("curl -O file/ca/root-rsa-1.crt", f"cp {public}/root-rsa-1.crt .")
    text = text.replace("curl -o chain.pem file/ca/", f"cp {public}/")
    text = text.replace(f"{public}/sote-rsa-1.pem", f"{public}/sote-rsa-1.pem chain.pem")
    (tmp_path / "certificate.pem").write_bytes(repository.chain_path("sote-rsa-1").read_bytes())
    script = f"set -e\n{text}\n"
    done = subprocess.run(
        ["bash", "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    root = cas["sote-rsa-1"].root.fingerprint(SHA256()).hex(":").upper()
    assert f"={root}" in done.stdout
    assert "certificate.pem: OK" in done.stdout


def test_the_address_in_certificates_leads_there(db: None, client: Client) -> None:
    reply = client.get("/ca/", headers={"accept-language": "sv"})
    assert reply.headers["Location"] == "/sv/authorities/"
