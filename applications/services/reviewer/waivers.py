"""Waive a finding with reasons and an end date, confirm a waiver by approving, withdraw it."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.models import Person
from accounts.weak_evidence import require_in_range
from applications.errors import NotPossible, require, require_reasons
from applications.models import Application, Waiver
from applications.rules import impartiality, waivers
from applications.services import transition
from applications.services.reviewer.may_act import take
from applications.services.system.certificates import take_back
from applications.workflow import Action, ApplicationEvent, Status, consequences
from certportal.foundation import clock, events
from certportal.foundation.actors import Actor
from certportal.foundation.errors import Refused
from certportal.foundation.outbox import outbox
from issuance import services as authority
from issuance.approvers.assertion import Assertion
from issuance.findings import Finding
from issuance.models import Approval, PreparedCertificate
from issuance.services.issuing import to_sign as authority_to_sign

Outcome = Waiver.Outcome
WITHDRAWN, EVIDENCE_CHANGED = "waiver_withdrawn", "evidence_changed"


class NotWaivable(Refused):
    message = _("This finding cannot be waived. Ask the applicant to correct the order.")


@transaction.atomic
def waive(
    application_id: UUID,
    rule: str,
    *,
    reason: str,
    ends_on: date,
    assertion: Assertion | None = None,
    person: Person,
    version: int,
    actor: Actor,
    now: datetime,
) -> Waiver:
    """Waive the finding with this rule on a case that the reviewer holds, until the end of a day.

    The finding is established anew; a waiver covers only its present values. `assertion` is the
    answer of the reviewer's passkey to `waiver_to_sign`. Raises NotWaivable for a rule that cannot
    be waived or is not found, NotPossible where a waiver covers it already, OtherBytes,
    EndOutOfRange, ReasonsMissing, NotYourCase, Changed and the errors of a biased reviewer.
    """
    require_reasons(reason)
    application = take(Action.WAIVE, application_id, person, version, now=now)
    today = clock.day(now)
    findings = waivers.needed(application, on=today)
    finding = next(
        (finding for finding in findings if finding.rule == rule in waivers.WAIVABLE), None
    )
    if finding is None:
        raise NotWaivable
    if any(waivers.covering_each(application, [finding], on=today)):
        raise NotPossible(_("A waiver covers this already."))
    if assertion:
        signed = waiver_to_sign(application, finding, reason=reason, ends_on=ends_on)
        authority_to_sign.require(assertion, signed)
    waiver = give(
        application, finding, reason, ends_on, assertion=assertion, person=person, now=now
    )
    start_over(application, reason=EVIDENCE_CHANGED, actor=actor, now=now)
    transition.move(
        application,
        Action.WAIVE,
        actor,
        now,
        data=data_of(waiver),
        findings=waivers.still_found(application),
    )
    return waiver


def waiver_to_sign(
    application: Application, finding: Finding, *, reason: str, ends_on: date
) -> bytes:
    """Return the challenge that the reviewer's passkey signs to waive the finding.

    It contains the waiver's number within the order, so that an assertion for a withdrawn waiver
    cannot be reused.
    """
    number = application.waivers.count() + 1
    facts: dict[str, Any] = {"number": number, "reason": reason, "ends_on": ends_on}
    return waivers.to_sign(application, finding, **facts).challenge


def give(
    application: Application,
    finding: Finding,
    reason: str,
    ends_on: date,
    *,
    assertion: Assertion | None = None,
    person: Person,
    now: datetime,
) -> Waiver:
    """Insert the waiver of a finding on a locked application, in place of an open one.

    The caller records the event. Raises EndOutOfRange.
    """
    require_in_range(ends_on, now)
    replace(application, finding, person=person, now=now)
    assert application.submission is not None
    return Waiver.objects.create(
        application=application,
        submission=application.submission,
        rule=finding.rule,
        params=dict(finding.params),
        reason=reason,
        waived_by=person,
        waived_at=now,
        ends_on=ends_on,
        assertion=assertion.to_json() if assertion else None,
    )


def data_of(waiver: Waiver) -> dict[str, Any]:
    return {"waiver": waiver.pk, "rule": waiver.rule, "ends_on": waiver.ends_on.isoformat()}


def replace(application: Application, finding: Finding, *, person: Person, now: datetime) -> None:
    """Close the open waiver of the finding on a locked application, if there is one."""
    existing = Waiver.objects.filter(rule=finding.rule, params=dict(finding.params))
    existing.filter(application=application, closed_at=None).update(
        closed_at=now, closed_by=person, outcome=Outcome.REPLACED
    )


def confirm_relied_on(
    application: Application, *, person: Person, actor: Actor, now: datetime
) -> list[Waiver]:
    """Confirm the waivers that somebody else gave; return all waivers that the order rests on.

    Call with the application locked, for the person who approves its certificate.
    """
    current = person.current
    relied_on = waivers.relied_on(application, on=clock.day(now))
    for waiver in relied_on:
        if waiver.confirmed_at is None and waiver.waived_by.current != current:
            waiver.confirmed_by, waiver.confirmed_at = person, now
            waiver.save(update_fields=["confirmed_by", "confirmed_at"])
            _record(ApplicationEvent.WAIVER_CONFIRMED, waiver, actor, now)
    return relied_on


def to_withdraw(waiver: Waiver, person: Person, *, now: datetime) -> Iterator[Refused]:
    """Yield why the reviewer may not withdraw the waiver.

    A reason is a part in its order, or in another order that would return to review.
    """
    today = clock.day(now)
    yield from impartiality.to_review(person, waiver.application, now=now)
    orders = impartiality.parts(person, _unsigned(waiver))
    if any(waiver in waivers.relied_on(order, on=today) for order in orders):
        yield impartiality.PartInAnOrder()
    if not waivers.in_force(today).filter(pk=waiver.pk).exists():
        yield NotPossible(_("The waiver is no longer in force."))


@transaction.atomic
def withdraw_waiver(
    waiver_id: int, *, reason: str, person: Person, actor: Actor, now: datetime
) -> Waiver:
    """Withdraw a waiver in force. Orders that rest on it and are not signed need another one.

    Their approvals become void, and approved ones return to review. Raises ReasonsMissing,
    NotPossible where it is no longer in force, and the errors of a biased reviewer.
    """
    require_reasons(reason)
    today = clock.day(now)
    resting = _resting_on(Waiver.objects.select_related("application").get(pk=waiver_id), today)
    unlocked = Waiver.objects.select_related("application").select_for_update(of=("self",))
    waiver = unlocked.get(pk=waiver_id)
    impartiality.require_reviewer(person)
    require(to_withdraw(waiver, person, now=now))
    waiver.closed_at, waiver.closed_by = now, person
    waiver.outcome, waiver.closing_words = Outcome.WITHDRAWN, reason
    waiver.save(update_fields=["closed_at", "closed_by", "outcome", "closing_words"])
    _record(ApplicationEvent.WAIVER_WITHDRAWN, waiver, actor, now)
    for application in resting:
        _hold_back(application, actor, now)
    return waiver


def _resting_on(waiver: Waiver, today: date) -> list[Application]:
    """Lock and return the orders that rest on the waiver and are not signed yet."""
    keys = _unsigned(waiver).order_by("pk").values_list("pk", flat=True)
    locked = [transition.lock(key) for key in keys]
    return [order for order in locked if waiver in waivers.relied_on(order, on=today)]


def _unsigned(waiver: Waiver) -> QuerySet[Application]:
    """Return the orders of the waiver's organisation that are in review or approved."""
    return Application.objects.filter(
        organisation=waiver.application.organisation_id,
        status__in=[Status.IN_REVIEW, Status.APPROVED],
    )


