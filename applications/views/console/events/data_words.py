"""The data of an event as labels and values in the active language."""

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from applications.models.certificate_types import CertificateType
from applications.rules import sections
from applications.workflow import Status
from certportal.foundation.models import Event

LABELS: dict[str, Promise | str] = {
    "attempt": gettext_lazy("Attempt"),
    "csr": gettext_lazy("Certificate request (CSR)"),
    "evidence": gettext_lazy("Evidence"),
    "findings": gettext_lazy("Findings"),
    "from": pgettext_lazy("event data", "Status before"),
    "kind": gettext_lazy("Kind"),
    "number": gettext_lazy("Number"),
    "order": pgettext_lazy("noun", "Order"),
    "outcome": gettext_lazy("Outcome"),
    "person": gettext_lazy("Person"),
    "profile": gettext_lazy("Type of certificate"),
    "reason": gettext_lazy("Reason"),
    "role": gettext_lazy("Role"),
    "section": gettext_lazy("Part of the order"),
    "serial": gettext_lazy("Serial number (hexadecimal)"),
    "sha256": "SHA-256",
    "supplier": gettext_lazy("Supplier"),
    "to": pgettext_lazy("event data", "Status after"),
    "type": gettext_lazy("Type of certificate"),
    "version": gettext_lazy("Version"),
}
CHOICES: dict[str, dict[str, Promise | str]] = {
    "from": dict(Status.choices),
    "profile": dict(CertificateType.choices),
    "section": {section.id: section.title for section in sections.SECTIONS},
    "to": dict(Status.choices),
    "type": dict(CertificateType.choices),
}
# Of other things than orders these keys say something else.
OF_ORDER = {"from", "to", "type"}


def data_words(event: Event) -> list[tuple[str, str]]:
    """Return label and value of each fact; a key without a label of its own is shown as it is."""
    return [_worded(event, name, value) for name, value in event.data.items()]


def _worded(event: Event, name: str, value: object) -> tuple[str, str]:
    if name in OF_ORDER and event.object_type != "application":
        return name, _shown(value)
    words = CHOICES.get(name, {}).get(str(value))
    return str(LABELS.get(name, name.replace("_", " "))), str(words or _shown(value))


def _shown(value: object) -> str:
    """Return the value as text: lists and nested facts in a row, and a dash for nothing."""
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    if isinstance(value, dict):
        value = [f"{name.replace('_', ' ')}: {_shown(one)}" for name, one in value.items()]
    if isinstance(value, list):
        return ", ".join(map(_shown, value)) or "–"
    return "–" if value is None or value == "" else str(value)
