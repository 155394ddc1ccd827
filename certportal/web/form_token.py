"""The tag `csrf_token`, which also names the person and the organisation of the form's page."""

from typing import Any

from django import template
from django.template.base import Parser, Token
from django.template.context import Context
from django.template.defaulttags import CsrfTokenNode
from django.utils.html import format_html
from django.utils.safestring import SafeString

from accounts.acting_for import of_page
from certportal.foundation.web.unsent import FIELD

register = template.Library()


class FormToken(CsrfTokenNode):
    """Django's hidden field and, on a person's pages, the one of `accounts.acting_for`."""

    def render(self, context: Context) -> SafeString:
        token: Any = super().render(context)
        person = context.get("person")
        if not token or person is None:
            return SafeString(token)
        field = '{}<input type="hidden" name="{}" value="{}">'
        return format_html(field, token, FIELD, of_page(person, context.get("acting_for")))


@register.tag
def csrf_token(_parser: Parser, _token: Token) -> FormToken:
    """Return the node, as Django's tag of this name does."""
    return FormToken()
