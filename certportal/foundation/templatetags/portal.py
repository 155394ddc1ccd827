"""Template tags for all pages of the service."""

import functools
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any, TypedDict

from django import forms, template
from django.conf import settings
from django.core.paginator import Page
from django.http import HttpRequest
from django.shortcuts import resolve_url
from django.template.context import Context
from django.templatetags.static import static
from django.utils.html import format_html, format_html_join, strip_tags
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language

from certportal.foundation.mail.html import quoted
from certportal.foundation.text.wording import at_joints, breakable, divided, language_words
from certportal.foundation.web import queries

register = template.Library()

_COLUMN = re.compile(r'<th[^>]*scope="col"[^>]*>(.*?)</th>', re.DOTALL)
_GROUP = re.compile(r'<th[^>]*scope="colgroup"[^>]*colspan="(\d+)"[^>]*>(.*?)</th>', re.DOTALL)
_EMPTY = re.compile(r"(<td\b(?![^>]*\bcolspan)[^>]*>)\s*</td>")
_PART = re.compile(r"<(thead|tbody|tr|th|td)\b([^>]*)>")
_ROLES = {"thead": "rowgroup", "tbody": "rowgroup", "tr": "row", "td": "cell"}


class LanguageLink(TypedDict):
    code: str
    name: str
    href: str
    current: bool


class ErrorLink(TypedDict):
    """One line of the error summary; ``href`` is empty for errors of the whole form."""

    href: str
    text: str


@register.simple_tag
@functools.cache
def icon(name: str) -> SafeString:
    """Render an icon of the sprite; it is hidden from screen readers, so text must accompany it."""
    return format_html(
        '<svg class="icon" aria-hidden="true"><use href="{}#{}"></use></svg>',
        static("portal/icons.svg"),
        name,
    )


register.filter("at_joints", at_joints)
register.filter("breakable", breakable)
register.filter("divided", divided, is_safe=True)
register.filter("language_words", language_words)
register.filter("quoted", quoted)


@register.filter
def in_sentence(label: str) -> str:
    """Return a label as it is written inside a sentence: its first letter small, but for CERT."""
    return label if label[1:2].isupper() else label[:1].lower() + label[1:]


@register.filter
def near_pages(page: Page[Any]) -> list[int | None]:
    """Return the first, the near and the last page numbers; None where some are left out."""
    paginator = page.paginator
    numbers = paginator.get_elided_page_range(page.number, on_each_side=2, on_ends=1)
    return [number if isinstance(number, int) else None for number in numbers]


@register.inclusion_tag("components/back.html")
def back(to: str, *args: object, label: str = "") -> dict[str, str]:
    """Render a link to the parent page; ``to`` is a view's name or a URL."""
    return {"url": resolve_url(to, *args), "label": label}


@register.simple_block_tag(takes_context=True)
def table(context: Context, content: SafeString, caption: str, **options: object) -> SafeString:
    """Render a table around ``thead`` and ``tbody``. Options: components/table.html."""
    rows = _stacking(_EMPTY.sub(r"\1–</td>", content))
    return _component(context, "table", rows, caption=caption, **options)


def _stacking(rows: str) -> SafeString:
    """Return the rows with what they need where a narrow screen stacks their cells.

    These are the roles of a table, which its parts lose when CSS lays them out as blocks, and in
    each cell the name of its column. The rows are a template's output, in which "<" is of a tag.
    """
    names = _columns(rows)
    column = 0

    def part(found: re.Match[str]) -> str:
        nonlocal column
        tag, more = found[1], found[2]
        column = 0 if tag == "tr" else column + 1
        if tag == "th":
            role = "columnheader" if 'scope="col' in more else "rowheader"
        else:
            role = _ROLES[tag]
        named = tag == "td" and "colspan" not in more
        label = "".join(names[column - 1 : column]).replace('"', "&quot;") if named else ""
        return f'<{tag}{more} role="{role}"' + (f' data-label="{label}">' if label else ">")

    return mark_safe(_PART.sub(part, rows))  # noqa: S308 (the template's own output)


def _columns(rows: str) -> list[str]:
    """Return the names of the columns; those in groups, which stand last, begin with the group."""
    names = [" ".join(strip_tags(name).split()) for name in _COLUMN.findall(rows)]
    groups = [strip_tags(name) for width, name in _GROUP.findall(rows) for _ in range(int(width))]
    single = len(names) - len(groups)
    within = zip(groups, names[single:], strict=True)
    return names[:single] + [f"{group}: {name}" for group, name in within]


