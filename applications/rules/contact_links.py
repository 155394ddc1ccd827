"""The links of the technical contact and the deputy: which are valid, and which is newest."""

from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import QuerySet

from accounts import access
from accounts.models import BelongsTo, Membership, Organisation, Person, reached_by
from applications.models import Application, ContactLink
from applications.models.certificate_types import Delivery
from applications.workflow import LINKED, ApplicationEvent, Status
from certportal.foundation import clock
from certportal.foundation.database.combined_queries import Asks, Question, Values, compiled_for
from certportal.foundation.database.query_cache import one_reading
from certportal.foundation.database.related_rows import rows_of
from certportal.foundation.models import Event
from certportal.foundation.text.mail_addresses import address_mark, mailbox

# How long after delivery the certificate can still be downloaded through the link.
KEPT = timedelta(days=30)
# How long to wait for a new link to be opened before another one is mailed.
AWAITED = timedelta(minutes=10)
HOLDERS = (ContactLink.Holder.TECHNICAL_CONTACT, ContactLink.Holder.DEPUTY)
GIVEN = (ApplicationEvent.ATTACH_CSR, ApplicationEvent.REPLACE_CSR, ApplicationEvent.PROPOSE_NAMES)
"""The events of a certificate request that was given to a sent order."""


def is_valid(link: ContactLink, application: Application, *, now: datetime) -> bool:
    """Return whether the link still opens the order.

    It stops working when the order ends without delivery, 30 days after delivery, when it is
    revoked, when its recipient says "not mine", when the order names another address for the
    holder, and when its recipient has left the organisation since it was made.
    """
    if link.revoked_at is not None or link.not_mine_at is not None:
        return False
    if mailbox(address_of(application, link.holder)) != mailbox(link.email):
        return False
    return is_open(application, now=now) and not _has_left(link, application)


def member_at(application: Application, holder: str) -> Membership | None:
    """Return the present member of the order's account who alone has the holder's address, or None.

    Colleagues may share a mailbox; then it is not known for whom of them a link is made.
    """
    current = Membership.objects.filter(organisation=application.organisation_id, ended_at=None)
    address = address_of(application, holder)
    box = mailbox(address)
    known = current.filter(reached_by(address, box, address_mark(address))).select_related("person")
    found = {member for member in known if mailbox(member.person.email) == box}
    return found.pop() if len(found) == 1 else None


def of_former_member(application: Application, holder: str) -> ContactLink | None:
    """Return the newest link to the holder's address if it was made for a member who has left."""
    link = latest(application, holder)
    return link if link is not None and _has_left(link, application) else None


def _has_left(link: ContactLink, application: Application) -> bool:
    """Return whether the link's address is, or was, that of a member who left after it was made.

    A link made for somebody who had left before is the organisation's own choice, and works.
    """
    member = link.member
    if member is not None and member.ended_at is not None:
        return not access.is_member(member.person.current, application.organisation_id)
    ends = [end for end, _role in held(application.organisation_id, link.email)]
    return None not in ends and any(end >= link.made_at for end in ends if end)


@Question
def held(organisation: UUID, address: str) -> Asks[list[tuple[datetime | None, str]]]:
    """Return the end (None for none) and the role of each membership of a person with the address.

    It may be one that the person has replaced by another, or that of a record merged into theirs.
    """
    return _memberships(organisation, address, mailbox(address), address_mark(address)), list


@compiled_for(UUID(int=1), "an address", "the mailbox", "the mark")
def _memberships(organisation: UUID, address: str, box: str, mark: str) -> Values:
    """Return the query for the end and role of each membership of such a person."""
    of_account = Membership.objects.filter(BelongsTo("organisation", organisation))
    theirs = of_account.filter(reached_by(address, box, mark))
    return Values(theirs.values_list("ended_at", "role"), 2)


def is_open(application: Application, *, now: datetime) -> bool:
    """Return whether the order's state allows links: from sending to 30 days after delivery."""
    if application.status not in LINKED.split():
        return False
    ended = application.ended_at if application.status == Status.DELIVERED else None
    return ended is None or now < ended + KEPT


def brings_request(application: Application) -> bool:
    """Return whether the technical contact was named to give the certificate request.

    A contact who was named only to get the certificate gives none through a link: with a wrong
    address a stranger would have their own key certified.
    """
    return application.csr_by == Delivery.TECHNICAL_CONTACT


def is_for_delivery(application: Application) -> bool:
    """Return whether the technical contact was named to get the certificate, and no more."""
    is_recipient = application.deliver_to == Delivery.TECHNICAL_CONTACT
    return is_recipient and not brings_request(application)


def is_asked(application: Application, *, now: datetime) -> bool:
    """Return whether the technical contact has been asked for the request, and has a link."""
    return brings_request(application) and bool(valid_links(application, now=now))


