"""The e-mail certificate: one proven mailbox, S/MIME key usage, two years at most."""

from datetime import datetime

import pytest
from cryptography import x509

from accounts.models import Organisation
from issuance import services
from issuance.certificate.names import is_email
from issuance.certificate.order import examine_order
from issuance.certificate.profiles import PROFILES, ProfileBeyondCeiling, make_profile
from issuance.models import IssuingCA
from tests.issuance.orders import HOSTS, MAILBOX, email_order, lasting_key, server_order
from tests.issuance.profiles import changed


@pytest.mark.parametrize("kind", ["RSA-2048", "P-256"])
def test_it_certifies_the_mailbox_and_nothing_else(
    cas: dict[str, IssuingCA], pharmacy: Organisation, now: datetime, kind: str
) -> None:
    prepared = services.prepare(email_order(pharmacy, lasting_key(kind)), now=now)
    assert prepared.state == "prepared"
    names = prepared.specimen.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    assert list(names.value) == [x509.RFC822Name(MAILBOX)]
    assert prepared.specimen.subject.rfc4514_string().startswith(f"CN={MAILBOX},")


def test_an_rsa_key_signs_and_deciphers(
    cas: dict[str, IssuingCA], pharmacy: Organisation, now: datetime
) -> None:
    prepared = services.prepare(email_order(pharmacy, lasting_key("RSA-2048")), now=now)
    usage = prepared.specimen.extensions.get_extension_for_class(x509.KeyUsage)
    assert usage.critical
    assert usage.value.public_bytes()[-1] == 0xB0


@pytest.mark.parametrize("emails", [(), (MAILBOX, "info@example.fi")])
def test_there_is_exactly_one_mailbox(
    pharmacy: Organisation, now: datetime, emails: tuple[str, ...]
) -> None:
    order = email_order(pharmacy, lasting_key("P-256"), emails=emails, dns_names=())
    assert "ca.emails" in {finding.rule for finding in examine_order(order, now=now)}


def test_a_server_certificate_carries_no_mailbox(pharmacy: Organisation, now: datetime) -> None:
    order = server_order(pharmacy, lasting_key("P-256"), emails=(MAILBOX,))
    assert {finding.rule for finding in examine_order(order, now=now)} == {"ca.emails"}


def test_an_email_certificate_carries_no_host(pharmacy: Organisation, now: datetime) -> None:
    order = email_order(pharmacy, lasting_key("P-256"), dns_names=HOSTS)
    assert "ca.dns_names" in {finding.rule for finding in examine_order(order, now=now)}


@pytest.mark.parametrize(
    "address",
    ["kirjaamo", "@example.fi", "Kirjaamo@example.fi", "käyttö@example.fi", "a b@example.fi"],
)
def test_an_address_that_cannot_stand_in_a_certificate(address: str) -> None:
    assert not is_email(address)


def test_an_address_longer_than_a_common_name_stops(pharmacy: Organisation, now: datetime) -> None:
    long = "a" * 60 + "@example.fi"
    order = email_order(pharmacy, lasting_key("P-256"), emails=(long,))
    assert "ca.email" in {finding.rule for finding in examine_order(order, now=now)}


def test_over_two_years_there_is_no_such_profile() -> None:
    assert PROFILES["email"].max_months == 24
    with pytest.raises(ProfileBeyondCeiling):
        make_profile(**changed("email", max_months=25))
