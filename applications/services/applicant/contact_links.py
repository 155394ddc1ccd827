"""Links of technical contact and deputy: send, open, revoke, dismiss with “this isn't mine”."""

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from applications.errors import LinkOver
from applications.models import Application, ContactLink
from applications.models.certificate_types import Delivery
from applications.rules import contact_links, fields
from applications.services import transition
from applications.workflow import Action, ApplicationEvent
from certportal.foundation import events
from certportal.foundation.actors import Actor
from certportal.foundation.errors import Refused, TooMany
from certportal.foundation.text.mail_addresses import mailbox
from certportal.foundation.text.wording import filled
from certportal.foundation.web import limits, tokens

MOST_MAILS_AN_HOUR = 5
# Mails with links within an hour: caused by one person to one address and to all, and from one
# network address.
MOST_MAILS_TO_ONE, MOST_MAILS_BY_ONE, MOST_MAILS_FROM = 20, 60, 300
MOST_GUESSES_AN_HOUR = 30


class TooManyContacts(Refused):
    message = filled(
        _(
            "The technical contacts and deputies of these orders have more than %(limit)s"
            " addresses, and that many cannot be mailed at once. Name fewer contacts, or send some"
            " of the orders alone, each on its own page."
        ),
        limit=MOST_MAILS_BY_ONE,
    )


_SPENT = _(
    "So many links have been mailed to technical contacts within an hour that the next ones must"
    " wait. Try again in %(minutes)s min."
)
_FEW_LEFT = _(
    "These orders mail links to %(needed)s addresses of technical contacts and deputies, but only"
    " %(left)s more can be mailed within this hour. Send the orders together in %(minutes)s min, or"
    " some of them now, each on its own page."
)


def send_links(
    application: Application,
    *,
    actor: Actor,
    now: datetime,
    to: Iterable[str] = contact_links.HOLDERS,
    with_mail: bool = True,
) -> None:
    """Mail the links of the locked order to the technical contact and the deputy.

    Only if the technical contact attaches the request or receives the certificate. `to` are the
    holders to mail: leave out those who are dismissed (`rules.contact_links.is_dismissed`), as only
    the applicant may send them another link. `with_mail`: mail each link at once; otherwise the
    caller sends one mail for the links of several orders (`tell_of_links`).

    A holder with a valid link gets the same link again, so that the browser it is bound to still
    works.
    """
    for holder in _holders_with_address(application, to):
        if contact_links.newest(application, holder, now=now) is None:
            _make(application, holder, now)
        _mail(application, holder, actor, now, with_mail=with_mail)


def tell_of_links(orders: Sequence[Application], *, now: datetime) -> None:
    """Enqueue one mail to each address, with its links to these orders; they were sent together."""
    for (first, holder), *rest in map(dict.items, _by_address(orders).values()):
        others = {str(order.pk): holder for order, holder in rest}
        transition.notify(first, "links_sent", (holder,), now, others=others)


def obstacles(orders: Sequence[Application], *, actor: Actor, now: datetime) -> Iterator[Refused]:
    """Yield why these orders, sent together, cannot mail their links; nothing is counted.

    TooManyContacts if the limit of all mails never allows them, and TooMany if a limit does not
    now. The pages show it before sending, and many orders are refused before the work of sending
    them. `spend_sent` counts the mails.
    """
    addresses = _by_address(orders)
    if len(addresses) > MOST_MAILS_BY_ONE:
        yield TooManyContacts()
    elif addresses:
        hour = timedelta(hours=1)
        left, seconds = limits.left_by("contact_mail", actor, **_most(), per=hour, now=now)
        to_one = _to_one(actor, addresses)
        if not limits.left_of("contact_mail_to", to_one, most=MOST_MAILS_TO_ONE, per=hour, now=now):
            left = 0
        if len(addresses) > left:
            words = _FEW_LEFT if left and len(orders) > 1 else _SPENT
            given = {"needed": len(addresses), "left": left, "minutes": math.ceil(seconds / 60)}
            yield TooMany(filled(words, **given), retry_after=seconds)


