"""Lint of a certificate before it is signed: this CA's rules, then pkilint's PKIX rules. Pure.

An error stops issuing; a warning is shown to the reviewer. Each rule of this CA is a function
that yields the differences from the plan, registered with its citation. The rules read the
finished certificate and share no code with the builder. pkilint's CA/B rules are not used: they
are for the public web and refuse every one-year certificate.
"""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.name import _ASN1Type
from cryptography.x509.oid import ExtensionOID

from certportal.foundation import clock
from issuance.algorithms import SIGNATURE_ALGORITHMS
from issuance.certificate.hosts import certified_problem
from issuance.certificate.lint_pkix import pkix_findings
from issuance.certificate.names import UPPER_BOUNDS, foreign_characters, short
from issuance.certificate.plan import SERIAL_BYTES, Plan, branch_of
from issuance.certificate.profiles import CEILING_MONTHS, PURPOSE_OIDS
from issuance.certificate.read_back import extension
from issuance.findings import Finding, Severity

type Check = Callable[[x509.Certificate, Plan], Iterator[str]]


@dataclass(frozen=True, slots=True)
class LintRule:
    """One rule; ``check`` yields a description in English for each fault."""

    id: str
    citation: str
    check: Check


RULES: list[LintRule] = []


def rule(citation: str) -> Callable[[Check], Check]:
    """Register a check under ``lint.<its name>`` with the citation it enforces."""

    def register(check: Check) -> Check:
        RULES.append(LintRule(f"lint.{check.__name__}", citation, check))
        return check

    return register


def lint(certificate: x509.Certificate, plan: Plan) -> list[Finding]:
    """Every finding about a certificate made by ``plan``; any error must prevent issuing."""
    own = [
        Finding(rule=rule.id, severity=Severity.ERROR, params={"detail": detail})
        for rule in RULES
        for detail in rule.check(certificate, plan)
    ]
    return own + list(pkix_findings(certificate.public_bytes(Encoding.DER)))


@rule("RFC 5280 4.1.2.2; CA/B BR 7.1: at least 64 random bits, at most 20 octets")
def serial(certificate: x509.Certificate, plan: Plan) -> Iterator[str]:
    """Equal to the planned serial number: fifteen octets, the first of them 01."""
    number = certificate.serial_number
    if number != plan.serial or number >> (8 * (SERIAL_BYTES - 1)) != 1:
        yield f"{number:X}"


@rule("RFC 5280 4.1.1.2; FINEID S2: sha512WithRSA and ecdsa-SHA384")
def signature_algorithm(certificate: x509.Certificate, plan: Plan) -> Iterator[str]:
    """The algorithm of the issuing CA's branch."""
    if certificate.signature_algorithm_oid != SIGNATURE_ALGORITHMS[plan.issuer.branch].oid:
        yield certificate.signature_algorithm_oid.dotted_string


@rule("RFC 5280 4.1.2.4: the issuer field equals the issuer's subject")
def issuer(certificate: x509.Certificate, plan: Plan) -> Iterator[str]:
    """Byte for byte equal, so that every path builder finds the chain."""
    if certificate.issuer.public_bytes() != plan.issuer.certificate.subject.public_bytes():
        yield certificate.issuer.rfc4514_string()


@rule("DVV: a server certificate lasts one year at most, a system signature two")
def validity(certificate: x509.Certificate, plan: Plan) -> Iterator[str]:
    """As planned, ending at 23:59:59 Finnish time, within the ceiling and the issuer's validity."""
    start, end = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    if (start, end) != (plan.not_before, plan.not_after) or start >= end:
        yield f"{start.isoformat()} to {end.isoformat()}"
    local = end.astimezone(clock.HELSINKI)
    if (local.hour, local.minute, local.second) != (23, 59, 59):
        yield f"ends at {local.isoformat()}"
    months = min(plan.profile.max_months, CEILING_MONTHS[plan.profile.family])
    if local.date() >= clock.add_months(clock.day(start), months):
        yield f"ends {local.date().isoformat()}, over {months} months"
    own = plan.issuer.certificate
    if start < own.not_valid_before_utc or end > own.not_valid_after_utc:
        yield "outside the validity of the issuing CA"


