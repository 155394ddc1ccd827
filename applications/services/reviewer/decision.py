"""Decisions on a case: approve the prepared certificate, reject with reasons, reopen."""

from collections.abc import Collection
from datetime import datetime
from typing import Any, TypedDict
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy

from accounts.models import Person
from accounts.register.lookup import queries
from accounts.register.models import RegisterRecord
from accounts.services.organisations import membership as members
from applications.errors import require_reasons
from applications.models import Application, Decision
from applications.rules import contact_links, hearing, proposed_names, waivers
from applications.rules.approvals_needed import approvals_needed, approved_until
from applications.rules.last_submission import checked_request
from applications.services import transition, unsent_extracts
from applications.services.applicant import contact_links as contact_links_applicant
from applications.services.applicant.answers import close_unanswered
from applications.services.reviewer import may_act
from applications.services.reviewer.ready_reasons import count_used
from applications.services.reviewer.waivers import confirm_relied_on
from applications.workflow import Action, Status, promise
from certportal.foundation import clock
from certportal.foundation.actors import Actor
from certportal.foundation.database.query_cache import one_reading
from certportal.foundation.errors import Refused
from issuance import services as authority
from issuance.approvers.assertion import Assertion
from issuance.approvers.waived import Waived
from issuance.models import PreparedCertificate
from issuance.services.errors import NotOpen
from issuance.services.issuing import to_sign as authority_to_sign
from issuance.services.issuing.approve import refusals_on_record


class NotHeard(Refused):
    message = gettext_lazy(
        "Hear the applicant before you reject the order, or choose why hearing can be left out."
    )


class Policy(TypedDict):
    """How many persons must approve, until when (None: no end), and relying on which waivers."""

    persons: int
    until: datetime | None
    waivers: list[Waived]


def approve(
    application_id: UUID,
    *,
    prepared_id: int,
    tbs_sha256: str,
    assertion: Assertion | None = None,
    reauthenticated_at: datetime,
    person: Person,
    version: int,
    actor: Actor,
    now: datetime,
) -> Application:
    """Approve exactly the TBSCertificate that was shown; with enough approvals, it is issued.

    `tbs_sha256` is its hash as shown, `assertion` the reviewer's passkey's answer to `to_sign`.
    Raises NotYourCase, Changed, NotPossible, EvidenceMissing, RightMissing, FactsChanged, NotOpen,
    and what `issuance.services.approve` raises.
    """
    with refusals_on_record(prepared_id, person=person, now=now), transaction.atomic():
        case = may_act.locked(application_id, person, version, now=now)
        case.require(Action.APPROVE)
        application, record = case.application, case.record
        if case.prepared is None or case.prepared.pk != prepared_id:
            raise NotOpen
        state = authority.approve(
            prepared_id,
            person=person,
            reauthenticated_at=reauthenticated_at,
            expected_sha256=tbs_sha256,
            register_record=str(record.pk) if record else "",
            assertion=assertion,
            now=now,
            **_policy_to_decide_by(application, now),
        )
        relied_on = confirm_relied_on(application, person=person, actor=actor, now=now)
        if state.complete:
            # One given after an approval voids the approval.
            if any(waiver.confirmed_at is None for waiver in relied_on):
                raise NotOpen
            _decide(application, Decision.Kind.APPROVED, person, "", now, record)
            unsent_extracts.remove(application, actor=actor, now=now)
        done: dict[str, Any] = {"aside_until": None} if case.is_mine else {}  # another's stays
        facts = {"tbs_sha256": tbs_sha256, "given": state.given, "wanted": state.wanted}
        data = {**facts, "waivers": [waiver.pk for waiver in relied_on]}
        to = Status.APPROVED if state.complete else Status.IN_REVIEW
        return transition.move(application, Action.APPROVE, actor, now, to=to, data=data, **done)


def to_sign(application: Application, prepared: PreparedCertificate, *, now: datetime) -> bytes:
    """Return the challenge that the reviewer's passkey signs to approve the certificate shown."""
    return authority_to_sign.challenge(prepared, **_policy(application, now))


@one_reading()
def _policy_to_decide_by(application: Application, now: datetime) -> Policy:
    """Return the policy from facts read anew, while the application is locked."""
    return _policy(application, now)


