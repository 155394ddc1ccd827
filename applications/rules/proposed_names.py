"""Host names that the order leaves to the technical contact, until the applicant confirms them.

The contact proposes them with the certificate request. They stand in the order as a proposal: a
certificate is made of what was sent, and what was sent names none before the applicant confirms.
"""

import json
from datetime import datetime

from django.utils.translation import gettext as _

from applications.models import Addition, Application
from applications.models.certificate_types import Delivery
from applications.workflow import Status


def are_left(application: Application) -> bool:
    """Return whether the order leaves its host names to the technical contact, or did."""
    left = application.names_by == Delivery.TECHNICAL_CONTACT
    return left and application.kind.has_host_names


def are_awaited(application: Application) -> bool:
    """Return whether the order was sent without the host names, and nobody has confirmed any."""
    sent = application.submission if are_left(application) else None
    return sent is not None and not _names(sent.content)


def called(application: Application) -> str:
    """Return what the order is for, a host name that nobody has confirmed marked as proposed.

    While it waits to be confirmed, the status beside it says so.
    """
    if application.status == Status.NAMES_PROPOSED or not are_awaited(application):
        return application.called
    if not application.names:
        return application.called
    return _("%(name)s (proposed)") % {"name": application.called}


def confirmed_at(application: Application) -> datetime | None:
    """Return when the applicant confirmed the names that the contact proposed; None if not yet."""
    if not are_left(application):
        return None
    sent = list(application.submissions.all())
    named = [one for one in sent if _names(one.content)]
    return named[0].at if named and named[0] != sent[0] else None


def is_confirmation(application: Application) -> bool:
    """Return whether the last submission is the one that confirmed the proposed names."""
    sent = application.submission
    return sent is not None and sent.at == confirmed_at(application)


def sent_back(application: Application) -> Addition | None:
    """Return why the applicant sent the proposed names back, if they wait to be proposed again."""
    if application.status != Status.AWAITING_CSR or not are_awaited(application):
        return None
    return application.additions.select_related("person").last()


def is_about_names(addition: Addition, application: Application) -> bool:
    """Return whether the applicant wrote it to the contact whose host names they sent back.

    They write nothing else about an order before its host names are confirmed.
    """
    confirmed = confirmed_at(application)
    return are_left(application) and (confirmed is None or addition.at < confirmed)


def _names(content: str) -> bool:
    return bool(json.loads(content).get("host_names"))
