"""Forms of the reviewers' console."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django import forms
from django.core.exceptions import ValidationError
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from accounts.models import Membership, Person
from accounts.services.rights.confirm import SameAsBefore, says_nothing_new
from accounts.weak_evidence import EndOutOfRange, last_day, require_in_range, usual_end
from applications.models import Application, HostName
from applications.rules import sections as sections_rules
from applications.rules.certificate_names import CertificateName, fits, shortenings
from applications.views.console.case.reasons import WithReasons
from applications.views.shared.forms import VersionForm
from certportal.foundation.web.forms import LONGEST_TEXT, DateField, Form, KeyField, LongTextField
from issuance.certificate.hosts import with_unicode

ANSWER_DAYS = 14
EVIDENCE = [
    (HostName.Evidence.REGISTRY, _("Domain register: the organisation holds the domain")),
    (HostName.Evidence.DNS, _("A record in the domain name system (DNS)")),
    (HostName.Evidence.DOCUMENT, _("A document, such as the holder's authorisation")),
    (HostName.Evidence.DECLARED, _("The applicant's declaration alone")),
]


class EvidenceForm(VersionForm):
    """By what the reviewer saw that the applicant administers the ticked host names."""

    hosts = forms.TypedMultipleChoiceField(
        label=_("Host names"),
        coerce=int,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Choose at least one host name.")},
    )
    evidence = forms.TypedChoiceField(
        label=_("Evidence"), choices=EVIDENCE, coerce=HostName.Evidence, widget=forms.RadioSelect
    )
    note = forms.CharField(
        label=_("Note"),
        max_length=300,
        required=False,
        help_text=_("Where you looked and when, so that another can follow."),
    )
    ends_on = DateField(
        label=_("Last day on which the applicant's declaration is enough"),
        required=False,
        help_text=_(
            "Only for the applicant's declaration alone, at most a year ahead. If you leave it"
            " empty, half a year."
        ),
    )

    def __init__(self, *args: Any, hosts: Sequence[HostName], now: datetime, **kwargs: Any) -> None:
        """`hosts` can be ticked where they are several; `now` limits the last day."""
        super().__init__(*args, **kwargs)
        self.now, self.first = now, hosts[0]
        self.fields["hosts"].choices = [(one.pk, with_unicode(one.name)) for one in hosts]  # type: ignore[attr-defined]
        self.fields["hosts"].initial = [one.pk for one in hosts]
        if len(hosts) == 1:
            del self.fields["hosts"]

    def clean_ends_on(self) -> date | None:
        """A waiver does not last for ever."""
        day: date | None = self.cleaned_data["ends_on"]
        return in_range(day, self.now) if day else None

    def clean(self) -> dict[str, Any]:
        """Want reasons where nothing but the applicant's word speaks for a host name."""
        given = super().clean() or {}
        if given.get("evidence") == HostName.Evidence.DECLARED and not given.get("note"):
            self.add_error(
                "note",
                _("Write why the applicant's word is enough. A second reviewer approves too."),
            )
        return given


def in_range(day: date, now: datetime) -> date:
    """Return the last day of a waiver given now. Raises ValidationError for one out of range."""
    try:
        require_in_range(day, now)
    except EndOutOfRange as refusal:
        raise ValidationError(str(refusal)) from refusal
    return day


class WaiveForm(VersionForm):
    """Why a finding is waived, and until when."""

    reason = LongTextField(
        label=_("Why the finding can be waived"),
        rows=5,
        help_text=_("The second reviewer reads this before approving. The applicant does not."),
        missing=_("Write why the finding can be waived, so that another can follow."),
    )
    ends_on = DateField(label=_("Last day of the waiver"))

    def __init__(self, *args: Any, now: datetime, **kwargs: Any) -> None:
        """`now` limits the last day."""
        super().__init__(*args, **kwargs)
        self.now = now
        self.fields["ends_on"].help_text = _("At most until %(day)s. For example 31.12.2026.") % {
            "day": date_format(last_day(now), "SHORT_DATE_FORMAT")
        }

    def clean_ends_on(self) -> date:
        """A waiver does not last for ever."""
        return in_range(self.cleaned_data["ends_on"], self.now)