@register.simple_block_tag(takes_context=True)
def details(context: Context, content: SafeString, title: str, **options: object) -> SafeString:
    """Render a disclosure that its title opens. Options: components/details.html."""
    return _component(context, "details", content, title=title, **options)


@register.simple_block_tag(takes_context=True)
def notice(context: Context, content: SafeString, tone: str, **options: object) -> SafeString:
    """Render a notice with HTML content. Options: components/notice.html."""
    return _component(context, "notice", content, tone=tone, **options)


@register.simple_block_tag(takes_context=True)
def post(
    context: Context, content: SafeString, form: forms.BaseForm | None = None, **options: object
) -> SafeString:
    """Render a form sent by POST around its buttons and links."""
    return _component(context, "post", content, form=form, **options)


@register.simple_block_tag(takes_context=True)
def button(
    context: Context,
    content: SafeString,
    to: str,
    *args: object,
    look: str = "",
    **sent: object,
) -> SafeString:
    """Render a button in its own form, posted to the view ``to``; the content is its label."""
    action = resolve_url(to, *args)
    return _component(context, "button", content, action=action, looks=look.split(), sent=sent)


def _component(context: Context, name: str, content: SafeString, **values: object) -> SafeString:
    # As in an inclusion tag, the component sees only its arguments and what each form has.
    of_forms = {name: context.get(name) for name in ("csrf_token", "person", "acting_for")}
    inner = context.new({"content": content, **of_forms, **values})
    template_of = context.template.engine.get_template  # type: ignore[union-attr] # while rendering
    return template_of(f"components/{name}.html").render(inner)


@register.inclusion_tag("components/languages.html", takes_context=True)
def language_links(context: Context) -> dict[str, list[LanguageLink]]:
    """Render links to this page in each language; to the start page if its URL has no language."""
    request: HttpRequest | None = context.get("request")
    path = queries.kept_path(request) if request else "/"
    current = get_language()
    return {
        "links": [
            LanguageLink(
                code=code, name=name, href=in_language(path, code), current=code == current
            )
            for code, name in settings.LANGUAGES
        ]
    }


@register.simple_tag(takes_context=True)
def kept_query(context: Context, **changes: object) -> str:
    """Render the page's query for a link (`queries.kept_query`)."""
    return queries.kept_query(context["request"], **changes)


@register.inclusion_tag("components/error_summary.html")
def error_summary(*bound: forms.BaseForm | None) -> dict[str, list[ErrorLink]]:
    """Render the errors of the given forms, each as a link to its field.

    Where fields have the same error, each is named.
    """
    shown = [form for form in bound if form]
    said = Counter(str(text) for form in shown for field in form for text in field.errors)
    return {"errors": [line for form in shown for line in error_links(form, said)]}


def in_language(path: str, code: str) -> str:
    """Return a local path with its language prefix replaced; without one, the start page's path."""
    first, _slash, rest = path.lstrip("/").partition("/")
    known = first in dict(settings.LANGUAGES)
    return f"/{code}/{rest}" if known else f"/{code}/"


def error_links(form: forms.BaseForm, said: Counter[str]) -> Iterator[ErrorLink]:
    """Yield the errors of the whole form first, then those of the fields in page order.

    `said`: how many fields of the page have each error.
    """
    for text in form.non_field_errors():
        yield ErrorLink(href="", text=str(text))
    for field in form:
        for text in map(str, field.errors):
            words = f"{field.label}: {text}" if said[text] > 1 else text
            yield ErrorLink(href=f"#{_first_control(field)}", text=words)


def _first_control(field: Any) -> str:
    # A group of radio buttons or checkboxes has no element with the field's own id.
    grouped = field.use_fieldset and isinstance(field.field.widget, forms.RadioSelect)
    return f"{field.auto_id}_0" if grouped else str(field.auto_id)


@register.filter
def whole_words(text: str) -> SafeString:
    """Wrap each word, so that a line of a paper breaks before it, not within it, where it fits."""
    return format_html_join("", "{}<span>{}</span>", re.findall(r"(\s*)(\S+)", text))
