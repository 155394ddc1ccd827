"""Certificates and keys of delegated OCSP responders: RFC 6960 section 4.2.2.2."""

from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from cryptography.x509.name import _ASN1Type
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from issuance.algorithms import SIGNATURE_ALGORITHMS, Branch
from issuance.authority.build import authority_key_identifier, key_usage, throwaway_key
from issuance.certificate.plan import SubjectKey
from issuance.signers.protocol import SigningKey, make_key

RSA_BITS = 3072


@dataclass(frozen=True, slots=True)
class ResponderPlan:
    """The contents of a responder's certificate; times in UTC."""

    issuer: x509.Certificate
    common_name: str
    public_key: SubjectKey
    serial: int
    not_before: datetime
    not_after: datetime


def make_responder_key(branch: Branch) -> SigningKey:
    """A new key of the branch's type: P-384, or RSA 3072, which signs faster than RSA 4096."""
    return make_key(branch, RSA_BITS)


def specimen(plan: ResponderPlan, branch: Branch) -> x509.Certificate:
    """The planned certificate signed with a throwaway key; its TBSCertificate is final."""
    return _builder(plan).sign(throwaway_key(branch), SIGNATURE_ALGORITHMS[branch].hash)


def _builder(plan: ResponderPlan) -> x509.CertificateBuilder:
    """The certificate may sign OCSP responses only, and its own status need not be checked.

    id-pkix-ocsp-nocheck: RFC 6960 section 4.2.2.2.1. Its validity is therefore short.
    """
    return (
        x509.CertificateBuilder()
        .serial_number(plan.serial)
        .issuer_name(plan.issuer.subject)
        .not_valid_before(plan.not_before)
        .not_valid_after(plan.not_after)
        .subject_name(_name(plan.issuer, plan.common_name))
        .public_key(plan.public_key)
        .add_extension(authority_key_identifier(plan.issuer), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(plan.public_key), critical=False)
        .add_extension(key_usage(frozenset({"digital_signature"})), critical=True)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.OCSP_SIGNING]), critical=False)
        .add_extension(x509.OCSPNoCheck(), critical=False)
    )


def _name(issuer: x509.Certificate, own: str) -> x509.Name:
    """The issuer's country and organisation with the responder's common name."""
    kept = [
        attribute
        for attribute in issuer.subject
        if attribute.oid in (NameOID.COUNTRY_NAME, NameOID.ORGANIZATION_NAME)
    ]
    return x509.Name([*kept, x509.NameAttribute(NameOID.COMMON_NAME, own, _ASN1Type.UTF8String)])
