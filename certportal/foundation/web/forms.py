"""Plain forms: what every form of the service has in common."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

if TYPE_CHECKING:
    from django.utils.functional import _StrOrPromise

type Words = _StrOrPromise

_DJANGOS_OWN = forms.Field.default_error_messages["required"]


class Form(forms.Form):
    """Checks syntax only, on submit only; the browser's own checks are left out.

    ``heading_field`` names the field whose label is the page's only heading (one question a
    page); its label or legend is then an h1.
    """

    use_required_attribute = False
    heading_field: str | None = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("label_suffix", "")
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            if field.error_messages.get("required") == _DJANGOS_OWN:
                field.error_messages["required"] = _missing(field, field.label or name)


class HintedChoices:
    """Radios or checkboxes whose options explain themselves: give ``hints`` and ``flags`` by value.

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
        """Add the hint, the flag and the link from the control to its hint."""
        option: dict[str, Any] = super().create_option(name, value, *args, **kwargs)  # type: ignore[misc]
        option["flag"] = self.flags.get(str(value))
        option["hint"] = self.hints.get(str(value))
        if option["hint"] and "id" in option["attrs"]:
            option["attrs"]["aria-describedby"] = f"{option['attrs']['id']}_hint"
        return option


class HintedRadioSelect(HintedChoices, forms.RadioSelect):
    """Radios with hints and flags."""


class HintedCheckboxes(HintedChoices, forms.CheckboxSelectMultiple):
    """Checkboxes with hints and flags."""


class EmailField(forms.EmailField):
    """An e-mail address of at most 254 characters, pasteable, filled in by the browser."""

    default_error_messages: ClassVar[dict[str, Words]] = {
        "required": _("Enter an email address."),
        "invalid": _("Enter an email address in the form name@example.fi."),
    }

    def __init__(self, **kwargs: Any) -> None:
        attrs = {
            "autocomplete": "email",
            "spellcheck": "false",
            "autocapitalize": "none",
        }
        kwargs.setdefault("widget", forms.EmailInput(attrs=attrs))
        kwargs.setdefault("max_length", 254)
        super().__init__(**kwargs)


def counted[F: forms.CharField](field: F, *, most: int) -> F:
    """The field, whose page counts the characters while they are typed.

    The browser does not cut what is pasted, as maxlength would without a word; more than ``most``
    characters are refused on submit by the field or form itself.
    """
    attrs = field.widget.attrs
    attrs.pop("maxlength", None)
    attrs["data-count"] = str(most)
    attrs["data-count-within"] = _("Characters: {typed} of {most}.")
    attrs["data-count-over"] = _("Characters: {typed} of {most}. Shorten the text.")
    return field


class LinesField(forms.CharField):
    """Several short values, one a line; cleans to a list without blanks and repeats."""

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
        """Show a stored list as lines again."""
        return "\n".join(value) if isinstance(value, (list, tuple)) else value

    def clean(self, value: Any) -> list[str]:
        """Split, strip, drop blanks and repeats, keep the order."""
        text = super().clean(value)
        lines = list(dict.fromkeys(line.strip() for line in text.splitlines() if line.strip()))
        if len(lines) > self.max_lines:
            message = self.error_messages["too_many"]
            raise ValidationError(message, code="too_many", params={"limit": self.max_lines})
        return lines


class DateField(forms.DateField):
    """A day, typed the Finnish way (31.12.2026) in every language."""

    default_error_messages: ClassVar[dict[str, Words]] = {
        "required": _("Enter a date."),
        "invalid": _("Enter the date in the form 31.12.2026."),
    }

    def __init__(self, **kwargs: Any) -> None:
        attrs = {"class": "short", "inputmode": "text", "autocomplete": "off"}
        kwargs.setdefault("widget", forms.DateInput(format="%-d.%-m.%Y", attrs=attrs))
        kwargs.setdefault("input_formats", ["%d.%m.%Y", "%d.%m.%y", "%Y-%m-%d"])
        super().__init__(**kwargs)


class UploadField(forms.FileField):
    """One file of at most ``max_bytes``; what is inside is for a service to say."""

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
        """Refuse a file over the limit before anybody reads it."""
        upload = super().clean(data, initial)
        if upload and upload.size > self.max_bytes:
            params = {"limit": self.max_bytes // 1024}
            raise ValidationError(self.error_messages["too_big"], code="too_big", params=params)
        return upload


def _missing(field: forms.Field, label: Words) -> Words:
    """Say what to do about an empty field, naming it as the page does."""
    if isinstance(field, forms.ChoiceField):
        return format_lazy(_("Choose an option: {label}"), label=label)
    if isinstance(field, forms.BooleanField):
        return format_lazy(_("Tick the box: {label}"), label=label)
    return format_lazy(_("Fill in this field: {label}"), label=label)
