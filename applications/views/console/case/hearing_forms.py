"""Forms for hearing the applicant before a rejection, and for the rejection."""

from typing import Any, ClassVar

from django import forms
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from applications.checks.wording import word_all
from applications.models import Application
from applications.rules import answers, hearing, hearing_documents
from applications.services.reviewer.decision import NotHeard
from applications.views.console.case.forms import AskForm, ReasonsForm
from applications.views.console.case.reasons import WithReasons
from applications.views.shared.forms import PdfField
from certportal.foundation.web.forms import LONGEST_TEXT, LongTextField


class HearForm(AskForm):
    """A hearing (34 §): the intended decision and its grounds, and the deadline for an answer."""

    material = LongTextField(
        label=_("Documents and facts that the decision would be based on"),
        max_length=LONGEST_TEXT,
        rows=4,
        missing=_("Write what the decision would be based on."),
    )
    documents = forms.TypedMultipleChoiceField(
        label=_("Documents that go with the hearing"),
        coerce=int,
        widget=forms.CheckboxSelectMultiple,
        required=False,
        help_text=_(
            "The applicant reads them with the hearing. One that you untick is taken away."
        ),
    )
    file = PdfField(label=_("Attach an extract as a PDF"), required=False)
    needs_one_of: ClassVar[tuple[str, ...]] = ()
    field_order = ("reason", "material", "documents", "file", "deadline", "sections")

    def __init__(self, *args: Any, application: Application, **kwargs: Any) -> None:
        super().__init__(*args, application=application, **kwargs)
        del self.fields["wanted"]
        self.fields["sections"].help_text = _(
            "None, if the applicant only needs to answer in writing."
        )
        self.fields["reason"].label = _("Why the order would be rejected")
        self.fields["reason"].error_messages["required"] = _("Write why it would be rejected.")
        attached = answers.read_by_reviewers(application).filter(removed_at=None)
        names = [document.name for document in attached]
        with translation.override(application.language):
            findings = [words.title for _finding, words in word_all(application.findings)]
        self._offer(application)
        self.fields["material"].initial = "\n".join(f"- {line}" for line in [*names, *findings])

    def _offer(self, application: Application) -> None:
        """Offer the documents attached to the unsent hearing, all ticked."""
        unsent = list(hearing_documents.unsent(application))
        if not unsent:
            del self.fields["documents"]
            return
        choices = [(str(document.pk), document.name) for document in unsent]
        self.offer("documents", choices)
        self.fields["documents"].initial = [key for key, _name in choices]

    def clean(self) -> dict[str, Any]:
        """Remove the file from the cleaned data: the view has attached it already."""
        cleaned = super().clean() or {}
        cleaned.pop("file", None)
        return {"documents": [], **cleaned}


class RejectForm(ReasonsForm, WithReasons):
    """The reasons of a rejection, and why the applicant was not heard, unless they were."""

    unheard = forms.ChoiceField(
        label=_("Why the applicant is not heard first"),
        choices=list(hearing.EXCEPTIONS.items()),
        widget=forms.RadioSelect,
        required=False,
    )
    unheard_because = LongTextField(
        label=_("What makes this so here"),
        max_length=LONGEST_TEXT,
        rows=3,
        required=False,
        help_text=_("It is in the decision."),
    )

    def __init__(self, *args: Any, is_heard: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if is_heard:
            del self.fields["unheard"], self.fields["unheard_because"]
            return
        for name in ("unheard", "unheard_because"):
            self.fields[name].never_optional = True  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """Require an exception and an explanation if the applicant was not heard."""
        cleaned = super().clean() or {}
        if "unheard" in self.fields and not cleaned.get("unheard"):
            self.add_error("unheard", NotHeard.message)
        elif "unheard" in self.fields and not cleaned.get("unheard_because"):
            self.add_error("unheard_because", _("Write why hearing can be left out."))
        return cleaned
