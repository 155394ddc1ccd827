"""Base classes of the service's forms, fields and widgets."""

import datetime
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import EmailValidator
from django.http import QueryDict
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _, ngettext_lazy

from certportal.foundation.errors import Refused
from certportal.foundation.text import invisible
from certportal.foundation.text.private_keys_in_text import shows_private_key, without_private_keys

if TYPE_CHECKING:
    from django.utils.functional import _StrOrPromise

type Words = _StrOrPromise

# Maximum characters of a free text, such as reasons or feedback.
LONGEST_TEXT = 4000
# Maximum characters that are searched for; a search may lead to another list with the same words.
LONGEST_SEARCH = 200
PRIVATE_KEY = _(
    "This is a private key. We did not store it. Consider the key exposed: make a new key pair, and"
    " revoke the certificate of this key if it has one."
)
_DJANGOS_OWN = {
    "required": [forms.Field.default_error_messages["required"]],
    "invalid_choice": [
        field.default_error_messages["invalid_choice"]
        for field in (forms.ChoiceField, forms.ModelChoiceField)
    ],
}
"""Messages that `Form` replaces by those that name the field."""
_OF_TEXTS: Mapping[str, Words] = {
    "max_length": _("Shorten the text to at most %(limit_value)s characters."),
    "null_characters_not_allowed": _(
        "Remove the invisible characters from the text, or type it again."
    ),
}
"""Messages of `Form` in place of those of Django's validators, unless the field has its own."""


class AsCounted(forms.BoundField):
    """A field whose text has line breaks and letters of one character each.

    The browser counts a line break as one character for `maxlength` and sends it as two (HTML, "API
    value" of a textarea and "constructing the entry list"). What is copied from a PDF or a file
    name may have ä as a letter and a mark (UAX #15), which no certificate can carry.
    """

    @property
    def data(self) -> Any:
        """Return what was given; a text with line feeds alone and composed letters (NFC).

        Of several lines also without characters that change how a line is shown.
        """
        given = super().data
        if not isinstance(given, str):
            return given
        has_lines = isinstance(self.field.widget, forms.Textarea)
        return invisible.as_taken(given) if has_lines else invisible.composed(given)


class Form(forms.Form):
    """The base form: checks syntax on submit, without the browser's own validation.

    ``heading_field`` names the field whose label or legend is the page's h1, for pages that ask
    one question. ``never_optional``: no field is marked optional, as in a form of filters; a field
    may have the same attribute. ``only_if``: fields that are shown only while another one has a
    value, as ``{field: (other, value)}``; without JavaScript they are always shown. They are not
    marked optional, since that depends on the other one; the hint says when they are needed.
    """

    use_required_attribute = False
    bound_field_class = AsCounted
    heading_field: str | None = None
    never_optional = False
    only_if: ClassVar[Mapping[str, tuple[str, str]]] = {}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("label_suffix", "")
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            if name in self.only_if:
                other, value = self.only_if[name]
                field.only_if = f"{self.add_prefix(other)}={value}"  # type: ignore[attr-defined]
                field.never_optional = True  # type: ignore[attr-defined]

    def full_clean(self) -> None:
        """Clean as Django does; a text of which nothing is seen is empty, as one of spaces is.

        Single-line fields are checked by `one_line`, and errors are in our words. Fields are
        changed here and not in `__init__`, after which some forms add fields.
        """
        for name, field in self.fields.items():
            for code, own in _DJANGOS_OWN.items():
                if field.error_messages.get(code) in own:
                    field.error_messages[code] = _missing(field, field.label or name)
            if isinstance(field, forms.CharField):
                field.error_messages = {**_OF_TEXTS, **field.error_messages}
                field.empty_values = _Empty(field.empty_values)
            if _is_single_line(field) and one_line not in field.validators:
                field.validators.append(one_line)
        super().full_clean()
        if self.is_bound:
            self.refuse_private_keys()

    def offer(self, name: str, choices: Iterable[tuple[Any, Any]]) -> None:
        field: Any = self.fields[name]
        field.choices = list(choices)

    def is_examined(self, name: str) -> bool:
        """Whether the view refuses and blocks a private key in this field of a valid form."""
        return False

    def refuse(self, refusal: Refused) -> None:
        """Show why the services refuse the form, which was valid.

        What they would have examined is not, so that private keys are now refused there too.
        """
        self.add_error(None, str(refusal))
        self.refuse_private_keys()

    def refuse_private_keys(self) -> None:
        """Refuse a private key in any field, and do not show it again on the page."""
        keys = [name for name in self.fields if self._has_private_key(name)]
        for name in sorted(keys, key=self.is_examined):
            if self.is_examined(name) and not self.errors:
                continue
            self.errors.pop(name, None)  # an error may quote what was given
            self.add_error(name, PRIVATE_KEY)
            given = str(self.data.get(self.add_prefix(name)) or "")
            # Where only cleaning brings the key to light, nothing of what was given is shown.
            rest = without_private_keys(given) if shows_private_key(given) else ""
            self.retype(**{name: rest})

    def retype(self, **values: str) -> None:
        """Show these values in the fields instead of those that were given."""
        shown: Any = self.data
        self.data = shown = shown.copy()
        for name, value in values.items():
            shown[self.add_prefix(name)] = value

    def _has_private_key(self, name: str) -> bool:
        given = (self.data.get(self.add_prefix(name)), self.cleaned_data.get(name))
        return any(isinstance(text, str) and shows_private_key(text) for text in given)


