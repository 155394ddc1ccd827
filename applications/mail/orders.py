"""The mails about orders, as rows of `MAILS`.

An item holds `notice` (the mail), `application`, and `recipient`, named as in
`applications.rules.recipients`.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.functional import SimpleLazyObject

from accounts.models import Person
from applications.documents import certificate_files, kept_papers
from applications.mail import reminders
from applications.mail.order_matter import (
    FACTS,
    Matter,
    about_order,
    matter_of,
    named,
    numbered,
    of_several,
    reader,
    to_reader,
)
from applications.mail.reminders import days_to
from applications.models import Application, Attachment, InformationRequest
from applications.models.revocation import reason_words
from applications.rules import (
    contact_links,
    hearing,
    lapse,
    promise_pause,
    proposed_names,
    revocation_reports,
    sections,
    undelivered,
)
from applications.rules.mailbox_code import digits
from applications.rules.recipients import resolve
from applications.rules.reminders import seen
from applications.rules.revocation import asked_by, is_proven
from applications.rules.told_together import ABOUT_ONE, SEVERAL, orders_told
from applications.workflow import consequences
from certportal.foundation import clock
from certportal.foundation.mail import mails
from certportal.foundation.mail.html import plain
from certportal.foundation.mail.mails import Asked, Mail, To, registry, render
from certportal.foundation.mail.sending import File
from certportal.foundation.text.mail_addresses import mailbox
from certportal.foundation.web import tokens


def _about_link(asked: Asked) -> Matter | None:
    """Find the order, unless the recipient's link ended before the mail was sent."""
    matter = about_order(asked)
    return None if matter and matter.is_contact and matter.link is None else matter


def _to_named(matter: Matter, asked: Asked) -> To:
    """Return the recipient, also if their membership has ended with the account."""
    return To(*resolve(matter.order, orders_told(asked.payload)[str(matter.order.pk)]))


def _context(matter: Matter, asked: Asked) -> dict[str, Any]:
    """Return the context of every mail; a template computes only the facts that it reads."""
    order, link = matter.order, matter.link
    facts = {name: partial(fact, order) for name, fact in FACTS.items()}
    certificate: Any = SimpleLazyObject(lambda: certificate_files.certificate_of(order))
    return {
        "application": order,
        "recipient": matter.recipient,
        "is_contact": matter.is_contact,
        "on_account": matter.on_account,
        "link": reverse("contact:landing", args=[link.token]) if link else "",
        **_request(order, SimpleLazyObject(order.requests.last), asked),
        **_when_read(
            **facts,
            sent_by_reader=lambda: reader(matter, asked) == _sender(order),
            contact_told=lambda: contact_links.is_asked(order, now=asked.now),
            seen=lambda: seen(order, now=asked.now),
            proven=lambda: bool(certificate) and is_proven(certificate),
            asked_by=lambda: asked_by(certificate) if certificate else "",
            reason=lambda: reason_words(certificate.revocation_reason if certificate else ""),
        ),
        "certificate": certificate,
        "days": lambda: (clock.day(certificate.not_after) - clock.day(asked.now)).days,
        "days_to_lapse": lambda: days_to(lapse.lapses_on(order), asked),
        "days_to_removal": lambda: days_to(lapse.removal_of(order), asked),
    }


def _sender(order: Application) -> Person | None:
    return order.submission.person.current if order.submission else None


def _when_read(**values: Callable[[], Any]) -> dict[str, Any]:
    """Return lazy values, computed when a template reads them."""
    return {name: SimpleLazyObject(value) for name, value in values.items()}


def _request(
    order: Application, request: Any, asked: Asked, documents: Sequence[Attachment] = ()
) -> dict[str, Any]:
    """Return the context about a request for information, if there is one."""

    def names() -> list[str]:
        files = documents or (request.documents.all() if request and request.pk else ())
        return [file.name for file in files]

    def titles() -> list[Any]:
        return [sections.BY_ID[key].title for key in request.fields] if request else []

    def resumes() -> str:
        return promise_pause.words(order, is_heard=request.is_hearing) if request else ""

    return {
        "request": request,
        "days_to_answer": lambda: days_to(request.deadline, asked),
        **_when_read(sections=titles, documents=names, resumes=resumes),
    }


def _package(matter: Matter) -> Sequence[File]:
    certificate = certificate_files.certificate_of(matter.order)
    if certificate is None or certificate.revocation_reason:
        return ()
    files = certificate_files.files(matter.order, certificate)
    return [files["der"], files["pem"], files["chain"]]


