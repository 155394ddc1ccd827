"""Host names that the order leaves to the technical contact, until the applicant confirms them.

The contact proposes them with the certificate request. In the order they are only a proposal: the
certificate is made from the submission, which has none until the applicant confirms them.
"""

import json
from datetime import datetime

from django.utils.translation import gettext as _

from applications.models import Addition, Application
from applications.models.certificate_types import Delivery
from applications.workflow import Status


def are_left(application: Application) -> bool:
    """Return whether the order leaves, or left, its host names to the technical contact."""
    by_contact = application.names_by == Delivery.TECHNICAL_CONTACT
    return by_contact and application.kind.has_host_names


def are_awaited(application: Application) -> bool:
    """Return whether the order was sent without the host names, and nobody has confirmed any."""
    sent = application.submission if are_left(application) else None
    return sent is not None and not _names(sent.content)


def is_proposal(application: Application) -> bool:
    """Return whether the order's host names are a proposal that nobody has confirmed."""
    return are_awaited(application) and bool(application.names)


def called(application: Application) -> str:
    """Return the order's display name, marked as proposed if it is an unconfirmed host name."""
    if not is_proposal(application):
        return application.called
    return _("%(name)s (proposed)") % {"name": application.called}


def called_beside_status(application: Application) -> str:
    """Return the same for use beside the status, which says itself that names are proposed."""
    waits = application.status == Status.NAMES_PROPOSED
    return application.called if waits else called(application)


def confirmed_at(application: Application) -> datetime | None:
    """Return when the applicant confirmed the proposed names; None if not yet."""
    if not are_left(application):
        return None
    sent = list(application.submissions.all())
    with_names = [submission for submission in sent if _names(submission.content)]
    return with_names[0].at if with_names and with_names[0] != sent[0] else None


def is_confirmation(application: Application) -> bool:
    """Return whether the last submission is the one that confirmed the proposed names."""
    sent = application.submission
    return sent is not None and sent.at == confirmed_at(application)


def sent_back(application: Application) -> Addition | None:
    """Return the applicant's reason for sending the names back, while new ones are awaited."""
    if application.status != Status.AWAITING_CSR or not are_awaited(application):
        return None
    return application.additions.select_related("person").last()


def is_about_names(addition: Addition, application: Application) -> bool:
    """Return whether the text is the applicant's reason for sending host names back.

    Before the host names are confirmed, the applicant can write nothing else about the order.
    """
    confirmed = confirmed_at(application)
    return are_left(application) and (confirmed is None or addition.at < confirmed)


def _names(content: str) -> bool:
    return bool(json.loads(content).get("host_names"))
