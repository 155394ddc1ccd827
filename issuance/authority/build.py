"""Builds from a plan the certificate whose TBSCertificate the CA will sign."""

from functools import cache
from typing import cast

from cryptography import x509
from cryptography.x509.name import _ASN1Type
from cryptography.x509.oid import AuthorityInformationAccessOID

from issuance.algorithms import SIGNATURE_ALGORITHMS, Branch
from issuance.certificate.names import ATTRIBUTE_OIDS
from issuance.certificate.plan import Plan, Policy, branch_of
from issuance.certificate.profiles import PURPOSE_OIDS
from issuance.signers.protocol import SigningKey, make_key

# X.520: countryName and serialNumber are PrintableString. FINEID S2: the others are UTF8String.
_PRINTABLE = {"C", "serialNumber"}


def specimen(plan: Plan) -> x509.Certificate:
    """The planned certificate, signed with a throwaway key of the branch's type.

    Its TBSCertificate is exactly what the issuing CA will sign. Its signature is worthless, so
    it can be linted and shown before the CA has signed anything.
    """
    branch = plan.issuer.branch
    return _builder(plan).sign(throwaway_key(branch), SIGNATURE_ALGORITHMS[branch].hash)


@cache
def throwaway_key(branch: Branch) -> SigningKey:
    """Return a key of the branch's type that signs only specimens, the same in a process."""
    return make_key(branch, rsa_bits=2048)


def _builder(plan: Plan) -> x509.CertificateBuilder:
    builder = (
        x509.CertificateBuilder()
        .serial_number(plan.serial)
        .issuer_name(plan.issuer.certificate.subject)
        .not_valid_before(plan.not_before)
        .not_valid_after(plan.not_after)
        .subject_name(subject_name(plan))
        .public_key(plan.public_key)
    )
    for value, critical in _extensions(plan):
        builder = builder.add_extension(value, critical)
    return builder


def subject_name(plan: Plan) -> x509.Name:
    """The subject, one attribute in each RDN."""
    return x509.Name(
        x509.NameAttribute(
            ATTRIBUTE_OIDS[name],
            value,
            _ASN1Type.PrintableString if name in _PRINTABLE else _ASN1Type.UTF8String,
            _validate=False,  # it counts octets, X.520 characters, as `examine_order` has done
        )
        for name, value in plan.subject.items()
    )


def _extensions(plan: Plan) -> list[tuple[x509.ExtensionType, bool]]:
    issuer = plan.issuer
    extensions: list[tuple[x509.ExtensionType, bool]] = [
        (authority_key_identifier(issuer.certificate), False),
        (x509.SubjectKeyIdentifier.from_public_key(plan.public_key), False),
        (key_usage(plan.profile.key_usage[cast(Branch, branch_of(plan.public_key))]), True),
        (policies(issuer.policy), False),
        (x509.BasicConstraints(ca=False, path_length=None), True),
        (crl_distribution_points(issuer.crl_url), False),
        (authority_information_access(issuer.certificate_url, issuer.ocsp_url), False),
    ]
    if plan.purpose:
        usages = [oid for purpose, oid in PURPOSE_OIDS.items() if purpose in plan.purpose]
        extensions.append((x509.ExtendedKeyUsage(usages), False))
    names: list[x509.GeneralName] = [x509.DNSName(name) for name in plan.dns_names]
    names += [x509.RFC822Name(address) for address in plan.emails]
    if names:
        extensions.append((x509.SubjectAlternativeName(names), False))
    return extensions


def authority_key_identifier(issuer: x509.Certificate) -> x509.AuthorityKeyIdentifier:
    """Key identifier only, equal to the issuer's own: RFC 5280 section 4.2.1.1."""
    own = issuer.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    return x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(own)


def key_usage(usages: frozenset[str]) -> x509.KeyUsage:
    """The extension with exactly these usages, given by the library's parameter names."""
    every = [
        "digital_signature",
        "content_commitment",
        "key_encipherment",
        "data_encipherment",
        "key_agreement",
        "key_cert_sign",
        "crl_sign",
        "encipher_only",
        "decipher_only",
    ]
    return x509.KeyUsage(**{usage: usage in usages for usage in every})


def policies(policy: Policy) -> x509.CertificatePolicies:
    """One policy with a CPS pointer and a user notice, as in DVV's service certificates."""
    notice = x509.UserNotice(notice_reference=None, explicit_text=policy.notice)
    oid = x509.ObjectIdentifier(policy.oid)
    return x509.CertificatePolicies([x509.PolicyInformation(oid, [policy.cps_url, notice])])


def crl_distribution_points(url: str) -> x509.CRLDistributionPoints:
    """One distribution point: the complete CRL at one address."""
    point = x509.DistributionPoint(
        full_name=[x509.UniformResourceIdentifier(url)],
        relative_name=None,
        reasons=None,
        crl_issuer=None,
    )
    return x509.CRLDistributionPoints([point])


def authority_information_access(
    certificate_url: str, ocsp_url: str | None
) -> x509.AuthorityInformationAccess:
    """The address of the issuer's certificate and, for end entities, of its OCSP responder."""
    addresses = [(AuthorityInformationAccessOID.CA_ISSUERS, certificate_url)]
    if ocsp_url:
        addresses.append((AuthorityInformationAccessOID.OCSP, ocsp_url))
    return x509.AuthorityInformationAccess(
        x509.AccessDescription(method, x509.UniformResourceIdentifier(url))
        for method, url in addresses
    )
