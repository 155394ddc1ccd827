"""Forms of the reviewers' console."""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from applications import contents
from applications.forms.shared import VersionForm
from applications.models import Application, HostName
from applications.naming import CertificateName, fits, shortenings
from certportal.foundation.forms import DateField, Form

ANSWER_DAYS = 14
EVIDENCE = [
    (HostName.Evidence.REGISTRY, _("Domain register: the organisation holds the domain")),
    (HostName.Evidence.DNS, _("A record in the domain name system (DNS)")),
    (HostName.Evidence.DOCUMENT, _("A document, such as the holder's authorisation")),
    (HostName.Evidence.DECLARED, _("The applicant's declaration alone")),
]


class FilterForm(Form):
    """The queue's filters; nobody is told that they are optional."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.never_optional = True  # type: ignore[attr-defined]


class EvidenceForm(VersionForm):
    """By what the reviewer saw that the applicant administers a host name."""

    evidence = forms.ChoiceField(label=_("Evidence"), choices=[("", _("Choose")), *EVIDENCE])
    note = forms.CharField(
        label=_("Note"),
        max_length=300,
        required=False,
        help_text=_("Where you looked and when, so that another can follow."),
    )


class RightForm(VersionForm):
    """By what the reviewer saw that the person may act for the organisation.

    Where documents were handed in, they speak for themselves; else the reviewer must write it.
    """

    def __init__(self, *args: Any, documents: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["note"].required = not documents

    note = forms.CharField(
        label=_("By what you saw the right to act"),
        max_length=300,
        help_text=_(
            "For example the extract from the trade register, or who confirmed it and when."
        ),
        error_messages={
            "required": _("Write by what you saw the right, so that another can follow.")
        },
    )


class NamesForm(VersionForm):
    """How names too long for a certificate are shortened."""

    def __init__(
        self, *args: Any, organisation: CertificateName, unit: CertificateName | None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["organisation"] = _spelling(_("Organisation in the certificate"), organisation)
        if unit is not None:
            self.fields["unit"] = _spelling(_("Unit in the certificate"), unit)


class ReasonsForm(VersionForm):
    """Reasons that the applicant will read."""

    reasons = forms.CharField(
        label=_("Reasons"),
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 8}),
        error_messages={"required": _("Write the reasons, so that the applicant understands.")},
    )


class DeadlineForm(VersionForm):
    """A later deadline for the answer; `after` is the present one."""

    deadline = DateField(label=_("New deadline"), help_text=_("For example 31.12.2026"))

    def __init__(self, *args: Any, after: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.after = after

    def clean_deadline(self) -> date:
        """Only a later day gives more time."""
        deadline: date = self.cleaned_data["deadline"]
        if deadline <= self.after:
            raise ValidationError(_("Choose a later day than the present deadline."))
        return deadline


class AskForm(VersionForm):
    """What the applicant is asked, which parts open again, and until when."""

    sections = forms.MultipleChoiceField(
        label=_("Parts that the applicant can change"),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Choose at least one part.")},
    )
    reason = forms.CharField(
        label=_("What the applicant must do, and why"),
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 8}),
        error_messages={"required": _("Write what is missing or wrong.")},
    )
    deadline = DateField(label=_("Answer by"), help_text=_("For example 31.12.2026"))

    def __init__(self, *args: Any, application: Application, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today
        asked = contents.asked(application, on=today)
        open_again = [(part.id, part.title) for part in asked]
        self.fields["sections"].choices = open_again  # type: ignore[attr-defined]
        self.fields["deadline"].initial = today + timedelta(days=ANSWER_DAYS)

    def clean_deadline(self) -> date:
        """The applicant needs at least until tomorrow."""
        deadline: date = self.cleaned_data["deadline"]
        if deadline <= self.today:
            raise ValidationError(_("Choose a day after today."))
        return deadline


class ApproveForm(VersionForm):
    """The bytes that were shown, by id and hash."""

    prepared_id = forms.IntegerField(min_value=1, widget=forms.HiddenInput)
    tbs_sha256 = forms.RegexField(r"^[0-9a-f]{64}$", widget=forms.HiddenInput)


def _spelling(label: Any, name: CertificateName) -> forms.ChoiceField:
    """Radios with the spellings that fit; the present one is chosen."""
    chosen = name.value or next(iter(name.shortenings), "")
    return forms.ChoiceField(
        label=label,
        help_text=_("Name in the register: %(name)s") % {"name": name.full},
        choices=[(one, one) for one in _spellings(name)],
        initial=chosen,
        widget=forms.RadioSelect,
    )


def _spellings(name: CertificateName) -> Iterable[str]:
    known = [name.value, *name.shortenings, *shortenings(name.full)]
    return dict.fromkeys(one for one in known if one and fits(one))
