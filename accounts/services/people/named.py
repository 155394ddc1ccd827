"""Finding people and logins by what an operator or a reviewer writes."""

from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.models import Person, User, known_by
from certportal.foundation.errors import Refused
from certportal.foundation.text.folded_names import words_held, words_in
from certportal.foundation.text.mail_addresses import address_mark, mailbox


class NotNamed(Refused):
    """The argument matches nobody, or more than one person."""


def person_named(words: str) -> Person:
    """Return the person with this login name, key (UUID) or verified e-mail address.

    For a merged person, the one they were merged into. Raises NotNamed if nobody matches, or if
    several persons have verified the address.
    """
    login = User.objects.filter(username=words).select_related("person").first()
    if login is not None and login.person is not None:
        person: Person = login.person
        return person.current
    found = {person.current for person in _by_key(words) or _by_address(words)}
    if len(found) != 1:
        raise NotNamed(_("Name exactly one person by login, key or verified email address."))
    return found.pop()


def login_named(words: str) -> User:
    """Return the login of this name, or the person's oldest active one. Raises NotNamed."""
    login = User.objects.filter(username=words).first()
    login = (
        login or person_named(words).logins.filter(is_active=True).order_by("date_joined").first()
    )
    if login is None:
        raise NotNamed(_("The person has no login that is open."))
    return login


def logins_named(words: str) -> list[User]:
    """Return every login of the person, active or not; `words` as in `person_named`.

    A login without a person is returned alone.

    Raises NotNamed.
    """
    login = User.objects.filter(username=words).first()
    if login is not None and login.person is None:
        return [login]
    return list(person_named(words).logins.order_by("date_joined"))


def people_named(words: str) -> QuerySet[Person]:
    """Return the people whose names, address or login hold each word, or who have this key."""
    current = Person.objects.filter(merged_into=None)
    try:
        return current.filter(pk=UUID(words))
    except ValueError:
        for word in words_in(words):
            names = words_held(word, "family_name", "given_name")
            login = Exists(User.objects.filter(person=OuterRef("pk"), username=word))
            current = current.filter(names | Q(email__icontains=word) | login)
        return current


def _by_key(words: str) -> list[Person]:
    try:
        return list(Person.objects.filter(pk=UUID(words)))
    except ValueError:
        return []


def _by_address(words: str) -> list[Person]:
    if "@" not in words:
        return []
    box = mailbox(words)
    verified = Person.objects.exclude(email_verified_at=None).filter(merged_into=None)
    known = verified.filter(known_by(words, box, address_mark(words)))
    return [person for person in known if mailbox(person.email) == box]