def _hold_back(application: Application, actor: Actor, now: datetime) -> None:
    if application.status == Status.APPROVED:
        take_back(application.pk, WITHDRAWN, actor=actor, now=now)
        return
    _void([application], WITHDRAWN, actor, now)


def start_over(*cases: Application, reason: str, actor: Actor, now: datetime) -> None:
    """Void the prepared certificates of locked cases that somebody has approved; prepare anew.

    The approval was given on other evidence, so it must not count towards the next certificate.
    """
    approvals = Approval.objects.filter(
        prepared__reference__in=[case.pk for case in cases],
        prepared__state=PreparedCertificate.State.PREPARED,
    )
    approved = set(approvals.values_list("prepared__reference", flat=True))
    _void([case for case in cases if case.pk in approved], reason, actor, now)


def _void(cases: Sequence[Application], reason: str, actor: Actor, now: datetime) -> None:
    voided = authority.void_all([case.pk for case in cases], reason, actor=actor, now=now).voided
    wanted = [case for case in cases if case.pk in voided and case.reviewer_id is not None]
    again = [{"reference": str(case.pk)} for case in wanted]
    outbox.enqueue_all(consequences.PREPARE, again, now=now)


def _record(name: ApplicationEvent, waiver: Waiver, actor: Actor, now: datetime) -> None:
    events.record(name, waiver.application, actor, now, **data_of(waiver))
