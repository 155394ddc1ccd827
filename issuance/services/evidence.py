"""The CA's own look at an order: its CSR, its key and its names. The RA's word is no evidence."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from issuance import csr
from issuance.findings import Finding, Severity
from issuance.models import Certificate, IssuingCA
from issuance.orders import CertificateOrder, examine_order
from issuance.plan import SubjectKey, branch_of
from issuance.profiles import PROFILES
from issuance.services.keys import is_blocked, key_findings


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was found. ``key`` and ``ca`` are None when there is an error that keeps them away."""

    findings: tuple[Finding, ...]
    spki_sha256: str
    key: SubjectKey | None
    ca: IssuingCA | None

    @property
    def sound(self) -> bool:
        """Whether a certificate may be built."""
        return not has_error(self.findings) and self.key is not None and self.ca is not None


def has_error(findings: tuple[Finding, ...] | list[Finding]) -> bool:
    """Whether any finding stops issuing."""
    return any(finding.severity == Severity.ERROR for finding in findings)


def examine(order: CertificateOrder, *, now: datetime) -> Evidence:
    """Run every rule of the authority over the order."""
    profile = PROFILES.get(order.profile_id)
    server = profile is not None and profile.has_dns_names
    report = csr.examine(order.csr_der, blocked=is_blocked, for_server=server)
    findings = [*examine_order(order, now=now), *report.findings, *_hash(order), *_reissue(order)]
    if report.csr is None:
        return Evidence(tuple(findings), "", None, None)
    spki_sha256 = report.csr.key.spki_sha256
    known = key_findings(spki_sha256, order.reference, replaces=order.replaces)
    findings += [finding for finding in known if finding not in findings]
    key = cast(SubjectKey, report.csr.public_key()) if report.accepted else None
    ca = _issuing_ca(order, key)
    if key is not None and profile is not None and ca is None:
        findings.append(_error("ca.none_active", environment=profile.environment))
    return Evidence(tuple(findings), spki_sha256, key, ca)


def _hash(order: CertificateOrder) -> Iterator[Finding]:
    if hashlib.sha256(order.csr_der).hexdigest() != order.csr_sha256:
        yield _error("ca.csr_hash")


def _reissue(order: CertificateOrder) -> Iterator[Finding]:
    """Only a certificate of the same organisation can be replaced with its key."""
    if order.replaces is None:
        return
    own = Certificate.objects.filter(
        reference=order.replaces, organisation_id=order.organisation_id
    )
    if not own.exists():
        yield _error("ca.reissue")


def _issuing_ca(order: CertificateOrder, key: SubjectKey | None) -> IssuingCA | None:
    profile, branch = PROFILES.get(order.profile_id), branch_of(key)
    if profile is None or branch is None:
        return None
    return IssuingCA.objects.filter(
        environment=profile.environment, branch=branch, state=IssuingCA.State.ACTIVE
    ).first()


def _error(rule: str, **params: str | int) -> Finding:
    return Finding(rule=rule, severity=Severity.ERROR, params=params)
