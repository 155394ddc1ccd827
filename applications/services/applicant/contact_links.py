"""The technical contact's link: sending, opening, renaming, revoking, and “this isn't mine”."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction

from applications import contact
from applications.errors import LinkOver, NotPossible
from applications.kinds import Delivery
from applications.models import Application, ContactLink
from applications.services import moving
from applications.workflow import Action, Role
from certportal.foundation import limits, tokens
from certportal.foundation.actors import Actor

MOST_MAILS_AN_HOUR = 5
# Links and their resending, by one person and from one network address.
MOST_MAILS_BY_ONE, MOST_MAILS_FROM = 60, 300
MOST_GUESSES_AN_HOUR = 30
CONTACT_FIELDS = (
    "technical_name",
    "technical_email",
    "technical_organisation",
    "technical_language",
    "deputy_name",
    "deputy_email",
)


def send_links(
    application: Application,
    *,
    actor: Actor,
    now: datetime,
    to: Iterable[str] = contact.HOLDERS,
) -> None:
    """Mail the locked order's contact and deputy their links, when the contact has a part.

    The part is to bring the request, to fetch the certificate, or both. `to` leaves out whom the
    applicant, or their own “this isn't mine”, has dismissed: only the applicant sends them another.

    Whoever has a living link gets the same one again, so that the browser it is bound to goes on.
    """
    if Delivery.TECHNICAL_CONTACT not in {application.csr_by, application.deliver_to}:
        return
    for holder in to:
        if contact.address_of(application, holder):
            if contact.newest(application, holder, now=now) is None:
                _make(application, holder, now)
            _mail(application, holder, actor, now)


def find_link(token: str, *, address: str, now: datetime) -> ContactLink | None:
    """Return the link of the token, or None. Wrong tokens are counted: raises TooMany."""
    found = ContactLink.objects.select_related(
        "application__organisation", "application__csr", "application__submission"
    )
    link = found.filter(token_hash=tokens.digest(token)).first()
    if link is None:
        hour = timedelta(hours=1)
        limits.spend_from("token_guess", address, most=MOST_GUESSES_AN_HOUR, per=hour, now=now)
    return link


@transaction.atomic
def open_link(link_id: UUID, *, actor: Actor, now: datetime) -> str | None:
    """Bind the link to the browser that asks first: returns the secret its session keeps.

    From any other browser a fresh link is mailed to the same address, and None returned; the
    former link lives until the fresh one is opened. Raises LinkOver and TooMany.
    """
    link, application = _lock(link_id, now)
    if link.bound_session:
        _spend("contact_link", f"{application.pk}:{link.holder}", actor, now)
        _make(application, link.holder, now)
        _mail(application, link.holder, actor, now)
        return None
    secret = tokens.new()
    link.bound_session, link.bound_at = tokens.digest(secret), now
    link.save(update_fields=["bound_session", "bound_at"])
    others = application.contact_links.filter(holder=link.holder, revoked_at=None)
    others.exclude(pk=link.pk).update(revoked_at=now)
    moving.record(application, "link_opened", actor=actor, now=now, data={"link": str(link.pk)})
    return secret


@transaction.atomic
def not_mine(link_id: UUID, *, actor: Actor, now: datetime) -> None:
    """End the link because its reader has nothing to do with the order; tell the applicant."""
    link, application = _lock(link_id, now)
    links = application.contact_links.filter(holder=link.holder, not_mine_at=None)
    links.update(not_mine_at=now)
    moving.move(
        application,
        Action.NOT_MINE,
        role=Role.TECHNICAL_CONTACT,
        actor=actor,
        now=now,
        data={"link": str(link.pk)},
    )


@transaction.atomic
def rename_contact(
    application_id: UUID,
    values: dict[str, str],
    *,
    version: int,
    actor: Actor,
    now: datetime,
) -> Application:
    """Name another technical contact or deputy; the earlier ones' links end, new ones are sent.

    Raises TooMany.
    """
    application = moving.lock(application_id, version=version)
    moving.require(application, Action.RENAME_CONTACT, Role.APPLICANT)
    _spend("rename_contact", str(application.pk), actor, now)
    fields: dict[str, Any] = {name: values[name] for name in CONTACT_FIELDS if name in values}
    application.contact_links.filter(revoked_at=None).update(revoked_at=now)
    moved = moving.move(
        application,
        Action.RENAME_CONTACT,
        role=Role.APPLICANT,
        actor=actor,
        now=now,
        csr_by=Delivery.TECHNICAL_CONTACT,
        **fields,
    )
    send_links(moved, actor=actor, now=now)
    return moved


@transaction.atomic
def resend_link(application_id: UUID, *, version: int, actor: Actor, now: datetime) -> Application:
    """Mail new links to the contact and the deputy; the earlier links end. Raises TooMany."""
    application = moving.lock(application_id, version=version)
    moving.require(application, Action.RESEND_LINK, Role.APPLICANT)
    if not application.technical_email or not contact.is_open(application, now=now):
        raise NotPossible
    _spend("resend_link", str(application.pk), actor, now)
    application.contact_links.filter(revoked_at=None).update(revoked_at=now)
    moved = moving.move(application, Action.RESEND_LINK, role=Role.APPLICANT, actor=actor, now=now)
    for holder in contact.HOLDERS:
        if contact.address_of(application, holder):
            _make(application, holder, now)
            _mail(application, holder, actor, now)
    return moved


@transaction.atomic
def revoke_link(application_id: UUID, *, version: int, actor: Actor, now: datetime) -> Application:
    """End the links of the contact and the deputy."""
    application = moving.lock(application_id, version=version)
    moving.require(application, Action.REVOKE_LINK, Role.APPLICANT)
    application.contact_links.filter(revoked_at=None).update(revoked_at=now)
    return moving.move(application, Action.REVOKE_LINK, role=Role.APPLICANT, actor=actor, now=now)


def _spend(scope: str, subject: str, actor: Actor, now: datetime) -> None:
    hour = timedelta(hours=1)
    limits.spend(scope, subject, most=MOST_MAILS_AN_HOUR, per=hour, now=now)
    limits.spend_by(
        "contact_mail",
        actor,
        most=MOST_MAILS_BY_ONE,
        most_from=MOST_MAILS_FROM,
        per=hour,
        now=now,
    )


def _lock(link_id: UUID, now: datetime) -> tuple[ContactLink, Application]:
    link = ContactLink.objects.get(pk=link_id)
    application = moving.lock(link.application_id)
    link.refresh_from_db()
    if not contact.lives(link, application, now=now):
        raise LinkOver
    return link, application


def _make(application: Application, holder: str, now: datetime) -> ContactLink:
    link = ContactLink(
        application=application,
        holder=holder,
        email=contact.address_of(application, holder),
        made_at=now,
    )
    link.token_hash = tokens.digest(link.token)
    link.save()
    return link


def _mail(application: Application, holder: str, actor: Actor, now: datetime) -> None:
    moving.record(application, "link_sent", actor=actor, now=now, data={"holder": holder})
    moving.notify(application, "link_sent", (holder,), now)
