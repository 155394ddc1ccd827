"""Forms of the reviewers' console."""

from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Any, ClassVar
from uuid import UUID

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from accounts.models import Membership, Person, RightDocument
from accounts.services.rights.confirm import SameAsBefore, says_nothing_new
from accounts.services.rights.documents import mark_of
from accounts.weak_evidence import EndOutOfRange, last_day, require_in_range, usual_end
from applications.models import Application, HostName
from applications.rules import sections as sections_rules
from applications.rules.certificate_names import CertificateName, fits, shortenings
from applications.views.console.case.reasons import WithReasons
from applications.views.shared.forms import ShownField, VersionForm
from certportal.foundation import working_days
from certportal.foundation.web.forms import LONGEST_TEXT, DateField, Form, KeyField, LongTextField
from issuance.certificate.hosts import with_unicode

ANSWER_DAYS = 14
DAY = timedelta(days=1)
EVIDENCE = [
    (HostName.Evidence.REGISTRY, _("Domain register: the organisation holds the domain")),
    (HostName.Evidence.DNS, _("A record in the domain name system (DNS)")),
    (HostName.Evidence.DOCUMENT, _("A document, such as the holder's authorisation")),
    (HostName.Evidence.DECLARED, _("The applicant's declaration alone")),
]


class EvidenceForm(VersionForm):
    """The reviewer's evidence that the applicant administers the ticked host names."""

    only_if: ClassVar = {"ends_on": ("evidence", HostName.Evidence.DECLARED.value)}

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
        help_text=_("Where you looked and when, so that somebody else can check it."),
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
        """Several `hosts` can be ticked; `now` limits the last day."""
        super().__init__(*args, **kwargs)
        self.now, self.first = now, hosts[0]
        self.offer("hosts", ((host.pk, with_unicode(host.name)) for host in hosts))
        self.fields["hosts"].initial = [host.pk for host in hosts]
        if len(hosts) == 1:
            del self.fields["hosts"]

    def clean_ends_on(self) -> date | None:
        """Refuse a last day that is out of range for a waiver."""
        day: date | None = self.cleaned_data["ends_on"]
        return in_range(day, self.now) if day else None

    def clean(self) -> dict[str, Any]:
        """Require reasons if the applicant's declaration is the only evidence."""
        cleaned = super().clean() or {}
        if cleaned.get("evidence") == HostName.Evidence.DECLARED and not cleaned.get("note"):
            self.add_error(
                "note",
                _("Write why the applicant's word is enough. A second reviewer approves too."),
            )
        return cleaned


def in_range(day: date, now: datetime) -> date:
    """Return the day if a waiver given now may end on it, else raise ValidationError."""
    try:
        require_in_range(day, now)
    except EndOutOfRange as refusal:
        raise ValidationError(str(refusal)) from refusal
    return day


class WaiveForm(VersionForm):
    reason = LongTextField(
        label=_("Why the finding can be waived"),
        rows=5,
        help_text=_("The second reviewer reads this before approving. The applicant does not."),
        missing=_("Write why the finding can be waived, so that others can follow your reasons."),
    )
    ends_on = DateField(label=_("Last day of the waiver"))

    def __init__(self, *args: Any, now: datetime, **kwargs: Any) -> None:
        """`now` limits the last day."""
        super().__init__(*args, **kwargs)
        self.now = now
        self.fields["ends_on"].help_text = _("No later than %(day)s. For example 31.12.2026.") % {
            "day": date_format(last_day(now), "SHORT_DATE_FORMAT")
        }

    def clean_ends_on(self) -> date:
        """Refuse a last day that is out of range for a waiver."""
        return in_range(self.cleaned_data["ends_on"], self.now)


class OpenedForm(Form):
    """When the page with the pressed button was opened."""

    opened = forms.DateTimeField(widget=forms.HiddenInput)


