"""Forms for sending an order, and for texts to the reviewer or the technical contact."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext, gettext_lazy as _

from applications.rules.declarations import DECLARATIONS, edition
from applications.views.shared.forms import VersionForm
from certportal.foundation.text.wording import filled
from certportal.foundation.web.forms import LONGEST_TEXT, LongTextField


class DeclarationsForm(VersionForm):
    """A required box for each declaration, after an optional reply to the reviewer.

    `edition` holds the versions of price list and terms that the page showed, `seen` the mark of
    the draft of a reply (`answers.mark_of`).
    """

    edition = forms.CharField(required=False, max_length=LONGEST_TEXT, widget=forms.HiddenInput)

    def __init__(
        self, *args: Any, asked: Sequence[str], replies: bool = False, **kwargs: Any
    ) -> None:
        """Ask for the declarations with these ids, and for a reply to a reviewer's question."""
        super().__init__(*args, **kwargs)
        self.fields["edition"].initial = edition()
        if replies:
            self.fields["seen"] = seen_draft()
            self.fields["reply"] = LongTextField(
                label=_("Write a reply"),
                help_text=filled(
                    _("The reviewer reads it with your answer. At most %(limit)s characters."),
                    limit=LONGEST_TEXT,
                ),
                max_length=LONGEST_TEXT,
                rows=6,
                required=False,
            )
        for name in asked:
            words = DECLARATIONS[name]
            required = gettext("Declare this to send the order: %(declaration)s")
            self.fields[name] = forms.BooleanField(
                label=words, error_messages={"required": required % {"declaration": words}}
            )

    def declared(self) -> list[str]:
        return [name for name in DECLARATIONS if self.cleaned_data.get(name)]

    @property
    def has_reply(self) -> bool:
        """Whether the reply can be saved, even if other fields are invalid; validates the form."""
        return "reply" in self.fields and "reply" not in self.errors

    @property
    def reply(self) -> str:
        """The reply to the reviewer, or ""."""
        return str(self.cleaned_data.get("reply") or "")

    @property
    def seen(self) -> str:
        """The mark of the draft that the page showed, or ""."""
        return str(self.cleaned_data.get("seen") or "")


def seen_draft() -> forms.CharField:
    """Return the hidden field for the mark of the draft that the page showed."""
    return forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)


class HearingForm(VersionForm):
    """The applicant's answer to a hearing; `seen` as in `DeclarationsForm`."""

    text = LongTextField(
        label=_("What do you think of the reasons and of what they are based on?"),
        help_text=filled(
            _("The reviewer reads this. At most %(limit)s characters."), limit=LONGEST_TEXT
        ),
        max_length=LONGEST_TEXT,
        rows=8,
        missing=_("Write your answer."),
    )
    seen = seen_draft()


class ReturnNamesForm(VersionForm):
    """Why the proposed host names are sent back.

    `told`: the technical contact gets the text by mail; otherwise the next contact with a link
    reads it.
    """

    text = LongTextField(
        label=_("What should the technical contact change?"),
        help_text=filled(
            _("We email it to the technical contact. At most %(limit)s characters."),
            limit=LONGEST_TEXT,
        ),
        max_length=LONGEST_TEXT,
        rows=6,
        missing=_("Write what the technical contact should change."),
    )

    def __init__(self, *args: Any, told: bool, **kwargs: Any) -> None:
        """Say in the help text who reads it."""
        super().__init__(*args, **kwargs)
        self.told = told
        if not told:
            self.fields["text"].help_text = filled(
                _("The technical contact you name next reads it. At most %(limit)s characters."),
                limit=LONGEST_TEXT,
            )


class AdditionForm(VersionForm):
    """Information added without a question."""

    text = forms.CharField(
        label=_("What do you want to add?"),
        help_text=filled(
            _("The reviewer reads this. At most %(limit)s characters."), limit=LONGEST_TEXT
        ),
        max_length=LONGEST_TEXT,
        widget=forms.Textarea(attrs={"rows": 6}),
        error_messages={"required": _("Write what you want to add.")},
    )
