"""Forms of this app: syntax only."""

import re
from collections.abc import Iterable
from typing import Any, ClassVar, cast

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _

from accounts.models import Membership, Organisation
from accounts.register.identifiers import business_id as read_business_id
from accounts.services.showing import Paper
from certportal.foundation.documents import MAX_BYTES
from certportal.foundation.forms import EmailField, Form, HintedRadioSelect, UploadField, Words


class LanguageField(forms.ChoiceField):
    """One of the languages of the service, each named in itself."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("label", _("Language of messages"))
        super().__init__(choices=settings.LANGUAGES, widget=forms.RadioSelect, **kwargs)


class EmailForm(Form):
    """The person's own address and the language in which to write to them."""

    email = EmailField(
        label=_("Your email address"),
        help_text=_("Give your own work address. We send you a code to confirm it."),
    )
    language = LanguageField()


class LanguageForm(Form):
    """The language in which to write to the person."""

    language = LanguageField()


class CodeForm(Form):
    """The eight digits that were mailed; spaces and hyphens do not matter."""

    code = forms.CharField(
        label=_("Code"),
        max_length=20,
        help_text=_("Eight digits, for example 1234 5678."),
        widget=forms.TextInput(
            attrs={"class": "short", "inputmode": "numeric", "autocomplete": "one-time-code"}
        ),
        error_messages={"required": _("Enter the code that you got by email.")},
    )

    def clean_code(self) -> str:
        """Return the bare digits."""
        digits = re.sub(r"[\s-]", "", self.cleaned_data["code"])
        if not re.fullmatch(r"[0-9]{8}", digits):
            raise ValidationError(_("The code has eight digits. Check what you entered."))
        return digits


class FactorCodeForm(Form):
    """A code of an authenticator app, or a recovery code; spaces and hyphens do not matter."""

    holds, shows_errors_at = "code", "code"

    code = forms.CharField(
        label=_("Code"),
        max_length=20,
        help_text=_("The six digits that the app shows now, or a recovery code of eight digits."),
        widget=forms.TextInput(
            attrs={"class": "short", "inputmode": "numeric", "autocomplete": "one-time-code"}
        ),
        error_messages={"required": _("Enter the code.")},
    )

    def clean_code(self) -> str:
        """Return the bare digits."""
        digits = re.sub(r"[\s-]", "", self.cleaned_data["code"])
        if not re.fullmatch(r"[0-9]{6}|[0-9]{8}", digits):
            raise ValidationError(
                _("The code has six digits, a recovery code eight. Check what you entered.")
            )
        return digits


class AppCodeForm(FactorCodeForm):
    """The first code of an app that is being set up."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].help_text = _("The six digits that the app shows now.")


class PasskeyForm(Form):
    """What the browser says of a passkey; a script fills it in."""

    holds, shows_errors_at = "credential", None

    credential = forms.JSONField(
        widget=forms.HiddenInput,
        error_messages={"required": _("The passkey did not answer. Try again.")},
    )

    def clean_credential(self) -> dict[str, Any]:
        """Return what was said, which must be an object."""
        said = self.cleaned_data["credential"]
        if not isinstance(said, dict):
            raise ValidationError(_("The passkey did not answer. Try again."))
        return said


class BusinessIdField(forms.CharField):
    """A business ID in any of the forms people write it in; cleans to 1234567-8."""

    default_error_messages: ClassVar[dict[str, Any]] = {
        "required": _("Enter the business ID."),
        "invalid": _("Check the business ID. It has seven digits, a hyphen and a check digit."),
    }

    def __init__(self, **kwargs: Any) -> None:
        attrs = {"class": "short", "autocomplete": "off", "spellcheck": "false"}
        kwargs.setdefault("widget", forms.TextInput(attrs=attrs))
        super().__init__(max_length=20, **kwargs)

    def clean(self, value: Any) -> str:
        """Return the normal form; ValidationError when the check digit does not match."""
        code = read_business_id(super().clean(value))
        if code is None:
            raise ValidationError(self.error_messages["invalid"], code="invalid")
        return code


class BusinessIdForm(Form):
    """Which organisation the account is founded for."""

    heading_field = "business_id"
    business_id = BusinessIdField(
        label=_("What is the business ID of your organisation?"),
        help_text=_(
            "For example 1234567-1. We fetch the organisation and its units from the registers."
        ),
    )


class DocumentField(UploadField):
    """A PDF that shows a right to act."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("label", _("Document that shows your right (PDF)"))
        kwargs.setdefault(
            "help_text",
            _(
                "For example a power of attorney, an extract from the trade register or a decision"
                " of a public body. At most 10 MB. Only you and the reviewers see it."
            ),
        )
        kwargs["error_messages"] = {"too_big": _("The file must be at most 10 MB.")}
        super().__init__(max_bytes=MAX_BYTES, accept=".pdf,application/pdf", **kwargs)


