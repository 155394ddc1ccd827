"""The authority ends memberships, rights and accounts; the consequences for their orders."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from uuid import UUID

from django.db import transaction
from django.db.models import Q, QuerySet

from accounts import access, consents
from accounts.models import (
    AccountDecision,
    AdministratorRequest,
    Invitation,
    Membership,
    Organisation,
    Person,
    SupplierConsent,
)
from accounts.right_to_act import acts_without, formerly_resting_on, resting_on, right_of
from accounts.services import mailing
from accounts.services.organisations import (
    administrator_requests,
    membership as members,
    oversight as accounts,
)
from accounts.services.organisations.administrator_requests import MayNotDecide
from applications import workflow
from applications.access import ACTING
from applications.errors import require
from applications.models import Application, ContactLink
from applications.replacement.selection import ACCOUNT_CLOSED
from applications.rules import contact_links, impartiality, reviewers_day
from applications.services import transition
from applications.services.applicant.drafts import delete_drafts
from applications.services.end_without_decision import end_with_account
from applications.services.reviewer import replacement
from applications.services.reviewer.rights import to_confirm, weighed_anew
from applications.services.reviewer.shown_prospect import require_shown
from applications.services.reviewer.waivers import start_over
from applications.services.system.certificates import MEMBERSHIP_ENDED, RIGHT_WITHDRAWN, take_back
from applications.workflow import ENDED, Action, ApplicationEvent, Role, Status
from certportal.foundation import events
from certportal.foundation.actors import Actor
from certportal.foundation.errors import NotAllowed
from issuance.models import Certificate

# What may follow from a decision: the keys of `AccountDecision.followed`, which are stored.
ENDED_ORDERS, RETURNED, DRAFTS = "orders_ended", "orders_returned", "drafts_removed"
STOPPED = "replacements_stopped"
LINKS, INVITATIONS, CERTIFICATES = "links_ended", "invitations_cancelled", "certificates_in_force"
CONSENTS = "consents_ended"


@dataclass(frozen=True, slots=True)
class Prospect:
    """What a decision about an account would affect, for the page that asks for confirmation.

    `orders` are sent, and neither issued nor ended; `linked` are sent orders with a valid link of
    the technical contact; `drafts` is the number of drafts; `certificates` are those in force,
    which stay in force. `people` are other memberships that lose the right, and `invitations` open
    invitations to be cancelled. `consents` are suppliers' permissions that end. `nobody_stays`: no
    member would be left who may act. `acts_without`: the person goes on by a later membership.
    `business_id`: of an account to be closed; it may have passed to a successor meanwhile.
    """

    orders: list[Application]
    drafts: int
    linked: list[Application]
    certificates: list[Certificate]
    people: list[Membership]
    invitations: list[Invitation]
    consents: list[SupplierConsent]
    nobody_stays: bool = False
    acts_without: bool = False
    business_id: str = ""


def preview_end(membership: Membership, *, now: datetime) -> Prospect:
    """Return what ending the membership affects: the orders that the person began or sent."""
    orders = _made_by(membership.person, membership.organisation)
    others = membership.organisation.memberships.filter(ended_at=None).exclude(pk=membership.pk)
    stays = others.filter(role__in=ACTING).exists()
    ending = _given_by([membership], now)
    return replace(_prospect(orders, [], [membership], ending, now), nobody_stays=not stays)


def preview_withdrawal(membership: Membership, *, now: datetime) -> Prospect:
    """Return what withdrawing the right affects: the orders of everyone whose right rests on it."""
    falling = _falling(membership)
    people = [member for member in falling if member != membership]
    orders = _made_by_any(falling)
    ending = _given_by([membership, *people, *formerly_resting_on(membership)], now)
    prospect = _prospect(orders, people, falling, ending, now)
    return replace(prospect, acts_without=acts_without(membership))


def preview_closing(organisation: Organisation, *, now: datetime) -> Prospect:
    """Return what closing the account affects: all its orders and memberships."""
    current = organisation.memberships.filter(ended_at=None).select_related("person")
    people = list(current.order_by("begun_at"))
    orders = Application.objects.filter(organisation=organisation)
    ending = consents.of_account(organisation.pk, now=now)
    prospect = _prospect(orders, people, people, ending, now)
    return replace(prospect, business_id=organisation.business_id)


@transaction.atomic
def end_membership(
    membership_id: int,
    *,
    reasons: str,
    shown: str | None = None,
    person: Person,
    actor: Actor,
    now: datetime,
) -> AccountDecision:
    """End a membership by decision of the authority.

    The member's orders that are approved but not signed return to review; earlier ones stay with
    the reviewers. `shown`: the mark of the prospect on the page (`mark_of`); None without one.
    Raises NoMember, OtherTouched, and what `to_oversee` yields.
    """
    membership = members.lock(membership_id)
    # Somebody may be sending one of them at this moment.
    transition.lock_all(_made_by(membership.person, membership.organisation))
    prospect = preview_end(membership, now=now)
    require(to_oversee(membership.organisation, prospect, person, now=now))
    decision = accounts.end_membership(
        membership_id, reasons=reasons, by=person, actor=actor, now=now
    )
    require_shown(prospect, shown)
    orders = _made_by(membership.person, membership.organisation)
    returned = _hold_back(orders, MEMBERSHIP_ENDED, actor, now)
    return _note(decision, prospect, {RETURNED: returned})


@transaction.atomic
def withdraw_right(
    membership_id: int,
    *,
    reasons: str,
    shown: str | None = None,
    person: Person,
    actor: Actor,
    now: datetime,
) -> AccountDecision:
    """Withdraw the confirmation of a member's right to act.

    Orders that rest on it and are approved but not signed return to review. `shown` as in
    `end_membership`. Raises NothingConfirmed, OtherTouched, and what `to_oversee` yields.
    """
    memberships = Membership.objects.select_related("person", "organisation")
    members.lock_account(memberships.get(pk=membership_id).organisation_id)
    membership = memberships.get(pk=membership_id)
    falling = _falling(membership)
    transition.lock_all(_made_by_any(falling))
    prospect = preview_withdrawal(membership, now=now)
    require(to_oversee(membership.organisation, prospect, person, now=now))
    decision = accounts.withdraw_right(
        membership_id, reasons=reasons, by=person, actor=actor, now=now
    )
    require_shown(prospect, shown)
    returned = _hold_back(_made_by_any(falling), RIGHT_WITHDRAWN, actor, now)
    return _note(decision, prospect, {RETURNED: returned})


@transaction.atomic
def close_account(
    organisation_id: UUID,
    *,
    reasons: str,
    shown: str | None = None,
    person: Person,
    actor: Actor,
    now: datetime,
) -> AccountDecision:
    """Close an account: its open orders end, its drafts are removed, and all its links end.

    An order whose certificate is being signed goes on to its certificate; what a mass replacement
    has prepared is stopped unless it is being signed. Certificates in force stay in force until
    they are revoked on their own case. `shown` as in `end_membership`. Raises RequestsWait,
    ClosedAlready, OtherTouched, and what `to_oversee` yields.
    """
    organisation = members.lock_account(organisation_id)
    # Drafts too: one may be sent by a concurrent request.
    own = Application.objects.filter(organisation=organisation)
    orders = transition.lock_all(own.select_related("submission__person", "created_by"))
    transition.lock_entries(orders)  # deleted drafts, then all: the account's business ID ends
    prospect = preview_closing(organisation, now=now)
    require(to_oversee(organisation, prospect, person, now=now))
    if not organisation.is_closed:
        require_shown(prospect, shown)
    # Before the memberships end, because senders get the mail as members.
    done = _close(orders, actor, now)
    stopped = replacement.stop(organisation_id, ACCOUNT_CLOSED, actor=actor, now=now)
    decision = accounts.close(organisation_id, reasons=reasons, by=person, actor=actor, now=now)
    return _note(decision, prospect, {**done, LINKS: len(prospect.linked), STOPPED: stopped})


@transaction.atomic
def decide_administrator(
    request_id: int,
    *,
    grant: bool,
    alone: bool = False,
    reasons: str,
    shown: str | None = None,
    person: Person,
    actor: Actor,
    now: datetime,
) -> AdministratorRequest:
    """Decide on a request to be made administrator of an account.

    `alone`: if it is granted, the memberships of administrators whose right has not been confirmed
    end. `shown` as in `administrator_requests.decide`. Raises DecidedAlready, OtherClaims, and what
    `to_decide` yields.
    """
    requests = AdministratorRequest.objects.select_related("person", "organisation")
    request = requests.get(pk=request_id)
    members.lock_account(request.organisation_id)
    if grant and alone:
        # Before any membership changes: who acts on an order keeps first it, then their membership.
        ending = administrator_requests.unconfirmed_administrators(request.organisation)
        transition.lock_all(_made_by_any(ending))
    right = right_of(request.person, request.organisation)
    with weighed_anew(right, actor=actor, now=now):
        require(to_decide(request, person, alone=grant and alone, now=now))
        request = administrator_requests.decide(
            request_id, grant=grant, reasons=reasons, shown=shown, by=person, actor=actor, now=now
        )
    if grant and alone:
        ending = administrator_requests.unconfirmed_administrators(request.organisation)
        # Their sessions end in the sequence in which others end those of the same people.
        for administrator in sorted(ending, key=lambda each: each.person_id):
            end_membership(administrator.pk, reasons=reasons, person=person, actor=actor, now=now)
    return request


def to_oversee(
    organisation: Organisation, prospect: Prospect, person: Person, *, now: datetime
) -> Iterator[NotAllowed]:
    """Yield why the reviewer may not take a decision about the account that affects `prospect`.

    MayNotDecide; or PartInAnOrder if they have a part in an order that the decision ends or
    returns, because it decides on these orders too (hallintolaki 28 §).
    """
    if not access.may_oversee(person, organisation.pk, now=now):
        yield MayNotDecide()
    if impartiality.parts(person, prospect.orders):
        yield impartiality.PartInAnOrder()


def to_decide(
    request: AdministratorRequest, person: Person, *, alone: bool = False, now: datetime
) -> Iterator[NotAllowed]:
    """Yield why the reviewer may not decide on the request: MayNotDecide, PartInAnOrder.

    Granting also confirms a right that the person already has, as `rights.confirm_right` does.
    `alone`: it also ends the memberships of administrators who are not confirmed.
    """
    if not administrator_requests.may_decide(person, request, now=now):
        yield MayNotDecide()
        return
    right = right_of(request.person, request.organisation)
    refusals = list(to_confirm(right, person, now=now)) if right else []
    yield from refusals
    if alone and not refusals:
        ending = administrator_requests.unconfirmed_administrators(request.organisation)
        affected = [
            order for membership in ending for order in preview_end(membership, now=now).orders
        ]
        if impartiality.parts(person, affected):
            yield impartiality.PartInAnOrder()


@transaction.atomic
def tell_administrator_asked(request_id: int, *, now: datetime) -> None:
    """Enqueue a mail to each reviewer who may decide on the request for an administrator.

    If nobody may today, it goes to those who may once their part in an order has ended.
    """
    request = AdministratorRequest.objects.get(pk=request_id)
    may_decide = administrator_requests.may_decide
    allowed = [
        reviewer for reviewer in reviewers_day.reviewers() if may_decide(reviewer, request, now=now)
    ]
    readers = [
        reviewer for reviewer in allowed if not any(to_decide(request, reviewer, now=now))
    ] or allowed
    mailing.tell_reviewers(readers, "administrator_wanted", request.pk, now=now)


def _made_by(person: Person, organisation: Organisation) -> QuerySet[Application]:
    """Return the account's orders sent by the person or one merged into them, and their drafts."""
    keys = [person.pk, *person.merged_from.values_list("pk", flat=True)]
    condition = Q(submission__person__in=keys) | Q(submission=None, created_by__in=keys)
    return Application.objects.filter(condition, organisation=organisation)


