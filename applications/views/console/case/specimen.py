"""The prepared certificate: field by field in words, and as text."""

from collections.abc import Iterator

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from applications.views.shared.certificate import Fact, purposes, status_addresses
from issuance.certificate.hosts import with_unicode
from issuance.certificate.names import subject_values
from issuance.certificate.read_back import extension
from issuance.models import PreparedCertificate

# RFC 5280 4.2.1.3 calls contentCommitment by its older name beside it.
USAGES = {
    "digital_signature": "digitalSignature",
    "content_commitment": "nonRepudiation",
    "key_encipherment": "keyEncipherment",
    "data_encipherment": "dataEncipherment",
    "key_agreement": "keyAgreement",
    "key_cert_sign": "keyCertSign",
    "crl_sign": "cRLSign",
}


def host_names(certificate: x509.Certificate) -> list[str]:
    """Return the DNS names of the subject alternative name; [] without the extension."""
    return _alternative_names(certificate, x509.DNSName)


def _alternative_names(
    certificate: x509.Certificate, kind: type[x509.DNSName] | type[x509.RFC822Name]
) -> list[str]:
    value = extension(certificate, x509.SubjectAlternativeName)
    return value.get_values_for_type(kind) if value else []


def names(prepared: PreparedCertificate) -> list[tuple[str, list[str]]]:
    """Return the names in the certificate: subject attributes, then host names."""
    certificate = prepared.specimen
    hosts = host_names(certificate)
    subject = [(short, [value]) for short, value in subject_values(certificate).items()]
    return [*subject, *([("DNS", hosts)] if hosts else [])]


def key(certificate: x509.Certificate) -> str:
    public = certificate.public_key()
    if isinstance(public, RSAPublicKey):
        return f"RSA {public.key_size}"
    return f"EC {public.curve.name}" if isinstance(public, EllipticCurvePublicKey) else "?"


def moments(prepared: PreparedCertificate) -> tuple[str, str]:
    """Return start and end of validity in Finnish time, formatted for the reader."""
    first, last = localtime(prepared.not_before), localtime(prepared.not_after)
    return date_format(first, "DATETIME_FORMAT"), date_format(last, "DATETIME_FORMAT")


def facts(prepared: PreparedCertificate) -> Iterator[Fact]:
    """Yield the fields of the prepared certificate in order, with names in words."""
    certificate = prepared.specimen
    first, last = moments(prepared)
    yield _("Serial number (hexadecimal)"), prepared.serial
    yield _("Serial number (decimal)"), str(certificate.serial_number)
    yield _("Signature algorithm"), certificate.signature_algorithm_oid._name
    yield _("Issuer"), certificate.issuer.rfc4514_string()
    yield _("Valid from"), first
    yield _("Valid to"), last
    for name, value in subject_values(certificate).items():
        yield _("Subject: %(name)s") % {"name": name}, value
    yield _("Public key"), key(certificate)
    yield _("SHA-256 of the public key"), prepared.spki_sha256
    yield from _extensions(certificate)
    profile = {"profile": prepared.profile_id, "version": prepared.profile_version}
    yield _("Profile"), _("%(profile)s, version %(version)s") % profile
    yield _("SHA-256 of the bytes to be signed"), prepared.tbs_sha256


def _extensions(certificate: x509.Certificate) -> Iterator[Fact]:
    if names := host_names(certificate):
        yield _("Host names (SAN)"), ", ".join(map(with_unicode, names))
    if names := _alternative_names(certificate, x509.RFC822Name):
        yield _("Email addresses (SAN)"), ", ".join(names)
    if usage := extension(certificate, x509.KeyUsage):
        used = [label for name, label in USAGES.items() if getattr(usage, name)]
        yield _("Key usage"), ", ".join(used)
    if purpose := purposes(certificate):
        yield _("Extended key usage"), ", ".join(purpose)
    if policies := extension(certificate, x509.CertificatePolicies):
        yield _("Certificate policy"), ", ".join(map(_policy, policies))
    yield from status_addresses(certificate)
    yield from _constraints(certificate)


def _policy(policy: x509.PolicyInformation) -> str:
    """Return the policy's OID, the URL of its practice statement (CPS), and its notice."""
    texts = (
        qualifier.explicit_text if isinstance(qualifier, x509.UserNotice) else qualifier
        for qualifier in policy.policy_qualifiers or ()
    )
    return "; ".join(filter(None, (policy.policy_identifier.dotted_string, *texts)))


def _constraints(certificate: x509.Certificate) -> Iterator[Fact]:
    if constraints := extension(certificate, x509.BasicConstraints):
        ca = "CA:TRUE" if constraints.ca else "CA:FALSE"
        yield _("Basic constraints"), ca
    if subject_key := extension(certificate, x509.SubjectKeyIdentifier):
        yield _("Subject key identifier"), subject_key.digest.hex()
    authority_key = extension(certificate, x509.AuthorityKeyIdentifier)
    if authority_key and authority_key.key_identifier:
        yield _("Authority key identifier"), authority_key.key_identifier.hex()
