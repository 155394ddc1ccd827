"""Replacing an unreachable administrator: a person asks the authority, a reviewer decides."""

import hashlib
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts import access
from accounts.event_names import AccountEvent
from accounts.models import AdministratorRequest, Membership, Organisation, Person, RightDocument
from accounts.right_to_act import confirmed_administrators, right_of, shown_members
from accounts.services import mailing
from accounts.services.organisations import membership as members
from accounts.services.people import sessions
from accounts.services.people.merge import lock_person
from accounts.services.rights import askers, confirm, documents
from certportal.foundation import events
from certportal.foundation.actors import Actor
from certportal.foundation.errors import NotAllowed, Refused, Stale
from certportal.foundation.files import storing
from certportal.foundation.outbox import outbox
from certportal.foundation.text.wording import filled

# How long the administrators have to answer a request to be invited.
TIME_TO_ANSWER = timedelta(days=7)
# After taking back a request, a person can make another one this long after the first was made.
HOURS_BEFORE_ANOTHER = 24
AGAIN_AFTER = timedelta(hours=HOURS_BEFORE_ANOTHER)


class OtherClaims(Stale):
    message = _(
        "Since you opened the page, somebody has uploaded or taken back a document, or others"
        " administer the account without confirmed authority. Nothing was decided. Look at the page"
        " as it is now."
    )


class MayNotAsk(Refused):
    """The person must ask the administrators first, or is an administrator already."""

    message = filled(
        _("Ask the administrators of the account first, and give them %(days)s days to answer."),
        days=TIME_TO_ANSWER.days,
    )


class AskedLately(Refused):
    """The person has taken back a request that they made within `AGAIN_AFTER`.

    The delay limits mails: the administrators are told of each request and that it was taken back.
    """

    message = filled(
        _(
            "You have taken back a request of the last %(hours)s hours. Ask again when %(hours)s"
            " hours have passed since you made it."
        ),
        hours=HOURS_BEFORE_ANOTHER,
    )


class AccountClosed(Stale):
    """The account was closed or merged into another since the person opened the page."""

    message = _("The customer account has been closed. You can create a new one.")


class MayNotDecide(NotAllowed):
    """Only a reviewer who is not disqualified decides (hallintolaki 28 §)."""

    message = filled(
        _(
            "You act for this organisation, or have acted or asked to act for it within the last"
            " %(months)s months, so another reviewer must decide."
        ),
        months=access.ESTRANGED_MONTHS,
    )


class DecidedAlready(Stale):
    message = _("The request has been decided already.")


def may_ask(person: Person, organisation: Organisation, *, now: datetime) -> bool:
    """Whether the person may ask the authority to be made administrator of the account.

    Allowed are: a member who is not an administrator; a person whose request to be invited has
    been open for `TIME_TO_ANSWER`; and anybody, if no administrator's right has been confirmed.
    """
    own = access.current_membership(person, organisation.pk)
    if own is not None:
        return own.role != Membership.Role.ADMINISTRATOR
    if not confirmed_administrators(organisation):
        return True
    unanswered = organisation.join_requests.filter(person=person, settled_at=None)
    return unanswered.filter(asked_at__lte=now - TIME_TO_ANSWER).exists()


def until_another(person: Person, organisation: Organisation, *, now: datetime) -> datetime | None:
    """Return when the person may ask again who took a request back lately; None if now."""
    before = organisation.administrator_requests.filter(person=person).last()
    if before is None or not before.is_taken_back:
        return None
    again = before.asked_at + AGAIN_AFTER
    return again if now < again else None


def ask(
    person: Person,
    organisation: Organisation,
    *,
    reason: str,
    paper: documents.Paper,
    actor: Actor,
    now: datetime,
) -> AdministratorRequest:
    """Store the request and its document; tell reviewers and the confirmed administrators.

    If the person's earlier request is still open, that one is returned unchanged. Raises
    MayNotAsk, AccountClosed, AskedLately, and the errors of `documents.require_fit` and
    `documents.keep`.
    """
    if not may_ask(person, organisation, now=now):
        raise MayNotAsk
    documents.require_fit(person, paper, actor=actor, now=now)
    with storing.atomic():
        if members.lock_account(organisation.pk).is_closed:
            raise AccountClosed
        if not may_ask(person, organisation, now=now):  # left the account during the check
            raise MayNotAsk
        person = lock_person(person)
        if until_another(person, organisation, now=now):
            raise AskedLately
        request, made = AdministratorRequest.objects.get_or_create(
            person=person,
            organisation=organisation,
            decided_at=None,
            defaults={"reason": reason, "asked_at": now},
        )
        if made:
            documents.keep(person, organisation, paper, actor=actor, now=now)
            events.record(AccountEvent.ADMINISTRATOR_REQUEST_MADE, request, actor, now)
            mailing.tell_administrators(organisation, "administrator_asked", request, now=now)
            outbox.enqueue("administrator.asked", now=now, request=request.pk)
        else:
            documents.let_go(person, paper)
    return request


