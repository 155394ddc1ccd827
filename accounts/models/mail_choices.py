"""Which mails a person can decline, and which are always sent, with the reason."""

from typing import NamedTuple

from django.db import models
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class MailChoice(models.TextChoices):
    """A group of mails about orders that a person can decline."""

    REMINDERS = "reminders", _("Reminders that a certificate expires")
    RECEIPTS = "receipts", _("Receipts of the orders and answers that you send")
    PROGRESS = "progress", _("Steps of your orders that ask nothing of you")
    COLLEAGUES = "colleagues", _("Reminders and warnings about colleagues' orders")


HINTS = {
    MailChoice.REMINDERS.value: _(
        "If nobody else who can order would be told, you are reminded all the same."
    ),
    MailChoice.RECEIPTS.value: _("The receipts are on the page of the order too."),
    MailChoice.PROGRESS.value: _("For example that the request was attached."),
    MailChoice.COLLEAGUES.value: _(
        "Administrators get them so that no order depends on one person."
    ),
}


class Always(NamedTuple):
    """Mails that are always sent, and why."""

    what: Promise
    why: Promise


# The keys are those that the registries of mails use as a mail's category.
ALWAYS: dict[str, Always] = {
    "decisions": Always(
        _("Questions and decisions about your orders, and the certificates"),
        _("An answer is awaited, or a period for appeal begins."),
    ),
    "ending": Always(
        _("That your order is about to lapse, or your draft to be removed"),
        _("Nobody else may know in time."),
    ),
    "revoking": Always(
        _("That a certificate was revoked, or must be replaced"), _("It stops working, or will.")
    ),
    "register": Always(
        _("That a register has changed under your certificates, or an email did not arrive"),
        _("A certificate or an order is at stake."),
    ),
    "access": Always(
        _(
            "Codes, who may act for your organisation, and a certificate request that was replaced"
            " or came by a link"
        ),
        _("They protect your organisation: you notice at once what you did not ask for."),
    ),
    "work": Always(_("The work of the reviewers"), _("A case or the service waits for you.")),
}