def _made_by_any(members: list[Membership]) -> QuerySet[Application]:
    """Return the orders that any of these members of an account sent, and their drafts."""
    orders = Application.objects.none()
    for member in members:
        orders |= _made_by(member.person, member.organisation)
    return orders


def _falling(membership: Membership) -> list[Membership]:
    """Return the members whose right to act falls if that of the membership is withdrawn.

    A former membership itself is not one of them if the person's right derives from another by now.
    """
    right = right_of(membership.person, membership.organisation)
    return [*([membership] if right == membership else []), *resting_on(membership)]


def _given_by(losing: list[Membership], now: datetime) -> QuerySet[SupplierConsent]:
    """Return the consents that end with the rights of these members of one account."""
    return consents.given_by(losing, now=now).select_related("customer", "supplier", "given_by")


def _prospect(
    orders: QuerySet[Application],
    people: list[Membership],
    losing: list[Membership],
    ending: QuerySet[SupplierConsent],
    now: datetime,
) -> Prospect:
    sent = orders.exclude(status=Status.DRAFT).select_related("submission__person")
    opened = list(sent.exclude(status__in={Status.ISSUED, *ENDED}).order_by("submitted_at"))
    certified = Certificate.objects.filter(
        Certificate.in_force(now), reference__in=orders.values("pk")
    )
    invitations = Invitation.objects.filter(accepted_at=None, revoked_at=None, expires_at__gt=now)
    invited = Q(pk=None)
    for member in losing:
        invited |= Q(made_by=member.person_id, organisation=member.organisation_id)
    return Prospect(
        orders=opened,
        drafts=orders.filter(status=Status.DRAFT).count(),
        linked=contact_links.linked(sent, now=now),
        certificates=list(certified.order_by("not_after")),
        people=people,
        invitations=list(invitations.filter(invited)),
        consents=list(ending),
    )


