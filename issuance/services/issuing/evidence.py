"""The CA's own examination of an order: CSR, key and names.

It does not rely on the RA's checks, except that it leaves out the tests of a key that take long
where a worker has recorded that they found nothing.
"""

import hashlib
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import cast
from uuid import UUID

from certportal.foundation.database.statements import execute
from issuance import csr
from issuance.certificate.order import CertificateOrder, examine_order
from issuance.certificate.plan import SubjectKey, branch_of
from issuance.certificate.profiles import PROFILES, Profile
from issuance.certificate.submission import examine_submission
from issuance.csr.request import spki_in
from issuance.findings import Finding, Severity, error, found
from issuance.keys.policy import hashes_of, read_key, spki_sha256
from issuance.models import IssuingCA
from issuance.services.blocked_keys import KeyOf, findings_of_keys
from issuance.services.sound_keys import sound_among


@dataclass(frozen=True, slots=True)
class Evidence:
    """The result of an examination. ``key`` or ``ca`` is None if it cannot be determined."""

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


def examine_all(orders: Sequence[CertificateOrder], *, now: datetime) -> list[Evidence]:
    """Run all rules of the CA on the orders, with one query to the records for all of them."""
    sound = sound_among(spki_sha256(spki_in(o.csr_der)) for o in orders)
    reports = [examine_csr(o.csr_der, PROFILES.get(o.profile_id), sound) for o in orders]
    hashes = [hashes_of(read_key(r.csr.spki)) if r.csr else [""] for r in reports]
    keys = [KeyOf(h[0], o.reference, o.replaces, h) for h, o in zip(hashes, orders, strict=True)]
    known, cas, own = findings_of_keys(keys), _active_cas(), _replaceable(orders)
    return [
        _evidence(order, report, now, known=known[n], cas=cas, own=own)
        for n, (order, report) in enumerate(zip(orders, reports, strict=True))
    ]


def examine_csr(der: bytes, profile: Profile | None, sound: Container[str] = ()) -> csr.Report:
    """The CSR checker's report, without the block list, which is consulted for all orders at once.

    The registration authority stores the extracted CSR, so anything but a DER structure is
    refused: the process that can use the CA keys unpacks and searches no files.
    """
    if csr.read_root(der) is None:
        fault = found("encoding.der", problem="structure", offset=0)
        return csr.Report([fault], None, csr.Kind.UNKNOWN)
    server = profile is not None and profile.has_dns_names
    return csr.examine(der, sound=sound, for_server=server)


def _evidence(
    order: CertificateOrder,
    report: csr.Report,
    now: datetime,
    *,
    known: list[Finding],
    cas: Mapping[tuple[str, str], IssuingCA],
    own: set[tuple[UUID, UUID, str]],
) -> Evidence:
    own_rules = (*examine_order(order, now=now), *examine_submission(order), *_hash(order))
    findings = [*own_rules, *report.findings]
    spki = report.csr.key.spki_sha256 if report.csr else ""
    if order.replaces and (order.replaces, order.organisation_id, spki) not in own:
        findings.append(error("ca.reissue"))
    if report.csr is None:
        return Evidence(tuple(findings), "", None, None)
    findings += known
    key = cast(SubjectKey, report.csr.public_key()) if report.accepted else None
    profile = PROFILES.get(order.profile_id)
    ca = cas.get((profile.environment, branch_of(key) or "")) if profile else None
    if key is not None and profile is not None and ca is None:
        findings.append(error("ca.none_active", environment=profile.environment))
    return Evidence(tuple(findings), report.csr.key.spki_sha256, key, ca)


def _hash(order: CertificateOrder) -> Iterator[Finding]:
    if hashlib.sha256(order.csr_der).hexdigest() != order.csr_sha256:
        yield error("ca.csr_hash")


# Certificates with their organisation and, by recursion, every organisation that succeeded it by a
# reviewer's decision. UNION drops duplicate rows, so the recursion terminates.
_REPLACEABLE = """
WITH RECURSIVE own AS (
    SELECT reference, organisation_id, spki_sha256 FROM issuance_certificate
    WHERE reference = ANY(%s::uuid[])
  UNION
    SELECT own.reference, heir.successor_id, own.spki_sha256
    FROM own JOIN accounts_succession heir USING (organisation_id)
) SELECT * FROM own
"""


def _replaceable(orders: Iterable[CertificateOrder]) -> set[tuple[UUID, UUID, str]]:
    """Permitted reissues, as triples of replaced reference, organisation and SPKI hash.

    Only a certificate of the same organisation, or of one that it succeeded by a reviewer's
    decision, can be replaced, and only with the same key.
    """
    wanted = [str(order.replaces) for order in orders if order.replaces]
    return set(execute(_REPLACEABLE, [wanted])) if wanted else set()


def _active_cas() -> dict[tuple[str, str], IssuingCA]:
    """The active issuing CAs by environment and branch; at most one for each."""
    return {(ca.environment, ca.branch): ca for ca in IssuingCA.read("state = 'active'")}