def _undelivered(asked: Asked) -> list[Matter]:
    """Return the orders whose mails have been neither sent again nor given up, the first first."""
    told = list(orders_told(asked.payload))
    matters = sorted(reminders.told_of(asked), key=lambda each: told.index(str(each.order.pk)))
    return [each for each in matters if undelivered.addresses(each.order)]


def _about_report(asked: Asked) -> Matter | None:
    """Find the order, unless what was asked from outside has been decided meanwhile."""
    matter = about_order(asked)
    return matter if matter and _of_report(matter, asked)["report"] else None


def _of_report(matter: Matter, asked: Asked) -> Mapping[str, Any]:
    """Return the report of which the mail tells, if it waits; an earlier version told no key."""
    return {"report": revocation_reports.waiting(matter.order, asked.payload.get("report", ""))}


def _coded(asked: Asked) -> Matter | None:
    """Find the order, unless it is gone (a draft), or a newer code has replaced the item's."""
    order = Application.objects.filter(pk=asked.payload["reference"]).first()
    if order is None or str(order.certified_email_code) != asked.payload["code"]:
        return None
    return Matter(order, "certified_email", None)


def _sent_with(first: Application) -> QuerySet[Application]:
    """Return the orders sent together with this one, by number."""
    sent = Application.objects.filter(bulk_order=first.bulk_order, submitted_at=first.submitted_at)
    return sent.select_related("submission").prefetch_related("host_names").order_by("number")


def _of_contact(order: Application, found: QuerySet[Application]) -> list[Application]:
    """Return those of the orders whose contact person reads the mailbox of this one's."""
    contact = mailbox(order.contact_email)
    return [each for each in found if mailbox(each.contact_email) == contact]


def _listed(orders: Sequence[Application]) -> Mapping[str, Any]:
    """Return the orders, and by when they are handled."""
    return {
        "orders": orders,
        "count": len(orders),
        "due_on": max(filter(None, (order.due_on for order in orders)), default=None),
        "waiting": any(order.due_on is None for order in orders),
    }


def _about_links(asked: Asked) -> Matter | None:
    """Find the first of the orders sent together, unless all the links have ended meanwhile."""
    matter = about_order(asked)
    return matter if matter is not None and any(_links(matter, asked)) else None


def _to_links(matter: Matter, asked: Asked) -> To:
    """Return the address for which the links were made; the order may have another one by now."""
    link = matter.order.contact_links.filter(holder=matter.recipient).order_by("made_at").first()
    return To(link.email if link else "", to_reader(matter, asked).language)


def _links(matter: Matter, asked: Asked) -> Iterator[tuple[Application, str]]:
    """Yield the orders sent together to which the recipient holds a link, and its path."""
    reached, first = mailbox(_to_links(matter, asked).address), matter.order
    for order in _sent_with(first).prefetch_related("contact_links"):
        for link in contact_links.valid_links(order, now=asked.now):
            if mailbox(link.email) == reached:
                yield order, reverse("contact:landing", args=[link.token])


def _linked_together(matter: Matter, asked: Asked) -> Mapping[str, Any]:
    held = list(_links(matter, asked))
    wanted = any(proposed_names.are_awaited(order) for order, _link in held)
    links = [(named(order), link) for order, link in held]
    waiting = (lapse.last_day_of(order) for order, _link in held if contact_links.is_awaited(order))
    first = min(filter(None, waiting), default=None)
    return {"links": links, "names_wanted": wanted, "last_day": first}


def _about_requests(asked: Asked) -> Matter | None:
    """Find the first of the orders that got their requests together and are complete still."""
    matter = about_order(asked)
    completed = _completed(matter.order, asked) if matter else ()
    return matter_of(completed[0], asked) if completed else None


def _completed(order: Application, asked: Asked) -> list[Application]:
    """Return the orders with the same contact that got their requests at the item's moment.

    The checks may have sent some of them back meanwhile.
    """
    at = asked.payload.get("at")  # none in an item of an earlier version
    given = Application.objects.exclude(completed_at=None).filter(
        organisation=order.organisation_id,
        completed_at=datetime.fromisoformat(at) if at else order.completed_at,
    )
    given = given.select_related("organisation").prefetch_related("host_names").order_by("number")
    return _of_contact(order, given)


