import subprocess
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from django.test import Client

from certportal.dev.builders import hierarchy
from certportal.foundation.actors import system
from certportal.foundation.errors import Unavailable
from issuance import services
from issuance.authority import crl
from issuance.models import Certificate, IssuingCA
from issuance.publication import repository
from issuance.services.signer import signer_for
from issuance.signers import Signer
from tests.tables import rewrite

STEM = "sote-ec-1"


def served(stem: str = STEM) -> x509.CertificateRevocationList:
    return x509.load_der_x509_crl(repository.crl_path(stem).read_bytes())


def number(stem: str = STEM) -> int:
    return repository.crl_number(stem)


@pytest.fixture
def ca(cas: dict[str, IssuingCA]) -> IssuingCA:
    return cas[STEM]


def test_an_empty_list(ca: IssuingCA, now: datetime) -> None:
    services.publish_crl(ca, now=now)
    made = served()
    assert list(made) == []
    assert made.next_update_utc == now + timedelta(hours=48)
    assert made.is_signature_valid(ca.certificate.public_key())  # type: ignore[arg-type]


def test_a_revoked_certificate_is_on_it(
    certificate: Certificate, ca: IssuingCA, now: datetime
) -> None:
    since = now - timedelta(days=1)
    services.revoke(
        certificate.pk, "key_compromise", actor=system("test"), invalidity_date=since, now=now
    )
    services.publish_crl_with(certificate.pk, now=now)
    (entry,) = served()
    assert entry.serial_number == int(certificate.serial, 16)
    assert entry.revocation_date_utc == now
    reason = entry.extensions.get_extension_for_class(x509.CRLReason).value.reason
    assert reason == x509.ReasonFlags.key_compromise
    date = entry.extensions.get_extension_for_class(x509.InvalidityDate).value
    assert date.invalidity_date_utc == since


def test_no_reason_is_given_for_unspecified(certificate: Certificate, now: datetime) -> None:
    services.revoke(certificate.pk, "unspecified", actor=system("test"), now=now)
    services.publish_crl_with(certificate.pk, now=now)
    (entry,) = served()
    assert len(entry.extensions) == 0


def test_it_stays_until_a_list_has_been_published_after_its_end(
    certificate: Certificate, ca: IssuingCA, now: datetime
) -> None:
    """RFC 5280 section 3.3; a list is dated five minutes back."""
    services.revoke(certificate.pk, "superseded", actor=system("test"), now=now)
    for minutes, listed in ((0, 1), (4, 1), (60, 1), (120, 0)):
        after_it = certificate.not_after + timedelta(minutes=minutes)
        services.publish_crl(ca, now=after_it, reading=services.Reading.COMPARED)
        assert len(list(served())) == listed, minutes


def test_numbers_only_grow(ca: IssuingCA, now: datetime) -> None:
    first = services.publish_crl(ca, now=now).number
    assert services.publish_crl(ca, now=now).number == first + 1
    rewrite(IssuingCA.objects.filter(pk=ca.pk), crl_number=0)
    assert services.publish_crl(ca, now=now).number == first + 2


def test_numbers_grow_though_database_and_files_both_came_back_from_an_older_backup(
    ca: IssuingCA, now: datetime
) -> None:
    last = services.publish_crl(ca, now=now).number
    rewrite(IssuingCA.objects.filter(pk=ca.pk), crl_number=0)
    repository.crl_path(STEM).unlink()
    assert services.publish_crl(ca, now=now + timedelta(seconds=1)).number > last


def test_only_the_lists_own_ca_signs_it(ca: IssuingCA, now: datetime) -> None:
    services.publish_crl(ca, now=now)
    before = repository.crl_path(STEM).read_bytes()
    other = hierarchy.issuing(hierarchy.Place("test", "ec"))
    with pytest.raises(crl.CrlRefused):
        services.publish_crl(ca, now=now, load_signer=lambda _: other)
    assert repository.crl_path(STEM).read_bytes() == before


def test_a_wrong_signature_is_noticed(ca: IssuingCA, now: datetime) -> None:
    own, before = signer_for(ca), number()
    wrong = Signer(own.chain, hierarchy.issuing(hierarchy.Place("test", "ec")).private_key)
    with pytest.raises(crl.CrlRefused):
        services.publish_crl(ca, now=now, load_signer=lambda _: wrong)
    assert number() == before


def test_every_ca_is_published_and_a_retired_one_while_it_has_certificates(
    certificate: Certificate, cas: dict[str, IssuingCA], now: datetime
) -> None:
    IssuingCA.objects.update(state=IssuingCA.State.RETIRED)
    before = number()
    (only,) = services.publish_crls(now=now)
    assert number() == only.number > before
    rewrite(IssuingCA.objects, state=IssuingCA.State.ACTIVE)
    assert len(services.publish_crls(now=now)) == 4


def test_one_lost_key_does_not_keep_the_others_from_being_published(
    cas: dict[str, IssuingCA], now: datetime
) -> None:
    def one_lost(ca: IssuingCA) -> Signer:
        if ca.stem == "sote-rsa-1":
            raise Unavailable
        return signer_for(ca)

    before = {stem: number(stem) for stem in cas}
    with pytest.raises(ExceptionGroup):
        services.publish_crls(now=now, load_signer=one_lost)
    assert {stem for stem in cas if number(stem) == before[stem]} == {"sote-rsa-1"}


def test_openssl_finds_the_certificate_revoked(
    certificate: Certificate, ca: IssuingCA, now: datetime, tmp_path: Path
) -> None:
    services.revoke(certificate.pk, "superseded", actor=system("test"), now=now)
    services.publish_crl(ca, now=now)
    made = subprocess.run(
        ["openssl", "crl", "-inform", "der", "-noout", "-text"],
        input=repository.crl_path(STEM).read_bytes(),
        capture_output=True,
        check=True,
    )
    assert certificate.serial in made.stdout.decode()
    assert "Superseded" in made.stdout.decode()


@pytest.mark.urls("issuance.urls")
def test_the_public_addresses(ca: IssuingCA, now: datetime, client: Client) -> None:
    services.publish_crl(ca, now=now)
    crl_reply = client.get(f"/crl/{STEM}.crl")
    assert crl_reply["Content-Type"] == "application/pkix-crl"
    assert crl_reply.getvalue() == repository.crl_path(STEM).read_bytes()
    der = client.get(f"/ca/{STEM}.crt").getvalue()
    assert der == bytes(ca.certificate_der)
    pem = client.get(f"/ca/{STEM}.pem").getvalue()
    assert [c.subject for c in x509.load_pem_x509_certificates(pem)] == [
        ca.certificate.subject,
        ca.root.subject,
    ]


@pytest.mark.urls("issuance.urls")
@pytest.mark.parametrize("address", ["/crl/none.crl", "/ca/none.crt", "/ca/none.pem"])
def test_nothing_else_is_served(ca: IssuingCA, client: Client, address: str) -> None:
    assert client.get(address).status_code == 404


def test_a_draft_left_by_a_crash_is_never_served(ca: IssuingCA, now: datetime) -> None:
    services.publish_crl(ca, now=now)
    before = repository.crl_path(STEM).read_bytes()
    (repository.crl_path(STEM).parent / f".{STEM}.crl.half").write_bytes(before[:20])
    assert repository.crl_path(STEM).read_bytes() == before
    assert services.publish_crl(ca, now=now).number == number()