def spend_sent(
    orders: Sequence[Application],
    *,
    actor: Actor,
    now: datetime,
    to: Iterable[str] = contact_links.HOLDERS,
) -> None:
    """Count the mails with links to the orders just sent: one to each address. Raises TooMany.

    `to`: the holders who were mailed. Call it last in the transaction, because others at the
    network address wait for the count.
    """
    try:
        _spend_mails(_by_address(orders, tuple(to)), actor, now)
    except TooMany as refusal:
        left = refusal.retry_after
        raise TooMany(filled(_SPENT, minutes=math.ceil(left / 60)), retry_after=left) from refusal


def _by_address(
    orders: Sequence[Application], holders: Sequence[str] = contact_links.HOLDERS
) -> dict[str, dict[Application, str]]:
    """Return, by mailbox, the orders to which it gets a link, with the holder."""
    found = defaultdict[str, dict[Application, str]](dict)
    for order in orders:
        for holder in _holders_with_address(order, holders):
            found[mailbox(contact_links.address_of(order, holder))].setdefault(order, holder)
    return found


def _holders_with_address(application: Application, holders: Iterable[str]) -> list[str]:
    """Return those of the holders who need a link to the order and have an address."""
    if Delivery.TECHNICAL_CONTACT not in {application.csr_by, application.deliver_to}:
        return []
    return [holder for holder in holders if contact_links.address_of(application, holder)]


def find_link(token: str, *, address: str, now: datetime) -> ContactLink | None:
    """Return the link of the token, or None.

    Wrong tokens are counted by network address (`address`): raises TooMany.
    """
    links = ContactLink.objects.select_related(
        "application__organisation", "application__csr", "application__submission"
    )
    link = links.filter(token_hash=tokens.digest(token)).first()
    if link is None:
        hour = timedelta(hours=1)
        limits.spend_from("token_guess", address, most=MOST_GUESSES_AN_HOUR, per=hour, now=now)
    return link


@transaction.atomic
def open_link(link_id: UUID, *, actor: Actor, now: datetime) -> str | None:
    """Bind the link to the first browser that opens it; return the secret for its session.

    If the link is bound already, mail a new link to the same address and return None, unless one
    was mailed a moment ago (`rules.contact_links.just_made`); the earlier link stays valid until
    the new one is opened. Raises LinkOver and TooMany.
    """
    link, application = _lock(link_id, now)
    if link.bound_session:
        if contact_links.just_made(application, link.holder, now=now):
            return None
        _spend("contact_link", f"{application.pk}:{link.holder}", [link.email], actor, now)
        _make(application, link.holder, now)
        _mail(application, link.holder, actor, now)
        return None
    secret = tokens.new()
    link.bound_session, link.bound_at = tokens.digest(secret), now
    link.save(update_fields=["bound_session", "bound_at"])
    others = application.contact_links.filter(holder=link.holder, revoked_at=None)
    others.exclude(pk=link.pk).update(revoked_at=now)
    events.record(ApplicationEvent.LINK_OPENED, application, actor, now, link=str(link.pk))
    return secret


@transaction.atomic
def not_mine(link_id: UUID, *, actor: Actor, now: datetime) -> None:
    """End the holder's links because its recipient has no part in the order; tell the applicant.

    No mail about the order goes to that address any more. Raises LinkOver.
    """
    link, application = _lock(link_id, now)
    links = application.contact_links.filter(holder=link.holder, not_mine_at=None)
    refused = [each.pk for each in links if mailbox(each.email) == mailbox(link.email)]
    links.filter(pk__in=refused).update(not_mine_at=now)
    transition.move(application, Action.NOT_MINE, actor, now, data={"link": str(link.pk)})