def _mail(
    name: str,
    *,
    context: Callable[[Matter, Asked], Mapping[str, Any]] = lambda _matter, _asked: {},
    **more: Any,
) -> Mail[Matter]:
    """Return a mail about an order; `context` adds to that of every mail.

    Attached is by default the paper that goes with it, if any.
    """

    def paper(matter: Matter) -> Sequence[File]:
        """Return the paper; raises Unavailable until it is made."""
        made_of = kept_papers.source(name, matter.order)
        return [kept_papers.kept(made_of)] if made_of else ()

    def whole(matter: Matter, asked: Asked) -> Mapping[str, Any]:
        return {**_context(matter, asked), **context(matter, asked)}

    defaults: dict[str, Any] = {"about": about_order, "to": to_reader, "subject": numbered}
    defaults |= {"files": paper, "thread": lambda matter: matter.order.number}
    return Mail(f"applications/mail/{name}", context=whole, **(defaults | more))


def _reminders(
    name: str, rule: reminders.Rule, *, ends: int = 0, **more: Any
) -> list[Mail[Matter]]:
    """Return the mail about one order that is due, and that about several."""
    context = more.pop("context", lambda _matter, _asked: {})

    def all_due(matter: Matter, asked: Asked) -> Mapping[str, Any]:
        return {**context(matter, asked), **reminders.listing(matter, asked, ends=ends)}

    def counted(matter: Matter, subject: str) -> str:
        return (of_several if len(matter.listed) > 1 else numbered)(matter, subject)

    def alone(matter: Matter) -> str:
        return matter.order.number if len(matter.listed) == 1 else ""

    about = reminders.about(rule)
    return [
        _mail(name, about=about, context=context, **more),
        _mail(SEVERAL[name], about=about, context=all_due, subject=counted, thread=alone, **more),
    ]


def _together(name: str, **more: Any) -> Mail[Matter]:
    """Return a mail about several orders, which names them in its text."""
    return _mail(name, subject=of_several, thread=lambda _matter: "", **more)


# Mails that follow from actions, then mails sent by services; a later row replaces an earlier one.
MAILS = registry(
    *map(_mail, sorted(consequences.NOTICES)),
    _together(
        "bulk_receipt",
        context=lambda of, _asked: _listed(_of_contact(of.order, _sent_with(of.order))),
    ),
    _mail("link_sent", about=_about_link),
    _together("links_sent", about=_about_links, to=_to_links, context=_linked_together),
    _together(
        "csrs_attached",
        about=_about_requests,
        context=lambda of, asked: _listed(_completed(of.order, asked)),
    ),
    _mail(
        "answered",
        context=lambda of, asked: {"was_heard": hearing.is_answered(of.order, now=asked.now)},
    ),
    *map(_mail, ["withdrawn", "replaced", "revoked"]),
    _mail("revocation_reported", about=_about_report, context=_of_report),
    *_reminders("lapse_warning", reminders.incomplete, ends=1),
    *_reminders("lapsed", reminders.lapsed),
    *_reminders("draft_warning", reminders.old_drafts),
    *_reminders("account_closed", reminders.lapsed, to=_to_named),
    _mail("package", files=_package),
    *_reminders(
        "renewal",
        reminders.expiring,
        context=lambda of, asked: {"chooses": reader(of, asked) is not None},
        files=reminders.calendar,
    ),
    *_reminders("expired", reminders.expired),
    _mail(
        "undelivered",
        about=lambda asked: next(iter(_undelivered(asked)), None),
        context=lambda of, asked: {
            "lost": lambda: undelivered.addresses(of.order),
            # Items of an earlier version only count the others.
            "others_lost": lambda: (
                len(_undelivered(asked)) - 1 + asked.payload.get("others_lost", 0)
            ),
        },
    ),
    _mail(
        "mailbox_code",
        about=_coded,
        to=lambda of, _asked: To(of.order.certified_email, of.order.language),
        context=lambda of, _asked: {"code": tokens.readable(digits(of.order))},
    ),
)


def subject(notice: str, order: Application, asked: Asked) -> str:
    """Return the subject line of the mail, as one about the order, in its recipient's language."""
    matter, mail = matter_of(order, asked), MAILS[ABOUT_ONE.get(notice, notice)]
    return mails.subject(mail, matter, mail.to(matter, asked), asked)


def question(
    order: Application,
    request: InformationRequest,
    documents: Sequence[Attachment] = (),
    *,
    now: datetime,
) -> tuple[str, str]:
    """Return the mail that will ask the applicant for information, and its language.

    The mail begins with the subject. `documents` are those that go with the unsaved request.
    """
    asked = Asked({"recipient": "applicant"}, now)
    matter, row = matter_of(order, asked), MAILS["information_wanted"]
    about = _request(order, request, asked, documents)
    mail = replace(row, context=lambda m, a: _context(m, a) | about)
    to = mail.to(matter, asked)
    return plain("\n\n".join(render(mail, matter, to, asked))).strip(), to.language
