"""Recognising people: who an identity belongs to, and which login it opens."""

from datetime import datetime

from django.contrib.auth.hashers import make_password
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.identification.identity import Identity
from accounts.models import Identifier, Person, User
from certportal.foundation import events
from certportal.foundation.actors import Actor
from certportal.foundation.errors import NotAllowed


class LoginClosed(NotAllowed):
    """The login has been closed by an administrator of the service."""


def recognise(identity: Identity, *, language: str, address: str, now: datetime) -> User:
    """Return the login of the identified person, made at their first identification.

    Tries the hash of every key in use and adds that of the newest. Raises LoginClosed.
    """
    try:
        with transaction.atomic():
            user = _recognise(identity, language, address, now)
    except IntegrityError:
        # Two first logins at once: the other one has made the person.
        with transaction.atomic():
            user = _recognise(identity, language, address, now)
    if not user.is_active:
        raise LoginClosed(_("Your right to use this service has ended."))
    return user


def _recognise(identity: Identity, language: str, address: str, now: datetime) -> User:
    known = _find(identity)
    person = known.person if known else _create(identity, language, now)
    _keep_newest(identity, person, now)
    _rename(identity, person)
    user = _login_of(person)
    # Events speak of the person who stands today, also after two have been merged.
    today = present(person)
    events.record(
        "person.identified",
        actor=Actor("person", str(today.pk), address),
        now=now,
        object_type="person",
        object_id=today.pk,
        refused=not user.is_active,
        data={"kind": identity.kind, "new": known is None},
    )
    return user


def _login_of(person: Person) -> User:
    """Return the login that identification opens: it has no password."""
    user: User
    user, _made = User.objects.get_or_create(
        username=str(person.pk), defaults={"person": person, "password": make_password(None)}
    )
    return user


def present(person: Person) -> Person:
    """Return the person that this one has been merged into, however many times."""
    while person.merged_into is not None:
        person = person.merged_into
    return person


def _find(identity: Identity) -> Identifier | None:
    either = Q()
    for digest in identity.digests:
        either |= Q(key_version=digest.version, digest=digest.value)
    found = Identifier.objects.filter(either, kind=identity.kind).select_related("person")
    return found.order_by("-key_version").first()


def _create(identity: Identity, language: str, now: datetime) -> Person:
    return Person.objects.create(
        given_name=identity.given_name,
        family_name=identity.family_name,
        language=language,
        created_at=now,
    )


def _keep_newest(identity: Identity, person: Person, now: datetime) -> None:
    """Store the hash under the newest key; IntegrityError when another person just got it."""
    newest = identity.digests[0]
    same = {"kind": identity.kind, "key_version": newest.version, "digest": newest.value}
    if not Identifier.objects.filter(person=person, **same).exists():
        Identifier.objects.create(person=person, added_at=now, **same)


def _rename(identity: Identity, person: Person) -> None:
    """Follow a change of name in the population register."""
    if (person.given_name, person.family_name) == (identity.given_name, identity.family_name):
        return
    person.given_name, person.family_name = identity.given_name, identity.family_name
    person.save(update_fields=["given_name", "family_name"])
