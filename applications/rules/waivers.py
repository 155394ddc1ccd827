"""Which findings a reviewer may waive, for how long, and which waivers count.

A waiver covers one finding with its values. On its own order it counts from the moment it is given;
on later orders of the same organisation only after a second person has confirmed it, and where the
certificate authority wants it signed on no other order. After its last day it counts nowhere. See
docs/decisions/waivers.md.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from django.db.models import F, Q, QuerySet
from django.db.models.functions import Coalesce

from applications.models import Application, HostName, Waiver
from applications.rules import systems
from certportal.foundation.database.combined_queries import Asks, Question, Rows
from issuance.approvers.assertion import Assertion, BadAssertion
from issuance.approvers.waived import ToWaive, Waived, digest_of
from issuance.conf import proof_wanted
from issuance.findings import Finding, Severity

OID_OUTSIDE, HOST_DECLARED = "order.system_oid_outside", "order.host_declared"
# The finding about an approved order whose waiver has ended or was withdrawn before the signature.
NOT_WAIVED = "order.not_waived"
# Keys, host names, the register's records, the mailbox and the certificate of conformity cannot be
# waived: law, or those who rely on the certificate, do not permit it. That a host name rests on the
# applicant's declaration is waived by recording this as its evidence.
WAIVABLE = frozenset({OID_OUTSIDE})
SOON = timedelta(days=30)


def needed(application: Application, *, on: date) -> list[Finding]:
    """Return the order's findings on that day that are acceptable only with a waiver."""
    outside = oid_outside(application, on=on)
    return [*([outside] if outside else []), *_hosts(application)]


def oid_outside(application: Application, *, on: date) -> Finding | None:
    """Return the finding that the system's OID is outside the organisation's root, or None.

    Without the applicant's reason it is an error, which returns the order to the applicant.
    """
    if not systems.is_outside(application, on=on):
        return None
    params = {"value": application.system_oid, "root": systems.root(application, on=on)}
    severity = Severity.WARNING if application.system_oid_reason else Severity.ERROR
    return Finding(OID_OUTSIDE, severity, params)


def _hosts(application: Application) -> Iterator[Finding]:
    if not application.kind.has_host_names:
        return
    for host in application.hosts:
        if host.evidence == HostName.Evidence.DECLARED:
            yield host_declared(host.name)


def host_declared(name: str) -> Finding:
    """Return the finding that only the applicant's declaration is evidence for the host name."""
    return Finding(HOST_DECLARED, Severity.WARNING, {"value": name})


def covering_each(
    application: Application, findings: Sequence[Finding], *, on: date
) -> list[Waiver | None]:
    """Return for each finding the waiver that covers it on the order that day, or None.

    It takes one query for all findings: an order has up to a hundred host names.
    """
    if not findings:
        return []
    latest_last = _counting(application, frozenset(finding.rule for finding in findings), on)
    is_proof_wanted = proof_wanted(application.kind.profile.environment)
    by_finding = {
        _key(waiver.rule, waiver.params): waiver
        for waiver in latest_last
        if not is_proof_wanted or waiver.rule not in WAIVABLE or _is_proof(waiver, application)
    }
    return [by_finding.get(_key(finding.rule, finding.params)) for finding in findings]


def _is_proof(waiver: Waiver, application: Application) -> bool:
    """Whether the certificate authority accepts the waiver: signed, and on this very order."""
    return waiver.application_id == application.pk and signed(waiver).is_signed


@Question
def _counting(application: Application, rules: frozenset[str], on: date) -> Asks[list[Waiver]]:
    """Return the waivers of these rules that count on the order that day, the latest last."""
    # Not one whose giver and confirmer turned out to be the same person.
    by_two = Q(confirmed_at__isnull=False) & ~Q(giver=F("confirmer"))
    counting = in_force(on).annotate(giver=_human("waived_by"), confirmer=_human("confirmed_by"))
    counting = counting.filter(
        Q(application=application) | by_two,
        application__organisation=application.organisation_id,
        rule__in=rules,
    )
    return Rows(
        counting.order_by("ends_on", "-pk"), "application", "waived_by", "confirmed_by"
    ), list


def _human(name: str) -> Coalesce:
    """Return the key of the waiver's person, or of the one they were merged into."""
    return Coalesce(f"{name}__merged_into_id", f"{name}_id")


def _key(rule: str, params: Mapping[str, Any]) -> tuple[str, str]:
    return rule, json.dumps(dict(params), sort_keys=True)


def to_sign(
    application: Application, finding: Finding, *, number: int, reason: str, ends_on: date
) -> ToWaive:
    """Return the content that a reviewer's passkey signs to give the order's waiver `number`."""
    return ToWaive(
        reference=application.pk,
        number=number,
        rule=finding.rule,
        params=finding.params,
        reason_sha256=digest_of(reason),
        ends_on=ends_on,
    )


def signed(waiver: Waiver) -> Waived:
    """Return the waiver with its assertion, for the certificate authority."""
    earlier = Waiver.objects.filter(application=waiver.application_id, pk__lte=waiver.pk)
    facts: dict[str, Any] = {"reason": waiver.reason, "ends_on": waiver.ends_on}
    content = to_sign(waiver.application, waiver.finding, number=earlier.count(), **facts)
    try:
        return Waived(content, Assertion.parse(waiver.assertion))
    except BadAssertion:  # missing or unreadable
        return Waived(content, None)


def in_force(on: date) -> QuerySet[Waiver]:
    """Return the waivers that have neither ended nor been closed."""
    return Waiver.objects.filter(closed_at=None, ends_on__gte=on)


def ending_soon(on: date) -> QuerySet[Waiver]:
    """Return the waivers in force that end within 30 days."""
    return in_force(on).filter(ends_on__lt=on + SOON)


def unwaived(application: Application, *, on: date) -> Finding | None:
    """Return the first finding of the order that needs a waiver and has none, or None."""
    findings = needed(application, on=on)
    covers = covering_each(application, findings, on=on)
    return next(
        (finding for finding, waiver in zip(findings, covers, strict=True) if waiver is None), None
    )


def still_found(application: Application) -> list[dict[str, Any]]:
    """Return the stored findings without "not waived", which a new waiver settles."""
    return [finding for finding in application.findings if finding["rule"] != NOT_WAIVED]


def relied_on(application: Application, *, on: date) -> list[Waiver]:
    """Return the waivers that the order rests on that day."""
    covers = covering_each(application, needed(application, on=on), on=on)
    return [waiver for waiver in covers if waiver is not None]


def waivers_to_sign(application: Application, *, on: date) -> list[Waived]:
    """Return the waivers that the order rests on and that need a signature, with their assertions.

    A declared host name needs no signature, because it is recorded as evidence.
    """
    relied = relied_on(application, on=on)
    return [signed(waiver) for waiver in relied if waiver.rule in WAIVABLE]
