"""Succession: orders and their certificates pass to an organisation's successor."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from accounts import access, consents
from accounts.models import Organisation, Person, Succession, SupplierConsent
from accounts.services.organisations import succession as accounts
from applications.errors import require
from applications.models import Application
from applications.models.register_task import RegisterTask
from applications.rules import contact_links, impartiality
from applications.services import transition
from applications.services.reviewer import replacement
from applications.services.reviewer.shown_prospect import OtherTouched, require_shown
from applications.services.system.certificates import recall
from applications.workflow import ENDED, ApplicationEvent, Status, consequences
from certportal.foundation import clock, events
from certportal.foundation.actors import Actor
from certportal.foundation.errors import Refused
from certportal.foundation.outbox import outbox
from issuance import services as authority
from issuance.models import Certificate
from issuance.services.errors import NotReviewer

REASON = "succeeded"


@dataclass(frozen=True, slots=True)
class Prospect:
    """What a succession would hand over and change, in counts.

    Of `orders`, `opened` are sent, and neither issued nor ended; `returning` are approved and go
    back to review; `linked` have a valid link of the technical contact, which stays valid.
    `certificates` are those in force. If the successor has an account, `invitations` are cancelled
    and `requests` to be invited are moved. `consents` to and of suppliers end.
    """

    former: Organisation
    heir: accounts.Heir
    orders: int
    opened: int
    returning: int
    linked: int
    certificates: int
    people: int
    invitations: int
    requests: int
    consents: list[SupplierConsent]


def preview_succession(former: str, code: str, *, now: datetime) -> Prospect:
    """Return what would pass from the business ID `former` to `code`. Raises NotSucceeding."""
    old = accounts.account_of(former)
    new = accounts.heir(code, on=clock.day(now))
    orders = Application.objects.filter(organisation=old)
    in_force = Certificate.objects.filter(
        Certificate.in_force(now), reference__in=orders.values("pk")
    )
    invitations = old.invitations.filter(accepted_at=None, revoked_at=None, expires_at__gt=now)
    return Prospect(
        former=old,
        heir=new,
        orders=orders.count(),
        opened=_open(old).count(),
        returning=orders.filter(status=Status.APPROVED).count(),
        linked=len(contact_links.linked(orders, now=now)),
        certificates=in_force.count(),
        people=old.memberships.filter(ended_at=None).count(),
        invitations=invitations.count() if new.account else 0,
        requests=old.join_requests.filter(settled_at=None).count() if new.account else 0,
        consents=list(consents.of_account(old.pk, now=now)),
    )


def _open(account: Organisation) -> QuerySet[Application]:
    """Return the account's orders that are sent, and neither issued nor ended."""
    orders = Application.objects.filter(organisation=account)
    return orders.exclude(status__in=[Status.DRAFT, Status.ISSUED, *ENDED])


def to_succeed(prospect: Prospect, person: Person, *, now: datetime) -> Iterator[Refused]:
    """Yield why the person may not carry out the succession: NotReviewer, OwnOrganisation,
    OwnOrganisationLately, and PartInAnOrder for an open order that is handed over.
    """
    if not access.is_reviewer(person):
        yield NotReviewer()
    for organisation in (prospect.former, prospect.heir.account):
        if organisation and (partial := impartiality.partiality(person, organisation.pk, now=now)):
            yield partial
    if impartiality.parts(person, _open(prospect.former)):
        yield impartiality.PartInAnOrder()


@transaction.atomic
def succeed(
    former: str,
    successor: str,
    *,
    reason: str,
    shown: str | None = None,
    person: Person,
    actor: Actor,
    now: datetime,
) -> Succession:
    """Hand over orders, members and certificates from the business ID `former` to `successor`.

    Certificates follow their orders; the CA's rows still name the former organisation. Prepared
    but unsigned certificates are void, because their names and the check for bias of their
    approvers concern the former organisation; those of orders are prepared again, those of a mass
    replacement only by a new plan. `shown`: the mark of the prospect on the page (`mark_of`); None
    without one. Raises NotSucceeding, what `to_succeed` yields, and OtherTouched, also if the
    successor's account is founded or closed meanwhile.
    """
    unlocked = preview_succession(former, successor, now=now)
    orders = _locked_orders(unlocked)
    prospect = preview_succession(former, successor, now=now)
    person.keep()
    require(to_succeed(prospect, person, now=now))
    require_shown(prospect, shown)
    if prospect.heir.account != unlocked.heir.account:
        raise OtherTouched
    parties = prospect.former, former, prospect.heir
    try:
        succession = accounts.hand_over(*parties, reason=reason, by=person, actor=actor, now=now)
    except IntegrityError as founded:
        raise OtherTouched from founded
    replacement.stop(succession.organisation_id, REASON, actor=actor, now=now)
    _hand_over(orders, succession, actor, now)
    if succession.moves:
        _hand_over_tasks(succession)
    succession.orders = len(orders)
    succession.save(update_fields=["orders"])
    return succession


def _locked_orders(prospect: Prospect) -> list[Application]:
    """Lock the accounts, in which no order begins then, and the former one's orders; return these.

    Before anything changes: a changed name or business ID enters all orders of the account in the
    index of searches, and whoever changes one of them at this moment has locked it and enters it
    next. Each would wait for the other.
    """
    accounts.lock_both(prospect.former, prospect.heir)
    orders = transition.lock_all(Application.objects.filter(organisation=prospect.former))
    transition.lock_entries(orders)
    return orders


def _hand_over(
    orders: Sequence[Application], succession: Succession, actor: Actor, now: datetime
) -> None:
    transition.save_all(orders, now=now, organisation=succession.successor)
    name, key = ApplicationEvent.SUCCEED, succession.pk
    events.insert([events.made(name, each, actor, now, succession=key) for each in orders])
    keys = [order.pk for order in orders]
    signed = authority.void_all(keys, REASON, actor=actor, now=now).signed  # these remain valid
    unsigned = [order for order in orders if order.pk not in signed]
    for order in unsigned:
        if order.status == Status.APPROVED:
            recall(order.pk, REASON, now=now)
    held = [one for one in unsigned if one.status == Status.IN_REVIEW and one.reviewer_id]
    references = [{"reference": str(order.pk)} for order in held]
    outbox.enqueue_all(consequences.PREPARE, references, now=now)


def _hand_over_tasks(succession: Succession) -> None:
    """Hand over the register tasks, open and decided.

    An open task stays behind if the successor has an open one about the same change; the next run
    of `watch_register` closes it.
    """
    existing = RegisterTask.objects.filter(organisation=succession.successor, outcome="")
    moved = RegisterTask.objects.filter(organisation=succession.organisation)
    moved.exclude(outcome="", key__in=list(existing.values_list("key", flat=True))).update(
        organisation=succession.successor
    )
