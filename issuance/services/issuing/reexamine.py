"""Running today's rules on a certificate that another version of the program prepared.

During an upgrade, certificates prepared by one version are signed by the other. A new version is no
reason to send a case back to the reviewers: what counts is whether the approved bytes keep the
rules of the version that signs them.

These are run again: the rules for the request and its key, those for the order as far as it can be
read from the certificate, and the lint, with today's profile and issuing CA. The order is not
compared with the submission again: that was done when the bytes were prepared, and the hash of the
submission is stored with them.
"""

import hashlib
from datetime import datetime, timedelta

from issuance.certificate.lint import lint
from issuance.certificate.order import CertificateOrder, examine_order
from issuance.certificate.plan import Plan, SubjectKey
from issuance.certificate.profiles import PROFILES, Profile
from issuance.certificate.read_back import ordered
from issuance.findings import RULE_SET_VERSION, Finding, Severity, error
from issuance.models import PreparedCertificate
from issuance.services.errors import PreparedByNewer
from issuance.services.issuing.attempts import ca_of
from issuance.services.issuing.evidence import examine_csr

UPGRADE_LASTS = timedelta(hours=1)
"""How long after the preparation to wait for a signer of the newer version."""


def is_of_this_version(attempt: PreparedCertificate) -> bool:
    """Whether the attempt was prepared and linted with this version's rules and profile."""
    profile = PROFILES.get(attempt.profile_id)
    own = (RULE_SET_VERSION, profile.version if profile else None)
    return (attempt.rule_set_version, attempt.profile_version) == own


def broken_rules(attempt: PreparedCertificate, *, now: datetime) -> list[str]:
    """The ids of this version's rules that the prepared bytes break; empty if they may be signed.

    Raises PreparedByNewer if a later version that allows what this one refuses just prepared them.
    """
    profile = PROFILES.get(attempt.profile_id)
    findings = [error("ca.profile")] if profile is None else _examine(attempt, profile)
    broken = sorted({each.rule for each in findings if each.severity is Severity.ERROR})
    if broken and _is_newer(attempt) and now < attempt.created_at + UPGRADE_LASTS:
        raise PreparedByNewer(attempt.rule_set_version)
    return broken


def _examine(attempt: PreparedCertificate, profile: Profile) -> list[Finding]:
    made = attempt.specimen
    csr_sha256 = hashlib.sha256(attempt.csr_der).hexdigest()
    is_same = made.tbs_certificate_bytes == bytes(attempt.tbs)
    if not (is_same and csr_sha256 == attempt.csr_sha256):
        return [error("ca.csr_hash")]
    report = examine_csr(bytes(attempt.csr_der), profile)
    if report.csr is None or not report.accepted:
        return report.errors
    order = CertificateOrder(
        reference=attempt.reference,
        profile_id=attempt.profile_id,
        organisation_id=attempt.organisation_id,
        csr_der=bytes(attempt.csr_der),
        csr_sha256=attempt.csr_sha256,
        submission=b"",
        submission_sha256=attempt.submission_sha256,
        register_record=attempt.register_record,
        **ordered(made),
    )
    own = examine_order(order, now=attempt.created_at)
    return [*own, *lint(made, _plan(attempt, order, profile, report.csr.public_key()))]


def _plan(
    attempt: PreparedCertificate, order: CertificateOrder, profile: Profile, key: SubjectKey
) -> Plan:
    assert attempt.not_before and attempt.not_after
    return Plan(
        issuer=ca_of(attempt).issuer(),
        profile=profile,
        subject=order.attributes(profile),
        dns_names=order.dns_names,
        purpose=order.purpose,
        public_key=key,
        serial=int(attempt.serial, 16),
        not_before=attempt.not_before,
        not_after=attempt.not_after,
        emails=order.emails,
    )


def _is_newer(attempt: PreparedCertificate) -> bool:
    """Whether the attempt was prepared by a later version of the program than this."""
    profile = PROFILES.get(attempt.profile_id)
    if profile is None or attempt.profile_version > profile.version:
        return True
    return _number(attempt.rule_set_version) > _number(RULE_SET_VERSION)


def _number(version: str) -> tuple[int, ...]:
    """``year.month[.n]`` in a form that can be compared."""
    return tuple(map(int, version.split(".")))
