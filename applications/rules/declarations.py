"""What a person declares by sending an order: ids, the words, and which orders need which."""

from django.utils import translation
from django.utils.translation import gettext_lazy as _

from applications import mediation
from applications.kinds import CertificateType
from applications.models import Application

DECLARATIONS = {
    "authority": _("I have the right to order certificates for this organisation."),
    "domains": _("The organisation administers the domain of each host name in the order."),
    "system": _(
        "The organisation administers the information system that signs with the certificate, even"
        " if somebody else maintains it."
    ),
    "truth": _("The information in the order is true and complete."),
    "terms": _("I accept the terms of delivery and understand that the order is binding."),
}


def asked(application: Application) -> list[str]:
    """Return the ids that must be declared for the order, in the order they are read.

    Domains belong to server certificates. A system signature is ordered by the provider that
    administers the system; an intermediary orders it in its own name (the service description).
    """
    kind = CertificateType(application.type)
    left_out = set() if kind.is_server else {"domains"}
    if not kind.is_signature or mediation.is_mediated(application):
        left_out.add("system")
    return [name for name in DECLARATIONS if name not in left_out]


def in_words(names: list[str], language: str) -> list[str]:
    """Return the declarations as they were read, in that language."""
    with translation.override(language):
        return [str(DECLARATIONS[name]) for name in names]
