"""Choose the organisational unit, and spell names that certificates cannot carry."""

from collections.abc import Iterable
from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _, gettext_lazy

from accounts.register.models import RegisterRecord
from applications.rules.certificate_names import LONGEST, CertificateName, Names, fits
from applications.views.shared.forms import PartForm, VersionForm
from certportal.foundation.web.forms import HintedRadioSelect, counted
from issuance.certificate.names import foreign_characters


def key_of(record: RegisterRecord) -> str:
    """Return the form's value for a record."""
    return f"{record.kind}:{record.oid}"


class UnitForm(PartForm):
    """The choice of one of the units valid in the register."""

    record = forms.ChoiceField(
        label=gettext_lazy("For which unit is the certificate?"),
        widget=HintedRadioSelect,
        error_messages={
            "required": gettext_lazy("Choose the unit."),
            "invalid_choice": gettext_lazy("Choose one of the units in the list."),
        },
    )

    def __init__(
        self, *args: Any, records: Iterable[RegisterRecord], found: bool = False, **kwargs: Any
    ) -> None:
        """Offer the records. `found`: they are search results, and a single one is preselected."""
        offered = list(records)
        self.only = key_of(offered[0]) if found and len(offered) == 1 else ""
        super().__init__(*args, **kwargs)
        self.offer("record", ((key_of(record), record.long_name) for record in offered))
        cast(HintedRadioSelect, self.fields["record"].widget).hints = {
            key_of(record): ", ".join(part for part in (record.oid, record.municipality) if part)
            for record in offered
        }

    def saved(self) -> dict[str, Any]:
        """Return the preselected record, or the one chosen before."""
        application = self.application
        chosen = f"{application.record_kind}:{application.record_oid}"
        return {"record": self.only or chosen}

    def values(self) -> dict[str, Any]:
        """Return kind and OID; another unit needs its own spellings."""
        kind, _colon, oid = self.cleaned_data["record"].partition(":")
        chosen = {"record_kind": kind, "record_oid": oid}
        if oid == self.application.record_oid:
            return chosen
        return chosen | {"organisation_spelling": "", "unit_spelling": ""}


class SpellingForm(VersionForm):
    """Spellings for names with characters that certificates cannot carry."""

    def __init__(self, names: Names, carries_unit: bool, *args: Any, **kwargs: Any) -> None:
        """Ask only for names that have such characters."""
        super().__init__(*args, **kwargs)
        if asks(names.organisation):
            self.fields["organisation_spelling"] = _field(names.organisation)
        if names.unit is not None and asks(names.unit) and carries_unit:
            self.fields["unit_spelling"] = _field(names.unit)

    @property
    def asks(self) -> bool:
        """Whether there is anything to write."""
        return len(self.fields) > 1


def asks(name: CertificateName) -> bool:
    """Return whether a person must give a spelling of the name, or has given one."""
    return bool(name.foreign) and name.origin in {"open", "spelling"}


def _field(name: CertificateName) -> forms.CharField:
    field = forms.CharField(
        label=_("How is the name “%(name)s” written?") % {"name": name.full},
        help_text=_("Write the name without these characters: %(characters)s")
        % {"characters": " ".join(name.foreign)},
        max_length=LONGEST,
        initial=name.value,
        validators=[_check_spelling],
        error_messages={"max_length": _("Shorten the name to at most %(limit_value)s characters.")},
    )
    return counted(field, most=LONGEST)


def _check_spelling(value: str) -> None:
    if foreign := foreign_characters(value):
        words = _("Write the name without these characters: %(characters)s")
        raise ValidationError(words % {"characters": " ".join(foreign)})
    if not fits(value):
        raise ValidationError(_("Begin the name with a letter or a digit, without extra spaces."))