class RightDocumentForm(Form):
    """One document that shows the person's right to act."""

    document = DocumentField()

    def paper(self) -> Paper | None:
        """Return the file that was chosen, if one was."""
        upload = self.cleaned_data["document"]
        return Paper(upload.read(), upload.name) if upload else None


class AdministratorForm(RightDocumentForm):
    """Why the authority should make the person an administrator."""

    field_order = ("reason", "document")

    reason = forms.CharField(
        label=_("Why do you need to become an administrator?"),
        help_text=_(
            "Tell who administered the account, as far as you know, and why they cannot be reached."
        ),
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 4}),
    )


class StatementForm(RightDocumentForm):
    """On what the founder's right to act rests, with a document where there is one at hand."""

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
        help_text=_("For example: Chief information officer. At most 300 characters."),
        max_length=300,
        error_messages={
            "required": _("Tell your role or the authorisation in a few words."),
            "max_length": _("Shorten the text to at most 300 characters."),
        },
    )
    document = DocumentField(required=False)


class ChooseForm(Form):
    """For which of the person's organisations to act."""

    heading_field = "organisation"
    organisation = forms.ChoiceField(
        label=_("For which organisation do you act?"), widget=forms.RadioSelect
    )

    def __init__(self, organisations: Iterable[Organisation], *args: Any, **kwargs: Any) -> None:
        """Offer these organisations."""
        super().__init__(*args, **kwargs)
        field = cast(forms.ChoiceField, self.fields["organisation"])
        field.choices = [(str(one.pk), one.name) for one in organisations]


ROLE_HINTS: dict[str, Words] = {
    Membership.Role.ADMINISTRATOR: _("Orders certificates, invites and removes people."),
    Membership.Role.APPLICANT: _("Orders certificates."),
    Membership.Role.TECHNICAL: _("Sees only orders that name this person as technical contact."),
}


class RoleField(forms.ChoiceField):
    """One of the roles in an account, each explained."""

    def __init__(self, **kwargs: Any) -> None:
        widget = HintedRadioSelect(hints=ROLE_HINTS)
        super().__init__(choices=Membership.Role.choices, widget=widget, **kwargs)


class RoleForm(Form):
    """A member's role."""

    role = RoleField(label=_("Role in the account"))


class InviteForm(Form):
    """Whom to invite, in what role, and in which language to write."""

    email = EmailField(
        label=_("Email address of the person you invite"),
        help_text=_("Give the person's own work address, not one that several people read."),
    )
    role = RoleField(label=_("Role in the account"))
    language = LanguageField(label=_("Language of the invitation"))


class RegisterSearchForm(Form):
    """One field that finds a unit by whatever is known of it."""

    q = forms.CharField(
        label=_("Search for a unit"),
        help_text=_(
            "Name, short name, business ID, OID or municipality. Typing errors are mended."
        ),
        max_length=120,
        required=False,
        widget=forms.TextInput(attrs={"type": "search", "autocomplete": "off"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """A search field is never marked optional."""
        super().__init__(*args, **kwargs)
        self.fields["q"].never_optional = True  # type: ignore[attr-defined]
        self.fields["q"].widget.attrs["data-combobox"] = reverse_lazy("register_options")
