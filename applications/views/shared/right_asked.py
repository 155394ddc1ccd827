"""Whether a person's right to act asks for a document, in words; one rule for every page."""

from dataclasses import dataclass
from datetime import date

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from accounts.models import Membership, Organisation, Person, RightDocument
from accounts.services.rights import documents


@dataclass(frozen=True, slots=True)
class RightAsked:
    """What an unconfirmed or ended right to act asks for.

    `handed_in` is the document that waits for a reviewer. Without one, `words` ask for it.
    """

    words: str
    handed_in: RightDocument | None = None


def right_asked(person: Person, organisation: Organisation, *, on: date) -> RightAsked | None:
    """Return what the right asks for that day, or None if it is confirmed or not needed."""
    right = documents.unshown(person, organisation, on=on)
    if right is None:
        return None
    if document := documents.handed_in(person, organisation):
        return RightAsked("", document)
    return RightAsked(_words(right))


def _words(right: Membership) -> str:
    if right.confirmed_until is None:
        return _("Your authority to act has not been confirmed yet. A document speeds it up.")
    words = _(
        "Your authority to act was confirmed until %(day)s. A document speeds up the new"
        " confirmation."
    )
    return words % {"day": date_format(right.confirmed_until, "SHORT_DATE_FORMAT")}
