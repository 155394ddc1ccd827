"""Forms of this app. They check syntax only; the services check the rules."""

import json
import re
from collections.abc import Iterable
from typing import Any, ClassVar

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from accounts.consents import MOST_MONTHS
from accounts.factors import app_codes
from accounts.models import MailChoice, Membership, Organisation
from accounts.models.mail_choices import HINTS
from accounts.register.identifiers import business_id as read_business_id
from certportal.foundation.text.wording import filled
from certportal.foundation.web.forms import (
    DateField,
    EmailField,
    Form,
    HintedCheckboxes,
    HintedRadioSelect,
    KeyField,
    Words,
)
from certportal.foundation.web.tokens import DIGITS as MAILED_DIGITS


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
        label=_("Which emails do you want?"),
        choices=MailChoice.choices,
        widget=HintedCheckboxes(hints=HINTS),
        required=False,
    )

    @property
    def wanted(self) -> list[str] | None:
        """The groups of mails that are wanted; None if the page did not ask."""
        found: list[str] = self.cleaned_data["mails"]
        return found if found or self.cleaned_data["asks_mails"] else None


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


class ChooseForm(Form):
    heading_field = "organisation"
    organisation = forms.ChoiceField(
        label=_("For which organisation do you act?"), widget=forms.RadioSelect
    )

    def __init__(self, organisations: Iterable[Organisation], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.offer("organisation", ((str(each.pk), each.name) for each in organisations))


ROLE_HINTS: dict[str, Words] = {
    Membership.Role.ADMINISTRATOR: _("Orders certificates, invites and removes people."),
    Membership.Role.APPLICANT: _("Orders certificates."),
    Membership.Role.TECHNICAL: _("Sees only orders that name this person as technical contact."),
}


class RoleField(forms.ChoiceField):
    def __init__(self, **kwargs: Any) -> None:
        widget = HintedRadioSelect(hints=ROLE_HINTS)
        super().__init__(choices=Membership.Role.choices, widget=widget, **kwargs)


class RoleForm(Form):
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
