"""Orders as the registration authority hands them over, with requests made on the spot."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from typing import Any
from uuid import uuid4

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from accounts.models import Organisation
from issuance.certificate.order import CertificateOrder, Subject
from issuance.certificate.submission import PURPOSES
from issuance.signers.protocol import SigningKey

MAILBOX = "kirjaamo@apteekki.example.fi"
NEVER_CERTIFIED = (
    "apteekki.local",
    "localhost.localdomain",
    "co.uk",
    "xn--80ak6aa92e.com",  # Cyrillic letters that look like apple
    "xn--a.example",
    "kanta.acme",
    "www.example.com",
)
HOSTS = ("kanta.apteekki.example.fi", "vara.apteekki.example.fi")


def new_key(kind: str = "P-256") -> SigningKey:
    if kind.startswith("RSA"):
        return rsa.generate_private_key(public_exponent=65537, key_size=int(kind[4:]))
    curve = ec.SECP256R1() if kind == "P-256" else ec.SECP384R1()
    return ec.generate_private_key(curve)


@cache
def lasting_key(kind: str) -> SigningKey:
    """One key of each kind for the session: for tests that do not issue twice."""
    return new_key(kind)


def make_csr(key: SigningKey, common_name: str = HOSTS[0]) -> bytes:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
    builder = x509.CertificateSigningRequestBuilder().subject_name(name)
    return builder.sign(key, hashes.SHA256()).public_bytes(Encoding.DER)


def server_order(
    organisation: Organisation, key: SigningKey | None = None, **changes: Any
) -> CertificateOrder:
    made = CertificateOrder(
        reference=uuid4(),
        profile_id="server",
        organisation_id=organisation.pk,
        subject=Subject(organisation="Helsingin VI apteekki", locality="Helsinki"),
        csr_der=b"",
        csr_sha256="",
        submission=b"",
        submission_sha256="",
        register_record="1.2.246.10.2048198.10.0@7",
        validity_months=12,
        purpose=frozenset({"server", "client"}),
        dns_names=HOSTS,
    )
    return sent(replace(with_csr(made, make_csr(key or new_key())), **changes), changes)


def signature_order(
    organisation: Organisation, key: SigningKey | None = None, **changes: Any
) -> CertificateOrder:
    subject = Subject(
        organisation="Helsingin VI apteekki",
        unit="Helsingin VI apteekki, Käpylän sivuapteekki",
        locality="Helsinki",
        common_name="Apteekkijärjestelmä",
        serial_number="1.2.246.10.2048198.12.1",
    )
    made = replace(
        server_order(organisation, key),
        profile_id="system_signature",
        subject=subject,
        purpose=frozenset(),
        dns_names=(),
        validity_months=24,
    )
    if key is None:
        made = with_csr(made, make_csr(new_key(), "Apteekkijärjestelmä"))
    return sent(replace(made, **changes), changes)


def email_order(
    organisation: Organisation, key: SigningKey | None = None, **changes: Any
) -> CertificateOrder:
    made = replace(
        server_order(organisation, key),
        profile_id="email",
        purpose=frozenset(),
        dns_names=(),
        emails=(MAILBOX,),
        validity_months=24,
    )
    return sent(replace(made, **changes), changes)


BY_FAMILY = {"server": server_order, "system_signature": signature_order, "email": email_order}
"""One order of each family of profiles."""


def sent(order: CertificateOrder, changes: Mapping[str, Any]) -> CertificateOrder:
    """The order with a submission that says the same, unless `changes` brings its own."""
    if changes.keys() & {"submission", "submission_sha256"}:
        return order
    purpose = next(word for word, usages in PURPOSES.items() if usages == order.purpose)
    text = json.dumps(
        {
            "type": order.profile_id,
            "validity_months": order.validity_months,
            "start": order.start.isoformat() if order.start else None,
            "purpose": purpose,
            "host_names": order.dns_names,
            "system_name": order.subject.common_name,
            "system_oid": order.subject.serial_number,
            "certified_email": "".join(order.emails),
            "mailbox_proved_at": "2026-11-25T10:00:00+00:00" if order.emails else None,
        }
    ).encode()
    return sent_as(order, text)


def sent_as(order: CertificateOrder, text: bytes) -> CertificateOrder:
    """The order made from this submission."""
    return replace(order, submission=text, submission_sha256=hashlib.sha256(text).hexdigest())


def with_csr(order: CertificateOrder, csr: bytes) -> CertificateOrder:
    return replace(order, csr_der=csr, csr_sha256=hashlib.sha256(csr).hexdigest())
