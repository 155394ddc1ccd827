"""The few template tags every page of the service may use."""

from collections.abc import Iterator
from typing import Any, TypedDict

from django import forms, template
from django.conf import settings
from django.http import HttpRequest
from django.template.context import Context
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language

register = template.Library()

LANGUAGE_NAMES = {"fi": "Suomi", "sv": "Svenska", "en": "English"}


class LanguageLink(TypedDict):
    """One entry of the language menu."""

    code: str
    name: str
    href: str
    current: bool


class ErrorLink(TypedDict):
    """One line of the error summary; ``href`` is empty for errors of the whole form."""

    href: str
    text: str


@register.simple_tag
def icon(name: str) -> SafeString:
    """Draw an icon of the sprite; decorative, so the words must stand beside it."""
    return format_html(
        '<svg class="icon" aria-hidden="true" focusable="false"><use href="{}#{}"></use></svg>',
        static("portal/icons.svg"),
        name,
    )


@register.inclusion_tag("components/languages.html", takes_context=True)
def language_links(context: Context) -> dict[str, list[LanguageLink]]:
    """The same page in each language; the start page where the address has no language."""
    request: HttpRequest | None = context.get("request")
    path = request.get_full_path() if request else "/"
    current = get_language()
    return {
        "links": [
            LanguageLink(
                code=code,
                name=LANGUAGE_NAMES.get(code, code),
                href=in_language(path, code),
                current=code == current,
            )
            for code, _name in settings.LANGUAGES
        ]
    }


@register.inclusion_tag("components/error_summary.html")
def error_summary(*bound: forms.BaseForm | None) -> dict[str, list[ErrorLink]]:
    """List what keeps the given forms from being sent, each line a link to its field."""
    return {"errors": [line for form in bound if form is not None for line in error_links(form)]}


def in_language(path: str, code: str) -> str:
    """Swap the language prefix of a local path; a path without one leads to the start page."""
    first, _slash, rest = path.lstrip("/").partition("/")
    known = first in dict(settings.LANGUAGES)
    return f"/{code}/{rest}" if known else f"/{code}/"


def error_links(form: forms.BaseForm) -> Iterator[ErrorLink]:
    """Errors of the whole form first, then each field's in the order of the page."""
    for text in form.non_field_errors():
        yield ErrorLink(href="", text=str(text))
    for field in form:
        for text in field.errors:
            yield ErrorLink(href=f"#{_first_control(field)}", text=str(text))


def _first_control(field: Any) -> str:
    # A group of radios or checkboxes has no element with the field's own id.
    grouped = field.use_fieldset and isinstance(field.field.widget, forms.RadioSelect)
    return f"{field.auto_id}_0" if grouped else str(field.auto_id)