def _policy(application: Application, now: datetime) -> Policy:
    today = clock.day(now)
    return {
        "persons": approvals_needed(application, on=today),
        "until": approved_until(application, on=today),
        "waivers": waivers.waivers_to_sign(application, on=today),
    }


@transaction.atomic
def reject(
    application_id: UUID,
    *,
    reasons: str,
    unheard: str = "",
    unheard_because: str = "",
    used: Collection[int] = (),
    person: Person,
    version: int,
    actor: Actor,
    now: datetime,
) -> Application:
    """Reject with reasons (hallintolaki 44–45 §); `used` are the keys of ready-made reasons.

    `unheard` is why the applicant was not heard first (a `Decision.Unheard`), `unheard_because` the
    same in the reviewer's words; both are ignored if the applicant was heard.
    Raises ReasonsMissing, NotHeard, DeadlineOpen, NotYourCase, Changed, NotPossible.
    """
    require_reasons(reasons)
    application = may_act.take(Action.REJECT, application_id, person, version, now=now)
    if hearing.is_heard(application, now=now):
        unheard = unheard_because = ""
    elif unheard not in hearing.EXCEPTIONS:
        raise NotHeard
    else:
        require_reasons(unheard_because)
    close_unanswered(application, actor=actor, now=now)
    unsent_extracts.remove(application, actor=actor, now=now)
    authority.void(application.pk, "rejected", actor=actor, now=now)
    count_used(used)
    record = _record_now(application, now)
    exception = {"unheard": unheard, "unheard_because": unheard_because}
    _decide(application, Decision.Kind.REJECTED, person, reasons, now, record, **exception)
    return transition.move(
        application, Action.REJECT, actor, now, data={"unheard": unheard}, ended_at=now, due_on=None
    )


@transaction.atomic
def reopen(
    application_id: UUID, *, reasons: str, person: Person, version: int, actor: Actor, now: datetime
) -> Application:
    """Reopen a rejected or lapsed application, to correct an error or after a successful appeal.

    A certificate request that was chosen and not sent before it ended is left behind. Raises
    ReasonsMissing, Changed, NotPossible, and AccountOver if the account has been closed.
    """
    require_reasons(reasons)
    # Closing the account takes the same lock first, so that it ends every open order of it.
    members.lock_account(Application.objects.get(pk=application_id).organisation_id)
    application = may_act.take(Action.REOPEN, application_id, person, version, now=now)
    record = _record_now(application, now)
    _decide(application, Decision.Kind.REOPENED, person, reasons, now, record)
    status = _taken_up_as(application)
    complete = status == Status.CHECKING
    # Before `ended_at` is cleared, from which the rule tells how links ended.
    to = contact_links.mailable_holders(application)
    moved = transition.move(
        application,
        Action.REOPEN,
        actor,
        now,
        to=status,
        csr=checked_request(application) if complete else application.csr,
        ended_at=None,
        reviewer=person if complete else None,
        claimed_at=now if complete else None,
        completed_at=now if complete else None,
        due_on=promise.due_on(now) if complete else None,
        was_late=False,
    )
    contact_links_applicant.send_links(moved, actor=actor, now=now, to=to)
    return moved


def _taken_up_as(application: Application) -> Status:
    """Return the status to reopen to: a lapsed order may lack its request or host names."""
    if application.csr_id is None:
        return Status.AWAITING_CSR
    return Status.NAMES_PROPOSED if proposed_names.are_awaited(application) else Status.CHECKING


def _decide(
    application: Application,
    kind: Decision.Kind,
    person: Person,
    reasons: str,
    now: datetime,
    record: RegisterRecord | None,
    **unheard: str,
) -> None:
    submission = application.submission
    assert submission is not None
    Decision.objects.create(
        application=application,
        kind=kind,
        reviewer=person,
        reasons=reasons,
        submission=submission,
        record=record or submission.record,
        at=now,
        **unheard,
    )


def _record_now(application: Application, now: datetime) -> RegisterRecord | None:
    """Return the unit's record in the register today, on which the decision rests; or None."""
    today = clock.day(now)
    return queries.standing(application.record_oid, application.record_kind, today).record