@transaction.atomic
def decide(
    request_id: int,
    *,
    grant: bool,
    reasons: str,
    shown: str | None = None,
    by: Person,
    actor: Actor,
    now: datetime,
) -> AdministratorRequest:
    """Grant the request, which makes the person an administrator, or refuse it.

    The person, the confirmed administrators and the people whose right is confirmed with the
    person's are notified. `shown`: the mark of what the page showed (`mark_of`); None without one.
    Raises DecidedAlready, OtherClaims, and MayNotDecide if the reviewer made the request or was a
    member within `access.ESTRANGED`.
    """
    about = AdministratorRequest.objects.select_related("person").get(pk=request_id)
    account = members.lock_account(about.organisation_id)
    lock_person(about.person)
    locked = AdministratorRequest.objects.select_for_update(of=["self"])
    request = locked.select_related("person", "organisation").get(pk=request_id)
    if not may_decide(by, request, now=now):
        raise MayNotDecide
    if request.decided_at is not None:
        raise DecidedAlready
    if shown is not None and shown != mark_of(request):
        raise OtherClaims
    request.granted, request.reasons = grant, reasons
    request.decided_by, request.decided_at = by, now
    request.save(update_fields=["granted", "reasons", "decided_by", "decided_at"])
    recipients = [member.person for member in confirmed_administrators(request.organisation)]
    if grant:
        _make_administrator(request, account, actor, now)
    outcome = "granted" if grant else "refused"
    name = AccountEvent(f"administrator_request.{outcome}")
    events.record(name, request, actor, now)
    mailing.enqueue_for([request.person, *recipients], "administrator_decided", request, now=now)
    return request


def claims(request: AdministratorRequest) -> list[tuple[Membership, list[RightDocument]]]:
    """Return the unconfirmed administrators of the account, with the documents they handed in."""
    account = request.organisation
    return [
        (administrator, _handed_in(account, administrator.person))
        for administrator in unconfirmed_administrators(account)
    ]


def mark_of(request: AdministratorRequest) -> str:
    """Return the mark by which a page tells whose claims and documents it showed."""
    account, rivals = request.organisation, claims(request)
    found = [*_handed_in(account, request.person), *(one for _who, own in rivals for one in own)]
    claimed = ",".join(str(administrator.pk) for administrator, _own in rivals)
    return hashlib.sha256(f"{claimed} {documents.mark_of(found)}".encode()).hexdigest()


def _handed_in(account: Organisation, person: Person) -> list[RightDocument]:
    return list(account.right_documents.filter(person=person).select_related("person"))


def unconfirmed_administrators(organisation: Organisation) -> list[Membership]:
    """Return the current administrators whose right to act is not confirmed."""
    current = organisation.memberships.filter(ended_at=None, role=Membership.Role.ADMINISTRATOR)
    others = current.exclude(pk__in=[each.pk for each in confirmed_administrators(organisation)])
    return list(others.select_related("person", "organisation").order_by("begun_at"))


def may_decide(person: Person, request: AdministratorRequest, *, now: datetime) -> bool:
    """Whether the person is a reviewer, did not ask, and was no member within `ESTRANGED`."""
    if person.pk == request.person_id:
        return False
    return access.may_oversee(person, request.organisation_id, now=now)


def _make_administrator(
    request: AdministratorRequest, account: Organisation, actor: Actor, now: datetime
) -> None:
    known = shown_members(account)
    right_before = right_of(request.person, account)
    before = right_before.confirmed_until if right_before else None
    right = {
        "role": Membership.Role.ADMINISTRATOR,
        "basis": Membership.Basis.REVIEWER_DECISION,
        "basis_note": request.reasons[:300],
        "confirmed_by": request.decided_by,
        "confirmed_at": now,
        "confirmed_until": None,
    }
    membership, _made = Membership.objects.update_or_create(
        person=request.person,
        organisation=request.organisation,
        ended_at=None,
        defaults=right,
        create_defaults=right | {"begun_at": now},
    )
    events.record(AccountEvent.MEMBERSHIP_RECORDED, membership, actor, now)
    confirm.tell_invited(membership, known=known, before=before, now=now)
    waiting = askers.waiting(request.organisation)
    waiting.filter(person=request.person).update(settled_at=now)
    askers.tell_of(waiting, [membership], now=now)
    sessions.renew(request.person)
