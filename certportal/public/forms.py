"""Forms of the public pages."""

from typing import Any, ClassVar

from django import forms
from django.utils.functional import Promise
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from accounts.forms import BusinessIdField
from certportal.foundation.errors import Refused
from certportal.foundation.web.file_or_text import FileOrText
from certportal.foundation.web.forms import LONGEST_TEXT, EmailField, Form, HintedRadioSelect


class BusinessIdForm(Form):
    """A business ID in any usual spelling."""

    business_id = BusinessIdField(label=_("Business ID"), help_text=_("For example 0245437-2"))


class FileOrTextForm(FileOrText):
    """A form that needs a file or a text.

    `nothing`: a sentence that asks for one of the two; the hint of the first field, and the error
    if neither is given.
    """

    nothing: ClassVar[Promise]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Put `nothing` into the first field's hint; neither field is marked as optional."""
        super().__init__(*args, **kwargs)
        alternatives = [field for name, field in self.fields.items() if name in {"file", "text"}]
        alternatives[0].help_text = format_lazy("{} {}", self.nothing, alternatives[0].help_text)
        for field in alternatives:
            field.never_optional = True  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """Require the file or the text."""
        found = self.cleaned_data
        given = found.get("file") or found.get("text")
        if not given and not {"file", "text"} & set(self.errors):
            self.add_error("file", str(self.nothing))
        return found

    def refuse(self, refusal: Refused) -> None:
        """Show why the services refuse the form, and the file that was given."""
        super().refuse(refusal)
        self.keep_file()


class FeedbackForm(Form):
    """Feedback on the service."""

    about = forms.ChoiceField(
        label=_("What is it about?"),
        choices=[
            ("accessibility", _("Accessibility")),
            ("fault", _("Something does not work")),
            ("idea", _("An idea or other feedback")),
        ],
        widget=HintedRadioSelect,
        error_messages={"required": _("Choose what the feedback is about.")},
    )
    text = forms.CharField(
        label=_("Your feedback"),
        help_text=_("If it is about one page, say which one."),
        max_length=LONGEST_TEXT,
        widget=forms.Textarea(attrs={"rows": 6}),
        error_messages={"required": _("Write your feedback.")},
    )
    email = EmailField(
        label=_("Your email address"),
        help_text=_("Only if you wish an answer."),
        required=False,
    )