def _hold_back(orders: QuerySet[Application], reason: str, actor: Actor, now: datetime) -> int:
    """Return those of the orders to review that are approved and not signed; return how many.

    Approvals of orders in review become void.
    """
    reviewed = transition.lock_all(orders.filter(status=Status.IN_REVIEW))
    start_over(*reviewed, reason=reason, actor=actor, now=now)
    approved = orders.filter(status=Status.APPROVED).order_by("pk")
    keys = list(approved.values_list("pk", flat=True))
    return sum(take_back(key, reason, actor=actor, now=now) is not None for key in keys)


def _close(orders: list[Application], actor: Actor, now: datetime) -> dict[str, int]:
    """End or remove the locked orders of a closed account, and all links; return the counts."""
    drafts = [order for order in orders if order.status == Status.DRAFT]
    delete_drafts(drafts, actor, now)
    may_end = partial(workflow.may, Action.END_WITH_ACCOUNT, role=Role.REVIEWER)
    opened = [order for order in orders if may_end(order.status)]
    ended = end_with_account(opened, actor=actor, now=now)
    links = ContactLink.objects.filter(application__in=orders, revoked_at=None)
    linked = set(links.values_list("application", flat=True))
    links.update(revoked_at=now)
    ends = (order for order in orders if order.pk in linked)
    events.insert([events.made(ApplicationEvent.LINKS_ENDED, each, actor, now) for each in ends])
    return {DRAFTS: len(drafts), ENDED_ORDERS: len(ended)}


def _note(decision: AccountDecision, prospect: Prospect, done: dict[str, int]) -> AccountDecision:
    """Store the consequences, as counts, with the decision."""
    also = {
        INVITATIONS: len(prospect.invitations),
        CONSENTS: len(prospect.consents),
        CERTIFICATES: len(prospect.certificates),
    }
    decision.followed = {kind: count for kind, count in (done | also).items() if count}
    if decision.followed:
        decision.save(update_fields=["followed"])
    return decision