class RightNoteForm(Form):
    """By what the reviewer saw that the person may act for the organisation.

    Where documents were handed in, they speak for themselves; else the reviewer must write it, and
    also why the person's word is enough, where there is nothing else.
    """

    def __init__(
        self, *args: Any, right: Membership, documents: bool, now: datetime, **kwargs: Any
    ) -> None:
        """Begin with the last day of a `right` that was confirmed on the word alone."""
        super().__init__(*args, **kwargs)
        self.right, self.now = right, now
        if right.is_weak:
            self.initial.update(word_alone=True, ends_on=right.confirmed_until)
        self.fields["note"].required = not documents

    note = forms.CharField(
        label=_("By what you saw the authority to act"),
        max_length=300,
        help_text=_(
            "For example the extract from the trade register, or who confirmed it and when."
        ),
        error_messages={
            "required": _("Write by what you saw the right, so that another can follow.")
        },
    )
    word_alone = forms.BooleanField(
        label=_("Nothing but the person's own word shows the right"),
        required=False,
        help_text=_(
            "Then the right is confirmed for a time only, and two reviewers approve each production"
            " certificate that rests on it."
        ),
    )
    ends_on = DateField(
        label=_("Last day on which the person's word is enough"),
        required=False,
        help_text=_(
            "Only for the person's own word alone, at most a year ahead. If you leave it empty,"
            " half a year. A right that a document or a register shows has no last day."
        ),
    )

    def clean_ends_on(self) -> date | None:
        """Somebody's word is not enough for ever.

        The day that the form began with is sent back also where the tick was taken away; it then
        says nothing.
        """
        day: date | None = self.cleaned_data["ends_on"]
        if not self.cleaned_data["word_alone"] and day == self.initial.get("ends_on"):
            return None
        return in_range(day, self.now) if day else None

    def clean(self) -> dict[str, Any]:
        """Want a reason for the word alone, and an end for nothing else."""
        given = super().clean() or {}
        if given.get("word_alone") and not given.get("note") and "note" not in self.errors:
            self.add_error("note", _("Write why the person's word is enough."))
        if given.get("ends_on") and not given.get("word_alone"):
            self.add_error(
                "ends_on",
                _("Leave the day empty, or tick that only the person's own word shows the right."),
            )
        note, word_alone = given.get("note", ""), bool(given.get("word_alone"))
        if not word_alone and says_nothing_new(self.right, note):
            self.add_error("note", SameAsBefore.message)
        return given

    @property
    def until(self) -> date | None:
        """The last day of the confirmation; None where there is better evidence."""
        if not self.cleaned_data["word_alone"]:
            return None
        return self.cleaned_data["ends_on"] or usual_end(self.now)


class RightForm(RightNoteForm, VersionForm):
    """The same on a case, as the reviewer saw it."""


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

    reasons = LongTextField(
        label=_("Reasons"),
        max_length=LONGEST_TEXT,
        rows=8,
        missing=_("Write the reasons, so that the applicant understands."),
    )


class DeadlineForm(VersionForm):
    """A later deadline for the answer; `after` is the present one."""

    deadline = DateField(label=_("New deadline"))

    def __init__(self, *args: Any, after: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.after = after

    def clean_deadline(self) -> date:
        """Only a later day gives more time."""
        deadline: date = self.cleaned_data["deadline"]
        if deadline <= self.after:
            raise ValidationError(_("Choose a later day than the present deadline."))
        return deadline


class AskForm(WithReasons):
    """What the applicant is asked, which parts open again, and until when."""

    sections = forms.MultipleChoiceField(
        label=_("Parts that the applicant can change"),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Choose at least one part.")},
    )
    reason = LongTextField(
        label=_("What the applicant must do, and why"),
        max_length=LONGEST_TEXT,
        rows=8,
        missing=_("Write what is missing or wrong."),
    )
    deadline = DateField(label=_("Answer by"))

    def __init__(self, *args: Any, application: Application, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today
        asked = sections_rules.asked(application, on=today)
        open_again = [(part.id, part.title) for part in asked]
        self.fields["sections"].choices = open_again  # type: ignore[attr-defined]
        self.fields["deadline"].initial = today + timedelta(days=ANSWER_DAYS)

    def clean_deadline(self) -> date:
        """The applicant needs at least until tomorrow."""
        deadline: date = self.cleaned_data["deadline"]
        if deadline <= self.today:
            raise ValidationError(_("Choose a day after today."))
        return deadline


class AsideForm(VersionForm):
    """Until when, and why, a reviewer does something else first."""

    until = DateField(label=_("Set aside until"))
    reason = LongTextField(
        label=_("Why the case is set aside"),
        rows=4,
        missing=_("Write why, so that a colleague understands."),
    )

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today

    def clean_until(self) -> date:
        """On the day itself the case is to be done."""
        until: date = self.cleaned_data["until"]
        if until <= self.today:
            raise ValidationError(_("Choose a day after today."))
        return until


class HandOverForm(VersionForm):
    """To whom the case goes, and what they should know."""

    to = forms.TypedChoiceField(
        label=_("New reviewer"), coerce=UUID, error_messages={"required": _("Choose a reviewer.")}
    )
    note = LongTextField(
        label=_("What the new reviewer should know"),
        rows=4,
        missing=_("Write what has been done and what is left."),
    )

    def __init__(self, *args: Any, receivers: Iterable[Person], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        people = [(one.pk, str(one)) for one in receivers]
        self.fields["to"].choices = [("", _("Choose")), *people]  # type: ignore[attr-defined]


class TakeOverForm(VersionForm):
    """Why a colleague's case is taken over."""

    reason = LongTextField(
        label=_("Why you take the case over"),
        rows=4,
        missing=_("Write why, so that your colleague understands."),
    )


class NoteForm(VersionForm):
    """A note that reviewers read."""

    text = LongTextField(label=_("Note for reviewers"), rows=3, missing=_("Write the note first."))


class ApproveForm(VersionForm):
    """The bytes that were shown, by id and hash."""

    prepared_id = KeyField()
    tbs_sha256 = forms.RegexField(r"^[0-9a-f]{64}\Z", widget=forms.HiddenInput)


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
