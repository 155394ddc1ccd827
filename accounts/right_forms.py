"""Forms in which a document that shows a right to act is handed in."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from accounts.models import Membership, RightDocument
from accounts.services.rights.documents import Enough, NoLongerHeld, Paper, read_held
from certportal.foundation.errors import TooMany
from certportal.foundation.files.documents import MAX_BYTES, MAX_MEGABYTES, TooBig
from certportal.foundation.files.form_errors import refusals_shown
from certportal.foundation.text.wording import filled
from certportal.foundation.web.forms import (
    Form,
    HintedRadioSelect,
    KeyField,
    LongTextField,
    UploadField,
)

MOST_DETAIL = Membership._meta.get_field("basis_detail").max_length


class DocumentField(UploadField):
    """A PDF document that shows a right to act."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("label", _("Document that shows your right (PDF)"))
        kwargs.setdefault(
            "help_text",
            filled(
                _(
                    "For example a power of attorney, an extract from the trade register or a"
                    " decision of a public body. At most %(limit)s MB. Only you and the reviewers"
                    " see it."
                ),
                limit=MAX_MEGABYTES,
            ),
        )
        kwargs["error_messages"] = {"too_big": TooBig.message}
        super().__init__(max_bytes=MAX_BYTES, accept=".pdf,application/pdf", **kwargs)


class RightDocumentForm(Form):
    """A document that shows the person's right to act.

    A fit file is held until the form is accepted: `held`, named in the page's field `attached`.
    Another file takes its place. `over`: the refusal if a limit was reached.
    """

    over: TooMany | None = None

    document = DocumentField()
    attached = KeyField(required=False)

    def __init__(self, *args: Any, held: RightDocument | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.show(held)

    def show(self, held: RightDocument | None) -> None:
        """Show the document as attached, so that no other is asked for."""
        self.held = held
        if held is None or "document" not in self.fields:
            return
        field: Any = self.fields["document"]
        field.required, field.never_optional = False, True
        words = _("Attached:"), held.name, _("A new file takes its place.")
        self["document"].help_text = format_lazy("{} {}. {}", *words)
        self.initial["attached"] = held.pk
        if self.is_bound:
            self.retype(attached=str(held.pk))

    def clean(self) -> dict[str, Any]:
        """Refuse the form once if the document that it showed as attached is gone."""
        cleaned: dict[str, Any] = super().clean() or {}
        if cleaned.get("attached") and not (self.held or cleaned.get("document")):
            self.add_error("document", str(NoLongerHeld()))
            self.retype(attached="")
        return cleaned

    @contextmanager
    def refusals_shown(self) -> Iterator[None]:
        """Show why the services do not accept the document beside its field, and a limit above.

        Of several limits only the one that lasts longest is shown.
        """
        try:
            with refusals_shown(self, "document", Enough, NoLongerHeld):
                yield
        except TooMany as refusal:
            if self.over is None or refusal.retry_after > self.over.retry_after:
                self.errors.pop(NON_FIELD_ERRORS, None)  # the limit that is over sooner
                self.over = refusal
                self.refuse(refusal)

    def upload(self) -> Paper | None:
        """Return the file that was chosen now, unless it is refused; or None."""
        if not self.is_bound or "document" in self.errors:
            return None
        upload = self.cleaned_data.get("document")
        if not upload:
            return None
        upload.seek(0)
        return Paper(upload.read(), upload.name)

    def paper(self) -> Paper | None:
        """Return the chosen file, or else the one that is held, or None. Raises NoLongerHeld."""
        if "document" not in self.fields:  # the right has been confirmed meanwhile
            return None
        if not self.held or self.cleaned_data.get("document"):
            return self.upload()
        try:
            return read_held(self.held)
        except NoLongerHeld:
            self._ask_again()
            raise

    def _ask_again(self) -> None:
        """Undo `show`."""
        field: Any = self.fields["document"]
        field.required, field.never_optional = self.base_fields["document"].required, False
        self["document"].help_text = field.help_text
        self.held = None
        self.retype(attached="")


class AdministratorForm(RightDocumentForm):
    field_order = ("reason", "document")

    reason = LongTextField(
        label=_("Why do you need to become an administrator?"),
        help_text=_(
            "Say who administered the account, as far as you know, and why they cannot be reached."
        ),
    )


class StatementForm(RightDocumentForm):
    """The basis of the founder's right to act, with an optional document."""

    field_order = ("basis", "detail", "document")

    BASES = (
        (Membership.Basis.REGISTER_ROLE, _("I have a role in the organisation in a register")),
        (Membership.Basis.MANDATE, _("The organisation has authorised me")),
    )

    basis = forms.ChoiceField(
        label=_("On what basis do you act for the organisation?"),
        choices=BASES,
        widget=HintedRadioSelect(
            hints={
                Membership.Basis.REGISTER_ROLE: _(
                    "For example managing director, proprietor or pharmacist in charge."
                ),
                Membership.Basis.MANDATE: _(
                    "For example by your duties, a mandate or a written authorisation."
                ),
            }
        ),
    )
    detail = forms.CharField(
        label=_("Your role or the authorisation in your own words"),
        help_text=filled(
            _("For example: Chief information officer. At most %(limit)s characters."),
            limit=MOST_DETAIL,
        ),
        max_length=MOST_DETAIL,
        error_messages={"required": _("Describe your role or authorisation in a few words.")},
    )
    document = DocumentField(required=False)

    def __init__(self, *args: Any, is_shown: bool = False, **kwargs: Any) -> None:
        """With `is_shown` the right is confirmed already, and the form has no fields."""
        super().__init__(*args, **kwargs)
        if is_shown:
            self.fields.clear()
