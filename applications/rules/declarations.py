"""The declarations made by sending an order: their ids, texts, and which orders need which."""

from django.utils import translation
from django.utils.translation import gettext_lazy as _

from applications.models import Application
from applications.rules import intermediaries

DECLARATIONS = {
    "authority": _("I have the right to order certificates for this organisation."),
    "domains": _("The organisation administers the domain of each host name in the order."),
    "system": _(
        "The organisation administers the information system that signs with the certificate, even"
        " if somebody else maintains it."
    ),
    "truth": _("The information in the order is true and complete."),
    "terms": _("I accept the terms of delivery and understand that the order is binding."),
    "binding": _("I understand that the order is binding."),
}
# In submissions made before: the pages showed no terms that could be read.
_NO_LONGER_ASKED = frozenset({"terms"})


def asked(application: Application) -> list[str]:
    """Return the ids of the declarations that the order needs, in the sequence shown.

    "domains" concerns server certificates only. "system" concerns system signature certificates
    of providers; an intermediary orders one in its own name, without administering the system
    (the service description).
    """
    kind = application.kind
    left_out = set(_NO_LONGER_ASKED)
    if not kind.has_host_names:
        left_out.add("domains")
    if not kind.has_system or intermediaries.is_mediated(application):
        left_out.add("system")
    return [name for name in DECLARATIONS if name not in left_out]


def in_words(names: list[str], language: str) -> list[str]:
    """Return the texts of the named declarations in the language."""
    with translation.override(language):
        return [str(DECLARATIONS[name]) for name in names]
