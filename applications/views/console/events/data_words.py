"""The data of an event as labels and values in the active language."""

from collections.abc import Iterator
from typing import Any

from django.utils.translation import gettext as _

from applications.views.console.events.data_labels import LABELS, OF_KIND
from applications.views.console.events.data_values import value_words
from applications.views.console.events.named import Named, Part

type Fact = tuple[str, list[Part]]


def data_words(kind: str, data: dict[str, Any], named: Named) -> Iterator[Fact]:
    """Yield label and values of each fact; a key without a label of its own is shown as it is."""
    for name, value in data.items():
        if isinstance(value, dict):
            yield _label(kind, name), [Part("–")] if not value else []
            yield from data_words(kind, value, named)
        else:
            values = value if isinstance(value, list) else [value]
            yield _label(kind, name), [_part(kind, name, one, named) for one in values or [""]]


def _label(kind: str, name: str) -> str:
    return str(OF_KIND.get((kind, name)) or LABELS.get(name, name))


def _part(kind: str, name: str, value: object, named: Named) -> Part:
    if isinstance(value, bool):
        return Part(_("Yes") if value else _("No"))
    if value is None or value == "":
        return Part("–")
    if isinstance(value, dict):
        value = ", ".join(f"{one}: {part}" for one, part in value.items())
    return named.of_data(kind, name, str(value)) or Part(value_words(kind, name, str(value)))
