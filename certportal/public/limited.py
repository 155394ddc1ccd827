"""Showing a public form again when a limit is reached."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from certportal.foundation.errors import TooMany
from certportal.foundation.web import limits
from certportal.foundation.web.file_or_text import FileOrText
from certportal.foundation.web.forms import Form


def over_limit(
    request: HttpRequest,
    template: str,
    form: Form,
    refusal: TooMany,
    context: dict[str, object] | None = None,
) -> HttpResponse:
    """Show the form with what was given, and when to try again."""
    form.add_error(None, str(refusal))
    form.refuse_private_keys()
    if isinstance(form, FileOrText):
        form.keep_file()
    return limits.too_many(render(request, template, {"form": form} | (context or {})), refusal)
