"""What was posted and is not carried out yet, as a page shows it and offers to send it."""

import re
from dataclasses import dataclass

from django.http import HttpRequest

from certportal.foundation.web.browsers import comes_from_our_page
from certportal.foundation.web.forms import shown_again
from certportal.foundation.web.queries import kept_path

TOKEN = "csrfmiddlewaretoken"  # noqa: S105 # the name of Django's field
FIELD = "acting"
"""The field with the person and the organisation of the form's page (`accounts.acting_for`)."""
TICKED = "ticked"
"""The field that names those of check boxes (`forms/choices.html`): one tick is sent like a key."""
# Fields of one-time codes, and of a passkey's answer.
SECRETS = {"code", "credential"}
_WORD = re.compile(r"[\w-]{0,64}", re.ASCII)
"""A choice, a number or a key: what nobody has to type again."""


@dataclass(frozen=True, slots=True)
class Unsent:
    """A form that was posted, for `components/send_again.html`."""

    address: str
    fields: list[tuple[str, str]]
    """Name and value of each field that can be shown: no file, private key or secret."""
    has_private_key: bool
    is_whole: bool
    """Whether all that was posted is in `fields`."""

    @property
    def texts(self) -> list[str]:
        """The values that somebody has written."""
        given = (value for name, value in self.fields if name != FIELD)
        return [value for value in given if not _WORD.fullmatch(value.strip())]

    @property
    def choices(self) -> int:
        """How many were ticked of what the page offers to tick."""
        offered = {value for name, value in self.fields if name == TICKED}
        return sum(name in offered for name, _value in self.fields)

    @property
    def confirms(self) -> bool:
        """Whether a box was ticked: that one understands what its page says, or declares it."""
        return any(value == "on" for _name, value in self.fields)


def unsent(request: HttpRequest) -> Unsent:
    shown = shown_again(request.POST)
    has_private_key = shown != request.POST
    fields = [(name, value) for name, values in shown.lists() for value in values]
    return Unsent(
        kept_path(request),
        [(name, value) for name, value in fields if name not in SECRETS | {TOKEN}],
        has_private_key,
        is_whole=not (has_private_key or request.FILES or SECRETS & set(shown)),
    )


def written(request: HttpRequest) -> Unsent | None:
    """Return what one of our own pages posted; None if it has neither text nor ticks.

    Only a page of the person who is logged in now, if anybody is: our button would else send what
    another site or person has written.
    """
    is_own = comes_from_our_page(request) and not is_anothers(request)
    late = unsent(request) if is_own else None
    return late if late and (late.texts or late.choices) else None


def is_anothers(request: HttpRequest) -> bool:
    """Return whether the form's page was opened by another person than is logged in now."""
    person = getattr(request, "person", None)
    whose = request.POST.get(FIELD, "").partition("/")[0]
    return bool(whose) and person is not None and whose != str(person.pk)
