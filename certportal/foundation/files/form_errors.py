"""Showing in a form why its uploaded document is not accepted."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.forms import Form
from django.utils.translation import gettext_lazy as _

from certportal.foundation.errors import Refused, Unavailable
from certportal.foundation.files.documents import Unfit

# For when the PDF reader or the virus scanner does not answer.
NOT_SCANNED = _(
    "The file could not be checked just now. Choose it again in a few minutes. What you wrote in"
    " the other fields is kept."
)


@contextmanager
def refusals_shown(form: Form, name: str, *others: type[Refused]) -> Iterator[None]:
    """Show beside the form's field why the services do not accept the file: Unfit, and `others`."""
    shown: tuple[type[Refused], ...] = (Unfit, *others)
    try:
        yield
    except shown as refusal:
        form.add_error(name, str(refusal))
    except Unavailable:
        form.add_error(name, NOT_SCANNED)