@rule("domain: the subject comes from register and order; FINEID S2 string types")
def subject(certificate: x509.Certificate, plan: Plan) -> Iterator[str]:
    """The planned attributes in the profile's order, each with the right string type."""
    found = [(short(attribute), str(attribute.value)) for attribute in certificate.subject]
    if found != list(plan.subject.items()):
        yield certificate.subject.rfc4514_string()
    if [name for name in plan.profile.subject if name in dict(found)] != [n for n, _ in found]:
        yield "attributes the profile does not have, or in another order"
    for attribute in certificate.subject:
        printable = short(attribute) in {"C", "serialNumber"}
        wanted = _ASN1Type.PrintableString if printable else _ASN1Type.UTF8String
        if attribute._type is not wanted:
            yield f"{short(attribute)} is {attribute._type.name}"


@rule("RFC 5280 appendix A.1 upper bounds; FINEID S2: characters of ISO 8859-1")
def subject_values(certificate: x509.Certificate, plan: Plan) -> Iterator[str]:
    """No value is empty, too long, or has a character outside the permitted set."""
    for attribute in certificate.subject:
        value, bound = str(attribute.value), UPPER_BOUNDS.get(short(attribute), 0)
        if not 0 < len(value) <= bound:
            yield f"{short(attribute)}: {len(value)} characters"
        if foreign := foreign_characters(value):
            yield f"{short(attribute)}: {' '.join(foreign)}"


@rule("the CSR gives the key, and RSA keys go to the RSA branch, EC keys to the EC branch")
def public_key(certificate: x509.Certificate, plan: Plan) -> Iterator[str]:
    """The planned key, certified by a CA of the key's branch."""
    if _spki(certificate.public_key()) != _spki(plan.public_key):
        yield "another key"
    if branch_of(certificate.public_key()) != plan.issuer.branch:
        yield "key of another branch"


@rule("Bugzilla 1712188: test certificates chain to the test hierarchy only")
def environment(certificate: x509.Certificate, plan: Plan) -> Iterator[str]:
    """Profile and issuing CA belong to the same environment."""
    if plan.profile.environment != plan.issuer.environment:
        yield f"{plan.profile.id} under a {plan.issuer.environment} CA"


@rule("RFC 5280 4.2: nothing but what the profile has, critical where it must be")
def extensions(certificate: x509.Certificate, plan: Plan) -> Iterator[str]:
    """Exactly the expected extensions, each with the expected criticality."""
    wanted = {
        ExtensionOID.AUTHORITY_KEY_IDENTIFIER: False,
        ExtensionOID.SUBJECT_KEY_IDENTIFIER: False,
        ExtensionOID.KEY_USAGE: True,
        ExtensionOID.CERTIFICATE_POLICIES: False,
        ExtensionOID.BASIC_CONSTRAINTS: True,
        ExtensionOID.CRL_DISTRIBUTION_POINTS: False,
        ExtensionOID.AUTHORITY_INFORMATION_ACCESS: False,
    }
    if plan.profile.has_purpose:
        wanted[ExtensionOID.EXTENDED_KEY_USAGE] = False
    if plan.profile.has_dns_names or plan.profile.has_emails:
        wanted[ExtensionOID.SUBJECT_ALTERNATIVE_NAME] = False
    found = {extension.oid: extension.critical for extension in certificate.extensions}
    for oid in sorted(wanted.keys() | found.keys(), key=lambda oid: oid.dotted_string):
        if wanted.get(oid) != found.get(oid):
            yield oid.dotted_string


@rule("RFC 5280 4.2.1.9; Bugzilla: an end entity is never a CA")
def basic_constraints(certificate: x509.Certificate, plan: Plan) -> Iterator[str]:
    """CA:FALSE, no path length."""
    value = extension(certificate, x509.BasicConstraints)
    if value is None or value.ca or value.path_length is not None:
        yield "not an end entity"


@rule("RFC 5280 4.2.1.3; RFC 5480 section 3; domain 2.2 and 2.4")
def key_usage(certificate: x509.Certificate, plan: Plan) -> Iterator[str]:
    """Exactly the usages of the profile for this type of key."""
    value = extension(certificate, x509.KeyUsage)
    branch = branch_of(certificate.public_key())
    wanted = plan.profile.key_usage[branch] if branch else frozenset()
    if value is None or _usages(value) != wanted:
        yield ", ".join(sorted(_usages(value))) if value else "missing"


