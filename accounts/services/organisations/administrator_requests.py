"""A lost administrator is replaced: somebody asks the authority, and a reviewer decides."""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts import access
from accounts.models import (
    AdministratorRequest,
    BusinessId,
    Membership,
    Organisation,
    Person,
)
from accounts.services import sessions, showing
from accounts.services.membership import administrators
from certportal.foundation import events, outbox
from certportal.foundation.actors import Actor
from certportal.foundation.errors import NotAllowed, Refused, Stale

# So long the administrators have to answer somebody who asks to be invited.
TIME_TO_ANSWER = timedelta(days=7)


class MayNotAsk(Refused):
    """The administrators are to be asked first, or the person is one of them."""

    def __init__(self) -> None:
        """Word it."""
        super().__init__(
            _("Ask the administrators of the account first, and give them a week to answer.")
        )


class MayNotDecide(NotAllowed):
    """Only a reviewer who has no part in the matter decides it."""

    def __init__(self) -> None:
        """Word it."""
        super().__init__(
            _(
                "You act for this organisation, or have done so within the last year, so another"
                " reviewer must decide."
            )
        )


class DecidedAlready(Stale):
    """Another reviewer was faster."""

    def __init__(self) -> None:
        """Word it."""
        super().__init__(_("The request has been decided already."))


def account_of(business_id: str) -> Organisation | None:
    """Return the account that holds the business ID now."""
    held = BusinessId.objects.select_related("organisation")
    found = held.filter(code=business_id, valid_to=None).first()
    return found.organisation if found else None


def may_ask(person: Person, organisation: Organisation, *, now: datetime) -> bool:
    """Whether the person may ask the authority to be made administrator of the account.

    A member may, and whoever asked a week ago to be invited and still waits; anybody may where no
    administrator is left at all.
    """
    own = access.current_membership(person, organisation.pk)
    if own is not None:
        return own.role != Membership.Role.ADMINISTRATOR
    if not administrators(organisation):
        return True
    unanswered = organisation.join_requests.filter(person=person, settled_at=None)
    return unanswered.filter(asked_at__lte=now - TIME_TO_ANSWER).exists()


def ask(
    person: Person,
    organisation: Organisation,
    *,
    reason: str,
    paper: showing.Paper,
    actor: Actor,
    now: datetime,
) -> AdministratorRequest:
    """Store the request and its document, and tell reviewers and the administrators there are.

    Asked again while it waits, nothing new happens. Raises MayNotAsk, and what
    `showing.require_fit` and `showing.keep` raise.
    """
    if not may_ask(person, organisation, now=now):
        raise MayNotAsk
    showing.require_fit(person, paper, actor=actor, now=now)
    with transaction.atomic():
        request, made = AdministratorRequest.objects.get_or_create(
            person=person,
            organisation=organisation,
            decided_at=None,
            defaults={"reason": reason, "asked_at": now},
        )
        if made:
            showing.keep(person, organisation, paper, actor=actor, now=now)
            _record("administrator_request.made", request, actor, now)
            told = [one.person for one in administrators(organisation)]
            _tell("administrator_asked", request, told, now)
            outbox.enqueue("administrator.asked", now=now, request=request.pk)
    return request


@transaction.atomic
def decide(
    request_id: int, *, grant: bool, reasons: str, by: Person, actor: Actor, now: datetime
) -> AdministratorRequest:
    """Make the asker an administrator, or refuse; tell them and the administrators there were.

    Raises MayNotDecide when the reviewer belongs to the organisation, or did within the year, or
    asked, and DecidedAlready.
    """
    locked = AdministratorRequest.objects.select_for_update(of=["self"])
    request = locked.select_related("person", "organisation").get(pk=request_id)
    if not may_decide(by, request, now=now):
        raise MayNotDecide
    if request.decided_at is not None:
        raise DecidedAlready
    request.granted, request.reasons = grant, reasons
    request.decided_by, request.decided_at = by, now
    request.save(update_fields=["granted", "reasons", "decided_by", "decided_at"])
    told = {one.person for one in administrators(request.organisation)} | {request.person}
    if grant:
        _make_administrator(request, now)
    _record(f"administrator_request.{'granted' if grant else 'refused'}", request, actor, now)
    _tell("administrator_decided", request, sorted(told, key=lambda one: str(one.pk)), now)
    return request


def may_decide(person: Person, request: AdministratorRequest, *, now: datetime) -> bool:
    """Whether the person is a reviewer with no part in the matter, nor one within the year."""
    if person.pk == request.person_id:
        return False
    if access.is_partial(person, request.organisation_id, now=now):
        return False
    return access.is_reviewer(person)


def _make_administrator(request: AdministratorRequest, now: datetime) -> None:
    Organisation.objects.select_for_update().get(pk=request.organisation_id)
    Membership.objects.update_or_create(
        person=request.person,
        organisation=request.organisation,
        ended_at=None,
        defaults={
            "role": Membership.Role.ADMINISTRATOR,
            "basis": Membership.Basis.REVIEWER_DECISION,
            "basis_note": request.reasons[:300],
            "confirmed_by": request.decided_by,
            "confirmed_at": now,
        },
        create_defaults={
            "role": Membership.Role.ADMINISTRATOR,
            "basis": Membership.Basis.REVIEWER_DECISION,
            "basis_note": request.reasons[:300],
            "confirmed_by": request.decided_by,
            "confirmed_at": now,
            "begun_at": now,
        },
    )
    waiting = request.organisation.join_requests.filter(person=request.person, settled_at=None)
    waiting.update(settled_at=now)
    sessions.renew(request.person)


def _record(action: str, request: AdministratorRequest, actor: Actor, now: datetime) -> None:
    events.record(
        action,
        actor=actor,
        now=now,
        object_type="administrator_request",
        object_id=request.pk,
        organisation_id=request.organisation_id,
        data={"person": str(request.person_id)},
    )


def _tell(kind: str, request: AdministratorRequest, people: list[Person], now: datetime) -> None:
    for person in people:
        outbox.enqueue(
            "person.mail",
            now=now,
            kind=kind,
            id=str(request.pk),
            language=person.language,
            to=str(person.pk),
        )