def shown_again(posted: QueryDict) -> QueryDict:
    """Return a copy of what was posted, without the private keys in it."""
    shown = posted.copy()
    for name, values in posted.lists():
        shown.setlist(name, [without_private_keys(value) for value in values])
    return shown


class _Empty(list[Any]):
    """Values of a text field that count as none given."""

    def __contains__(self, value: object) -> bool:
        return super().__contains__(value) or (isinstance(value, str) and invisible.is_blank(value))


def one_line(value: object) -> None:
    """Refuse line breaks and other invisible characters. Raises ValidationError."""
    if invisible.is_in(str(value)):
        message = _("Remove line breaks, tabs and other invisible characters from the text.")
        raise ValidationError(message, code="unprinted")


def _is_single_line(field: forms.Field) -> bool:
    return isinstance(field, forms.CharField) and not isinstance(field.widget, forms.Textarea)


class _Hinted(forms.widgets.ChoiceWidget):
    """Options with hints and flags, given by option value.

    A hint is one short sentence under the option; a flag is a tag beside it, such as "TEST".
    """

    def __init__(
        self,
        *args: Any,
        hints: Mapping[str, Words] | None = None,
        flags: Mapping[str, Words] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.hints = hints or {}
        self.flags = flags or {}

    def create_option(self, name: str, value: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """Add hint and flag to the option, and `aria-describedby` for the hint."""
        option = super().create_option(name, value, *args, **kwargs)
        option["flag"] = self.flags.get(str(value))
        option["hint"] = self.hints.get(str(value))
        if option["hint"] and "id" in option["attrs"]:
            option["attrs"]["aria-describedby"] = f"{option['attrs']['id']}_hint"
        return option


class HintedRadioSelect(_Hinted, forms.RadioSelect):
    """Radio buttons with hints and flags."""


class HintedCheckboxes(_Hinted, forms.CheckboxSelectMultiple):
    """Check boxes with hints and flags."""


_ASCII_BY_CASE = "\u0130\u0131\u017f\u212a"
"""Letters that are ASCII ones in another case: dotted I, dotless i, long s and the Kelvin sign."""
_OF_TWO_DOMAINS = "\u00df\u1e9e\u03c2\u200c\u200d"
"""Sharp s, final sigma and joiners, which IDNA 2003 and 2008 encode differently (UTS #46)."""


def mail_address(value: str) -> None:
    """Refuse what is no address in a domain of the internet. Raises ValidationError.

    Django's validator takes address literals (RFC 5321, 4.1.3) and localhost, through which a mail
    reaches a machine of the mail server's choice and no mailbox that an organisation manages. No
    mail can be written to an address with an encoded word (RFC 2047, 5). Addresses are compared
    without regard to case, where the database would take klınikka.fi for klinikka.fi; and Django's
    validator takes such letters before the @, too. A mail to straße.example goes to
    strasse.example (Python encodes domains by IDNA 2003), which may be somebody else's.
    """
    if value.rpartition("@")[2].startswith("["):
        raise ValidationError("", code="literal")
    if "=?" in value or any(letter in value for letter in _ASCII_BY_CASE + _OF_TWO_DOMAINS):
        raise ValidationError("", code="invalid")
    EmailValidator(allowlist=[])(value)


class EmailField(forms.EmailField):
    """An e-mail address of at most 254 characters (RFC 5321), with browser autofill."""

    default_validators = [mail_address]
    default_error_messages: ClassVar[dict[str, Words]] = {
        "required": _("Enter an email address."),
        "invalid": _("Enter an email address in the form name@example.fi."),
        "literal": _(
            "Enter an email address with a domain name after the @ instead of an IP address, for"
            " example name@example.fi."
        ),
    }

    def __init__(self, **kwargs: Any) -> None:
        attrs = {"autocomplete": "email", "spellcheck": "false", "autocapitalize": "none"}
        kwargs.setdefault("widget", forms.EmailInput(attrs=attrs))
        kwargs.setdefault("max_length", 254)
        super().__init__(**kwargs)


def counted[F: forms.CharField](field: F, *, most: int) -> F:
    """Return the field with a character counter instead of the attribute maxlength.

    maxlength would silently truncate pasted text. The field or form must itself refuse more than
    ``most`` characters.
    """
    attrs = field.widget.attrs
    attrs.pop("maxlength", None)
    attrs["data-count"] = str(most)
    attrs["data-count-within"] = _("Characters: {typed} of {most}.")
    attrs["data-count-over"] = _("Characters: {typed} of {most}. Shorten the text.")
    return field


class SearchField(forms.CharField):
    """A single line of search words. It is never required, and never marked optional."""

    never_optional = True

    def __init__(self, **kwargs: Any) -> None:
        widget = forms.TextInput(attrs={"type": "search", "autocomplete": "off"})
        super().__init__(max_length=LONGEST_SEARCH, required=False, widget=widget, **kwargs)


class LongTextField(forms.CharField):
    """Text of several lines, by default of at most 1,000 characters.

    `rows`: the height of the field in lines. `missing`: the error if nothing is given.
    """

    def __init__(self, *, rows: int = 4, missing: Words = "", **kwargs: Any) -> None:
        kwargs.setdefault("max_length", 1000)
        super().__init__(widget=forms.Textarea(attrs={"rows": rows}), **kwargs)
        if missing:
            self.error_messages["required"] = missing


class KeyField(forms.IntegerField):
    """A hidden version or key of a row: a positive number that fits into the database."""

    def __init__(self, **kwargs: Any) -> None:
        given = {"min_value": 1, "max_value": 2**63 - 1, "widget": forms.HiddenInput}
        super().__init__(**{**given, **kwargs})


class LinesField(forms.CharField):
    """Several short values, one per line; cleans to a list without blanks and duplicates."""

    default_error_messages: ClassVar[dict[str, Words]] = {
        "too_many": ngettext_lazy(
            "Enter at most %(limit)d line.", "Enter at most %(limit)d lines.", "limit"
        ),
    }

    def __init__(self, *, max_lines: int = 100, **kwargs: Any) -> None:
        attrs = {"rows": 4, "spellcheck": "false", "autocapitalize": "none"}
        kwargs.setdefault("widget", forms.Textarea(attrs=attrs))
        self.max_lines = max_lines
        super().__init__(**kwargs)

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, (list, tuple)) else value

    def clean(self, value: Any) -> list[str]:
        """Return the stripped lines in order, without blanks and duplicates."""
        text = super().clean(value)
        written = (line.strip() for line in text.splitlines() if not invisible.is_blank(line))
        lines = list(dict.fromkeys(written))
        if len(lines) > self.max_lines:
            message = self.error_messages["too_many"]
            raise ValidationError(message, code="too_many", params={"limit": self.max_lines})
        return lines


class DateField(forms.DateField):
    """A date, in Finnish form (31.12.2026) in every language. Its hint ends in an example.

    Only plausible years are accepted: near the first and last date of Python's calendar, adding a
    day or changing the time zone overflows.
    """

    EXAMPLE = _("For example 31.12.2026.")
    YEARS = range(1900, 3000)

    default_error_messages: ClassVar[dict[str, Words]] = {
        "invalid": _("Enter a day that exists, in the form 31.12.2026."),
        "year": _("Check the year of the date."),
    }

    def __init__(self, *, help_text: Words = "", **kwargs: Any) -> None:
        kwargs["help_text"] = (
            format_lazy("{} {}", help_text, self.EXAMPLE) if help_text else self.EXAMPLE
        )
        attrs = {"class": "short", "inputmode": "text", "autocomplete": "off"}
        kwargs.setdefault("widget", forms.DateInput(format="%-d.%-m.%Y", attrs=attrs))
        kwargs.setdefault("input_formats", ["%d.%m.%Y", "%d.%m.%y", "%Y-%m-%d"])
        super().__init__(**kwargs)

    def validate(self, value: datetime.date | None) -> None:
        """Refuse a year outside `YEARS`. Raises ValidationError."""
        super().validate(value)
        if value is not None and value.year not in self.YEARS:
            raise ValidationError(self.error_messages["year"], code="year")


class UploadField(forms.FileField):
    """A file of at most ``max_bytes``; its content is checked by a service."""

    default_error_messages: ClassVar[dict[str, Words]] = {
        "required": _("Choose a file."),
        "invalid": _("The file could not be uploaded. Try again."),
        "missing": _("The file could not be uploaded. Try again."),
        "empty": _("The file you chose is empty. Choose another file."),
        "too_big": _("The file must be at most %(limit)d kB."),
    }

    def __init__(self, *, max_bytes: int, accept: str = "", **kwargs: Any) -> None:
        attrs = {"accept": accept} if accept else {}
        kwargs.setdefault("widget", forms.FileInput(attrs=attrs))
        self.max_bytes = max_bytes
        super().__init__(**kwargs)

    def clean(self, data: Any, initial: Any = None) -> Any:
        """Return the upload; ValidationError if it is too large."""
        upload = super().clean(data, initial)
        if upload and upload.size > self.max_bytes:
            params = {"limit": self.max_bytes // 1024}
            raise ValidationError(self.error_messages["too_big"], code="too_big", params=params)
        return upload


def _missing(field: forms.Field, label: Words) -> Words:
    """Return the error for an empty field or an option that is none, with its label."""
    if isinstance(field, forms.ChoiceField):
        return format_lazy(_("Choose an option: {label}"), label=label)
    if isinstance(field, forms.BooleanField):
        return format_lazy(_("Tick the box: {label}"), label=label)
    if isinstance(field, forms.DateField):
        return format_lazy(_("Enter a date: {label}"), label=label)
    return format_lazy(_("Fill in this field: {label}"), label=label)