@rule("RFC 5280 4.2.1.12; the purpose ordered: server, client or both")
def extended_key_usage(certificate: x509.Certificate, plan: Plan) -> Iterator[str]:
    """Exactly the purposes ordered."""
    value = extension(certificate, x509.ExtendedKeyUsage)
    if set(value or ()) != {PURPOSE_OIDS[purpose] for purpose in plan.purpose}:
        yield ", ".join(oid.dotted_string for oid in value or ())


@rule("RFC 5280 4.2.1.6; DVV: a server's names only, or the one proven mailbox")
def subject_alternative_names(certificate: x509.Certificate, plan: Plan) -> Iterator[str]:
    """Exactly the names ordered; the common name is one of them."""
    value = extension(certificate, x509.SubjectAlternativeName)
    wanted: list[x509.GeneralName] = [x509.DNSName(name) for name in plan.dns_names]
    wanted += [x509.RFC822Name(address) for address in plan.emails]
    if list(value or ()) != wanted:
        yield "not the names ordered"
    named = plan.profile.has_dns_names or plan.profile.has_emails
    if named and plan.subject.get("CN") not in (*plan.dns_names, *plan.emails):
        yield "the common name is no name of the order"


@rule("RFC 5280 4.2.1.6; RFC 6761; RFC 5891; CA/B BR 7.1.2.7.12: registered public names only")
def host_names(certificate: x509.Certificate, plan: Plan) -> Iterator[str]:
    """Each DNS name may be certified (``certified_problem``), whatever the plan says."""
    value = extension(certificate, x509.SubjectAlternativeName)
    for name in value.get_values_for_type(x509.DNSName) if value else ():
        if problem := certified_problem(name):
            yield f"{name}: {problem}"


@rule("RFC 5280 4.2.1.1 and 4.2.1.2: path building by key identifiers")
def key_identifiers(certificate: x509.Certificate, plan: Plan) -> Iterator[str]:
    """The AKI equals the issuer's SKI; the SKI is the SHA-1 of the key bits."""
    authority = extension(certificate, x509.AuthorityKeyIdentifier)
    own = extension(certificate, x509.SubjectKeyIdentifier)
    issuers = extension(plan.issuer.certificate, x509.SubjectKeyIdentifier)
    if not authority or not issuers or authority.key_identifier != issuers.digest:
        yield "authority key identifier"
    if own != x509.SubjectKeyIdentifier.from_public_key(certificate.public_key()):
        yield "subject key identifier"


@rule("RFC 5280 4.2.1.4; explicitText at most 200 characters; own policy OID only")
def policies(certificate: x509.Certificate, plan: Plan) -> Iterator[str]:
    """Only the issuing CA's policy; its notice has at most 200 characters."""
    found = list(extension(certificate, x509.CertificatePolicies) or ())
    if [policy.policy_identifier.dotted_string for policy in found] != [plan.issuer.policy.oid]:
        yield ", ".join(policy.policy_identifier.dotted_string for policy in found)
    if len(plan.issuer.policy.notice) > 200:
        yield "the notice is too long"


@rule("RFC 5280 4.2.1.13 and 4.2.2.1; FINEID S2: no LDAP, OCSP and caIssuers mandatory")
def addresses(certificate: x509.Certificate, plan: Plan) -> Iterator[str]:
    """The issuing CA's addresses for CRL, CA certificate and OCSP, all plain http."""
    points = extension(certificate, x509.CRLDistributionPoints) or ()
    access = extension(certificate, x509.AuthorityInformationAccess) or ()
    found = [name.value for point in points for name in point.full_name or ()]
    found += [str(description.access_location.value) for description in access]
    issuer = plan.issuer
    if found != [issuer.crl_url, issuer.certificate_url, issuer.ocsp_url]:
        yield ", ".join(found)
    yield from (url for url in found if not url.startswith("http://"))


def _spki(key: object) -> str:
    der = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)  # type: ignore[attr-defined]
    return hashlib.sha256(der).hexdigest()


def _usages(value: x509.KeyUsage) -> frozenset[str]:
    names = ["digital_signature", "content_commitment", "key_encipherment", "data_encipherment"]
    names += ["key_agreement", "key_cert_sign", "crl_sign"]
    if value.key_agreement:
        names += ["encipher_only", "decipher_only"]
    return frozenset(name for name in names if getattr(value, name))
