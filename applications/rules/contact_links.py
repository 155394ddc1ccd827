"""The technical contact's links: whether one lives, and which is the newest."""

from datetime import datetime, timedelta

from applications.models import Application, ContactLink
from applications.workflow import LINKED, Status

# So long after delivery the technical contact still gets the certificate by the link.
KEPT = timedelta(days=30)
HOLDERS = (ContactLink.Holder.TECHNICAL_CONTACT, ContactLink.Holder.DEPUTY)


def lives(link: ContactLink, application: Application, *, now: datetime) -> bool:
    """Return whether the link opens the order.

    It ends with the order, 30 days after delivery, when it was revoked or refused by its reader,
    and when the order names another address.
    """
    if link.revoked_at is not None or link.not_mine_at is not None:
        return False
    if address_of(application, link.holder).casefold() != link.email.casefold():
        return False
    return is_open(application, now=now)


def is_open(application: Application, *, now: datetime) -> bool:
    """Return whether links to the order can live: not once it ended, or 30 days after delivery."""
    if application.status not in LINKED.split():
        return False
    ended = application.ended_at if application.status == Status.DELIVERED else None
    return ended is None or now < ended + KEPT


def address_of(application: Application, holder: str) -> str:
    """Return the address that the order names for the holder; empty when there is none."""
    deputy = holder == ContactLink.Holder.DEPUTY
    return application.deputy_email if deputy else application.technical_email


def is_dismissed(application: Application, holder: str) -> bool:
    """Return whether the holder's link was ended by the applicant, or refused by its reader.

    One that ended with the order was not: whoever had it is wanted again when the order is.
    """
    link = _latest(application, holder)
    if link is None or link.not_mine_at is not None:
        return link is not None
    return link.revoked_at is not None and link.revoked_at != application.ended_at


def welcome(application: Application) -> list[str]:
    """Return the holders to whom the service itself may mail a link, without the applicant."""
    return [one for one in HOLDERS if not is_dismissed(application, one)]


def unknown(application: Application) -> list[str]:
    """Return the holders to whose present address no link of the order has ever been sent."""
    return [one for one in HOLDERS if _latest(application, one) is None]


def _latest(application: Application, holder: str) -> ContactLink | None:
    address = address_of(application, holder)
    links = application.contact_links.filter(holder=holder, email__iexact=address)
    return links.order_by("made_at").last()


def newest(application: Application, holder: str, *, now: datetime) -> ContactLink | None:
    """Return the holder's newest link that lives."""
    links = application.contact_links.filter(holder=holder).order_by("-made_at")
    return next((one for one in links if lives(one, application, now=now)), None)


def living(application: Application, *, now: datetime) -> list[ContactLink]:
    """Return the newest living link of each holder."""
    found = [newest(application, holder, now=now) for holder in HOLDERS]
    return [one for one in found if one is not None]