@transaction.atomic
def rename_contact(
    application_id: UUID, values: dict[str, str], *, version: int, actor: Actor, now: datetime
) -> Application:
    """Change the technical contact or deputy, end all earlier links, and send new ones.

    A contact who was named for delivery alone still gives no request: the new address may be
    wrong too. `values` are the fields of the part `technical`, by name. Raises Changed,
    NotPossible, TooMany.
    """
    application = transition.take(Action.RENAME_CONTACT, application_id, actor, version, now=now)
    names = fields.saved_by("technical")
    changes: dict[str, Any] = {name: value for name, value in values.items() if name in names}
    if not contact_links.is_for_delivery(application):
        changes["csr_by"] = Delivery.TECHNICAL_CONTACT
    application.contact_links.filter(revoked_at=None).update(revoked_at=now)
    moved = transition.move(application, Action.RENAME_CONTACT, actor, now, **changes)
    _spend("rename_contact", str(application.pk), _by_address([moved]), actor, now)
    send_links(moved, actor=actor, now=now)
    return moved


@transaction.atomic
def resend_link(application_id: UUID, *, version: int, actor: Actor, now: datetime) -> Application:
    """End all earlier links, and mail new ones to the technical contact and the deputy.

    Raises Changed, NotPossible, TooMany.
    """
    application = transition.take(Action.RESEND_LINK, application_id, actor, version, now=now)
    _spend("resend_link", str(application.pk), _by_address([application]), actor, now)
    application.contact_links.filter(revoked_at=None).update(revoked_at=now)
    moved = transition.move(application, Action.RESEND_LINK, actor, now)
    for holder in contact_links.HOLDERS:
        if contact_links.address_of(application, holder):
            _make(application, holder, now)
            _mail(application, holder, actor, now)
    return moved


@transaction.atomic
def revoke_link(application_id: UUID, *, version: int, actor: Actor, now: datetime) -> Application:
    """End all links of the technical contact and the deputy. Raises Changed, NotPossible."""
    application = transition.take(Action.REVOKE_LINK, application_id, actor, version, now=now)
    application.contact_links.filter(revoked_at=None).update(revoked_at=now)
    return transition.move(application, Action.REVOKE_LINK, actor, now)


def _spend(scope: str, subject: str, addresses: Iterable[str], actor: Actor, now: datetime) -> None:
    """Count one use of `scope`, and one mail to each address. Raises TooMany."""
    limits.spend(scope, subject, most=MOST_MAILS_AN_HOUR, per=timedelta(hours=1), now=now)
    _spend_mails(addresses, actor, now)


def _spend_mails(addresses: Iterable[str], actor: Actor, now: datetime) -> None:
    if not (distinct := sorted(set(map(mailbox, addresses)))):
        return
    # Before what they share with others, so that of two requests never each waits for the other.
    to_one, hour = _to_one(actor, distinct), timedelta(hours=1)
    limits.spend_each("contact_mail_to", to_one, most=MOST_MAILS_TO_ONE, per=hour, now=now)
    limits.spend_by("contact_mail", actor, **_most(), per=hour, now=now, uses=len(distinct))


def _to_one(actor: Actor, mailboxes: Iterable[str]) -> list[str]:
    return [f"{actor}:{address}" for address in mailboxes]


def _most() -> dict[str, int]:
    return {"most": MOST_MAILS_BY_ONE, "most_from": MOST_MAILS_FROM}


def _lock(link_id: UUID, now: datetime) -> tuple[ContactLink, Application]:
    link = ContactLink.objects.get(pk=link_id)
    application = transition.lock(link.application_id)
    link.refresh_from_db()
    if not contact_links.is_valid(link, application, now=now):
        raise LinkOver
    return link, application


def _make(application: Application, holder: str, now: datetime) -> ContactLink:
    link = ContactLink(
        application=application,
        holder=holder,
        email=contact_links.address_of(application, holder),
        member=contact_links.member_at(application, holder),
        made_at=now,
    )
    link.token_hash = tokens.digest(link.token)
    link.save()
    return link


def _mail(
    application: Application, holder: str, actor: Actor, now: datetime, *, with_mail: bool = True
) -> None:
    events.record(ApplicationEvent.LINK_SENT, application, actor, now, holder=holder)
    if with_mail:
        transition.notify(application, "link_sent", (holder,), now)
