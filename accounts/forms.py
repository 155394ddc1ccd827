"""Forms of this app. They check syntax only; the services check the rules."""

import json
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, ClassVar, cast

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _

from accounts.consents import MOST_MONTHS
from accounts.factors import app_codes
from accounts.models import MailChoice, Membership, Organisation
from accounts.models.mail_choices import HINTS
from accounts.register.identifiers import business_id as read_business_id
from accounts.services.rights.documents import Enough, Paper
from certportal.foundation.errors import Unavailable
from certportal.foundation.files.documents import (
    MAX_BYTES,
    MAX_MEGABYTES,
    NOT_SCANNED,
    TooBig,
    Unfit,
)
from certportal.foundation.web.forms import (
    DateField,
    EmailField,
    Form,
    HintedCheckboxes,
    HintedRadioSelect,
    KeyField,
    LongTextField,
    SearchField,
    UploadField,
    Words,
)
from certportal.foundation.web.tokens import DIGITS as MAILED_DIGITS
from certportal.foundation.wording import filled


class LanguageField(forms.ChoiceField):
    """One of the languages of the service, each named in itself."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("label", _("Language of messages"))
        super().__init__(choices=settings.LANGUAGES, widget=forms.RadioSelect, **kwargs)


class EmailForm(Form):
    """The person's own address and the language of messages."""

    email = EmailField(
        label=_("Your email address"),
        help_text=_("Give your own work address. We send you a code to confirm it."),
    )
    language = LanguageField()


class PreferencesForm(Form):
    """The language of messages, and which mails a person wants.

    A post without ticked boxes looks like one from a page without boxes, as the previous version
    has it: `asks_mails` says that the page had the boxes.
    """

    language = LanguageField()
    asks_mails = forms.BooleanField(required=False, initial=True, widget=forms.HiddenInput)
    mails = forms.MultipleChoiceField(
        label=_("Which mails do you want?"),
        choices=MailChoice.choices,
        widget=HintedCheckboxes(hints=HINTS),
        required=False,
    )

    @property
    def wanted(self) -> list[str] | None:
        """The groups of mails that are wanted; None if the page did not ask."""
        found: list[str] = self.cleaned_data["mails"]
        return found if found or self.cleaned_data["asks_mails"] else None


MOST_DETAIL = Membership._meta.get_field("basis_detail").max_length


class DigitsField(forms.CharField):
    """A one-time code of digits (``pattern``); cleans to the bare digits of what was typed."""

    def __init__(self, pattern: str, *, missing: Words, wrong: Words, **kwargs: Any) -> None:
        self.pattern = pattern
        attrs = {"class": "short", "inputmode": "numeric", "autocomplete": "one-time-code"}
        super().__init__(
            label=_("Code"),
            max_length=20,
            widget=forms.TextInput(attrs=attrs),
            error_messages={"required": missing, "invalid": wrong},
            **kwargs,
        )

    def clean(self, value: Any) -> str:
        """Return the digits without spaces and hyphens."""
        digits = re.sub(r"[\s-]", "", super().clean(value))
        if not re.fullmatch(self.pattern, digits):
            raise ValidationError(self.error_messages["invalid"], code="invalid")
        return digits


class CodeForm(Form):
    """The eight digits of a mailed code."""

    code = DigitsField(
        rf"[0-9]{{{MAILED_DIGITS}}}",
        help_text=filled(_("%(digits)s digits, for example 1234 5678."), digits=MAILED_DIGITS),
        missing=_("Enter the code that you got by email."),
        wrong=filled(
            _("The code has %(digits)s digits. Check what you entered."), digits=MAILED_DIGITS
        ),
    )


class FactorCodeForm(Form):
    """A code of an authenticator app, or a recovery code."""

    holds, shows_errors_at = "code", "code"

    code = DigitsField(
        rf"[0-9]{{{app_codes.DIGITS}}}|[0-9]{{{app_codes.RECOVERY_DIGITS}}}",
        help_text=filled(
            _(
                "The %(digits)s digits that the app shows now, or a recovery code of %(recovery)s"
                " digits."
            ),
            digits=app_codes.DIGITS,
            recovery=app_codes.RECOVERY_DIGITS,
        ),
        missing=_("Enter the code."),
        wrong=filled(
            _(
                "The code has %(digits)s digits, a recovery code %(recovery)s. Check what you"
                " entered."
            ),
            digits=app_codes.DIGITS,
            recovery=app_codes.RECOVERY_DIGITS,
        ),
    )


