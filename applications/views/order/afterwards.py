"""What follows once a draft is sent: who does what, and how the certificate comes, in sentences."""

from django.utils.translation import gettext as _

from applications.models import Application
from applications.models.certificate_types import Delivery
from applications.rules import proposed_names, recipients
from applications.views.shared import tracking
from applications.workflow import consequences, promise


def sentences(application: Application) -> list[str]:
    """Return what follows the sending of a complete draft, in the sequence in which it happens."""
    told = recipients.distinct(application, consequences.PACKAGED)
    addresses = [recipients.resolve(application, one)[0] for one in told]
    arrival = _(
        "The certificate comes by email to %(addresses)s. You can also download it on the order's"
        " page."
    )
    return [*_until_decided(application), arrival % {"addresses": ", ".join(addresses)}]


def _until_decided(application: Application) -> list[str]:
    if application.csr_id is not None:
        words = _(
            "We handle the order within %(days)s working days (Monday to Friday). You don't need to"
            " do anything more: we email you if we need more information."
        )
        return [words % {"days": promise.WORKING_DAYS}]
    if application.csr_by != Delivery.TECHNICAL_CONTACT:
        return [
            _("Send the certificate request on the order's page when you have it."),
            tracking.once_requested(),
        ]
    name = {"name": application.technical_name}
    if not proposed_names.are_left(application) or application.names:
        words = _("%(name)s gets a link by email and sends the certificate request through it.")
        return [words % name, tracking.once_requested()]
    words = _(
        "%(name)s gets a link by email, sends the certificate request through it and proposes the"
        " host names. We email you when you can confirm them."
    )
    return [words % name, tracking.once_confirmed()]
