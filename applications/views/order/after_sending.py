"""What follows once a draft is sent: who does what, and how the certificate comes, in sentences."""

from collections.abc import Sequence
from datetime import date

from django.urls import reverse
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.translation import gettext as _

from accounts.models import Person
from applications.models import Application
from applications.models.certificate_types import Delivery
from applications.rules import lapse, proposed_names, recipients
from applications.views.shared import tracking
from applications.views.shared.right_asked import right_asked
from applications.workflow import promise
from certportal.foundation.text.mail_addresses import mailbox


def sentences(application: Application, sender: Person, *, today: date) -> list[str]:
    """Return what follows if that person sends the complete draft today, in sequence."""
    arrival = _(
        "Once the order is approved, the certificate comes by email to %(addresses)s. You can also"
        " download it on the order's page."
    )
    shown = _addresses(application, recipients.package(application))
    follows = [
        *_until_decided(application, today),
        arrival % {"addresses": shown},
        *_about_mailbox(application),
    ]
    if right := about_right(application, sender, today=today):
        return [right, *follows]
    if application.csr_id is not None:
        return [_("You don't need to do anything more."), *follows]
    return follows


def _about_mailbox(application: Application) -> list[str]:
    """Return that the shared mailbox is one person's, if the order names it as theirs too."""
    people = (application.contact_email, application.technical_email, application.deputy_email)
    if mailbox(application.mailbox) not in map(mailbox, filter(None, people)):
        return []
    words = _(
        "The shared mailbox %(address)s is also one person's address, so reminders may stay unread"
        " while they are away. If several people read another address, change it in the part"
        " Delivery."
    )
    return [words % {"address": application.mailbox}]


def about_right(application: Application, sender: Person, *, today: date) -> str:
    """Return that the sender's right is confirmed first, with a link to speed it up; "" if not."""
    if application.kind.is_test:
        return ""
    asked = right_asked(sender, application.organisation, on=today)
    if asked is None or asked.handed_in:
        return ""
    words = _("A reviewer confirms your authority to act first. A document speeds it up:")
    page, link = reverse("accounts:right"), _("Upload proof of authority")
    return format_html('{} <a href="{}">{}</a>', words, page, link)


def _until_decided(application: Application, today: date) -> list[str]:
    told = {"address": _addresses(application, recipients.present(application, ["applicant"]))}
    if application.csr_id is not None:
        words = _("We handle the order within %(days)s working days (Monday to Friday).")
        asked = _("If we need more information, we write to %(address)s.")
        return [words % {"days": promise.WORKING_DAYS}, asked % told]
    if application.csr_by != Delivery.TECHNICAL_CONTACT:
        words = _(
            "Send the certificate request on the order's page when you have it, by %(last)s."
            " Otherwise the order lapses."
        )
        last = date_format(lapse.last_day(today), "DATE_FORMAT")
        return [words % {"last": last}, tracking.promise_after(names=False)]
    name = {"name": application.technical_name}
    if not proposed_names.are_left(application) or application.names:
        words = _("%(name)s gets a link by email and sends the certificate request through it.")
        return [words % name, tracking.promise_after(names=False)]
    words = _(
        "%(name)s gets a link by email, sends the certificate request through it and proposes the"
        " host names."
    )
    confirm = _("When the names can be confirmed, we write to %(address)s.")
    return [words % name, confirm % told, tracking.promise_after(names=True)]


def _addresses(application: Application, told: Sequence[str]) -> str:
    """Return the addresses of the recipients; persons in place of somebody who left by role."""
    shown = [
        _("the administrators of the account")
        if one.startswith("person:")
        else recipients.resolve(application, one)[0]
        for one in told
    ]
    return ", ".join(dict.fromkeys(filter(None, shown))) or _("the administrators of the account")
