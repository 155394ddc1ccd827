from cryptography.hazmat.primitives.hashes import SHA256
from django.test import Client

from issuance.models import IssuingCA
from tests.issuance.hierarchy import Place, add_ca


def test_the_page_shows_every_authority_with_its_fingerprint_and_files(
    cas: dict[str, IssuingCA], client: Client
) -> None:
    page = client.get("/fi/authorities/").content.decode()
    for stem, ca in cas.items():
        assert f'href="/ca/{stem}.crt"' in page
        assert f'href="/ca/{stem}.pem"' in page
        assert f'href="/crl/{stem}.crl"' in page
        for certificate in (ca.certificate, ca.root):
            assert certificate.fingerprint(SHA256()).hex(":", 2).upper() in page


def test_roots_stand_once_however_many_generations(
    cas: dict[str, IssuingCA], client: Client
) -> None:
    add_ca(Place("production", "ec", 2))
    page = client.get("/en/authorities/").content.decode()
    assert page.count('href="/ca/sote-ec-2.crt"') == 1
    assert page.count('href="/ca/root-ec-1.crt"') == 1


def test_the_address_in_certificates_leads_there(db: None, client: Client) -> None:
    reply = client.get("/ca/", headers={"accept-language": "sv"})
    assert reply.headers["Location"] == "/sv/authorities/"