def is_awaited(application: Application) -> bool:
    """Return whether the order waits for a certificate request from the technical contact."""
    return application.status == Status.AWAITING_CSR and brings_request(application)


def came_through(application: Application) -> ContactLink | None:
    """Return the link through which the order's certificate request was given, or None.

    Of a link's holder only an address is known. A key that is not the organisation's is certified
    unless the applicant notices it.
    """
    giver = application.csr.uploaded_by if application.csr is not None else ""
    kind, _, key = giver.partition(":")
    links = application.contact_links.all() if kind == "technical_contact" else ()
    return next((link for link in links if str(link.pk) == key), None)


def supplied_by(application: Application) -> str:
    """Return the person and the supplier that gave the certificate request for it; or ""."""
    of_order = Event.objects.filter(object_type="application", object_id=str(application.pk))
    given = of_order.filter(action__in=GIVEN).order_by("-id").first()
    if given is None or "supplier" not in given.data:
        return ""
    person = Person.objects.get(pk=given.actor.partition(":")[2])
    return f"{person}, {Organisation.objects.get(pk=given.data['supplier'])}"


def address_of(application: Application, holder: str) -> str:
    """Return the address that the order names for the holder; empty when there is none."""
    deputy = holder == ContactLink.Holder.DEPUTY
    return application.deputy_email if deputy else application.technical_email


def is_dismissed(application: Application, holder: str) -> bool:
    """Return whether the holder's link was revoked by the applicant or refused by its recipient.

    A link that ended together with the order does not count as dismissed: if the order is
    reopened, its holder is needed again.
    """
    link = latest(application, holder)
    if link is None or link.not_mine_at is not None:
        return link is not None
    return link.revoked_at is not None and link.revoked_at != application.ended_at


def is_refused(application: Application, holder: str) -> bool:
    """Return whether whoever reads the holder's address said last that the order is not theirs."""
    return refusal(application, holder) is not None


def refusal(application: Application, holder: str) -> ContactLink | None:
    """Return the newest link to the holder's address if its reader said that it is not theirs."""
    link = latest(application, holder)
    return link if link is not None and link.not_mine_at is not None else None


def refused_by(application: Application) -> str:
    """Return the address of whoever was the last to say that the order is not theirs, or ""."""
    refused = application.contact_links.exclude(not_mine_at=None)
    last = refused.order_by("not_mine_at", "made_at").last()
    return last.email if last else ""


def mailable_holders(application: Application) -> list[str]:
    """Return the holders to whom the service may mail a link on its own.

    Only the applicant sends another one to who was dismissed, or has left the organisation.
    """
    return [
        holder
        for holder in HOLDERS
        if address_of(application, holder)
        and not is_dismissed(application, holder)
        and not of_former_member(application, holder)
    ]


def named_anew(application: Application) -> list[str]:
    """Return the holders named anew: their newest link, if any, went to another address.

    An address that said that the order is not theirs stays known.
    """
    return [one for one in HOLDERS if not _is_known(application, one)]


def _is_known(application: Application, holder: str) -> bool:
    link = application.contact_links.filter(holder=holder).order_by("made_at").last()
    address = mailbox(address_of(application, holder))
    known = link is not None and mailbox(link.email) == address
    return known or is_refused(application, holder)


def latest(application: Application, holder: str) -> ContactLink | None:
    """Return the newest link to the address that the holder has now, whether it works or not."""
    address = mailbox(address_of(application, holder))
    links = [link for link in rows_of(application, "contact_links") if link.holder == holder]
    return next((link for link in reversed(links) if mailbox(link.email) == address), None)


def newest(application: Application, holder: str, *, now: datetime) -> ContactLink | None:
    """Return the holder's newest valid link, or None."""
    links = [link for link in rows_of(application, "contact_links") if link.holder == holder]
    return next((link for link in reversed(links) if is_valid(link, application, now=now)), None)


def just_made(application: Application, holder: str, *, now: datetime) -> ContactLink | None:
    """Return the holder's newest valid link if made within `AWAITED` and not opened yet."""
    link = newest(application, holder, now=now)
    if link is None or link.bound_session or not clock.is_recent(link.made_at, AWAITED, now=now):
        return None
    return link


def linked(orders: QuerySet[Application], *, now: datetime) -> list[Application]:
    """Return those of the orders to which somebody has a valid link."""
    unrevoked = ContactLink.objects.filter(revoked_at=None)
    having = orders.filter(pk__in=unrevoked.values("application")).order_by("pk")
    with one_reading():
        read = having.prefetch_related("contact_links__member__person")
        return [order for order in read if valid_links(order, now=now)]


def valid_links(application: Application, *, now: datetime) -> list[ContactLink]:
    """Return the newest valid link of each holder that has one."""
    links = [newest(application, holder, now=now) for holder in HOLDERS]
    return [link for link in links if link is not None]