class RightNoteForm(Form):
    """The reviewer's evidence that the person may act for the organisation.

    The note is optional if documents were handed in. If the person's word is the only evidence, the
    note must say why it is enough. `shown`: the mark of what the page shows.
    """

    only_if: ClassVar = {"ends_on": ("word_alone", "on")}

    def __init__(
        self,
        *args: Any,
        right: Membership,
        documents: Collection[RightDocument],
        now: datetime,
        **kwargs: Any,
    ) -> None:
        """Fill in the last day of a `right` that was confirmed on the person's word alone."""
        super().__init__(*args, **kwargs)
        self.right, self.now = right, now
        if right.is_weak:
            self.initial.update(word_alone=True, ends_on=right.confirmed_until)
        self.fields["note"].required = not documents
        self.initial["shown"] = mark_of(documents, right)

    shown = ShownField()
    note = forms.CharField(
        label=_("What shows the authority to act"),
        max_length=300,
        help_text=_(
            "For example the extract from the trade register, or who confirmed it and when."
        ),
        error_messages={
            "required": _(
                "Write what showed you the authority, so that somebody else can check it."
            )
        },
    )
    word_alone = forms.BooleanField(
        label=_("Nothing but the person's own word shows the right"),
        required=False,
        help_text=_(
            "Then the authority is confirmed for a limited time only, and two reviewers must"
            " approve each production certificate that is based on it."
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
        """Check the last day of a right confirmed on the person's word alone.

        The initial day is sent back even if that box is no longer ticked; it is then ignored.
        """
        day: date | None = self.cleaned_data["ends_on"]
        if not self.cleaned_data["word_alone"] and day == self.initial.get("ends_on"):
            return None
        return in_range(day, self.now) if day else None

    def clean(self) -> dict[str, Any]:
        """Require a note for the person's word alone, and allow a last day only for it."""
        cleaned = super().clean() or {}
        if cleaned.get("word_alone") and not cleaned.get("note") and "note" not in self.errors:
            self.add_error("note", _("Write why the person's word is enough."))
        if cleaned.get("ends_on") and not cleaned.get("word_alone"):
            self.add_error(
                "ends_on",
                _("Leave the day empty, or tick that only the person's own word shows the right."),
            )
        note, word_alone = cleaned.get("note", ""), bool(cleaned.get("word_alone"))
        if not word_alone and says_nothing_new(self.right, note):
            self.add_error("note", SameAsBefore.message)
        return cleaned

    @property
    def given(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in ("note", "shown")} | {"until": self.until}

    @property
    def until(self) -> date | None:
        """The last day of the confirmation; None with better evidence."""
        if not self.cleaned_data["word_alone"]:
            return None
        return self.cleaned_data["ends_on"] or usual_end(self.now)


class RightForm(RightNoteForm, VersionForm):
    """The form for the sender's right, with the version of the case that the reviewer saw."""


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


def after_today(today: date) -> MinValueValidator:
    return MinValueValidator(today + DAY, _("Choose a day after today."))


class TermField(DateField):
    """The last day of a term, which moves to the next working day (act 150/1930, 5 §)."""

    def __init__(self, **kwargs: Any) -> None:
        words = _("A deadline that would fall on a day off moves to the next working day.")
        super().__init__(help_text=words, **kwargs)

    def clean(self, value: Any) -> date | None:
        """Return the day on which the term ends, as it is stored and told to the applicant."""
        day: date | None = super().clean(value)
        return working_days.working_day(day) if day else None


class DeadlineForm(VersionForm):
    """A later deadline for the answer; `after` is the present one, None once it was answered."""

    deadline = TermField(label=_("New deadline"))

    def __init__(self, *args: Any, after: date | None, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        validator = after_today(today)
        if after is not None and after > today:
            words = _("Choose a later day than the present deadline.")
            validator = MinValueValidator(after + DAY, words)
        self.fields["deadline"].validators.append(validator)


class AskForm(WithReasons):
    needs_one_of: ClassVar[tuple[str, ...]] = ("sections", "wanted")

    sections = forms.MultipleChoiceField(
        label=_("Parts that the applicant can change"),
        widget=forms.CheckboxSelectMultiple,
        required=False,
        help_text=_("Choose at least one part, or name a document."),
    )
    wanted = LongTextField(
        label=_("Documents that the applicant attaches to the answer"),
        max_length=LONGEST_TEXT,
        rows=2,
        required=False,
        help_text=_(
            "One on each line, in the language of the case. None, if you need no document."
        ),
    )
    reason = LongTextField(
        label=_("What the applicant must do, and why"),
        max_length=LONGEST_TEXT,
        rows=8,
        missing=_("Write what is missing or wrong."),
    )
    deadline = TermField(label=_("Answer by"))

    def __init__(self, *args: Any, application: Application, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["deadline"].validators.append(after_today(today))
        for name in self.needs_one_of:
            self.fields[name].never_optional = True  # type: ignore[attr-defined]
        parts = sections_rules.asked(application, on=today)
        self.offer("sections", ((part.id, part.title) for part in parts))
        usual = working_days.working_day(today + timedelta(days=ANSWER_DAYS))
        self.fields["deadline"].initial = usual

    def clean(self) -> dict[str, Any]:
        """Require a part to change or a document to attach."""
        cleaned = super().clean() or {}
        asks = cleaned.get("sections") or cleaned.get("wanted")
        if "wanted" in self.fields and not asks and "sections" not in self.errors:
            self.add_error("sections", _("Choose at least one part, or name a document."))
        return cleaned


class AsideForm(VersionForm):
    until = DateField(label=_("Set aside until"))
    reason = LongTextField(
        label=_("Why the case is set aside"),
        rows=4,
        missing=_("Write why, so that a colleague understands."),
    )

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["until"].validators.append(after_today(today))


class HandOverForm(VersionForm):
    to = forms.TypedChoiceField(
        label=_("New reviewer"),
        coerce=UUID,
        error_messages={
            "required": _("Choose a reviewer."),
            "invalid_choice": _("The case cannot be handed to that reviewer now. Choose another."),
        },
    )
    note = LongTextField(
        label=_("What the new reviewer should know"),
        rows=4,
        missing=_("Write what has been done and what is left."),
    )

    def __init__(self, *args: Any, receivers: Iterable[Person], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        people = [(reviewer.pk, str(reviewer)) for reviewer in receivers]
        self.offer("to", [("", _("Choose")), *people])


class TakeOverForm(VersionForm):
    reason = LongTextField(
        label=_("Why you take the case over"),
        rows=4,
        missing=_("Write why, so that your colleague understands."),
    )


class NoteForm(VersionForm):
    text = LongTextField(label=_("Note for reviewers"), rows=3, missing=_("Write the note first."))


class ApproveForm(VersionForm):
    """The prepared certificate that was shown, by key and hash."""

    prepared_id = KeyField()
    tbs_sha256 = forms.RegexField(r"^[0-9a-f]{64}\Z", widget=forms.HiddenInput)


def _spelling(label: Any, name: CertificateName) -> forms.ChoiceField:
    """Return radio buttons with the spellings that fit; the present one is chosen."""
    chosen = name.value or next(iter(name.shortenings), "")
    return forms.ChoiceField(
        label=label,
        help_text=_("Name in the register: %(name)s") % {"name": name.full},
        choices=[(spelling, spelling) for spelling in _spellings(name)],
        initial=chosen,
        widget=forms.RadioSelect,
    )


def _spellings(name: CertificateName) -> Iterable[str]:
    spellings = [name.value, *name.shortenings, *shortenings(name.full)]
    return dict.fromkeys(spelling for spelling in spellings if spelling and fits(spelling))