class AppCodeForm(FactorCodeForm):
    """The first code of an app that is being set up."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        words = _("The %(digits)s digits that the app shows now.")
        self.fields["code"].help_text = filled(words, digits=app_codes.DIGITS)


_NO_PASSKEY = _("The passkey did not answer. Try again.")


class PasskeyForm(Form):
    """The browser's WebAuthn response as JSON, filled in by a script."""

    holds, shows_errors_at = "credential", None

    credential = forms.CharField(
        max_length=20_000,  # of an authenticator with a long attestation, a quarter of that
        widget=forms.HiddenInput,
        error_messages=dict.fromkeys(("required", "max_length"), _NO_PASSKEY),
    )

    def clean_credential(self) -> dict[str, Any]:
        """Return the response; ValidationError unless it is a JSON object."""
        try:
            response = json.loads(self.cleaned_data["credential"])
        except (ValueError, RecursionError):
            response = None
        if not isinstance(response, dict):
            raise ValidationError(_NO_PASSKEY)
        return response


class BusinessIdField(forms.CharField):
    """A business ID (Y-tunnus) in any usual spelling; cleans to the form 1234567-8."""

    default_error_messages: ClassVar[dict[str, Any]] = {
        "required": _("Enter the business ID."),
        "invalid": _("Check the business ID. It has seven digits, a hyphen and a check digit."),
    }

    def __init__(self, **kwargs: Any) -> None:
        attrs = {"class": "short", "autocomplete": "off", "spellcheck": "false"}
        kwargs.setdefault("widget", forms.TextInput(attrs=attrs))
        super().__init__(max_length=20, **kwargs)

    def clean(self, value: Any) -> str:
        """Return the normalised business ID; ValidationError if its check digit is wrong."""
        code = read_business_id(super().clean(value))
        if code is None:
            raise ValidationError(self.error_messages["invalid"], code="invalid")
        return code


class BusinessIdForm(Form):
    """The business ID of the organisation to found an account for."""

    heading_field = "business_id"
    business_id = BusinessIdField(
        label=_("What is the business ID of your organisation?"),
        help_text=_(
            "For example 1234567-1. We fetch the organisation and its units from the registers."
        ),
    )


class SupplierForm(Form):
    """The business ID of the supplier that is to act as the organisation's technician."""

    business_id = BusinessIdField(
        label=_("Business ID of the supplier"), help_text=_("For example 1234567-1.")
    )


class ConsentForm(Form):
    """The last day of a consent to a supplier."""

    until = DateField(
        label=_("Last day of the permission"),
        help_text=filled(
            _("At most %(months)s months from today. You can end it at any time before."),
            months=MOST_MONTHS,
        ),
    )


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
    """A document that shows the person's right to act."""

    document = DocumentField()

    @contextmanager
    def refusals_shown(self) -> Iterator[None]:
        """Show beside the field why the services do not accept the document."""
        try:
            yield
        except (Unfit, Enough) as refusal:
            self.add_error("document", str(refusal))
        except Unavailable:
            self.add_error("document", NOT_SCANNED)

    def paper(self) -> Paper | None:
        """Return the uploaded file, or None."""
        upload = self.cleaned_data.get("document")
        return Paper(upload.read(), upload.name) if upload else None


class AdministratorForm(RightDocumentForm):
    """Why the authority should make the person an administrator."""

    field_order = ("reason", "document")

    reason = LongTextField(
        label=_("Why do you need to become an administrator?"),
        help_text=_(
            "Tell who administered the account, as far as you know, and why they cannot be reached."
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
        error_messages={
            "required": _("Tell your role or the authorisation in a few words."),
            "max_length": _("Shorten the text to at most %(limit_value)s characters."),
        },
    )
    document = DocumentField(required=False)

    def __init__(self, *args: Any, is_shown: bool = False, **kwargs: Any) -> None:
        """With `is_shown` the right is confirmed already, and the form has no fields."""
        super().__init__(*args, **kwargs)
        if is_shown:
            self.fields.clear()


class ChooseForm(Form):
    """Choice of the organisation to act for."""

    heading_field = "organisation"
    organisation = forms.ChoiceField(
        label=_("For which organisation do you act?"), widget=forms.RadioSelect
    )

    def __init__(self, organisations: Iterable[Organisation], *args: Any, **kwargs: Any) -> None:
        """Offer the given organisations."""
        super().__init__(*args, **kwargs)
        field = cast(forms.ChoiceField, self.fields["organisation"])
        field.choices = [(str(each.pk), each.name) for each in organisations]


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


class ResendForm(Form):
    """How often the invitation had been mailed when the page was shown."""

    version = KeyField()


class InviteForm(Form):
    """The address and role of the person to invite, and the language of the invitation."""

    email = EmailField(
        label=_("Email address of the person you invite"),
        help_text=_("Give the person's own work address, not one that several people read."),
    )
    role = RoleField(label=_("Role in the account"))
    language = LanguageField(label=_("Language of the invitation"))


class RegisterSearchForm(Form):
    """One search field for name, short name, business ID, OID or municipality of a unit."""

    q = SearchField(
        label=_("Search for a unit"),
        help_text=_(
            "Name, short name, business ID, OID or municipality. Spelling mistakes are allowed for."
        ),
        options=reverse_lazy("register_options"),
    )
