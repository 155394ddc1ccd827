"""What a person declares by sending an order: ids, the words, and which orders need which."""

from django.utils import translation
from django.utils.translation import gettext_lazy as _

from applications.kinds import CertificateType
from applications.models import Application

DECLARATIONS = {
    "authority": _("I have the right to order certificates for this organisation."),
    "domains": _("The organisation administers the domain of each host name in the order."),
    "truth": _("The information in the order is true and complete."),
    "terms": _("I accept the terms of delivery and understand that the order is binding."),
}


def asked(application: Application) -> list[str]:
    """Return the ids that must be declared; domains belong to server certificates."""
    server = CertificateType(application.type).is_server
    return [name for name in DECLARATIONS if name != "domains" or server]


def in_words(names: list[str], language: str) -> list[str]:
    """Return the declarations as they were read, in that language."""
    with translation.override(language):
        return [str(DECLARATIONS[name]) for name in names]
