"""The declarations made by sending an order: their ids, texts, and which orders need which."""

from django.utils import translation
from django.utils.translation import gettext_lazy as _

from applications.models import Application
from applications.rules import intermediaries, proposed_names
from certportal.foundation import agency

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
# What the operator may have published, by its key in submissions and its table in AGENCY_FILE.
PUBLISHED = {agency.PRICE_LIST: _("Price list"), agency.TERMS: _("Terms of delivery")}


def published() -> dict[str, agency.Published]:
    """Return each document that the operator has published, by its key."""
    by_key = {key: agency.published(key) for key in PUBLISHED}
    return {key: document for key, document in by_key.items() if document is not None}


def published_titles() -> list[tuple[str, str, agency.Published]]:
    """Return key, title in the active language, and document of each published one."""
    return [(key, str(PUBLISHED[key]), document) for key, document in published().items()]


def published_as_sent() -> dict[str, dict[str, str]]:
    """Return the published documents in the form that submissions contain."""
    return {
        key: {"url": document.url, "version": document.version, "day": document.day.isoformat()}
        for key, document in published().items()
    }


def edition() -> str:
    """Return a text of the published versions, to detect later that a page showed other ones."""
    shown = (
        f"{key} {document.version} {document.day.isoformat()}"
        for key, document in published().items()
    )
    return "; ".join(shown)


def asked(application: Application) -> list[str]:
    """Return the ids of the declarations that the order needs, in the sequence shown.

    "domains" concerns server certificates only, once their host names are given. "system" concerns
    system signature certificates of providers; an intermediary orders one in its own name, without
    administering the system (the service description). "terms" requires published terms, otherwise
    "binding" takes its place.
    """
    kind = application.kind
    left_out = {"binding" if agency.published(agency.TERMS) else "terms"}
    if not kind.has_host_names or (proposed_names.are_left(application) and not application.names):
        left_out.add("domains")
    if not kind.has_system or intermediaries.is_mediated(application):
        left_out.add("system")
    return [name for name in DECLARATIONS if name not in left_out]


def in_words(names: list[str], language: str) -> list[str]:
    """Return the texts of the named declarations in the language."""
    with translation.override(language):
        return [str(DECLARATIONS[name]) for name in names]
