"""Refusals of pages and files that an order does not have, or not yet, with its status."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from applications.documents.certificate_files import certificate_of
from applications.errors import Erased, NotPossible
from applications.models import Application
from applications.workflow import ENDED
from certportal.foundation.text.wording import filled

NO_CERTIFICATE = _(
    "The order has no certificate yet. Its status is: %(status)s. The certificate will be here"
    " when it has been issued."
)
NO_CERTIFICATE_EVER = _("No certificate was issued for the order. Its status is: %(status)s.")
NO_DECISION = _(
    "The decision on the order cannot be read yet. The order's status is: %(status)s. The decision"
    " will be here when the certificate has been issued or the order rejected."
)
NO_DECISION_EVER = _("No decision was made on the order. Its status is: %(status)s.")
NOT_VALID = _("Do not install this certificate: it is no longer valid.")
NOT_REVOKED = _("The certificate has not been revoked.")


def no_certificate(application: Application) -> NotPossible:
    """Return the refusal for an order that has no certificate, or none yet."""
    return _refusal(application, NO_CERTIFICATE, NO_CERTIFICATE_EVER)


def no_certificate_or(application: Application, words: Promise) -> NotPossible:
    """Return `no_certificate`, or the refusal in these words if there is a certificate."""
    if certificate_of(application) is None:
        return no_certificate(application)
    return NotPossible(words)


def no_decision(application: Application) -> NotPossible:
    """Return the refusal for an order on which no decision can be read, or none yet."""
    return _refusal(application, NO_DECISION, NO_DECISION_EVER)


def _refusal(application: Application, yet: Promise, ever: Promise) -> NotPossible:
    if application.erased_at is not None:
        return Erased()
    words = ever if application.status in ENDED else yet
    return NotPossible(filled(str(words), status=application.get_status_display()))
